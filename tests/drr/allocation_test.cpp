// SPDX-License-Identifier: BSD-2-Clause
// Memory does not grow with the number of records: after construction nothing is allocated at all.
#include "support/allocation_counter.hpp"
#include "support/stream_builder.hpp"
#include "zsluice/drr/parser.hpp"
#include "zsluice/drr/rules.hpp"

#include <gtest/gtest.h>

namespace zsluice::drr {
namespace {

constexpr std::size_t kRecords = 100'000;

TEST(Allocation, TheCounterCounts) {
  const test::AllocationCounter counter;
  const test::Bytes bytes(100);
  EXPECT_EQ(counter.count(), 1U);
}

TEST(Allocation, ParserAndRulesAllocateNothing) {
  const test::Bytes stream = test::StreamBuilder().begin().frees(kRecords).end().bytes();
  std::uint64_t records = 0;
  const test::AllocationCounter counter;
  Parser parser;
  RecordRules rules(Strictness::newest);
  // Pieces that are no multiple of a record, so that headers straddle them.
  for (ByteSpan left = stream; !left.empty();) {
    ByteSpan piece = take_prefix(left, 65'001);
    for (Step step = parser.next(piece); step != Step::need_input; step = parser.next(piece)) {
      if (step != Step::record) continue;
      ++records;
      if (rules.check(parser.role(), parser.record())) break;
    }
  }
  const bool whole = parser.finish() == Step::stream_end;
  EXPECT_EQ(counter.count(), 0U);
  EXPECT_TRUE(whole);
  EXPECT_EQ(records, kRecords + 2);
}

TEST(Allocation, AFaultAllocatesNothing) {
  test::StreamImage image = test::StreamBuilder().begin().frees(10).end().build();
  const test::Bytes stream = image.flip_bit(image.offset(5)).bytes();
  const test::AllocationCounter counter;
  Parser parser;
  ByteSpan input = stream;
  Step step = parser.next(input);
  while (step == Step::record)
    step = parser.next(input);
  const bool went_on = parser.reanchor();
  EXPECT_EQ(counter.count(), 0U);
  EXPECT_EQ(step, Step::fault);
  EXPECT_TRUE(went_on);
}

}  // namespace
}  // namespace zsluice::drr
