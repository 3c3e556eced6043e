// SPDX-License-Identifier: BSD-2-Clause
// What a gate lets through depends on what has arrived, not on how: every real stream, any pieces.
#include "gate_fixture.hpp"
#include "support/corpus.hpp"
#include "support/for_each.hpp"
#include "support/policy_streams.hpp"

namespace zsluice::pipeline {
namespace {

using test::Bytes;

// At every step exactly what the records allow, in the end everything.
void expect_model(const GateOptions& options, const Bytes& bytes, const test::Chopper& chopper) {
  const ReleaseModel model{test::StreamImage(bytes)};
  Gate gate(options);
  std::size_t fed = 0;
  while (fed < bytes.size()) {
    const std::size_t length = std::min(bytes.size() - fed, chopper(bytes.size() - fed));
    gate.feed(ByteSpan(bytes).subspan(fed, length));
    fed += length;
    ASSERT_EQ(gate.releasable(), model.at(fed)) << "after " << fed;
  }
  gate.finish();
  EXPECT_FALSE(gate.failure());
  EXPECT_EQ(gate.releasable(), bytes.size());
  EXPECT_EQ(gate.streams(), 1U);
}

GateOptions options_for(const test::CorpusEntry& entry) {
  return entry.is("raw", "yes") ? GateOptions{} : allowing_plaintext();
}

// END alone proves these: nothing of them passes by default.
bool has_no_sums(const test::CorpusEntry& entry) {
  return entry.name.find("zerosum") != std::string::npos;
}

TEST(GateCorpus, PassesWholeAndNothingEarly) {
  test::for_each_stream([](const test::CorpusEntry& entry) {
    const Bytes bytes = test::read_corpus(entry.name);
    const GateOptions options = options_for(entry);
    if (!entry.is("verdict", "whole") || has_no_sums(entry)) {
      const GateRun run = run_gate(options, bytes);
      EXPECT_FALSE(run.whole());
      EXPECT_LE(run.releasable, bytes.size());
      EXPECT_EQ(run.streams, 0U);
      return;
    }
    expect_model(options, bytes, test::in_one_piece());
    constexpr std::uint64_t kSeed = 20261122;
    SCOPED_TRACE(testing::Message() << "seed " << kSeed);
    expect_model(options, bytes, test::at_random(kSeed));
    expect_model(options, bytes, test::in_pieces_of(4096));
  });
}

TEST(GateCorpus, CountsWhatTheTableCounts) {
  test::for_each_stream([](const test::CorpusEntry& entry) {
    if (!entry.is("verdict", "whole") || has_no_sums(entry)) return;
    const GateRun run = run_gate(options_for(entry), test::read_corpus(entry.name));
    EXPECT_EQ(run.streams, 1U);
    if (const auto records = entry.number("total_records")) {
      EXPECT_EQ(run.records, *records);
      EXPECT_EQ(run.substreams, *entry.number("substreams"));
    }
  });
}

TEST(GateCorpus, PlainOnesAreRefusedBeforeTheirFirstByte) {
  test::for_each_stream([](const test::CorpusEntry& entry) {
    if (entry.is("raw", "yes")) return;
    const GateRun run = run_gate({}, test::read_corpus(entry.name));
    EXPECT_EQ(run.releasable, 0U);
    EXPECT_TRUE(run.refusal() == drr::RefusalCode::not_raw ||
                run.refusal() == drr::RefusalCode::package_not_raw);
  });
}

TEST(GateChop, OneByteAtATime) {
  for (const char* name : {"empty_raw_incr", "hier_raw_R_i", "sparse_raw_incr"}) {
    SCOPED_TRACE(name);
    expect_model({}, test::read_corpus(name), test::in_pieces_of(1));
  }
}

TEST(GateChop, EverySingleCutOfAPackage) {
  const Bytes bytes =
      test::package_stream(test::package_list({}), {{}, {.toname = "pool/fs/b@snap", .toguid = 9}})
          .bytes();
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    expect_model({}, bytes, test::cut_once_at(cut));
    if (HasFatalFailure()) FAIL() << "cut at " << cut;
  }
}

TEST(GateChop, ForeignByteOrders) {
  for (const char* name : {"foreign_order/sp_raw_full.be_xdr", "foreign_order/hier_raw_p.be"}) {
    SCOPED_TRACE(name);
    expect_model({}, test::read_corpus(name), test::in_pieces_of(61));
  }
}

}  // namespace
}  // namespace zsluice::pipeline
