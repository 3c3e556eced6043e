// SPDX-License-Identifier: BSD-2-Clause
// Which segments are compressed by `--compress auto`.
#include "pipeline/segment_packer.hpp"

#include "pipeline/store_contents.hpp"
#include "pipeline/store_run.hpp"
#include "support/stream_builder.hpp"
#include "zsluice/drr/format.hpp"

#include <gtest/gtest.h>

namespace zsluice::pipeline {
namespace {

using test::Bytes;

// Segments of the middle of a stream whose payloads are zeros, as `auto` stores them.
std::uint64_t compressed_of(std::uint64_t features, std::size_t record_bytes) {
  test::BeginSpec spec;
  spec.features |= features;
  test::StreamBuilder builder;
  builder.begin(spec);
  const Bytes payload(record_bytes);
  for (std::uint64_t at = 0; at < (4 << 20); at += record_bytes) {
    builder.write(1, at, payload);
  }
  builder.end();
  MemoryStore store;
  EXPECT_FALSE(split_into(store, builder.bytes(), splitting(1 << 20)).failure);
  std::uint64_t compressed = 0;
  for (std::uint64_t sequence = 1; sequence <= 2; ++sequence) {
    const auto header = peek_header(store, sequence);
    compressed += header && header->codec == storage::Codec::zstd ? 1U : 0U;
  }
  return compressed;
}

// Records of so many bytes, header included, in a segment that is raw all through.
storage::Codec codec_of(std::size_t records, storage::Framing start) {
  const std::size_t bytes = 2 << 20;
  PackedSegment segment;
  segment.cut.target_bytes = bytes;
  for (storage::Position* at : {&segment.cut.start, &segment.cut.end}) {
    at->framing = storage::Framing::substream;
    at->features = drr::feature::kRaw;
    at->substreams = 1;
  }
  segment.cut.start.framing = start;
  segment.cut.end.offset = bytes;
  segment.cut.end.records = records;
  segment.bytes.append(Bytes(bytes));
  SegmentPacker(
      {.segment_bytes = bytes, .compression = storage::Compression::automatic, .level = 1}, false)
      .pack(segment);
  return segment.header.codec;
}

TEST(SegmentPacker, WhatHeadersCouldSaveDecidesAndOneSubstreamThroughout) {
  const std::size_t few = (2 << 20) / 20 / drr::kRecordBytes;
  EXPECT_EQ(codec_of(few - 1, storage::Framing::substream), storage::Codec::none);
  EXPECT_EQ(codec_of(few, storage::Framing::substream), storage::Codec::zstd);
  // Where a substream begins in it there may be more than records of one.
  EXPECT_EQ(codec_of(few - 1, storage::Framing::package), storage::Codec::zstd);
}

TEST(SegmentPacker, OfARawStreamOnlySmallRecordsAreTried) {
  // What BEGIN says is not looked behind: ciphertext is no zeros.
  EXPECT_EQ(compressed_of(drr::feature::kRaw, 128 << 10), 0U);
  EXPECT_EQ(compressed_of(drr::feature::kRaw, 8 << 10), 0U);
  EXPECT_EQ(compressed_of(drr::feature::kRaw, 4 << 10), 2U);
  EXPECT_EQ(compressed_of(0, 128 << 10), 2U);
}

}  // namespace
}  // namespace zsluice::pipeline
