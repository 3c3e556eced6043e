// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/rules.hpp"

#include <algorithm>
#include <array>

namespace zsluice::drr {
namespace {

using Verdict = std::optional<Violation>;

constexpr std::uint32_t kOldDmuTypes = 54;
constexpr std::uint32_t kNewDmuType = 0x80;
constexpr std::uint32_t kByteswapMask = 0x1F;
constexpr std::uint32_t kByteswapFunctions = 10;
// What receivers before the newest accept of a raw OBJECT's indirect shift.
constexpr std::uint8_t kIndirectShiftTolerated = 24;

struct RuleText {
  Rule rule;
  std::string_view text;
};

constexpr std::array kTexts = {
    RuleText{Rule::begin_objset_type, "a BEGIN's objset type is below 6"},
    RuleText{Rule::begin_raw_needs_spill_flag, "a raw stream's BEGIN carries the SPILL_BLOCK flag"},
    RuleText{Rule::begin_raw_with_embedded, "a raw stream has no embedded data"},
    RuleText{Rule::object_number, "object numbers lie between 1 and 2^48 - 1"},
    RuleText{Rule::object_type, "an OBJECT has a valid type and bonus type"},
    RuleText{Rule::object_codes, "an OBJECT's checksum and compression are known codes"},
    RuleText{Rule::object_block_bytes, "an OBJECT's block size is a multiple of 512 up to 16 MiB"},
    RuleText{Rule::object_large_block_unannounced,
             "blocks above 128 KiB need the LARGE_BLOCKS feature"},
    RuleText{Rule::object_large_dnode_unannounced,
             "dnodes of several slots need the LARGE_DNODE feature"},
    RuleText{Rule::object_bonus_kind, "an OBJECT's bonus type and bonus length agree"},
    RuleText{Rule::object_bonus_bytes, "an OBJECT's bonus fits its dnode"},
    RuleText{Rule::object_slots, "an OBJECT's dnode lies below object 2^48"},
    RuleText{Rule::object_raw_fields, "a raw OBJECT's dnode fields are within their limits"},
    RuleText{Rule::object_raw_block_pointers,
             "a raw OBJECT has the block pointers that its bonus leaves room for"},
    RuleText{Rule::object_raw_bonus_room, "a raw OBJECT's bonus fits beside its block pointers"},
    RuleText{Rule::object_plain_fields, "an OBJECT that is not raw leaves the raw fields zero"},
    RuleText{Rule::object_spill_unannounced,
             "an OBJECT with a spill block needs BEGIN's SPILL_BLOCK flag"},
    RuleText{Rule::object_outside_range, "a raw OBJECT lies in the last OBJECT_RANGE"},
    RuleText{Rule::range_not_raw, "an OBJECT_RANGE belongs to a raw stream"},
    RuleText{Rule::range_shape, "an OBJECT_RANGE covers 32 slots from a multiple of 32"},
    RuleText{Rule::write_type, "a WRITE has a valid object type"},
    RuleText{Rule::write_logical_bytes, "a WRITE's logical size is 512 bytes to 16 MiB"},
    RuleText{Rule::write_overflow, "a WRITE ends below 2^64"},
    RuleText{Rule::write_large_block_unannounced,
             "a WRITE above 128 KiB needs the LARGE_BLOCKS feature"},
    RuleText{Rule::write_raw_bytes, "a raw WRITE's stored size is 1 to its logical size"},
    RuleText{Rule::write_compression_unannounced,
             "a compressed WRITE needs the feature of its compression"},
    RuleText{Rule::write_plain_bytes, "an uncompressed WRITE states no compressed size"},
    RuleText{Rule::write_order, "WRITEs come in ascending order of object and offset"},
    RuleText{Rule::embedded_raw, "a raw stream has no WRITE_EMBEDDED"},
    RuleText{Rule::embedded_unannounced, "a WRITE_EMBEDDED needs the EMBED_DATA feature"},
    RuleText{Rule::embedded_codes, "a WRITE_EMBEDDED's kind and compression are known codes"},
    RuleText{Rule::embedded_bytes, "a WRITE_EMBEDDED holds at most 112 bytes of its block"},
    RuleText{Rule::spill_length, "a SPILL's length is 512 bytes to 16 MiB"},
    RuleText{Rule::spill_bytes, "a SPILL states a stored size when it is raw and only then"},
    RuleText{Rule::free_overflow, "a FREE or REDACT ends below 2^64"},
};

consteval bool texts_are_in_order() {
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    if (static_cast<std::size_t>(kTexts[i].rule) != i) return false;
  }
  return kTexts.size() == static_cast<std::size_t>(Rule::free_overflow) + 1;
}
static_assert(texts_are_in_order());

Verdict broken(Rule rule, std::uint64_t found) {
  return Violation{rule, found};
}

bool is_valid_dmu_type(std::uint32_t type) {
  if (type < kOldDmuTypes) return true;
  return (type & kNewDmuType) != 0 && (type & kByteswapMask) < kByteswapFunctions;
}

std::uint64_t slots_of(const ObjectRecord& object) {
  return std::max<std::uint64_t>(object.slots, 1);
}

std::uint64_t bonus_room(const ObjectRecord& object) {
  return slots_of(object) * kDnodeSlotBytes - kDnodeFixedBytes;
}

bool overflows(std::uint64_t offset, std::uint64_t length) {
  return length > ~offset;
}

}  // namespace

std::string_view rule_text(Rule rule) {
  return kTexts[static_cast<std::size_t>(rule)].text;
}

Verdict RecordRules::check(Role role, const RecordView& record) {
  switch (role) {
    case Role::substream_begin:
      return check_begin(decode_begin(record));
    case Role::body:
      return check_body(record);
    case Role::package_begin:
    case Role::package_header_end:
    case Role::substream_end:
    case Role::package_end:
      return std::nullopt;
  }
  return std::nullopt;
}

void RecordRules::enter(std::uint64_t features, std::uint32_t begin_flags) {
  features_ = features;
  begin_flags_ = begin_flags;
  forget_position();
}

void RecordRules::forget_position() {
  has_range_ = false;
  range_forgotten_ = true;
  last_write_object_ = 0;
  last_write_offset_ = 0;
}

Verdict RecordRules::check_begin(const BeginRecord& begin) {
  features_ = begin.features;
  begin_flags_ = begin.flags;
  forget_position();
  range_forgotten_ = false;
  if (begin.objset_type >= kObjsetTypes) return broken(Rule::begin_objset_type, begin.objset_type);
  if (!has(feature::kRaw)) return std::nullopt;
  if ((begin.flags & kBeginSpillBlock) == 0) {
    return broken(Rule::begin_raw_needs_spill_flag, begin.flags);
  }
  if (has(feature::kEmbedData)) return broken(Rule::begin_raw_with_embedded, begin.features);
  return std::nullopt;
}

Verdict RecordRules::check_body(const RecordView& record) {
  switch (static_cast<RecordType>(record.type_code())) {
    case RecordType::object:
      return check_object(decode_object(record));
    case RecordType::object_range:
      return check_range(decode_object_run(record));
    case RecordType::write:
      return check_write(decode_write(record));
    case RecordType::write_embedded:
      return check_embedded(decode_embedded(record));
    case RecordType::spill:
      return check_spill(decode_spill(record));
    case RecordType::free:
    case RecordType::redact:
      return check_free(decode_free(record));
    case RecordType::free_objects:
    case RecordType::write_byref:
    case RecordType::begin:
    case RecordType::end:
      return std::nullopt;
  }
  return std::nullopt;
}

Verdict RecordRules::check_number(std::uint64_t object) const {
  if (strict_ && (object == 0 || object >= kObjectsMax)) return broken(Rule::object_number, object);
  return std::nullopt;
}

Verdict RecordRules::check_object(const ObjectRecord& object) const {
  if (knows_codes()) {
    if (object.type == 0 || !is_valid_dmu_type(object.type)) {
      return broken(Rule::object_type, object.type);
    }
    if (!is_valid_dmu_type(object.bonus_type)) return broken(Rule::object_type, object.bonus_type);
    if (object.checksum >= kChecksumCodes) return broken(Rule::object_codes, object.checksum);
    if (object.compression >= kCompressionCodes) {
      return broken(Rule::object_codes, object.compression);
    }
  }
  if (object.block_bytes < kBlockBytesMin || object.block_bytes > kBlockBytesMax ||
      object.block_bytes % kBlockBytesMin != 0) {
    return broken(Rule::object_block_bytes, object.block_bytes);
  }
  if (object.bonus_bytes > kBonusBytesMax) {
    return broken(Rule::object_bonus_bytes, object.bonus_bytes);
  }
  if ((object.flags & kFlagSpill) != 0 && (begin_flags_ & kBeginSpillBlock) == 0) {
    return broken(Rule::object_spill_unannounced, object.flags);
  }
  if (const Verdict verdict =
          has(feature::kRaw) ? check_raw_object(object) : check_plain_object(object)) {
    return verdict;
  }
  return strict_ ? check_object_strictly(object) : std::nullopt;
}

Verdict RecordRules::check_object_strictly(const ObjectRecord& object) const {
  if (const Verdict verdict = check_number(object.object)) return verdict;
  if (object.block_bytes > kOldBlockBytesMax && !has(feature::kLargeBlocks)) {
    return broken(Rule::object_large_block_unannounced, object.block_bytes);
  }
  if (slots_of(object) > 1 && !has(feature::kLargeDnode)) {
    return broken(Rule::object_large_dnode_unannounced, object.slots);
  }
  const bool may_be_empty = object.bonus_type == 0 || object.bonus_type == kDmuTypeSa ||
                            object.bonus_type == kDmuTypeUint64Metadata;
  if (object.bonus_bytes == 0 ? !may_be_empty : object.bonus_type == 0) {
    return broken(Rule::object_bonus_kind, object.bonus_bytes);
  }
  if (slots_of(object) > kDnodeSlotsPerBlock || object.bonus_bytes > bonus_room(object)) {
    return broken(Rule::object_bonus_bytes, object.bonus_bytes);
  }
  if (slots_of(object) > kObjectsMax - object.object) {
    return broken(Rule::object_slots, object.object);
  }
  return has(feature::kRaw) ? check_raw_object_strictly(object) : std::nullopt;
}

Verdict RecordRules::check_raw_object(const ObjectRecord& object) const {
  const bool is_inside = has_range_ && object.object >= range_first_ &&
                         object.object - range_first_ < kDnodeSlotsPerBlock;
  if (!is_inside && !range_forgotten_) {
    return broken(Rule::object_outside_range, object.object);
  }
  if (object.raw_bonus_bytes > bonus_room(object)) {
    return broken(Rule::object_bonus_bytes, object.raw_bonus_bytes);
  }
  if (object.indirect_shift > kIndirectShiftTolerated) {
    return broken(Rule::object_raw_fields, object.indirect_shift);
  }
  return std::nullopt;
}

Verdict RecordRules::check_raw_object_strictly(const ObjectRecord& object) const {
  if ((object.flags & ~(kFlagRawByteswap | kFlagSpill)) != 0) {
    return broken(Rule::object_raw_fields, object.flags);
  }
  if (object.raw_bonus_bytes < object.bonus_bytes) {
    return broken(Rule::object_raw_fields, object.raw_bonus_bytes);
  }
  if (object.indirect_shift != 0 &&
      (object.indirect_shift < kIndirectShiftMin || object.indirect_shift > kIndirectShiftMax)) {
    return broken(Rule::object_raw_fields, object.indirect_shift);
  }
  if (object.levels < 1 || object.levels > kLevelsMax) {
    return broken(Rule::object_raw_fields, object.levels);
  }
  const std::uint64_t room = bonus_room(object);
  const std::uint64_t pointers =
      object.bonus_type == kDmuTypeSa
          ? 1
          : std::min<std::uint64_t>(kBlockPointersMax,
                                    1 + (room - std::min<std::uint64_t>(room, object.bonus_bytes)) /
                                            kBlockPointerBytes);
  if (object.block_pointers != pointers) {
    return broken(Rule::object_raw_block_pointers, object.block_pointers);
  }
  const std::uint64_t taken = kBlockPointerBytes * (pointers - 1) +
                              ((object.flags & kFlagSpill) != 0 ? kBlockPointerBytes : 0);
  if (taken > room || object.raw_bonus_bytes > room - taken) {
    return broken(Rule::object_raw_bonus_room, object.raw_bonus_bytes);
  }
  return std::nullopt;
}

Verdict RecordRules::check_plain_object(const ObjectRecord& object) const {
  if ((object.flags & ~kFlagSpill) != 0) return broken(Rule::object_plain_fields, object.flags);
  const std::uint64_t raw_fields = object.raw_bonus_bytes | object.block_pointers |
                                   object.indirect_shift | std::uint64_t{object.levels};
  if (raw_fields != 0) return broken(Rule::object_plain_fields, raw_fields);
  return std::nullopt;
}

Verdict RecordRules::check_range(const ObjectRunRecord& range) {
  if (!has(feature::kRaw)) return broken(Rule::range_not_raw, range.first_object);
  if (range.objects != kDnodeSlotsPerBlock || range.first_object % kDnodeSlotsPerBlock != 0) {
    return broken(Rule::range_shape, range.first_object);
  }
  has_range_ = true;
  range_forgotten_ = false;
  range_first_ = range.first_object;
  return std::nullopt;
}

Verdict RecordRules::check_write(const WriteRecord& write) {
  if (knows_codes() && !is_valid_dmu_type(write.type)) {
    return broken(Rule::write_type, write.type);
  }
  if (overflows(write.offset, write.logical_bytes)) {
    return broken(Rule::write_overflow, write.offset);
  }
  if (write.object < last_write_object_ ||
      (write.object == last_write_object_ && write.offset < last_write_offset_)) {
    return broken(Rule::write_order, write.object);
  }
  last_write_object_ = write.object;
  last_write_offset_ = write.offset;
  return strict_ ? check_write_strictly(write) : std::nullopt;
}

Verdict RecordRules::check_write_strictly(const WriteRecord& write) const {
  if (const Verdict verdict = check_number(write.object)) return verdict;
  if (write.logical_bytes < kBlockBytesMin || write.logical_bytes > kBlockBytesMax) {
    return broken(Rule::write_logical_bytes, write.logical_bytes);
  }
  if (write.logical_bytes > kOldBlockBytesMax && !has(feature::kLargeBlocks)) {
    return broken(Rule::write_large_block_unannounced, write.logical_bytes);
  }
  if (has(feature::kRaw)) {
    if (write.compressed_bytes == 0 || write.compressed_bytes > write.logical_bytes) {
      return broken(Rule::write_raw_bytes, write.compressed_bytes);
    }
    return std::nullopt;
  }
  if (write.compression == kCompressionInherit) {
    if (write.compressed_bytes != 0) return broken(Rule::write_plain_bytes, write.compressed_bytes);
    return std::nullopt;
  }
  const bool announced = has(feature::kCompressed) &&
                         (write.compression < kCompressionLz4 || has(feature::kLz4)) &&
                         (write.compression < kCompressionZstd || has(feature::kZstd));
  if (!announced) return broken(Rule::write_compression_unannounced, write.compression);
  return std::nullopt;
}

Verdict RecordRules::check_embedded(const EmbeddedRecord& embedded) const {
  if (has(feature::kRaw)) return broken(Rule::embedded_raw, embedded.object);
  if (knows_codes() &&
      (embedded.embedded_type >= kEmbeddedTypes || embedded.compression >= kCompressionCodes)) {
    return broken(Rule::embedded_codes, embedded.embedded_type);
  }
  if (embedded.physical_bytes > kEmbeddedBytesMax) {
    return broken(Rule::embedded_bytes, embedded.physical_bytes);
  }
  if (!strict_) return std::nullopt;
  if (const Verdict verdict = check_number(embedded.object)) return verdict;
  if (!has(feature::kEmbedData)) return broken(Rule::embedded_unannounced, embedded.object);
  const bool is_whole = embedded.compression == kCompressionOff;
  if (embedded.logical_bytes > embedded.length ||
      embedded.logical_bytes < embedded.physical_bytes ||
      (is_whole && embedded.logical_bytes != embedded.physical_bytes)) {
    return broken(Rule::embedded_bytes, embedded.logical_bytes);
  }
  return std::nullopt;
}

Verdict RecordRules::check_spill(const SpillRecord& spill) const {
  if (spill.length < kBlockBytesMin || spill.length > kBlockBytesMax) {
    return broken(Rule::spill_length, spill.length);
  }
  if (has(feature::kRaw)) {
    // Receivers skip an unmodified spill block before they look at its size.
    const bool is_skipped = !strict_ && (spill.flags & kFlagSpill) != 0;
    if (spill.compressed_bytes == 0 && !is_skipped) return broken(Rule::spill_bytes, 0);
  } else if (strict_ && spill.compressed_bytes != 0) {
    return broken(Rule::spill_bytes, spill.compressed_bytes);
  }
  return check_number(spill.object);
}

Verdict RecordRules::check_free(const FreeRecord& free) const {
  if (free.length != kFreeToEnd && overflows(free.offset, free.length)) {
    return broken(Rule::free_overflow, free.offset);
  }
  return check_number(free.object);
}

}  // namespace zsluice::drr
