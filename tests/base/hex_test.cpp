// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/base/hex.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string_view>

namespace zsluice {
namespace {

TEST(Hex, EachByteIsTwoDigitsOfLowerCaseTheHighOneFirst) {
  constexpr std::array<std::byte, 4> kBytes = {std::byte{0}, std::byte{0x1f}, std::byte{0xa0},
                                               std::byte{0xff}};
  EXPECT_EQ(hex_text(kBytes), "001fa0ff");
  EXPECT_EQ(hex_text({}), "");
}

TEST(Hex, AppendsBehindWhatIsThere) {
  std::string text = "0x";
  append_hex(text, bytes_of("z"));
  EXPECT_EQ(text, "0x7a");
}

TEST(Hex, OnlyTheSixteenLettersThatAreWrittenHaveAValue) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int letter = 0; letter < 256; ++letter) {
    const auto digit = static_cast<char>(letter);
    const std::size_t value = kDigits.find(digit);
    if (value == std::string_view::npos) {
      EXPECT_FALSE(hex_digit_value(digit)) << letter;
    } else {
      EXPECT_EQ(hex_digit_value(digit), value);
    }
  }
}

}  // namespace
}  // namespace zsluice
