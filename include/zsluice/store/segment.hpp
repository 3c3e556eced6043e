// SPDX-License-Identifier: BSD-2-Clause
// A segment: a header of fixed size and the stored payload behind it (src/store/FORMAT.md). Here
// are the header as plain numbers, and its wire form. Pure; nothing is owned or borrowed.
//
// The header has two parts. The content says what of the stream is in the segment, and is what the
// chain goes over; the storage part says how this copy of it is stored, so that a segment can be
// replaced by a copy that was compressed otherwise.
//
// A segment holds whole records and is proven without its neighbours: its header says where the
// stream stands at its start and at its end, under a hash of its own.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/checksum/hmac_sha256.hpp"
#include "zsluice/checksum/xxh3.hpp"
#include "zsluice/store/position.hpp"
#include "zsluice/store/segment_error.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace zsluice::storage {

inline constexpr std::uint32_t kSegmentVersion = 1;
inline constexpr std::size_t kSegmentHeaderBytes = 768;
// Of any version: to tell another version from damage, its last bytes must be there.
inline constexpr std::size_t kSegmentHeaderBytesMax = 4096;

// What --segment-size takes.
inline constexpr std::uint64_t kSegmentTargetBytesMin = std::uint64_t{64} << 10;
inline constexpr std::uint64_t kSegmentTargetBytesDefault = std::uint64_t{16} << 20;
inline constexpr std::uint64_t kSegmentTargetBytesMax = std::uint64_t{1} << 30;
// No segment is larger, whatever it holds. A record always fits; of BEGIN payloads, which
// --max-header can raise beyond it, one that does not is refused by the cutter.
inline constexpr std::uint64_t kRawBytesMax = kSegmentTargetBytesMax;
inline constexpr std::uint64_t kRawBytesMin = drr::kRecordBytes;
// Numbers have twelve digits in names (segment_name.hpp).
inline constexpr std::uint64_t kSegmentsMax = 1'000'000'000'000;

// The numbers are those of the wire.
enum class Codec : std::uint32_t {
  none = 0,  // the stored payload is the raw one
  zstd = 1,  // one zstd frame, smaller than the raw payload
};

// Which segments are to be compressed. The numbers are those of the wire.
enum class Compression : std::uint32_t {
  off = 0,
  always = 1,     // those that shrink
  automatic = 2,  // those where it pays, as the writer judges
};

// What the store was asked to be, the same in all of its headers as its writer made them.
struct StoreSettings {
  std::uint64_t segment_bytes = kSegmentTargetBytesDefault;  // the target
  Compression compression = Compression::off;
  int level = 0;  // of zstd; 0 with off
  friend bool operator==(const StoreSettings&, const StoreSettings&) = default;
};
[[nodiscard]] bool are_valid(const StoreSettings& settings);

// Which key a header was made with, without telling anything of it (key_id_of()).
using KeyId = std::array<std::byte, 8>;

// What later versions of the program may add to a part of the header and older ones ignore. It is
// kept as it was, since hash and HMAC cover it.
struct HeaderExtension {
  std::uint16_t flags = 0;
  std::array<std::byte, 32> bytes{};  // zero without flags
  friend bool operator==(const HeaderExtension&, const HeaderExtension&) = default;
};

struct SegmentHeader {
  // --- the content: the same for every copy of the segment, however it is stored ---
  bool is_last = false;           // the stream ends with it
  checksum::Xxh3Digest store_id;  // of the stream's BEGIN and its payload: tells streams apart
  std::uint64_t sequence = 0;
  std::uint64_t raw_bytes = 0;
  checksum::Xxh3Digest raw_hash;
  checksum::Xxh3Digest previous_hash;  // content_hash of the segment before; zero in the first
  Position start;
  Position end;
  std::optional<Places> places;
  HeaderExtension content_extension;
  // --- how this copy is stored. Of the settings the target belongs to the content ---
  StoreSettings settings;
  Codec codec = Codec::none;
  std::uint64_t stored_bytes = 0;
  checksum::Xxh3Digest payload_hash;  // of the stored payload
  HeaderExtension storage_extension;
  checksum::Sha256Digest payload_digest{};         // of the stored payload; zero without `hmac`,
  checksum::Sha256Digest raw_digest{};             // of the raw one; the same,
  checksum::Sha256Digest chain_digest{};           // of the contents and raw payloads up to here,
  KeyId key_id{};                                  // and all of these
  std::optional<checksum::HmacSha256Digest> hmac;  // over all of the header above
  // --- computed; set by decode_segment_header() and SegmentChain::append() ---
  checksum::Xxh3Digest content_hash;
  checksum::Xxh3Digest header_hash;

  [[nodiscard]] std::uint64_t records() const { return end.records - start.records; }
  // Substreams whose BEGIN stands in this segment.
  [[nodiscard]] std::uint64_t substreams_begun() const { return end.substreams - start.substreams; }
  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

using EncodedSegmentHeader = std::array<std::byte, kSegmentHeaderBytes>;

// Ends in the hash, which is computed, whatever `header_hash` says. The numbers are not checked.
// Without `hmac`, key id and digests are written as zeros.
[[nodiscard]] EncodedSegmentHeader encode_segment_header(const SegmentHeader& header);

// Of the content part: what the next segment's previous_hash names.
[[nodiscard]] checksum::Xxh3Digest content_hash_of(const EncodedSegmentHeader& header);

// `bytes`: of the file, from its first byte; at least kSegmentHeaderBytes, and
// kSegmentHeaderBytesMax (or the whole file) to tell a longer header of another version from
// damage. The payload is not looked at. A header that comes back is undamaged, and its lengths are
// within their limits.
[[nodiscard]] Result<SegmentHeader, SegmentError> decode_segment_header(ByteSpan bytes);

// The same limits, for headers that did not come from the wire.
[[nodiscard]] Result<void, SegmentError> check_limits(const SegmentHeader& header);

}  // namespace zsluice::storage
