// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/store/segment_name.hpp"

#include "zsluice/store/segment.hpp"

#include <gtest/gtest.h>

namespace zsluice::storage {
namespace {

TEST(SegmentName, FollowsFromTheNumber) {
  EXPECT_EQ(segment_name(0), "000000000/000000000000.zss");
  EXPECT_EQ(segment_name(4095), "000000000/000000004095.zss");
  EXPECT_EQ(segment_name(4096), "000000001/000000004096.zss");
  EXPECT_EQ(segment_name(74565), "000000018/000000074565.zss");
  EXPECT_EQ(segment_name(kSegmentsMax - 1), "244140624/999999999999.zss");
  EXPECT_EQ(segment_folder(74565), "000000018");
}

TEST(SegmentName, SortsAsTheNumbersDo) {
  std::string before = segment_name(0);
  for (std::uint64_t number = 1; number < kSegmentsMax; number = number * 7 / 3 + 1) {
    EXPECT_LT(before, segment_name(number));
    before = segment_name(number);
  }
}

TEST(SegmentName, GivesTheNumberBack) {
  for (std::uint64_t number = 0; number < kSegmentsMax; number = number * 7 / 3 + 1)
    EXPECT_EQ(segment_number(segment_name(number)), number);
}

TEST(SegmentName, NoOtherTextIsOne) {
  for (const std::string_view name :
       {"", "000000000000.zss", "000000001/000000000000.zss", "000000000/00000000000 .zss",
        "000000000/-00000000001.zss", "000000000/+00000000001.zss", "000000000/000000000000.zst",
        "000000000-000000000000.zss", "000000000/000000000000.zss ", "000000000/0000000000000.zss",
        "000000000/00000000000x.zss", "000000000/000000004096.zss"}) {
    EXPECT_FALSE(segment_number(name)) << name;
  }
}

}  // namespace
}  // namespace zsluice::storage
