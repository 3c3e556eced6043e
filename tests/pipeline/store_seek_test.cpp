// SPDX-License-Identifier: BSD-2-Clause
// Bisection over headers that are only numbers: no files, no records.
#include "pipeline/store_seek.hpp"

#include <gtest/gtest.h>

#include <set>

namespace zsluice::pipeline {
namespace {

using storage::kNowhere;
using storage::Position;
using storage::SegmentHeader;

constexpr std::uint64_t kSegments = 100'000;
constexpr std::uint64_t kBytes = 1000;  // of each segment

// One substream from segment 0 on, object k has its OBJECT_RANGE, its OBJECT and its first WRITE at
// the start of segment 10k, then a WRITE in each segment.
Position at(std::uint64_t segment) {
  Position here;
  here.offset = segment * kBytes;
  if (segment == 0) return here;
  here.substreams = 1;
  here.framing = storage::Framing::substream;
  here.begin_at = 0;
  const std::uint64_t before = segment - 1;
  here.object = before / 10 + 1;
  here.object_range_at = before / 10 * 10 * kBytes + 1;
  here.object_at = here.object_range_at + 1;
  here.write_at = before * kBytes + 10;
  here.write = {.object = here.object, .offset = before % 10 * 512};
  return here;
}

class Headers {
 public:
  [[nodiscard]] FirstHeader source() {
    return [this](std::uint64_t sequence, std::uint64_t end) -> std::optional<SegmentHeader> {
      ++reads_;
      while (bad_.contains(sequence))
        ++sequence;
      if (sequence >= end) return std::nullopt;
      SegmentHeader header;
      header.sequence = sequence;
      header.start = at(sequence);
      header.end = at(sequence + 1);
      return header;
    };
  }
  void damage(std::uint64_t sequence) { bad_.insert(sequence); }
  [[nodiscard]] std::uint64_t reads() const { return reads_; }

 private:
  std::set<std::uint64_t> bad_;
  std::uint64_t reads_ = 0;
};

TEST(StoreSeek, FindsTheSegmentThatHoldsAnOffset) {
  Headers headers;
  StoreSeek seek(headers.source(), kSegments);
  for (const std::uint64_t segment :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{77'777}, kSegments - 1}) {
    EXPECT_EQ(seek.holding(segment * kBytes), segment);
    EXPECT_EQ(seek.holding(segment * kBytes + kBytes - 1), segment);
  }
  EXPECT_EQ(seek.begin_of(1), 0U);
  EXPECT_TRUE(seek.is_ascending());
}

TEST(StoreSeek, NeedsALogarithmOfHeaders) {
  Headers headers;
  StoreSeek seek(headers.source(), kSegments);
  (void)seek.holding(77'777 * kBytes);
  EXPECT_LE(headers.reads(), 17U);
}

TEST(StoreSeek, PassesOverHeadersThatCannotBeBelieved) {
  Headers headers;
  for (const std::uint64_t bad : {50000U, 50001U, 75000U, 77776U, 77778U}) {
    headers.damage(bad);
  }
  StoreSeek seek(headers.source(), kSegments);
  EXPECT_EQ(seek.holding(77'777 * kBytes), 77'777U);
  // Of one that is among them its number.
  EXPECT_EQ(seek.holding(77'778 * kBytes), 77'778U);
  EXPECT_EQ(seek.holding(50'000 * kBytes), 50'000U);
}

TEST(StoreSeek, ReadsOnlyWhatAPointNeeds) {
  Headers headers;
  StoreSeek seek(headers.source(), kSegments);
  const SegmentHeader begin = *seek.header_at(0);
  using Spans = std::vector<SegmentSpan>;
  const std::uint64_t last = kSegments - 1;
  // The OBJECT in segment 50, which starts behind the OBJECT_RANGE in 40; the WRITE at 3 * 512 in
  // 53. One that starts before the point may go over it.
  EXPECT_EQ(spans_to_resume(seek, begin, {.object = 6, .offset = 3 * 512}),
            (Spans{{0, 0}, {40, 40}, {50, 50}, {52, last}}));
  EXPECT_EQ(spans_to_resume(seek, begin, {.object = 6, .offset = 3 * 512 + 1}),
            (Spans{{0, 0}, {40, 40}, {50, 50}, {53, last}}));
  EXPECT_EQ(spans_to_resume(seek, begin, {.object = 6, .offset = 0}),
            (Spans{{0, 0}, {40, 40}, {50, last}}));
  EXPECT_EQ(spans_to_resume(seek, begin, {.object = 1, .offset = 0}), (Spans{{0, last}}));
}

TEST(StoreSeek, WhereNumbersDoNotGrowNothingIsSkipped) {
  Headers headers;
  const FirstHeader good = headers.source();
  StoreSeek seek(
      [&](std::uint64_t sequence, std::uint64_t end) {
        auto header = good(sequence, end);
        if (sequence == kSegments * 3 / 4) header->start.object = 1;
        return header;
      },
      kSegments);
  const SegmentHeader begin = *seek.header_at(0);
  EXPECT_EQ(spans_to_resume(seek, begin, {.object = 9000, .offset = 512}),
            (std::vector<SegmentSpan>{{0, kSegments - 1}}));
}

TEST(StoreSeek, SpansThatTouchBecomeOne) {
  std::vector<SegmentSpan> spans;
  for (const SegmentSpan span : {SegmentSpan{0, 0}, {0, 1}, {2, 3}, {1, 2}, {5, 6}, {6, 9}}) {
    add_span(spans, span);
  }
  EXPECT_EQ(spans, (std::vector<SegmentSpan>{{0, 3}, {5, 9}}));
}

}  // namespace
}  // namespace zsluice::pipeline
