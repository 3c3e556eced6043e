// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/base/bytes.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string_view>

namespace zsluice {
namespace {

TEST(Bytes, OfATextLeaveOutItsTerminatorAndKeepItsZeros) {
  const std::string_view text("a\0b", 3);
  ASSERT_EQ(bytes_of(text).size(), 3U);
  EXPECT_EQ(bytes_of(text)[1], std::byte{0});
  EXPECT_EQ(text_of(bytes_of(text)), text);
}

TEST(TakePrefix, AdvancesPastWhatItTook) {
  ByteSpan input = bytes_of("header|payload");
  EXPECT_EQ(text_of(take_prefix(input, 7)), "header|");
  EXPECT_EQ(text_of(input), "payload");
}

TEST(TakePrefix, TakesWhatThereIsWhenAskedForMore) {
  ByteSpan input = bytes_of("abc");
  EXPECT_EQ(text_of(take_prefix(input, static_cast<std::size_t>(-1))), "abc");
  EXPECT_TRUE(input.empty());
  EXPECT_TRUE(take_prefix(input, 1).empty());
}

}  // namespace
}  // namespace zsluice
