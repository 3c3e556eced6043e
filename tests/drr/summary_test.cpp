// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/summary.hpp"

#include "support/corpus.hpp"
#include "support/policy_streams.hpp"
#include "zsluice/drr/begin_collector.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace zsluice::drr {
namespace {

using test::Bytes;

// Of the first substream.
SubstreamSummary summary_of(const Bytes& stream) {
  Parser parser;
  SubstreamCounter counter;
  BeginCollector collector;
  bool counting = false;
  bool pending = false;
  ByteSpan input = stream;
  for (Step step = parser.next(input); step == Step::record || step == Step::payload;
       step = parser.next(input)) {
    if (step == Step::payload) {
      if (pending) collector.add(parser.payload());
      continue;
    }
    if (pending) counter.set_payload(collector.payload());
    pending = parser.role() == Role::substream_begin;
    if (pending) {
      counter.start(parser);
      collector.start(parser);
      counting = true;
    } else if (counting) {
      counter.count(parser);
      if (parser.role() == Role::substream_end) break;
    }
  }
  return counter.summary();
}

TEST(SizeBucket, HoldsSizesUpToItsPowerOfTwo) {
  EXPECT_EQ(size_bucket(0), 0U);
  EXPECT_EQ(size_bucket(512), 0U);
  EXPECT_EQ(size_bucket(513), 1U);
  EXPECT_EQ(size_bucket(131072), 8U);
  EXPECT_EQ(size_bucket(std::uint64_t{16} << 20), 15U);
  EXPECT_EQ(size_bucket(~std::uint64_t{0}), kSizeBuckets - 1);
  for (std::size_t bucket = 0; bucket < kSizeBuckets; ++bucket) {
    EXPECT_EQ(size_bucket(size_bucket_bytes(bucket)), bucket);
  }
}

TEST(Summary, CountsTheBlocksOfDeduplicatedStreams) {
  const Bytes bytes = test::StreamBuilder()
                          .begin()
                          .write(1, 0, Bytes(4096))
                          .write_byref({.object = 1, .offset = 4096, .length = 4096})
                          .end()
                          .bytes();
  EXPECT_EQ(summary_of(bytes).logical_bytes, 8192U);
}

TEST(Summary, TellsWhatBeginSays) {
  const Bytes bytes = test::StreamBuilder(ByteOrder::big)
                          .begin({.toname = "pool/fs@snap",
                                  .features = test::kRawFeatures,
                                  .toguid = 7,
                                  .fromguid = 5,
                                  .payload = test::crypt_payload()})
                          .frees(3)
                          .end()
                          .bytes();
  const SubstreamSummary summary = summary_of(bytes);
  EXPECT_EQ(summary.byte_order, ByteOrder::big);
  EXPECT_EQ(summary.toname, "pool/fs@snap");
  EXPECT_EQ(summary.toguid, 7U);
  EXPECT_EQ(summary.fromguid, 5U);
  EXPECT_EQ(summary.creation_time, 1'700'000'000U);
  EXPECT_TRUE(summary.is_raw());
  EXPECT_FALSE(summary.is_resumed());
  EXPECT_TRUE(summary.complete);
  EXPECT_FALSE(summary.saved);
  ASSERT_TRUE(summary.payload);
  EXPECT_TRUE(summary.payload->crypt);
  EXPECT_EQ(summary.records_total, 5U);
  EXPECT_EQ(summary.stream_bytes, bytes.size());
}

TEST(Summary, SaysWhereAnNvlistCannotBeRead) {
  const Bytes bytes = test::StreamBuilder().begin({.payload = test::pattern(64)}).end().bytes();
  const SubstreamSummary summary = summary_of(bytes);
  EXPECT_FALSE(summary.payload);
  EXPECT_TRUE(summary.payload_error);
}

TEST(Summary, CountsWritesByWhatTheyAre) {
  WriteRecord compressed{.object = 5, .type = 19, .logical_bytes = 131072, .checksum = 7};
  compressed.compression = kCompressionLz4;
  compressed.compressed_bytes = 4096;
  WriteRecord odd{.object = 5, .type = 19, .offset = 131072, .logical_bytes = 512, .checksum = 200};
  odd.compression = 99;
  odd.compressed_bytes = 512;
  const Bytes bytes = test::StreamBuilder()
                          .begin()
                          .object({.object = 5, .type = 19, .block_bytes = 131072})
                          .write(compressed, test::pattern(4096))
                          .write(odd, test::pattern(512))
                          .write(5, 262144, test::pattern(1024))
                          .end()
                          .bytes();
  const SubstreamSummary summary = summary_of(bytes);
  EXPECT_EQ(summary.logical_bytes, 131072U + 512 + 1024);
  EXPECT_EQ(summary.types[3].records, 3U);
  EXPECT_EQ(summary.types[3].payload_bytes, 4096U + 512 + 1024);
  EXPECT_EQ(summary.compression[kCompressionLz4], 1U);
  EXPECT_EQ(summary.compression[kCompressionInherit], 1U);
  EXPECT_EQ(summary.compression.back(), 1U);
  EXPECT_EQ(summary.checksum[7], 2U);
  EXPECT_EQ(summary.checksum.back(), 1U);
  EXPECT_EQ(summary.write_sizes[0], 1U);
  EXPECT_EQ(summary.write_sizes[1], 1U);
  EXPECT_EQ(summary.write_sizes[8], 1U);
  EXPECT_EQ(summary.block_bytes_max, 131072U);
}

TEST(Summary, OfEveryRealStreamAddsUp) {
  for (const test::CorpusEntry& entry : test::corpus_entries()) {
    if (!entry.number("substreams") || *entry.number("substreams") != 1) continue;
    if (entry.is("kind", "package")) continue;
    SCOPED_TRACE(entry.name);
    const Bytes bytes = test::read_corpus(entry.name);
    const SubstreamSummary summary = summary_of(bytes);
    EXPECT_EQ(summary.records_total, *entry.number("total_records"));
    EXPECT_EQ(summary.complete, entry.is("verdict", "whole"));
    EXPECT_EQ(summary.saved, entry.is("verdict", "saved"));
    EXPECT_EQ(summary.is_raw(), entry.is("raw", "yes"));
    EXPECT_EQ(summary.is_resumed(), entry.is("kind", "resumed"));
    EXPECT_EQ(summary.toname, *entry.text("toname"));
    EXPECT_EQ(summary.toguid, *entry.number("toguid"));
    EXPECT_EQ(summary.fromguid, *entry.number("fromguid"));
    EXPECT_EQ(summary.features, *entry.number("features"));
    if (summary.complete) {
      EXPECT_EQ(summary.stream_bytes, bytes.size());
    }
    const std::uint64_t sized =
        std::accumulate(summary.write_sizes.begin(), summary.write_sizes.end(), std::uint64_t{0});
    EXPECT_EQ(sized, *entry.number("WRITE"));
  }
}

}  // namespace
}  // namespace zsluice::drr
