// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/stream_checker.hpp"

#include "support/corpus.hpp"
#include "support/damages.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace zsluice::drr {
namespace {

using test::Bytes;
using test::StreamBuilder;
using test::StreamImage;

struct Judged {
  std::vector<Fault> faults;
  std::uint64_t records = 0;
  std::uint64_t watermark = 0;
};

// To the first fault, or over every fault that can be got over.
Judged judge(ByteSpan input, bool go_on = false, Strictness strictness = Strictness::shared) {
  StreamChecker checker({.parser = {}, .strictness = strictness});
  Judged judged;
  bool at_end = false;
  for (;;) {
    const Step step = at_end ? checker.finish() : checker.next(input);
    if (step == Step::record) ++judged.records;
    if (step == Step::fault) {
      judged.faults.push_back(checker.fault());
      if (!go_on || at_end || !checker.reanchor()) break;
    }
    if (at_end) break;
    at_end = step == Step::need_input;
  }
  judged.watermark = checker.watermark();
  return judged;
}

// A FREE that ends beyond 2^64.
StreamBuilder with_broken_free() {
  return StreamBuilder().begin().frees(2).free(1, ~std::uint64_t{4095}, 8192).frees(1).end();
}

TEST(StreamChecker, AWellSummedRecordThatBreaksARuleIsAFault) {
  const StreamImage stream = with_broken_free().build();
  const Judged judged = judge(stream.bytes());
  ASSERT_EQ(judged.faults.size(), 1U);
  const Fault& fault = judged.faults.front();
  EXPECT_EQ(fault.code, FaultCode::rule_broken);
  EXPECT_EQ(fault.rule, Rule::free_overflow);
  EXPECT_EQ(fault.at.number, 3U);
  EXPECT_EQ(fault.begin, stream.offset(3));
  EXPECT_EQ(fault.end, stream.header_end(3));
}

TEST(StreamChecker, TheWatermarkStaysBeforeSuchARecord) {
  const StreamImage stream = with_broken_free().build();
  EXPECT_EQ(judge(stream.bytes()).watermark, stream.offset(3));
}

TEST(StreamChecker, ItGoesOnBehindIt) {
  const Judged judged = judge(with_broken_free().bytes(), true);
  EXPECT_EQ(judged.faults.size(), 1U);
  EXPECT_EQ(judged.records, 6U);
}

TEST(StreamChecker, AFaultIsReportedAgainUntilItIsGotOver) {
  StreamChecker checker;
  const Bytes bytes = with_broken_free().bytes();
  ByteSpan input = bytes;
  while (checker.next(input) != Step::fault)
    continue;
  EXPECT_EQ(checker.next(input), Step::fault);
  EXPECT_EQ(checker.finish(), Step::fault);
}

// A raw stream without the SPILL_BLOCK flag.
StreamBuilder with_broken_begin() {
  return StreamBuilder()
      .begin({.features = feature::kRaw | feature::kSaSpill, .flags = kBeginFreeRecords})
      .object_range({.first_object = 0, .objects = 32})
      .frees(1)
      .end();
}

TEST(StreamChecker, ABeginThatBreaksARuleIsAFaultOnceItIsProven) {
  const StreamImage stream = with_broken_begin().build();
  const Judged judged = judge(stream.bytes());
  ASSERT_EQ(judged.faults.size(), 1U);
  EXPECT_EQ(judged.faults[0].rule, Rule::begin_raw_needs_spill_flag);
  EXPECT_EQ(judged.faults[0].at.number, 0U);
  EXPECT_EQ(judged.faults[0].begin, 0U);
  EXPECT_EQ(judged.faults[0].end, stream.header_end(1));
  EXPECT_EQ(judged.watermark, 0U);
}

TEST(StreamChecker, ADamagedBeginIsADamageAndBreaksNoRule) {
  StreamImage stream = with_broken_begin().build();
  stream.flip_bit(100);
  const Judged judged = judge(stream.bytes(), true);
  ASSERT_EQ(judged.faults.size(), 1U);
  EXPECT_EQ(judged.faults[0].code, FaultCode::checksum_mismatch);
}

TEST(StreamChecker, TheRecordBehindABrokenBeginIsJudgedToo) {
  StreamBuilder stream;
  stream.begin({.features = feature::kRaw | feature::kSaSpill, .flags = kBeginFreeRecords});
  stream.object_range({.first_object = 1, .objects = 32}).frees(1).end();
  const Judged judged = judge(stream.bytes(), true);
  ASSERT_EQ(judged.faults.size(), 2U);
  EXPECT_EQ(judged.faults[1].rule, Rule::range_shape);
  EXPECT_EQ(judged.records, 4U);
}

// The OBJECT_RANGE that the objects behind the damage lie in may be what was lost.
TEST(StreamChecker, RulesOfOrderStartAfreshBehindADamage) {
  StreamImage stream = test::corpus_image("many_raw_incr");
  stream.drop(stream.find(RecordType::object_range, 5));
  for (const Fault& fault : judge(stream.bytes(), true).faults) {
    EXPECT_NE(fault.code, FaultCode::rule_broken) << rule_text(fault.rule);
  }
}

TEST(StreamChecker, EveryRealStreamKeepsTheRulesOfEveryReceiver) {
  for (const test::CorpusEntry& entry : test::corpus_entries()) {
    SCOPED_TRACE(entry.name);
    for (const Strictness strictness : {Strictness::shared, Strictness::newest}) {
      for (const Fault& fault : judge(test::read_corpus(entry.name), true, strictness).faults) {
        EXPECT_NE(fault.code, FaultCode::rule_broken) << rule_text(fault.rule);
      }
    }
  }
}

}  // namespace
}  // namespace zsluice::drr
