// SPDX-License-Identifier: BSD-2-Clause
// The segment header's numbers (FORMAT.md §3, §4), and nothing else. No other file holds one.
#pragma once

#include "zsluice/store/segment.hpp"

#include <cstddef>
#include <cstdint>

namespace zsluice::storage::layout {

inline constexpr ByteOrder kOrder = ByteOrder::little;
// A first byte that is no text, and line ends that a transfer as text would change.
inline constexpr std::uint64_t kMagic = 0x0a1a0a0d53535a89;  // 89 "ZSS" 0d 0a 1a 0a
inline constexpr std::size_t kHashBytes = 16;

// The same in all versions, as is the hash in the last bytes.
inline constexpr std::size_t kMagicAt = 0;
inline constexpr std::size_t kVersionAt = 8;
inline constexpr std::size_t kHeaderBytesAt = 12;
inline constexpr std::size_t kPreambleBytes = 16;
inline constexpr std::size_t kHeaderBytesMin = kPreambleBytes + kHashBytes;

// The content.
inline constexpr std::size_t kContentAt = kPreambleBytes;
inline constexpr std::size_t kFlagsAt = 16;
inline constexpr std::size_t kContentZeroAt = 20;
inline constexpr std::size_t kStoreIdAt = 24;
inline constexpr std::size_t kSequenceAt = 40;
inline constexpr std::size_t kRawBytesAt = 48;
inline constexpr std::size_t kTargetAt = 56;
inline constexpr std::size_t kRawHashAt = 64;
inline constexpr std::size_t kPreviousHashAt = 80;
inline constexpr std::size_t kStartAt = 96;
inline constexpr std::size_t kEndAt = 256;
inline constexpr std::size_t kFirstPlaceAt = 416;
inline constexpr std::size_t kLastPlaceAt = 432;
inline constexpr std::size_t kContentReservedAt = 448;
inline constexpr std::size_t kContentExtensionAt = 480;

// The storage part.
inline constexpr std::size_t kStorageAt = 512;
inline constexpr std::size_t kStorageFlagsAt = 512;
inline constexpr std::size_t kCodecAt = 516;
inline constexpr std::size_t kCompressionAt = 520;
inline constexpr std::size_t kLevelAt = 524;
inline constexpr std::size_t kStoredBytesAt = 528;
inline constexpr std::size_t kKeyIdAt = 536;
inline constexpr std::size_t kPayloadHashAt = 544;
inline constexpr std::size_t kPayloadDigestAt = 560;
inline constexpr std::size_t kRawDigestAt = 592;
inline constexpr std::size_t kChainDigestAt = 624;
inline constexpr std::size_t kStorageReservedAt = 656;
inline constexpr std::size_t kStorageExtensionAt = 688;
inline constexpr std::size_t kHmacAt = 720;
inline constexpr std::size_t kHeaderHashAt = 752;

// The lower half of each word of flags must be known to a reader; the upper half may be ignored.
inline constexpr std::uint32_t kFlagLast = 1;
inline constexpr std::uint32_t kFlagPlaces = 2;
inline constexpr std::uint32_t kFlagsKnown = kFlagLast | kFlagPlaces;
inline constexpr std::uint32_t kStorageFlagHmac = 1;
inline constexpr unsigned kExtensionFlagsShift = 16;

// Within a position.
inline constexpr std::size_t kPositionBytes = 160;
inline constexpr std::size_t kOffsetAt = 0;
inline constexpr std::size_t kRecordsAt = 8;
inline constexpr std::size_t kSubstreamsAt = 16;
inline constexpr std::size_t kFramingAt = 24;
inline constexpr std::size_t kByteOrderAt = 28;
inline constexpr std::size_t kToguidAt = 32;
inline constexpr std::size_t kBeginAt = 40;
inline constexpr std::size_t kSumAt = 48;
inline constexpr std::size_t kObjectRangeAt = 80;
inline constexpr std::size_t kObjectAt = 88;
inline constexpr std::size_t kObjectNumberAt = 96;
inline constexpr std::size_t kWriteAt = 104;
inline constexpr std::size_t kWritePlaceAt = 112;
inline constexpr std::size_t kFeaturesAt = 128;
inline constexpr std::size_t kBeginFlagsAt = 136;
inline constexpr std::size_t kPositionReservedAt = 140;

static_assert(kStartAt + kPositionBytes == kEndAt && kEndAt + kPositionBytes == kFirstPlaceAt);
static_assert(kWritePlaceAt + 16 == kFeaturesAt && kBeginFlagsAt + 4 == kPositionReservedAt);
static_assert(kContentExtensionAt + 32 == kStorageAt && kStorageExtensionAt + 32 == kHmacAt);
static_assert(kHmacAt + checksum::kHmacSha256Bytes == kHeaderHashAt);
static_assert(kHeaderHashAt + kHashBytes == kSegmentHeaderBytes);

inline constexpr std::uint32_t kNoOrder = 0;
inline constexpr std::uint32_t kLittle = 1;
inline constexpr std::uint32_t kBig = 2;

}  // namespace zsluice::storage::layout
