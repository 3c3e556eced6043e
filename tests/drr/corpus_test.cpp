// SPDX-License-Identifier: BSD-2-Clause
// Every real stream: the verdict, the counts and the rules, against what OpenZFS's own tool says.
#include "support/corpus.hpp"

#include "support/chop.hpp"
#include "zsluice/drr/rules.hpp"

#include <gtest/gtest.h>

#include <array>

namespace zsluice::drr {
namespace {

class Corpus : public testing::TestWithParam<test::CorpusEntry> {};

INSTANTIATE_TEST_SUITE_P(, Corpus, testing::ValuesIn(test::corpus_entries()), [](const auto& row) {
  return test::test_name_of(row.param.name);
});

class CorpusCounts : public Corpus {};

INSTANTIATE_TEST_SUITE_P(,
                         CorpusCounts,
                         testing::ValuesIn(test::counted_corpus_entries()),
                         [](const auto& row) { return test::test_name_of(row.param.name); });

std::string verdict_of(const test::Trace& trace) {
  if (!trace.fault) return "whole";
  if (trace.fault->code == FaultCode::saved_stream) return "saved";
  return kind_of(trace.fault->code) == FaultKind::truncated ? "truncated" : "damaged";
}

TEST_P(Corpus, HasTheVerdictItIsKnownFor) {
  const test::Bytes stream = test::read_corpus(GetParam().name);
  const test::Trace trace = test::parse(stream);
  SCOPED_TRACE(described(trace));
  EXPECT_EQ(verdict_of(trace), GetParam().text("verdict"));
  EXPECT_EQ(trace.consumed, GetParam().number("stream_bytes"));
  EXPECT_EQ(trace.streams, trace.whole() ? *GetParam().number("streams") : 0);
  EXPECT_TRUE(trace.watermark_lawful);
  if (trace.whole()) {
    EXPECT_EQ(trace.watermark, stream.size());
  }
  EXPECT_EQ(trace.watermark, proven_end(test::StreamImage(stream)));
}

TEST_P(CorpusCounts, HoldsTheRecordsThatTheReferenceCounts) {
  const test::Trace trace = test::parse(test::read_corpus(GetParam().name));
  std::array<std::uint64_t, kRecordTypes> records{};
  std::array<std::uint64_t, kRecordTypes> bytes{};
  std::uint64_t substreams = 0;
  for (const test::SeenRecord& record : trace.records) {
    ASSERT_LT(record.type, kRecordTypes);
    ++records[record.type];
    bytes[record.type] += record.payload_bytes;
    if (record.role == Role::substream_begin) ++substreams;
  }
  EXPECT_EQ(trace.records.size(), GetParam().number("total_records"));
  EXPECT_EQ(substreams, GetParam().number("substreams"));
  for (std::uint32_t type = 0; type < kRecordTypes; ++type) {
    const std::string name(record_type_name(type));
    EXPECT_EQ(records[type], GetParam().number(name)) << name;
    const bool is_counted = GetParam().columns.count(name + "_bytes") != 0;
    EXPECT_EQ(bytes[type], is_counted ? *GetParam().number(name + "_bytes") : 0) << name;
  }
}

// Calls `on_record` with the parser at every record.
template <class OnRecord>
void for_each_record(ByteSpan stream, OnRecord on_record) {
  Parser parser;
  for (;;) {
    const Step step = parser.next(stream);
    if (step == Step::need_input || step == Step::fault) return;
    if (step == Step::record) on_record(parser);
  }
}

TEST_P(CorpusCounts, SaysWhatTheReferenceSaysOfItsFirstSubstream) {
  const test::Bytes stream = test::read_corpus(GetParam().name);
  bool met = false;
  for_each_record(stream, [&met](const Parser& parser) {
    if (met || parser.role() != Role::substream_begin) return;
    met = true;
    const BeginRecord begin = decode_begin(parser.record());
    EXPECT_EQ(begin.toname, GetParam().text("toname"));
    EXPECT_EQ(begin.toguid, GetParam().number("toguid"));
    EXPECT_EQ(begin.fromguid, GetParam().number("fromguid"));
    EXPECT_EQ(begin.features, GetParam().number("features"));
    EXPECT_EQ((begin.features & feature::kRaw) != 0, GetParam().is("raw", "yes"));
    EXPECT_EQ(parser.byte_order() == ByteOrder::big, GetParam().is("byte_order", "big"));
  });
  EXPECT_TRUE(met);
}

// What a real sender sent, a real receiver accepts: no rule may refuse it.
TEST_P(Corpus, BreaksNoRule) {
  const test::Bytes stream = test::read_corpus(GetParam().name);
  for (const Strictness strictness : {Strictness::shared, Strictness::newest}) {
    RecordRules rules(strictness);
    for_each_record(stream, [&rules](const Parser& parser) {
      const std::optional<Violation> violation = rules.check(parser.role(), parser.record());
      EXPECT_FALSE(violation) << rule_text(violation->rule) << ", found " << violation->found
                              << ": " << test::described(parser.current());
    });
  }
}

TEST(CorpusTable, CoversEveryRecordTypeThatZfsStillSends) {
  std::array<std::uint64_t, kRecordTypes> records{};
  for (const test::CorpusEntry& entry : test::corpus_entries()) {
    for (std::uint32_t type = 0; type < kRecordTypes; ++type) {
      records[type] += entry.number(record_type_name(type)).value_or(0);
    }
  }
  for (std::uint32_t type = 0; type < kRecordTypes; ++type) {
    const bool is_sent = type != static_cast<std::uint32_t>(RecordType::write_byref);
    EXPECT_EQ(records[type] > 0, is_sent) << record_type_name(type);
  }
}

}  // namespace
}  // namespace zsluice::drr
