// SPDX-License-Identifier: BSD-2-Clause
// One DRR record, read where it lies. RecordView decodes on demand, so that walking a stream costs
// only the fields it needs; the structs below are whole records in host order, for those who want
// every field. Offsets: FORMAT.md §A.1.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/wire_int.hpp"
#include "zsluice/checksum/fletcher4.hpp"
#include "zsluice/drr/format.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace zsluice::drr {

// Borrows kRecordBytes bytes; valid as long as they are.
class RecordView {
 public:
  RecordView() = default;
  RecordView(const std::byte* bytes, ByteOrder order) : bytes_(bytes), order_(order) {}

  [[nodiscard]] ByteSpan bytes() const { return {bytes_, kRecordBytes}; }
  [[nodiscard]] ByteOrder order() const { return order_; }
  // The type as the wire has it; may be no RecordType at all.
  [[nodiscard]] std::uint32_t type_code() const { return u32(0); }
  [[nodiscard]] std::uint32_t begin_payload_length() const { return u32(kPayloadLengthAt); }

  [[nodiscard]] std::uint8_t u8(std::size_t at) const {
    return std::to_integer<std::uint8_t>(bytes_[at]);
  }
  [[nodiscard]] std::uint32_t u32(std::size_t at) const {
    return load<std::uint32_t>(bytes_ + at, order_);
  }
  [[nodiscard]] std::uint64_t u64(std::size_t at) const {
    return load<std::uint64_t>(bytes_ + at, order_);
  }
  [[nodiscard]] checksum::Fletcher4 sum(std::size_t at) const {
    return {u64(at), u64(at + 8), u64(at + 16), u64(at + 24)};
  }

 private:
  const std::byte* bytes_ = nullptr;
  ByteOrder order_ = kHostOrder;
};

// The byte order in which `record`, 312 bytes, is a BEGIN: nullopt when it is none in either.
[[nodiscard]] std::optional<ByteOrder> begin_byte_order(const std::byte* record);

// Bytes of payload that follow the record, as its header states (unbounded: compare with a limit
// before use); nullopt when the type is unknown, so that no length can be known. Inline, as it is
// needed for every record and a call would pass the optional through memory.
[[nodiscard, gnu::always_inline]] inline std::optional<std::uint64_t> payload_bytes(
    const RecordView& record) {
  const auto padded = [](std::uint64_t u32_value) { return (u32_value + 7) / 8 * 8; };
  const std::uint32_t code = record.type_code();
  if (code >= kRecordTypes) return std::nullopt;
  switch (static_cast<RecordType>(code)) {
    case RecordType::begin:
      return record.begin_payload_length();
    case RecordType::object: {
      const std::uint32_t raw_bonus = record.u32(36);
      return raw_bonus != 0 ? raw_bonus : padded(record.u32(28));
    }
    case RecordType::write:
      return record.u8(50) != 0 ? record.u64(96) : record.u64(32);
    case RecordType::spill: {
      const std::uint64_t compressed = record.u64(40);
      return compressed != 0 ? compressed : record.u64(16);
    }
    case RecordType::write_embedded:
      return padded(record.u32(52));
    case RecordType::free_objects:
    case RecordType::free:
    case RecordType::end:
    case RecordType::write_byref:
    case RecordType::object_range:
    case RecordType::redact:
      return 0;
  }
  return std::nullopt;
}

// What a message says of a record: where it works. Absent where its type has no such field.
struct RecordPlace {
  std::optional<std::uint64_t> object;
  std::optional<std::uint64_t> offset;
};
[[nodiscard]] RecordPlace place_of(const RecordView& record);

// "WRITE", "FREEOBJECTS", …; empty for a code that is no record type.
[[nodiscard]] std::string_view record_type_name(std::uint32_t type_code);

struct BeginRecord {
  std::uint64_t header_type = 0;    // kHeaderSubstream or kHeaderCompound, or neither
  std::uint64_t features = 0;       // feature::k…
  std::uint64_t creation_time = 0;  // Unix seconds
  std::uint32_t objset_type = 0;    // 2 filesystem, 3 volume
  std::uint32_t flags = 0;          // kBegin…
  std::uint64_t toguid = 0;
  std::uint64_t fromguid = 0;  // 0: full
  std::string_view toname;     // aliases the record's bytes; foreign text
  std::uint32_t payload_bytes = 0;
};
[[nodiscard]] BeginRecord decode_begin(const RecordView& record);

struct ObjectRecord {
  std::uint64_t object = 0;
  std::uint32_t type = 0;
  std::uint32_t bonus_type = 0;
  std::uint32_t block_bytes = 0;
  std::uint32_t bonus_bytes = 0;
  std::uint8_t checksum = 0;
  std::uint8_t compression = 0;
  std::uint8_t slots = 0;  // as sent; 0 means 1
  std::uint8_t flags = 0;
  std::uint32_t raw_bonus_bytes = 0;
  std::uint64_t toguid = 0;
  std::uint8_t indirect_shift = 0;
  std::uint8_t levels = 0;
  std::uint8_t block_pointers = 0;
  std::uint64_t max_block_id = 0;
};
[[nodiscard]] ObjectRecord decode_object(const RecordView& record);

// FREEOBJECTS and OBJECT_RANGE name a run of object numbers.
struct ObjectRunRecord {
  std::uint64_t first_object = 0;
  std::uint64_t objects = 0;
  std::uint64_t toguid = 0;
  std::uint8_t flags = 0;  // OBJECT_RANGE only
};
[[nodiscard]] ObjectRunRecord decode_object_run(const RecordView& record);

struct WriteRecord {
  std::uint64_t object = 0;
  std::uint32_t type = 0;
  std::uint64_t offset = 0;
  std::uint64_t logical_bytes = 0;
  std::uint64_t toguid = 0;
  std::uint8_t checksum = 0;
  std::uint8_t flags = 0;
  std::uint8_t compression = 0;
  std::uint64_t compressed_bytes = 0;
  checksum::Fletcher4 key{};  // the block pointer's checksum: four words, whatever the algorithm
  std::uint64_t key_properties = 0;
  std::array<std::byte, 16> mac{};
};
[[nodiscard]] WriteRecord decode_write(const RecordView& record);

// FREE and REDACT.
struct FreeRecord {
  std::uint64_t object = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  // kFreeToEnd: to the end of the object
  std::uint64_t toguid = 0;
};
[[nodiscard]] FreeRecord decode_free(const RecordView& record);

struct SpillRecord {
  std::uint64_t object = 0;
  std::uint64_t length = 0;
  std::uint64_t toguid = 0;
  std::uint8_t flags = 0;
  std::uint8_t compression = 0;
  std::uint64_t compressed_bytes = 0;
};
[[nodiscard]] SpillRecord decode_spill(const RecordView& record);

struct EmbeddedRecord {
  std::uint64_t object = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint64_t toguid = 0;
  std::uint8_t compression = 0;
  std::uint8_t embedded_type = 0;
  std::uint32_t logical_bytes = 0;
  std::uint32_t physical_bytes = 0;
};
[[nodiscard]] EmbeddedRecord decode_embedded(const RecordView& record);

struct WriteByrefRecord {
  std::uint64_t object = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint64_t toguid = 0;
  std::uint64_t refguid = 0;
  std::uint64_t refobject = 0;
  std::uint64_t refoffset = 0;
};
[[nodiscard]] WriteByrefRecord decode_write_byref(const RecordView& record);

// The guid of the snapshot a record says it belongs to; receivers do not check it (§0.3).
// 0 for a type that is none.
[[nodiscard]] inline std::uint64_t toguid_of(const RecordView& record) {
  constexpr std::array<std::uint8_t, kRecordTypes> kToguidAt = {40, 40, 24, 40, 32, 40,
                                                                32, 24, 32, 24, 32};
  const std::uint32_t code = record.type_code();
  return code < kRecordTypes ? record.u64(kToguidAt[code]) : 0;
}

}  // namespace zsluice::drr
