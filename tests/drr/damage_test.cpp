// SPDX-License-Identifier: BSD-2-Clause
// Every damage of the table (support/damages.hpp) gets exactly the verdict written beside it.
#include "support/chop.hpp"
#include "support/corpus.hpp"
#include "support/damages.hpp"

#include <gtest/gtest.h>

#include <set>

namespace zsluice::drr {
namespace {

class Damages : public testing::TestWithParam<test::Damage> {};

INSTANTIATE_TEST_SUITE_P(, Damages, testing::ValuesIn(test::damages()), [](const auto& row) {
  return std::string(row.param.name);
});

TEST_P(Damages, GetTheirExactVerdict) {
  const test::DamagedStream damaged = GetParam().make();
  const test::Trace trace = test::parse(damaged.bytes);
  SCOPED_TRACE(described(trace));
  EXPECT_TRUE(trace.watermark_lawful);
  ASSERT_EQ(trace.fault.has_value(), damaged.fault.has_value());
  if (!damaged.fault) return;
  EXPECT_EQ(trace.fault->code, *damaged.fault);
  EXPECT_EQ(trace.fault->at.number, damaged.record);
  EXPECT_EQ(trace.fault->begin, damaged.begin);
  EXPECT_EQ(trace.fault->end, damaged.end);
  EXPECT_EQ(trace.watermark, damaged.begin);
  EXPECT_EQ(trace.consumed, damaged.end);
  EXPECT_LE(trace.watermark, proven_end(test::StreamImage(damaged.bytes)));
}

// A message names both ends of the doubt: the record that holds the first unproven byte, and the
// one at which the fault showed.
TEST_P(Damages, NameTheRecordsBetweenWhichTheyLie) {
  const test::DamagedStream damaged = GetParam().make();
  const test::Trace trace = test::parse(damaged.bytes);
  if (!trace.fault) return;
  SCOPED_TRACE(described(trace));
  const RecordNote& first = trace.fault->first;
  EXPECT_LE(first.stream_offset, trace.fault->begin);
  EXPECT_LE(trace.fault->begin, first.stream_offset + kRecordBytes + first.payload_bytes);
  EXPECT_LE(first.number, trace.fault->at.number);
  EXPECT_LE(trace.fault->at.stream_offset, trace.fault->end);
  const bool between_records = first.number == trace.fault->at.number;
  EXPECT_TRUE(between_records ||
              trace.fault->begin < first.stream_offset + kRecordBytes + first.payload_bytes)
      << "nothing of the first record is in doubt";
}

TEST_P(Damages, AreSeenWhateverThePieces) {
  const test::DamagedStream damaged = GetParam().make();
  const test::Trace whole = test::parse(damaged.bytes);
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const test::Trace pieces = test::parse(damaged.bytes, test::at_random(seed));
    EXPECT_EQ(described(whole), described(pieces));
    EXPECT_EQ(whole.records, pieces.records);
  }
}

TEST(DamageTable, HoldsAtLeastSixtyDifferentDamages) {
  std::set<std::string_view> names;
  for (const test::Damage& damage : test::damages())
    names.insert(damage.name);
  EXPECT_EQ(names.size(), test::damages().size());
  EXPECT_GE(names.size(), 60U);
}

}  // namespace
}  // namespace zsluice::drr
