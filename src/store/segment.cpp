// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/store/segment.hpp"

#include "store/error_of.hpp"
#include "store/segment_fields.hpp"
#include "zsluice/store/codec.hpp"

#include <array>
#include <utility>

namespace zsluice::storage {
namespace {

using checksum::Xxh3Digest;

// Framing, byte order and codec as the wire had them, before it is known that they are codes.
struct Codes {
  std::uint32_t flags = 0;
  std::uint32_t storage_flags = 0;
  std::uint32_t codec = 0;
  std::uint32_t compression = 0;
  std::uint32_t level = 0;
  std::uint32_t start_framing = 0;
  std::uint32_t start_order = 0;
  std::uint32_t end_framing = 0;
  std::uint32_t end_order = 0;
};

std::uint32_t order_code(const Position& position) {
  if (!is_summing(position.framing)) return layout::kNoOrder;
  return position.order == ByteOrder::little ? layout::kLittle : layout::kBig;
}

bool are_position_codes(std::uint32_t framing, std::uint32_t order) {
  if (framing > static_cast<std::uint32_t>(Framing::package_substream)) return false;
  return is_summing(static_cast<Framing>(framing))
             ? order == layout::kLittle || order == layout::kBig
             : order == layout::kNoOrder;
}

constexpr std::uint32_t kMustKnowMask = (std::uint32_t{1} << layout::kExtensionFlagsShift) - 1;

bool is_codec(std::uint32_t code) {
  return code <= static_cast<std::uint32_t>(Codec::zstd);
}

bool is_compression(std::uint32_t code) {
  return code <= static_cast<std::uint32_t>(Compression::automatic);
}

std::optional<SegmentError> codes_problem(const Codes& codes) {
  using enum SegmentErrorCode;
  if ((codes.flags & kMustKnowMask & ~layout::kFlagsKnown) != 0) {
    return error_of(unknown_flags, layout::kFlagsAt, layout::kFlagsKnown, codes.flags);
  }
  if ((codes.storage_flags & kMustKnowMask & ~layout::kStorageFlagHmac) != 0) {
    return error_of(unknown_flags, layout::kStorageFlagsAt, layout::kStorageFlagHmac,
                    codes.storage_flags);
  }
  if (!is_codec(codes.codec)) return error_of(unknown_codec, layout::kCodecAt, 0, codes.codec);
  if (!is_compression(codes.compression)) {
    return error_of(unknown_codec, layout::kCompressionAt, 0, codes.compression);
  }
  if (codes.level > static_cast<std::uint32_t>(kZstdLevelMax)) {
    return error_of(bad_settings, layout::kLevelAt, kZstdLevelMax, codes.level);
  }
  if (!are_position_codes(codes.start_framing, codes.start_order)) {
    return error_of(bad_position, layout::kStartAt + layout::kFramingAt, 0, codes.start_framing);
  }
  if (!are_position_codes(codes.end_framing, codes.end_order)) {
    return error_of(bad_position, layout::kEndAt + layout::kFramingAt, 0, codes.end_framing);
  }
  return std::nullopt;
}

void set_codes(Position& position, std::uint32_t framing, std::uint32_t order) {
  position.framing = static_cast<Framing>(framing);
  position.order = order == layout::kBig ? ByteOrder::big : ByteOrder::little;
}

// Offset of the first byte in [from, to) that is not zero; `to` when all are.
std::size_t first_nonzero(ByteSpan bytes, std::size_t from, std::size_t to) {
  while (from < to && bytes[from] == std::byte{}) {
    ++from;
  }
  return from;
}

// A record named by a position lies between the running BEGIN and the position.
bool lies_within(std::uint64_t record_at, const Position& position) {
  return record_at == kNowhere || (record_at > position.begin_at && record_at < position.offset);
}

bool is_sound(const Position& position) {
  Position none;
  none.offset = position.offset;
  none.records = position.records;
  none.substreams = position.substreams;
  none.framing = position.framing;
  if (!is_summing(position.framing)) return position == none;
  if (position.begin_at >= position.offset || position.records == 0) return false;
  if (!is_in_substream(position.framing)) {
    none.order = position.order;
    none.begin_at = position.begin_at;
    none.sum = position.sum;
    return position == none;
  }
  return position.substreams > 0 && lies_within(position.object_range_at, position) &&
         lies_within(position.object_at, position) && lies_within(position.write_at, position) &&
         (position.object_at != kNowhere || position.object == 0) &&
         (position.write_at != kNowhere || position.write == Place{});
}

std::optional<SegmentError> positions_problem(const SegmentHeader& header) {
  using enum SegmentErrorCode;
  const Position& start = header.start;
  const Position& end = header.end;
  if (!is_sound(start) || ((start == Position{}) != (start.framing == Framing::outside))) {
    return error_of(bad_position, layout::kStartAt, 0, start.offset);
  }
  if ((header.sequence == 0) != (start == Position{})) {
    return error_of(bad_sequence, layout::kSequenceAt, 0, header.sequence);
  }
  if (!is_sound(end) || end.offset < start.offset ||
      end.offset - start.offset != header.raw_bytes) {
    return error_of(bad_position, layout::kEndAt, start.offset + header.raw_bytes, end.offset);
  }
  const bool counts_rise = end.records > start.records && end.substreams >= start.substreams;
  if (!counts_rise || header.records() > header.raw_bytes / drr::kRecordBytes ||
      end.substreams - start.substreams > header.records()) {
    return error_of(bad_counts, layout::kEndAt + layout::kRecordsAt, start.records, end.records);
  }
  if (header.is_last != (end.framing == Framing::outside)) {
    return error_of(bad_end, layout::kFlagsAt, 0, header.is_last ? 1 : 0);
  }
  return std::nullopt;
}

std::optional<SegmentError> sizes_problem(const SegmentHeader& header) {
  using enum SegmentErrorCode;
  if (header.raw_bytes < kRawBytesMin || header.raw_bytes > kRawBytesMax) {
    const bool is_small = header.raw_bytes < kRawBytesMin;
    return error_of(bad_raw_size, layout::kRawBytesAt, is_small ? kRawBytesMin : kRawBytesMax,
                    header.raw_bytes);
  }
  const bool is_raw = header.codec == Codec::none;
  const bool fits = is_raw ? header.stored_bytes == header.raw_bytes
                           : header.stored_bytes > 0 && header.stored_bytes < header.raw_bytes;
  if (!fits) {
    return error_of(bad_stored_size, layout::kStoredBytesAt,
                    is_raw ? header.raw_bytes : header.raw_bytes - 1, header.stored_bytes);
  }
  if (is_raw && header.payload_hash != header.raw_hash) {
    return error_of(bad_raw_hash, layout::kRawHashAt, header.payload_hash, header.raw_hash);
  }
  if (is_raw && header.payload_digest != header.raw_digest) {
    return error_of(bad_raw_hash, layout::kRawDigestAt);
  }
  return std::nullopt;
}

std::optional<SegmentError> limits_problem(const SegmentHeader& header) {
  using enum SegmentErrorCode;
  if (header.sequence >= kSegmentsMax) {
    return error_of(bad_sequence, layout::kSequenceAt, kSegmentsMax, header.sequence);
  }
  if (header.sequence == 0 && header.previous_hash != Xxh3Digest{}) {
    return error_of(bad_previous, layout::kPreviousHashAt, Xxh3Digest{}, header.previous_hash);
  }
  if (!are_valid(header.settings) ||
      (header.codec == Codec::zstd && header.settings.compression == Compression::off)) {
    return error_of(bad_settings, layout::kTargetAt, kSegmentTargetBytesMax,
                    header.settings.segment_bytes);
  }
  if (const auto problem = sizes_problem(header)) return problem;
  if (const auto problem = positions_problem(header)) return problem;
  if (header.records() > 1 && header.raw_bytes > header.settings.segment_bytes) {
    return error_of(over_target, layout::kRawBytesAt, header.settings.segment_bytes,
                    header.raw_bytes);
  }
  return std::nullopt;
}

struct Zeros {
  std::uint32_t unless;  // flags that say there is something
  std::size_t from;
  std::size_t to;
  SegmentErrorCode code;
};

// What has to be zero: reserved bytes, and fields whose flag is not set.
std::optional<SegmentError> zeros_problem(ByteSpan bytes, const Codes& codes) {
  using enum SegmentErrorCode;
  using namespace layout;
  const std::uint32_t places = codes.flags & kFlagPlaces;
  const std::uint32_t hmac = codes.storage_flags & kStorageFlagHmac;
  const std::uint32_t content = codes.flags & ~kMustKnowMask;
  const std::uint32_t storage = codes.storage_flags & ~kMustKnowMask;
  const std::array<Zeros, 11> all = {
      Zeros{0, kContentZeroAt, kStoreIdAt, nonzero_reserved},
      Zeros{0, kStartAt + kPositionReservedAt, kEndAt, nonzero_reserved},
      Zeros{0, kEndAt + kPositionReservedAt, kFirstPlaceAt, nonzero_reserved},
      Zeros{0, kContentReservedAt, kContentExtensionAt, nonzero_reserved},
      Zeros{0, kStorageReservedAt, kStorageExtensionAt, nonzero_reserved},
      Zeros{content, kContentExtensionAt, kStorageAt, nonzero_reserved},
      Zeros{storage, kStorageExtensionAt, kHmacAt, nonzero_reserved},
      Zeros{places, kFirstPlaceAt, kContentReservedAt, bad_places},
      Zeros{hmac, kKeyIdAt, kPayloadHashAt, bad_hmac_field},
      Zeros{hmac, kPayloadDigestAt, kStorageReservedAt, bad_hmac_field},
      Zeros{hmac, kHmacAt, kHeaderHashAt, bad_hmac_field}};
  for (const Zeros& zeros : all) {
    if (zeros.unless != 0) continue;
    const std::size_t at = first_nonzero(bytes, zeros.from, zeros.to);
    if (at != zeros.to) return error_of(zeros.code, at);
  }
  return std::nullopt;
}

// Whether the bytes are a header of any version, as it was written. The hash comes before the
// version: a version that is damaged must not look like another one.
std::optional<SegmentError> damage(ByteSpan bytes) {
  using enum SegmentErrorCode;
  if (bytes.size() < layout::kPreambleBytes) {
    return error_of(truncated_header, 0, kSegmentHeaderBytes, bytes.size());
  }
  if (load<std::uint64_t>(bytes.data(), layout::kOrder) != layout::kMagic) {
    return error_of(not_a_segment, layout::kMagicAt, 0,
                    load<std::uint64_t>(bytes.data(), ByteOrder::big));
  }
  const FieldReader fields(bytes);
  const std::uint32_t version = fields.u32(layout::kVersionAt);
  const std::size_t header_bytes = fields.u32(layout::kHeaderBytesAt);
  const bool is_bounded =
      header_bytes >= layout::kHeaderBytesMin && header_bytes <= kSegmentHeaderBytesMax;
  const bool is_ours = version == kSegmentVersion;
  if (bytes.size() < (is_bounded && !is_ours ? header_bytes : kSegmentHeaderBytes)) {
    return error_of(truncated_header, 0, is_bounded ? header_bytes : kSegmentHeaderBytes,
                    bytes.size());
  }
  if (!is_bounded || bytes.size() < header_bytes) {
    return error_of(header_damaged, layout::kHeaderBytesAt, kSegmentHeaderBytes, header_bytes);
  }
  const std::size_t hash_at_end = header_bytes - layout::kHashBytes;
  const Xxh3Digest stated = hash_at(bytes.data() + hash_at_end);
  const Xxh3Digest computed = checksum::xxh3(bytes.first(hash_at_end));
  if (stated != computed) return error_of(header_damaged, hash_at_end, stated, computed);
  if (!is_ours) return error_of(unknown_version, layout::kVersionAt, kSegmentVersion, version);
  if (header_bytes == kSegmentHeaderBytes) return std::nullopt;
  return error_of(wrong_header_size, layout::kHeaderBytesAt, kSegmentHeaderBytes, header_bytes);
}

Xxh3Digest hash_of_content(ByteSpan bytes) {
  return checksum::xxh3(bytes.subspan(layout::kContentAt, layout::kStorageAt - layout::kContentAt));
}

Codes codes_in(const FieldReader& fields) {
  return {.flags = fields.u32(layout::kFlagsAt),
          .storage_flags = fields.u32(layout::kStorageFlagsAt),
          .codec = fields.u32(layout::kCodecAt),
          .compression = fields.u32(layout::kCompressionAt),
          .level = fields.u32(layout::kLevelAt),
          .start_framing = fields.u32(layout::kStartAt + layout::kFramingAt),
          .start_order = fields.u32(layout::kStartAt + layout::kByteOrderAt),
          .end_framing = fields.u32(layout::kEndAt + layout::kFramingAt),
          .end_order = fields.u32(layout::kEndAt + layout::kByteOrderAt)};
}

void set_codes(SegmentHeader& header, const Codes& codes) {
  header.is_last = (codes.flags & layout::kFlagLast) != 0;
  if ((codes.flags & layout::kFlagPlaces) != 0) header.places.emplace();
  if ((codes.storage_flags & layout::kStorageFlagHmac) != 0) header.hmac.emplace();
  header.content_extension.flags =
      static_cast<std::uint16_t>(codes.flags >> layout::kExtensionFlagsShift);
  header.storage_extension.flags =
      static_cast<std::uint16_t>(codes.storage_flags >> layout::kExtensionFlagsShift);
  header.codec = static_cast<Codec>(codes.codec);
  header.settings.compression = static_cast<Compression>(codes.compression);
  header.settings.level = static_cast<int>(codes.level);
  set_codes(header.start, codes.start_framing, codes.start_order);
  set_codes(header.end, codes.end_framing, codes.end_order);
}

std::uint32_t with_extension(std::uint32_t flags, const HeaderExtension& extension) {
  return flags | static_cast<std::uint32_t>(extension.flags) << layout::kExtensionFlagsShift;
}

}  // namespace

bool are_valid(const StoreSettings& settings) {
  const bool level_fits = settings.compression == Compression::off
                              ? settings.level == 0
                              : settings.level >= kZstdLevelMin && settings.level <= kZstdLevelMax;
  return level_fits && settings.segment_bytes > 0 &&
         settings.segment_bytes <= kSegmentTargetBytesMax;
}

checksum::Xxh3Digest content_hash_of(const EncodedSegmentHeader& header) {
  return hash_of_content(header);
}

EncodedSegmentHeader encode_segment_header(const SegmentHeader& header) {
  EncodedSegmentHeader bytes{};
  const FieldWriter fields(bytes);
  fields(layout::kMagicAt, layout::kMagic);
  fields.u32(layout::kVersionAt, kSegmentVersion);
  fields.u32(layout::kHeaderBytesAt, kSegmentHeaderBytes);
  fields.u32(layout::kFlagsAt, with_extension((header.is_last ? layout::kFlagLast : 0) |
                                                  (header.places ? layout::kFlagPlaces : 0),
                                              header.content_extension));
  fields.u32(layout::kStorageFlagsAt,
             with_extension(header.hmac ? layout::kStorageFlagHmac : 0, header.storage_extension));
  fields.u32(layout::kCodecAt, static_cast<std::uint32_t>(header.codec));
  fields.u32(layout::kCompressionAt, static_cast<std::uint32_t>(header.settings.compression));
  fields.u32(layout::kLevelAt, static_cast<std::uint32_t>(header.settings.level));
  for (const auto& [at, position] :
       {std::pair(layout::kStartAt, &header.start), std::pair(layout::kEndAt, &header.end)}) {
    fields.u32(at + layout::kFramingAt, static_cast<std::uint32_t>(position->framing));
    fields.u32(at + layout::kByteOrderAt, order_code(*position));
  }
  visit_header(fields, header);
  visit_optional(fields, header);
  fields(layout::kHeaderHashAt, checksum::xxh3(ByteSpan(bytes).first(layout::kHeaderHashAt)));
  return bytes;
}

Result<SegmentHeader, SegmentError> decode_segment_header(ByteSpan bytes) {
  if (const auto problem = damage(bytes)) return Unexpected{*problem};
  const FieldReader fields(bytes);
  const Codes codes = codes_in(fields);
  if (const auto problem = codes_problem(codes)) return Unexpected{*problem};
  if (const auto problem = zeros_problem(bytes, codes)) return Unexpected{*problem};

  SegmentHeader header;
  set_codes(header, codes);
  visit_header(fields, header);
  visit_optional(fields, header);
  fields(layout::kHeaderHashAt, header.header_hash);
  header.content_hash = hash_of_content(bytes);
  if (const auto problem = limits_problem(header)) return Unexpected{*problem};
  return header;
}

Result<void, SegmentError> check_limits(const SegmentHeader& header) {
  if (const auto problem = limits_problem(header)) return Unexpected{*problem};
  return {};
}

}  // namespace zsluice::storage
