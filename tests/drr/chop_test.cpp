// SPDX-License-Identifier: BSD-2-Clause
// The parser is resumable at any byte: how a stream arrives changes nothing of what is said of it.
#include "support/chop.hpp"

#include "support/corpus.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

namespace zsluice::drr {
namespace {

void expect_same(const test::Trace& one, const test::Trace& other) {
  EXPECT_EQ(described(one), described(other));
  EXPECT_EQ(one.records, other.records);
  EXPECT_TRUE(other.watermark_lawful);
}

class Chop : public testing::TestWithParam<ByteOrder> {};
INSTANTIATE_TEST_SUITE_P(,
                         Chop,
                         testing::Values(ByteOrder::little, ByteOrder::big),
                         [](const auto& row) {
                           return std::string(row.param == ByteOrder::little ? "little" : "big");
                         });

TEST_P(Chop, OneByteAtATimeGivesTheSame) {
  for (const test::StreamBuilder& stream :
       {test::every_record_type(GetParam()), test::small_package(GetParam())}) {
    const test::Bytes bytes = stream.bytes();
    const test::Trace whole = test::parse(bytes);
    ASSERT_TRUE(whole.whole()) << described(whole);
    expect_same(whole, test::parse(bytes, test::in_pieces_of(1)));
  }
}

TEST_P(Chop, EverySingleCutGivesTheSame) {
  const test::Bytes bytes = test::small_package(GetParam()).bytes();
  const test::Trace whole = test::parse(bytes);
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    SCOPED_TRACE(testing::Message() << "cut at " << cut);
    expect_same(whole, test::parse(bytes, test::cut_once_at(cut)));
  }
}

TEST_P(Chop, EverySingleCutOfAFaultyStreamGivesTheSameFault) {
  test::StreamImage image = test::every_record_type(GetParam()).build();
  image.flip_bit(image.header_end(image.find(RecordType::spill)) + 7);
  const test::Bytes bytes = image.bytes();
  const test::Trace whole = test::parse(bytes);
  ASSERT_FALSE(whole.whole());
  for (std::size_t cut = 1; cut < bytes.size(); cut += 3) {
    SCOPED_TRACE(testing::Message() << "cut at " << cut);
    expect_same(whole, test::parse(bytes, test::cut_once_at(cut)));
  }
}

class ChopCorpus : public testing::TestWithParam<test::CorpusEntry> {};
INSTANTIATE_TEST_SUITE_P(,
                         ChopCorpus,
                         testing::ValuesIn(test::corpus_entries()),
                         [](const auto& row) { return test::test_name_of(row.param.name); });

TEST_P(ChopCorpus, RandomPiecesGiveTheSame) {
  const test::Bytes bytes = test::read_corpus(GetParam().name);
  const test::Trace whole = test::parse(bytes);
  constexpr std::uint64_t kSeed = 20261122;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  expect_same(whole, test::parse(bytes, test::at_random(kSeed)));
}

TEST_P(ChopCorpus, HandedInPayloadSumsGiveTheSame) {
  const test::Bytes bytes = test::read_corpus(GetParam().name);
  const test::Trace whole = test::parse(bytes);
  constexpr std::uint64_t kSeed = 7;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  expect_same(whole, test::parse(bytes, test::at_random(kSeed), {.sum_payloads = false}));
}

}  // namespace
}  // namespace zsluice::drr
