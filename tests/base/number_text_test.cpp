// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/base/number_text.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>

namespace zsluice {
namespace {

TEST(ParseU64, ReadsDecimalAndPrefixedHex) {
  struct Case {
    std::string_view text;
    std::uint64_t value;
  };
  constexpr Case kCases[] = {
      {"0", 0},
      {"7", 7},
      {"007", 7},
      {"0x0", 0},
      {"0xff", 255},
      {"0XFf", 255},
      {"4107128653018342387", 4107128653018342387U},
      {"0x2F5bacbac", 0x2F5bacbac},
      {"18446744073709551615", UINT64_MAX},
      {"0xffffffffffffffff", UINT64_MAX},
      {"0x00000000000000000001", 1},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.text);
    const auto parsed = parse_u64(c.text);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, c.value);
  }
}

TEST(ParseU64, RefusesWhatIsNoNumberOf64Bits) {
  using enum NumberError;
  struct Case {
    std::string_view text;
    NumberError error;
  };
  const Case cases[] = {
      {"", empty},
      {"-1", negative},
      {"-", negative},
      {"+1", malformed},
      {" 1", malformed},
      {"1 ", malformed},
      {"1\n", malformed},
      {std::string_view("1\0", 2), malformed},
      {"1,000", malformed},
      {"1e3", malformed},
      {"1.0", malformed},
      {"0x", malformed},
      {"0x-1", malformed},
      {"0x0x1", malformed},
      {"0xfg", malformed},
      {"ff", malformed},
      {"x1", malformed},
      {"18446744073709551616", too_big},
      {"0x10000000000000000", too_big},
      {"99999999999999999999999999", too_big},
      {"99999999999999999999999999z", malformed},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto parsed = parse_u64(c.text);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error(), c.error);
  }
}

}  // namespace
}  // namespace zsluice
