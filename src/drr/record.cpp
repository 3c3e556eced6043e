// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/record.hpp"

#include <algorithm>

namespace zsluice::drr {
namespace {

// Field offsets by record type (FORMAT.md §A.1). Most records begin with object and offset.
constexpr std::size_t kObjectAt = 8;
constexpr std::size_t kOffsetAt = 16;
constexpr std::size_t kWriteOffsetAt = 24;

constexpr std::array<std::string_view, kRecordTypes> kNames = {
    "BEGIN",       "OBJECT", "FREEOBJECTS",    "WRITE",        "FREE",  "END",
    "WRITE_BYREF", "SPILL",  "WRITE_EMBEDDED", "OBJECT_RANGE", "REDACT"};

}  // namespace

std::optional<ByteOrder> begin_byte_order(const std::byte* record) {
  for (const ByteOrder order : {kHostOrder, opposite(kHostOrder)}) {
    const RecordView view(record, order);
    if (view.u64(kBeginMagicAt) == kBeginMagic && view.type_code() == 0) return order;
  }
  return std::nullopt;
}

RecordPlace place_of(const RecordView& record) {
  const std::uint32_t code = record.type_code();
  if (code >= kRecordTypes) return {};
  switch (static_cast<RecordType>(code)) {
    case RecordType::write:
      return {record.u64(kObjectAt), record.u64(kWriteOffsetAt)};
    case RecordType::free:
    case RecordType::redact:
    case RecordType::write_byref:
    case RecordType::write_embedded:
      return {record.u64(kObjectAt), record.u64(kOffsetAt)};
    case RecordType::object:
    case RecordType::free_objects:
    case RecordType::spill:
    case RecordType::object_range:
      return {record.u64(kObjectAt), std::nullopt};
    case RecordType::begin:
    case RecordType::end:
      return {};
  }
  return {};
}

std::string_view record_type_name(std::uint32_t type_code) {
  return type_code < kRecordTypes ? kNames[type_code] : std::string_view{};
}

BeginRecord decode_begin(const RecordView& record) {
  const std::uint64_t version_info = record.u64(16);
  const std::string_view name_area = text_of(record.bytes().subspan(56, kToNameBytes));
  return {.header_type = version_info & kHeaderTypeMask,
          .features = (version_info >> kFeatureShift) & kFeatureMask,
          .creation_time = record.u64(24),
          .objset_type = record.u32(32),
          .flags = record.u32(36),
          .toguid = record.u64(40),
          .fromguid = record.u64(48),
          .toname = name_area.substr(0, name_area.find('\0')),
          .payload_bytes = record.begin_payload_length()};
}

ObjectRecord decode_object(const RecordView& record) {
  return {.object = record.u64(kObjectAt),
          .type = record.u32(16),
          .bonus_type = record.u32(20),
          .block_bytes = record.u32(24),
          .bonus_bytes = record.u32(28),
          .checksum = record.u8(32),
          .compression = record.u8(33),
          .slots = record.u8(34),
          .flags = record.u8(35),
          .raw_bonus_bytes = record.u32(36),
          .toguid = record.u64(40),
          .indirect_shift = record.u8(48),
          .levels = record.u8(49),
          .block_pointers = record.u8(50),
          .max_block_id = record.u64(56)};
}

ObjectRunRecord decode_object_run(const RecordView& record) {
  return {.first_object = record.u64(kObjectAt),
          .objects = record.u64(16),
          .toguid = record.u64(24),
          .flags = record.u8(68)};
}

WriteRecord decode_write(const RecordView& record) {
  WriteRecord write{.object = record.u64(kObjectAt),
                    .type = record.u32(16),
                    .offset = record.u64(kWriteOffsetAt),
                    .logical_bytes = record.u64(32),
                    .toguid = record.u64(40),
                    .checksum = record.u8(48),
                    .flags = record.u8(49),
                    .compression = record.u8(50),
                    .compressed_bytes = record.u64(96),
                    .key = record.sum(56),
                    .key_properties = record.u64(88),
                    .mac = {}};
  const ByteSpan mac = record.bytes().subspan(124, write.mac.size());
  std::copy(mac.begin(), mac.end(), write.mac.begin());
  return write;
}

FreeRecord decode_free(const RecordView& record) {
  return {.object = record.u64(kObjectAt),
          .offset = record.u64(kOffsetAt),
          .length = record.u64(24),
          .toguid = record.u64(32)};
}

SpillRecord decode_spill(const RecordView& record) {
  return {.object = record.u64(kObjectAt),
          .length = record.u64(16),
          .toguid = record.u64(24),
          .flags = record.u8(32),
          .compression = record.u8(33),
          .compressed_bytes = record.u64(40)};
}

EmbeddedRecord decode_embedded(const RecordView& record) {
  return {.object = record.u64(kObjectAt),
          .offset = record.u64(kOffsetAt),
          .length = record.u64(24),
          .toguid = record.u64(32),
          .compression = record.u8(40),
          .embedded_type = record.u8(41),
          .logical_bytes = record.u32(48),
          .physical_bytes = record.u32(52)};
}

WriteByrefRecord decode_write_byref(const RecordView& record) {
  return {.object = record.u64(kObjectAt),
          .offset = record.u64(kOffsetAt),
          .length = record.u64(24),
          .toguid = record.u64(32),
          .refguid = record.u64(40),
          .refobject = record.u64(48),
          .refoffset = record.u64(56)};
}

}  // namespace zsluice::drr
