// SPDX-License-Identifier: BSD-2-Clause
// The DRR wire format as numbers (FORMAT.md §A, §B), and nothing else: sizes, offsets, codes, flags
// and limits. No other file holds such a number.
#pragma once

#include <cstddef>
#include <cstdint>

namespace zsluice::drr {

// --- the record (FORMAT.md §A) ---

inline constexpr std::size_t kRecordBytes = 312;
// The record's own checksum fills its last 32 bytes and covers everything before them (§C.2). In
// BEGIN, which has none, the area is the tail of toname.
inline constexpr std::size_t kRecordChecksumAt = 280;
inline constexpr std::size_t kChecksumBytes = 32;
inline constexpr std::size_t kEndChecksumAt = 8;  // END's second sum: everything before END
inline constexpr std::size_t kEndToguidAt = 40;
inline constexpr std::size_t kPayloadLengthAt = 4;  // used by BEGIN only

enum class RecordType : std::uint8_t {
  begin = 0,
  object = 1,
  free_objects = 2,
  write = 3,
  free = 4,
  end = 5,
  write_byref = 6,
  spill = 7,
  write_embedded = 8,
  object_range = 9,
  redact = 10,
};
inline constexpr std::size_t kRecordTypes = 11;

inline constexpr std::uint64_t kBeginMagic = 0x2F5bacbac;
inline constexpr std::size_t kBeginMagicAt = 8;
inline constexpr std::size_t kBeginMagicEnd = 16;
inline constexpr std::size_t kToNameBytes = 256;  // NUL-terminated, "pool/fs@snap"

// --- BEGIN's versioninfo (§B.1) and feature flags (§B.2), flags shifted down by two ---

inline constexpr std::uint64_t kHeaderTypeMask = 3;
inline constexpr std::uint64_t kHeaderSubstream = 1;
inline constexpr std::uint64_t kHeaderCompound = 2;
inline constexpr unsigned kFeatureShift = 2;
inline constexpr std::uint64_t kFeatureMask = (std::uint64_t{1} << 56) - 1;

namespace feature {
inline constexpr std::uint64_t kDedup = std::uint64_t{1} << 0;
inline constexpr std::uint64_t kDedupProps = std::uint64_t{1} << 1;
inline constexpr std::uint64_t kSaSpill = std::uint64_t{1} << 2;
inline constexpr std::uint64_t kEmbedData = std::uint64_t{1} << 16;
inline constexpr std::uint64_t kLz4 = std::uint64_t{1} << 17;
inline constexpr std::uint64_t kLargeBlocks = std::uint64_t{1} << 19;
inline constexpr std::uint64_t kResuming = std::uint64_t{1} << 20;
inline constexpr std::uint64_t kRedacted = std::uint64_t{1} << 21;
inline constexpr std::uint64_t kCompressed = std::uint64_t{1} << 22;
inline constexpr std::uint64_t kLargeDnode = std::uint64_t{1} << 23;
inline constexpr std::uint64_t kRaw = std::uint64_t{1} << 24;
inline constexpr std::uint64_t kZstd = std::uint64_t{1} << 25;
inline constexpr std::uint64_t kHolds = std::uint64_t{1} << 26;
inline constexpr std::uint64_t kSwitchToLargeBlocks = std::uint64_t{1} << 27;
inline constexpr std::uint64_t kLongName = std::uint64_t{1} << 28;
inline constexpr std::uint64_t kLargeMicrozap = std::uint64_t{1} << 29;

// Every bit with a known meaning. Others are passed and named in a warning.
inline constexpr std::uint64_t kKnown = kDedup | kDedupProps | kSaSpill | kEmbedData | kLz4 |
                                        kLargeBlocks | kResuming | kRedacted | kCompressed |
                                        kLargeDnode | kRaw | kZstd | kHolds | kSwitchToLargeBlocks |
                                        kLongName | kLargeMicrozap;
}  // namespace feature

// BEGIN flags (§B.3).
inline constexpr std::uint32_t kBeginClone = 0x1;
inline constexpr std::uint32_t kBeginCaseInsensitive = 0x2;
inline constexpr std::uint32_t kBeginFreeRecords = 0x4;
inline constexpr std::uint32_t kBeginSpillBlock = 0x8;

// Record flags (§A.2).
inline constexpr std::uint8_t kFlagChecksumDedup = 0x1;
inline constexpr std::uint8_t kFlagRawByteswap = 0x2;
inline constexpr std::uint8_t kFlagSpill = 0x4;  // OBJECT: has spill; SPILL: unmodified

// --- codes (§A.5) ---

inline constexpr std::uint8_t kCompressionInherit = 0;
inline constexpr std::uint8_t kCompressionOff = 2;
inline constexpr std::uint8_t kCompressionLz4 = 15;
inline constexpr std::uint8_t kCompressionZstd = 16;
inline constexpr std::uint8_t kCompressionCodes = 17;
inline constexpr std::uint8_t kChecksumCodes = 15;
inline constexpr std::uint32_t kObjsetTypes = 6;
inline constexpr std::uint8_t kEmbeddedTypes = 3;
inline constexpr std::uint32_t kDmuTypeSa = 44;
inline constexpr std::uint32_t kDmuTypeUint64Metadata = 0xC3;

// --- limits (§A.4): a length from the wire is compared with one of these before it is used ---

inline constexpr std::uint64_t kBlockBytesMin = 512;
inline constexpr std::uint64_t kOldBlockBytesMax = 131072;        // without LARGE_BLOCKS
inline constexpr std::uint64_t kBlockBytesMax = 16777216;         // 16 MiB
inline constexpr std::uint64_t kPayloadBytesMax = 16777216;       // any record but BEGIN
inline constexpr std::uint64_t kBeginPayloadBytesMax = 67108864;  // default of --max-header
inline constexpr std::uint64_t kObjectsMax = std::uint64_t{1} << 48;
inline constexpr std::uint64_t kDnodeBytesMax = 16384;
inline constexpr std::uint64_t kDnodeSlotBytes = 512;
inline constexpr std::uint64_t kDnodeFixedBytes = 192;  // core (64) and one block pointer (128)
inline constexpr std::uint64_t kBlockPointerBytes = 128;
inline constexpr std::uint64_t kDnodeSlotsPerBlock = 32;
// The block of dnodes that an object lies in. Some senders announce all objects of a block before
// they send any data of it (FORMAT.md §D.1).
constexpr std::uint64_t dnode_block_of(std::uint64_t object) {
  return object / kDnodeSlotsPerBlock;
}
inline constexpr std::uint64_t kBonusBytesMax = kDnodeBytesMax - kDnodeFixedBytes;
inline constexpr std::uint64_t kEmbeddedBytesMax = 112;
inline constexpr std::uint8_t kIndirectShiftMin = 12;
inline constexpr std::uint8_t kIndirectShiftMax = 17;
inline constexpr std::uint8_t kLevelsMax = 12;
inline constexpr std::uint8_t kBlockPointersMax = 3;
inline constexpr std::uint64_t kFreeToEnd = ~std::uint64_t{0};

}  // namespace zsluice::drr
