// SPDX-License-Identifier: BSD-2-Clause
// `verify --blocks`: the on-disk checksums of real streams, and what is said when one is wrong.
#include "support/corpus.hpp"
#include "support/damages.hpp"
#include "support/for_each.hpp"
#include "walk_fixture.hpp"

#include <algorithm>
#include <string>

namespace zsluice::pipeline {
namespace {

using drr::RecordType;
using test::StreamImage;

const WalkOptions kBlocks{.check_blocks = true};

TEST(BlocksOfCorpus, AllThatCanBeCheckedMatch) {
  test::for_each_stream([](const test::CorpusEntry& entry) {
    const WalkRun run(test::read_corpus(entry.name), kBlocks, test::at_random(2));
    const drr::BlockCounts& blocks = run.walk.blocks();
    EXPECT_EQ(blocks.mismatched, 0U);
    EXPECT_TRUE(run.diary.mismatches.empty());
    if (!entry.is("verdict", "whole")) return;
    const auto writes = entry.number("WRITE");
    if (!writes) return;
    EXPECT_EQ(blocks.matched + blocks.salted + blocks.no_checksum + blocks.not_as_stored, *writes);
    if (entry.is("raw", "yes")) {
      EXPECT_EQ(blocks.matched, *writes);
    }
  });
}

// A payload that changed before the stream was summed, on disk or in a tool that rewrites streams.
TEST(Blocks, AWrongPayloadThatIsWellSummedIsNamed) {
  StreamImage stream = test::corpus_image("c256_raw_full");
  const std::size_t write = stream.find(RecordType::write, 4);
  stream.flip_bit(stream.header_end(write) + 60).resum();
  const WalkRun run(stream.bytes(), kBlocks);
  EXPECT_TRUE(run.whole());
  EXPECT_EQ(run.walk.blocks().mismatched, 1U);
  EXPECT_EQ(run.walk.blocks().matched, 22U);
  ASSERT_EQ(run.diary.mismatches.size(), 1U);
  EXPECT_EQ(run.diary.mismatches[0].number, write);
  EXPECT_EQ(run.diary.mismatches[0].stream_offset, stream.offset(write));
  EXPECT_EQ(run.diary.mismatches[0].place.object, stream.u64(write, 8));
  EXPECT_EQ(run.diary.mismatches[0].place.offset, stream.u64(write, 24));
}

TEST(Blocks, EachWayOfSummingIsChecked) {
  // sha256 (rs512, edup, dd), fletcher4 raw, compressed plain, big-endian.
  for (const char* name : {"rs512_raw_full", "edup_raw_full", "g256_raw_full", "pl_c",
                           "foreign_order/g256_raw_full.be"}) {
    SCOPED_TRACE(name);
    StreamImage stream = test::corpus_image(name);
    const std::size_t write = stream.find(RecordType::write, 7);
    stream.flip_bit(stream.header_end(write)).resum();
    const WalkRun run(stream.bytes(), kBlocks);
    EXPECT_EQ(run.walk.blocks().mismatched, 1U);
  }
}

TEST(Blocks, NothingIsSummedWhenNobodyAsked) {
  const WalkRun run(test::read_corpus("c256_raw_full"));
  EXPECT_EQ(run.walk.blocks().matched, 0U);
}

}  // namespace
}  // namespace zsluice::pipeline
