// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/store/segment.hpp"

#include "store/hash_bytes.hpp"
#include "store/segment_layout.hpp"
#include "store/store_fixture.hpp"
#include "support/stream_builder.hpp"
#include "zsluice/store/codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace zsluice::storage {
namespace {

using Code = SegmentErrorCode;

// A package in segments of one record each: positions of every framing but one occur.
std::vector<TestSegment> sample(std::string_view key = {}) {
  const test::Bytes stream = test::StreamBuilder(ByteOrder::big)
                                 .package(test::pattern(64))
                                 .begin()
                                 .object({.object = 5, .block_bytes = 4096})
                                 .write(5, 0, test::pattern(512))
                                 .write(5, 512, test::pattern(512))
                                 .write(5, 1024, test::pattern(512))
                                 .end()
                                 .package_end()
                                 .bytes();
  return segments_of(stream, {.target_bytes = 1, .key = key});
}

// One in the middle of a substream, with places and an earlier WRITE.
TestSegment middle_segment(std::string_view key = {}) {
  for (const TestSegment& segment : sample(key)) {
    if (segment.header.places && segment.header.start.write_at != kNowhere) return segment;
  }
  throw std::logic_error("no such segment");
}

Code code_of(ByteSpan bytes) {
  const auto header = decode_segment_header(bytes);
  if (header) throw std::logic_error("the header is good");
  return header.error().code;
}

TEST(SegmentHeader, ComesBackAsItWas) {
  std::set<Framing> framings;
  for (const std::string_view key : {std::string_view(), kTestKey}) {
    for (const TestSegment& segment : sample(key)) {
      const auto decoded = decode_segment_header(segment.encoded);
      ASSERT_TRUE(decoded);
      EXPECT_EQ(*decoded, segment.header);
      EXPECT_EQ(decoded->hmac.has_value(), !key.empty());
      EXPECT_EQ(encode_segment_header(*decoded), segment.encoded);
      framings.insert(decoded->start.framing);
      framings.insert(decoded->end.framing);
    }
  }
  EXPECT_EQ(framings, (std::set{Framing::outside, Framing::package_header, Framing::package,
                                Framing::package_substream}));
}

TEST(SegmentHeader, WhatFollowsItIsNotLookedAt) {
  const TestSegment segment = middle_segment();
  EXPECT_TRUE(decode_segment_header(segment.file()));
}

TEST(SegmentHeader, EverySingleBitFlipIsNamed) {
  for (const std::string_view key : {std::string_view(), kTestKey}) {
    const EncodedSegmentHeader good = middle_segment(key).encoded;
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      EncodedSegmentHeader bad = good;
      bad[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
      const Code wanted = bit < layout::kVersionAt * 8 ? Code::not_a_segment : Code::header_damaged;
      // A flipped length or version asks for more bytes than a header has.
      test::Bytes file(bad.begin(), bad.end());
      file.resize(kSegmentHeaderBytesMax);
      ASSERT_EQ(code_of(file), wanted) << "bit " << bit;
    }
  }
}

TEST(SegmentHeader, EveryShorterOneIsTruncated) {
  const EncodedSegmentHeader good = middle_segment().encoded;
  for (std::size_t size = 0; size < good.size(); ++size) {
    const auto header = decode_segment_header(ByteSpan(good).first(size));
    ASSERT_FALSE(header);
    EXPECT_EQ(header.error().code, Code::truncated_header);
    EXPECT_EQ(header.error().found, size);
  }
}

TEST(SegmentHeader, DamageTellsBothHashes) {
  EncodedSegmentHeader bad = middle_segment().encoded;
  bad[100] ^= std::byte{1};
  const SegmentError error = decode_segment_header(bad).error();
  EXPECT_EQ(error.at, layout::kHeaderHashAt);
  EXPECT_EQ(error.expected_hash, middle_segment().header.header_hash);
  EXPECT_EQ(error.found_hash, checksum::xxh3(ByteSpan(bad).first(layout::kHeaderHashAt)));
}

struct Patch {
  std::size_t at;
  std::uint64_t value;
  Code code;
};

// A right hash over numbers that no writer may write.
TEST(SegmentHeader, NumbersBeyondTheirLimitsAreRefused) {
  using namespace layout;
  const TestSegment good = middle_segment();
  const SegmentHeader& header = good.header;
  const std::uint64_t raw = header.raw_bytes;
  const Patch patches[] = {
      {kSequenceAt, kSegmentsMax, Code::bad_sequence},
      {kSequenceAt, 0, Code::bad_previous},
      {kRawBytesAt, 0, Code::bad_raw_size},
      {kRawBytesAt, kRawBytesMin - 1, Code::bad_raw_size},
      {kRawBytesAt, kRawBytesMax + 1, Code::bad_raw_size},
      {kRawBytesAt, ~std::uint64_t{0}, Code::bad_raw_size},
      {kStoredBytesAt, raw - 1, Code::bad_stored_size},
      {kStoredBytesAt, raw + 1, Code::bad_stored_size},
      {kStoredBytesAt, ~std::uint64_t{0}, Code::bad_stored_size},
      {kContentReservedAt, 1, Code::nonzero_reserved},
      {kContentExtensionAt - 8, std::uint64_t{1} << 63, Code::nonzero_reserved},
      {kContentExtensionAt, 1, Code::nonzero_reserved},  // without a flag
      {kStorageReservedAt, 1, Code::nonzero_reserved},
      {kStorageExtensionAt + 24, 1, Code::nonzero_reserved},
      {kStartAt + kPositionReservedAt, 1, Code::nonzero_reserved},
      {kEndAt + kPositionBytes - 8, 1, Code::nonzero_reserved},
      {kKeyIdAt, 1, Code::bad_hmac_field},
      {kPayloadDigestAt + 24, 1, Code::bad_hmac_field},
      {kTargetAt, 0, Code::bad_settings},
      {kTargetAt, kSegmentTargetBytesMax + 1, Code::bad_settings},
      {kRawHashAt, 1, Code::bad_raw_hash},
      {kHmacAt, 1, Code::bad_hmac_field},
      {kHmacAt + 24, 1, Code::bad_hmac_field},
      {kStartAt + kOffsetAt, header.start.offset + 4, Code::bad_position},
      {kEndAt + kOffsetAt, header.end.offset + 4, Code::bad_position},
      {kEndAt + kOffsetAt, header.start.offset - 1, Code::bad_position},
      {kStartAt + kBeginAt, header.start.offset, Code::bad_position},
      {kStartAt + kBeginAt, kNowhere, Code::bad_position},
      {kStartAt + kWriteAt, header.start.offset, Code::bad_position},
      {kStartAt + kWriteAt, header.start.begin_at, Code::bad_position},
      {kStartAt + kWriteAt, kNowhere, Code::bad_position},
      {kStartAt + kObjectRangeAt, header.start.offset, Code::bad_position},
      {kEndAt + kObjectAt, header.end.offset, Code::bad_position},
      {kStartAt + kRecordsAt, 0, Code::bad_position},
      {kStartAt + kSubstreamsAt, 0, Code::bad_position},
      {kEndAt + kSubstreamsAt, 0, Code::bad_position},
      {kEndAt + kSubstreamsAt, header.end.substreams + 2, Code::bad_counts},
      {kEndAt + kRecordsAt, header.start.records, Code::bad_counts},
      {kEndAt + kRecordsAt, header.end.records + raw, Code::bad_counts},
  };
  for (const Patch& patch : patches) {
    SCOPED_TRACE(testing::Message() << "at " << patch.at << ": " << patch.value);
    EXPECT_EQ(code_of(patched_u64(good.encoded, patch.at, patch.value)), patch.code);
  }
}

TEST(SegmentHeader, CodesWithoutAMeaningAreRefused) {
  using namespace layout;
  const TestSegment good = middle_segment(kTestKey);
  const Patch patches[] = {
      {kHeaderBytesAt, kSegmentHeaderBytes + 1, Code::header_damaged},
      {kHeaderBytesAt, 0, Code::header_damaged},
      {kFlagsAt, kFlagsKnown + 1, Code::unknown_flags},
      {kFlagsAt, std::uint32_t{1} << 15, Code::unknown_flags},
      {kStorageFlagsAt, kStorageFlagHmac + 2, Code::unknown_flags},
      {kStorageFlagsAt, 0, Code::bad_hmac_field},
      {kFlagsAt, 0, Code::bad_places},
      {kFlagsAt + 4, 1, Code::nonzero_reserved},
      {kFlagsAt, kFlagsKnown, Code::bad_end},
      {kCodecAt, 2, Code::unknown_codec},
      {kCodecAt, static_cast<std::uint32_t>(Codec::zstd), Code::bad_settings},
      {kCompressionAt, 3, Code::unknown_codec},
      {kCompressionAt, static_cast<std::uint32_t>(Compression::always),
       Code::bad_settings},  // no level
      {kLevelAt, 3, Code::bad_settings},
      {kLevelAt, ~std::uint32_t{0}, Code::bad_settings},
      {kStartAt + kFramingAt, 5, Code::bad_position},
      {kStartAt + kFramingAt, 0, Code::bad_position},  // the byte order stays
      {kStartAt + kFramingAt, 1, Code::bad_position},  // a header has no toguid
      {kEndAt + kFramingAt, ~std::uint32_t{0}, Code::bad_position},
      {kStartAt + kByteOrderAt, kNoOrder, Code::bad_position},
      {kEndAt + kByteOrderAt, 3, Code::bad_position},
  };
  for (const Patch& patch : patches) {
    SCOPED_TRACE(testing::Message() << "at " << patch.at << ": " << patch.value);
    const auto value = static_cast<std::uint32_t>(patch.value);
    EXPECT_EQ(code_of(patched_u32(good.encoded, patch.at, value)), patch.code);
  }
}

TEST(SegmentHeader, FirstAndLastAreWhatTheyClaim) {
  using namespace layout;
  const std::vector<TestSegment> segments = sample();
  const EncodedSegmentHeader& first = segments.front().encoded;
  const EncodedSegmentHeader& last = segments.back().encoded;
  EXPECT_EQ(code_of(patched_u64(first, kSequenceAt, 1)), Code::bad_sequence);
  EXPECT_EQ(code_of(patched_u64(first, kPreviousHashAt, 1)), Code::bad_previous);
  EXPECT_EQ(code_of(patched_u64(first, kStartAt + kOffsetAt, 4)), Code::bad_position);
  EXPECT_EQ(code_of(patched_u32(first, kFlagsAt, kFlagLast)), Code::bad_end);
  EXPECT_EQ(code_of(patched_u32(last, kFlagsAt, 0)), Code::bad_end);
}

// What a later version may add: another length, a right hash.
TEST(SegmentHeader, AnotherVersionIsToldFromDamage) {
  for (const std::size_t bytes : {std::size_t{64}, kSegmentHeaderBytes, kSegmentHeaderBytesMax}) {
    test::Bytes header(bytes);
    const EncodedSegmentHeader ours = middle_segment().encoded;
    std::copy_n(ours.begin(), layout::kPreambleBytes, header.begin());
    store<std::uint32_t>(header.data() + layout::kVersionAt, 2, ByteOrder::little);
    store(header.data() + layout::kHeaderBytesAt, static_cast<std::uint32_t>(bytes),
          ByteOrder::little);
    put_hash(header.data() + bytes - 16, checksum::xxh3(ByteSpan(header).first(bytes - 16)));
    header.resize(kSegmentHeaderBytesMax + 100);
    EXPECT_EQ(code_of(header), Code::unknown_version) << bytes;
    header[layout::kVersionAt] = std::byte{1};
    put_hash(header.data() + bytes - 16, checksum::xxh3(ByteSpan(header).first(bytes - 16)));
    EXPECT_EQ(code_of(header),
              bytes == kSegmentHeaderBytes ? Code::bad_settings : Code::wrong_header_size);
    header[layout::kVersionAt] = std::byte{2};
    header[bytes - 20] ^= std::byte{1};
    EXPECT_EQ(code_of(header), Code::header_damaged) << bytes;
    EXPECT_EQ(code_of(ByteSpan(header).first(bytes - 1)), Code::truncated_header) << bytes;
  }
}

TEST(SegmentHeader, WhatMayBeIgnoredIsKept) {
  using namespace layout;
  const TestSegment good = middle_segment(kTestKey);
  EncodedSegmentHeader changed = good.encoded;
  store<std::uint32_t>(changed.data() + kFlagsAt, kFlagPlaces | 1U << 31, ByteOrder::little);
  changed[kContentExtensionAt + 31] = std::byte{7};
  store<std::uint32_t>(changed.data() + kStorageFlagsAt, kStorageFlagHmac | 1U << 16,
                       ByteOrder::little);
  changed[kStorageExtensionAt] = std::byte{9};
  changed = rehashed(changed);
  const auto header = decode_segment_header(changed);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->content_extension.flags, 1U << 15);
  EXPECT_EQ(encode_segment_header(*header), changed);
  EXPECT_NE(header->content_hash, good.header.content_hash);
}

TEST(SegmentHeader, ALongerSegmentThanTheTargetHoldsOneRecord) {
  SegmentHeader header = middle_segment().header;
  header.settings.segment_bytes = header.raw_bytes - 1;
  EXPECT_TRUE(check_limits(header));
  ++header.end.records;
  EXPECT_EQ(check_limits(header).error().code, Code::over_target);
  header.settings.segment_bytes = header.raw_bytes;
  EXPECT_TRUE(check_limits(header));
}

// How a copy is stored is not part of the content.
TEST(SegmentHeader, TheContentHashIsTheSameForEveryCopy) {
  const TestSegment plain = middle_segment();
  const TestSegment keyed = middle_segment(kTestKey);
  EXPECT_EQ(plain.header.content_hash, keyed.header.content_hash);
  EXPECT_NE(plain.header.header_hash, keyed.header.header_hash);
  EXPECT_EQ(plain.header.content_hash,
            checksum::xxh3(ByteSpan(plain.encoded).subspan(16, 512 - 16)));
}

TEST(SegmentHeader, AZstdPayloadIsSmallerThanTheRawOne) {
  SegmentHeader header = middle_segment().header;
  header.codec = Codec::zstd;
  header.settings.compression = Compression::always;
  header.settings.level = kZstdLevelDefault;
  header.stored_bytes = header.raw_bytes - 1;
  EXPECT_TRUE(check_limits(header));
  for (const std::uint64_t bytes : {std::uint64_t{0}, header.raw_bytes, ~std::uint64_t{0}}) {
    header.stored_bytes = bytes;
    EXPECT_EQ(check_limits(header).error().code, Code::bad_stored_size);
  }
}

}  // namespace
}  // namespace zsluice::storage
