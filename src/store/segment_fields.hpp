// SPDX-License-Identifier: BSD-2-Clause
// The fields of a header in one list, which both reading and writing go through. What has a code of
// its own on the wire (flags, codecs, level, framing, byte order) is not among them.
#pragma once

#include "store/hash_bytes.hpp"
#include "store/segment_layout.hpp"

#include <algorithm>

namespace zsluice::storage {

class FieldReader {
 public:
  explicit FieldReader(ByteSpan bytes) : bytes_(bytes) {}

  [[nodiscard]] std::uint32_t u32(std::size_t at) const {
    return load<std::uint32_t>(bytes_.data() + at, layout::kOrder);
  }
  void operator()(std::size_t at, std::uint32_t& value) const { value = u32(at); }
  void operator()(std::size_t at, std::uint64_t& value) const {
    value = load<std::uint64_t>(bytes_.data() + at, layout::kOrder);
  }
  void operator()(std::size_t at, checksum::Xxh3Digest& hash) const {
    hash = hash_at(bytes_.data() + at);
  }
  void bytes(std::size_t at, MutableByteSpan value) const {
    const ByteSpan field = bytes_.subspan(at, value.size());
    std::copy(field.begin(), field.end(), value.begin());
  }

 private:
  ByteSpan bytes_;
};

class FieldWriter {
 public:
  explicit FieldWriter(MutableByteSpan bytes) : bytes_(bytes) {}

  void u32(std::size_t at, std::uint32_t value) const {
    store(bytes_.data() + at, value, layout::kOrder);
  }
  void operator()(std::size_t at, std::uint32_t value) const { u32(at, value); }
  void operator()(std::size_t at, std::uint64_t value) const {
    store(bytes_.data() + at, value, layout::kOrder);
  }
  void operator()(std::size_t at, const checksum::Xxh3Digest& hash) const {
    put_hash(bytes_.data() + at, hash);
  }
  void bytes(std::size_t at, ByteSpan value) const {
    std::copy(value.begin(), value.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
  }

 private:
  MutableByteSpan bytes_;
};

template <class Fields, class PlaceType>
void visit_place(const Fields& fields, std::size_t at, PlaceType& place) {
  fields(at, place.object);
  fields(at + 8, place.offset);
}

template <class Fields, class PositionType>
void visit_position(const Fields& fields, std::size_t at, PositionType& position) {
  fields(at + layout::kOffsetAt, position.offset);
  fields(at + layout::kRecordsAt, position.records);
  fields(at + layout::kSubstreamsAt, position.substreams);
  fields(at + layout::kToguidAt, position.toguid);
  fields(at + layout::kBeginAt, position.begin_at);
  fields(at + layout::kSumAt, position.sum.a);
  fields(at + layout::kSumAt + 8, position.sum.b);
  fields(at + layout::kSumAt + 16, position.sum.c);
  fields(at + layout::kSumAt + 24, position.sum.d);
  fields(at + layout::kObjectRangeAt, position.object_range_at);
  fields(at + layout::kObjectAt, position.object_at);
  fields(at + layout::kObjectNumberAt, position.object);
  fields(at + layout::kWriteAt, position.write_at);
  visit_place(fields, at + layout::kWritePlaceAt, position.write);
  fields(at + layout::kFeaturesAt, position.features);
  fields(at + layout::kBeginFlagsAt, position.begin_flags);
}

template <class Fields, class Header>
void visit_header(const Fields& fields, Header& header) {
  fields(layout::kStoreIdAt, header.store_id);
  fields(layout::kSequenceAt, header.sequence);
  fields(layout::kRawBytesAt, header.raw_bytes);
  fields(layout::kTargetAt, header.settings.segment_bytes);
  fields(layout::kRawHashAt, header.raw_hash);
  fields(layout::kPreviousHashAt, header.previous_hash);
  visit_position(fields, layout::kStartAt, header.start);
  visit_position(fields, layout::kEndAt, header.end);
  fields.bytes(layout::kContentExtensionAt, header.content_extension.bytes);
  fields(layout::kStoredBytesAt, header.stored_bytes);
  fields(layout::kPayloadHashAt, header.payload_hash);
  fields.bytes(layout::kStorageExtensionAt, header.storage_extension.bytes);
}

// Zero without their flags.
template <class Fields, class Header>
void visit_optional(const Fields& fields, Header& header) {
  if (header.places) {
    visit_place(fields, layout::kFirstPlaceAt, header.places->first);
    visit_place(fields, layout::kLastPlaceAt, header.places->last);
  }
  if (header.hmac) {
    fields.bytes(layout::kKeyIdAt, header.key_id);
    fields.bytes(layout::kPayloadDigestAt, header.payload_digest);
    fields.bytes(layout::kRawDigestAt, header.raw_digest);
    fields.bytes(layout::kChainDigestAt, header.chain_digest);
    fields.bytes(layout::kHmacAt, *header.hmac);
  }
}

}  // namespace zsluice::storage
