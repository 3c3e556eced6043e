// SPDX-License-Identifier: BSD-2-Clause
// Each rule is broken by a sequence of records that is well otherwise, and by nothing beside it:
// the neighbours of every limit pass. Which rule belongs to which strictness: FORMAT.md §A.4.
#include "zsluice/drr/rules.hpp"

#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace zsluice::drr {
namespace {

using test::StreamBuilder;

constexpr std::uint64_t kPlain = feature::kSaSpill;
constexpr std::uint64_t kRawStream = kPlain | feature::kRaw | feature::kCompressed;
constexpr std::uint64_t kUnknownFeature = std::uint64_t{1} << 40;

// Records that break nothing; cases change one field.
ObjectRecord plain_object() {
  return {.object = 5, .type = 19, .bonus_type = 44, .block_bytes = 4096, .bonus_bytes = 168};
}
ObjectRecord raw_object() {
  ObjectRecord object = plain_object();
  object.raw_bonus_bytes = 320;
  object.indirect_shift = 17;
  object.levels = 1;
  object.block_pointers = 1;
  return object;
}
WriteRecord plain_write() {
  WriteRecord write;
  write.object = 5;
  write.type = 19;
  write.offset = 4096;
  write.logical_bytes = 4096;
  return write;
}
WriteRecord raw_write() {
  WriteRecord write = plain_write();
  write.compression = kCompressionLz4;
  write.compressed_bytes = 512;
  return write;
}
EmbeddedRecord embedded() {
  return {
      .object = 5, .length = 4096, .compression = 15, .logical_bytes = 4096, .physical_bytes = 100};
}
SpillRecord plain_spill() {
  return {.object = 5, .length = 512};
}

template <class Record, class Change>
Record changed(Record record, Change change) {
  change(record);
  return record;
}

// The records are only judged, so payloads need not be there.
using Build = std::function<void(StreamBuilder&)>;

Build begin(std::uint64_t features,
            std::uint32_t flags = kBeginSpillBlock,
            std::uint32_t objset = 2) {
  return [=](StreamBuilder& stream) {
    stream.begin({.features = features, .flags = flags, .objset_type = objset});
  };
}
Build with(const Build& first, const Build& then) {
  return [=](StreamBuilder& stream) {
    first(stream);
    then(stream);
  };
}
template <class Change>
Build object(Change change, std::uint64_t features = kPlain) {
  return with(begin(features),
              [=](StreamBuilder& stream) { stream.object(changed(plain_object(), change)); });
}
template <class Change>
Build raw(Change change, std::uint64_t features = kRawStream) {
  return with(begin(features), [=](StreamBuilder& stream) {
    stream.object_range({.first_object = 0, .objects = 32}).object(changed(raw_object(), change));
  });
}
template <class Change>
Build write(Change change, std::uint64_t features = kPlain) {
  return with(begin(features),
              [=](StreamBuilder& stream) { stream.write(changed(plain_write(), change), {}); });
}
template <class Change>
Build write_raw(Change change, std::uint64_t features = kRawStream) {
  return with(begin(features),
              [=](StreamBuilder& stream) { stream.write(changed(raw_write(), change), {}); });
}
template <class Change>
Build embed(Change change, std::uint64_t features = kPlain | feature::kEmbedData) {
  return with(begin(features),
              [=](StreamBuilder& stream) { stream.embedded(changed(embedded(), change), {}); });
}
template <class Change>
Build spill(Change change, std::uint64_t features = kPlain) {
  return with(begin(features),
              [=](StreamBuilder& stream) { stream.spill(changed(plain_spill(), change), {}); });
}
Build range(std::uint64_t first, std::uint64_t count, std::uint64_t features = kRawStream) {
  return with(begin(features), [=](StreamBuilder& stream) {
    stream.object_range({.first_object = first, .objects = count});
  });
}
Build freed(std::uint64_t object, std::uint64_t offset, std::uint64_t length) {
  return with(begin(kPlain), [=](StreamBuilder& stream) { stream.free(object, offset, length); });
}
// A WRITE after the one at (5, 4096).
Build writes(std::uint64_t object, std::uint64_t offset) {
  const auto move = [=](WriteRecord& write) {
    write.object = object;
    write.offset = offset;
  };
  return with(write([](WriteRecord&) {}),
              [=](StreamBuilder& stream) { stream.write(changed(plain_write(), move), {}); });
}

// The first rule that the records break.
std::optional<Rule> first_broken(const Build& build, Strictness strictness) {
  StreamBuilder stream;
  build(stream);
  const test::StreamImage image = stream.build();
  RecordRules rules(strictness);
  for (std::size_t i = 0; i < image.records(); ++i) {
    const RecordView record(image.piece(i).bytes.data(), image.order(i));
    const Role role = record.type_code() == 0 ? Role::substream_begin : Role::body;
    if (const auto violation = rules.check(role, record)) return violation->rule;
  }
  return std::nullopt;
}

enum class Refused : std::uint8_t { by_all, by_newest, by_none };

struct RuleCase {
  std::string_view name;
  Refused refused;
  Rule rule;  // without meaning when nobody refuses
  Build build;
};

constexpr Rule kNoRule{};

std::vector<RuleCase> begin_cases() {
  return {
      {"ObjsetType5", Refused::by_none, kNoRule, begin(kPlain, kBeginSpillBlock, 5)},
      {"ObjsetType6", Refused::by_all, Rule::begin_objset_type, begin(kPlain, kBeginSpillBlock, 6)},
      {"PlainNeedsNoSpillFlag", Refused::by_none, kNoRule, begin(kPlain, 0)},
      {"RawNeedsSpillFlag", Refused::by_all, Rule::begin_raw_needs_spill_flag,
       begin(kRawStream, 0)},
      {"RawEmbedded", Refused::by_all, Rule::begin_raw_with_embedded,
       begin(kRawStream | feature::kEmbedData)},
  };
}

std::vector<RuleCase> object_cases() {
  using O = ObjectRecord;
  return {
      {"Object", Refused::by_none, kNoRule, object([](O&) {})},
      {"Object0", Refused::by_newest, Rule::object_number, object([](O& o) { o.object = 0; })},
      {"ObjectLast", Refused::by_none, kNoRule, object([](O& o) { o.object = kObjectsMax - 1; })},
      {"ObjectPastLast", Refused::by_newest, Rule::object_number,
       object([](O& o) { o.object = kObjectsMax; })},
      {"ObjectType0", Refused::by_all, Rule::object_type, object([](O& o) { o.type = 0; })},
      {"ObjectType53", Refused::by_none, kNoRule, object([](O& o) { o.type = 53; })},
      {"ObjectType54", Refused::by_all, Rule::object_type, object([](O& o) { o.type = 54; })},
      {"ObjectTypeNewStyle", Refused::by_none, kNoRule, object([](O& o) { o.type = 0xE9; })},
      {"ObjectTypeNewStyleUnknownSwap", Refused::by_all, Rule::object_type,
       object([](O& o) { o.type = 0x8A; })},
      {"ObjectTypeUnknownFeature", Refused::by_none, kNoRule,
       object([](O& o) { o.type = 54; }, kPlain | kUnknownFeature)},
      {"BonusType54", Refused::by_all, Rule::object_type, object([](O& o) { o.bonus_type = 54; })},
      {"Checksum14", Refused::by_none, kNoRule, object([](O& o) { o.checksum = 14; })},
      {"Checksum15", Refused::by_all, Rule::object_codes, object([](O& o) { o.checksum = 15; })},
      {"Compression16", Refused::by_none, kNoRule, object([](O& o) { o.compression = 16; })},
      {"Compression17", Refused::by_all, Rule::object_codes,
       object([](O& o) { o.compression = 17; })},
      {"CodesUnknownFeature", Refused::by_none, kNoRule,
       object([](O& o) { o.checksum = 15, o.compression = 17; }, kPlain | kUnknownFeature)},
      {"Block0", Refused::by_all, Rule::object_block_bytes,
       object([](O& o) { o.block_bytes = 0; })},
      {"Block512", Refused::by_none, kNoRule, object([](O& o) { o.block_bytes = 512; })},
      {"Block513", Refused::by_all, Rule::object_block_bytes,
       object([](O& o) { o.block_bytes = 513; })},
      {"BlockUnknownFeature", Refused::by_all, Rule::object_block_bytes,
       object([](O& o) { o.block_bytes = 513; }, kPlain | kUnknownFeature)},
      {"Block128K", Refused::by_none, kNoRule, object([](O& o) { o.block_bytes = 128 << 10; })},
      {"Block129KUnannounced", Refused::by_newest, Rule::object_large_block_unannounced,
       object([](O& o) { o.block_bytes = 129 << 10; })},
      {"Block16M", Refused::by_none, kNoRule,
       object([](O& o) { o.block_bytes = 16 << 20; }, kPlain | feature::kLargeBlocks)},
      {"BlockOver16M", Refused::by_all, Rule::object_block_bytes,
       object([](O& o) { o.block_bytes = (16 << 20) + 512; }, kPlain | feature::kLargeBlocks)},
  };
}

std::vector<RuleCase> dnode_cases() {
  using O = ObjectRecord;
  return {
      {"Slots2Unannounced", Refused::by_newest, Rule::object_large_dnode_unannounced,
       object([](O& o) { o.slots = 2; })},
      {"Slots2", Refused::by_none, kNoRule,
       object([](O& o) { o.slots = 2; }, kPlain | feature::kLargeDnode)},
      {"BonusOfNoType", Refused::by_newest, Rule::object_bonus_kind,
       object([](O& o) { o.bonus_type = 0; })},
      {"NoBonus", Refused::by_none, kNoRule,
       object([](O& o) { o.bonus_type = 0, o.bonus_bytes = 0; })},
      {"EmptySaBonus", Refused::by_none, kNoRule, object([](O& o) { o.bonus_bytes = 0; })},
      {"EmptyZnodeBonus", Refused::by_newest, Rule::object_bonus_kind,
       object([](O& o) { o.bonus_type = 17, o.bonus_bytes = 0; })},
      {"EmptyUint64Bonus", Refused::by_none, kNoRule,
       object([](O& o) { o.bonus_type = 0xC3, o.bonus_bytes = 0; })},
      {"Bonus320", Refused::by_none, kNoRule, object([](O& o) { o.bonus_bytes = 320; })},
      {"Bonus321InOneSlot", Refused::by_newest, Rule::object_bonus_bytes,
       object([](O& o) { o.bonus_bytes = 321; })},
      {"BonusOfLargestDnode", Refused::by_none, kNoRule,
       object([](O& o) { o.slots = 32, o.bonus_bytes = 16192; }, kPlain | feature::kLargeDnode)},
      {"BonusOverLargestDnode", Refused::by_all, Rule::object_bonus_bytes,
       object([](O& o) { o.slots = 32, o.bonus_bytes = 16193; }, kPlain | feature::kLargeDnode)},
      {"Slots33", Refused::by_newest, Rule::object_bonus_bytes,
       object([](O& o) { o.slots = 33; }, kPlain | feature::kLargeDnode)},
      {"SlotsReachTheEnd", Refused::by_none, kNoRule,
       object([](O& o) { o.object = kObjectsMax - 2, o.slots = 2; },
              kPlain | feature::kLargeDnode)},
      {"SlotsPastTheEnd", Refused::by_newest, Rule::object_slots,
       object([](O& o) { o.object = kObjectsMax - 1, o.slots = 2; },
              kPlain | feature::kLargeDnode)},
      {"PlainSpillFlag", Refused::by_none, kNoRule, object([](O& o) { o.flags = kFlagSpill; })},
      {"SpillUnannounced", Refused::by_all, Rule::object_spill_unannounced,
       with(begin(kPlain, 0),
            [](StreamBuilder& stream) {
              stream.object(changed(plain_object(), [](O& o) { o.flags = kFlagSpill; }));
            })},
      {"PlainByteswapFlag", Refused::by_all, Rule::object_plain_fields,
       object([](O& o) { o.flags = kFlagRawByteswap; })},
      {"PlainRawBonus", Refused::by_all, Rule::object_plain_fields,
       object([](O& o) { o.raw_bonus_bytes = 1; })},
      {"PlainBlockPointers", Refused::by_all, Rule::object_plain_fields,
       object([](O& o) { o.block_pointers = 1; })},
      {"PlainLevels", Refused::by_all, Rule::object_plain_fields,
       object([](O& o) { o.levels = 1; })},
      {"PlainIndirectShift", Refused::by_all, Rule::object_plain_fields,
       object([](O& o) { o.indirect_shift = 17; })},
  };
}

std::vector<RuleCase> raw_object_cases() {
  using O = ObjectRecord;
  return {
      {"RawObject", Refused::by_none, kNoRule, raw([](O&) {})},
      {"RawObject31", Refused::by_none, kNoRule, raw([](O& o) { o.object = 31; })},
      {"RawObject32", Refused::by_all, Rule::object_outside_range,
       raw([](O& o) { o.object = 32; })},
      {"RawObjectWithoutRange", Refused::by_all, Rule::object_outside_range,
       with(begin(kRawStream), [](StreamBuilder& stream) { stream.object(raw_object()); })},
      {"RangeOfTheSubstreamBefore", Refused::by_all, Rule::object_outside_range,
       with(raw([](O&) {}),
            with(begin(kRawStream), [](StreamBuilder& s) { s.object(raw_object()); }))},
      {"RawFlags", Refused::by_none, kNoRule,
       raw([](O& o) { o.flags = kFlagRawByteswap | kFlagSpill, o.raw_bonus_bytes = 192; })},
      {"RawOtherFlag", Refused::by_newest, Rule::object_raw_fields, raw([](O& o) { o.flags = 8; })},
      {"RawBonusBelowBonus", Refused::by_newest, Rule::object_raw_fields,
       raw([](O& o) { o.raw_bonus_bytes = 167; })},
      {"RawBonusOverDnode", Refused::by_all, Rule::object_bonus_bytes,
       raw([](O& o) { o.raw_bonus_bytes = 321; })},
      {"RawShift0", Refused::by_none, kNoRule, raw([](O& o) { o.indirect_shift = 0; })},
      {"RawShift11", Refused::by_newest, Rule::object_raw_fields,
       raw([](O& o) { o.indirect_shift = 11; })},
      {"RawShift12", Refused::by_none, kNoRule, raw([](O& o) { o.indirect_shift = 12; })},
      {"RawShift18", Refused::by_newest, Rule::object_raw_fields,
       raw([](O& o) { o.indirect_shift = 18; })},
      {"RawShift25", Refused::by_all, Rule::object_raw_fields,
       raw([](O& o) { o.indirect_shift = 25; })},
      {"RawLevels0", Refused::by_newest, Rule::object_raw_fields, raw([](O& o) { o.levels = 0; })},
      {"RawLevels12", Refused::by_none, kNoRule, raw([](O& o) { o.levels = 12; })},
      {"RawLevels13", Refused::by_newest, Rule::object_raw_fields,
       raw([](O& o) { o.levels = 13; })},
      {"RawPointersOfSa", Refused::by_newest, Rule::object_raw_block_pointers,
       raw([](O& o) { o.block_pointers = 2; })},
      {"RawPointersWithoutBonus", Refused::by_none, kNoRule, raw([](O& o) {
         o.bonus_type = 0, o.bonus_bytes = 0, o.raw_bonus_bytes = 0, o.block_pointers = 3;
       })},
      {"RawPointersBesideBonus", Refused::by_none, kNoRule, raw([](O& o) {
         o.bonus_type = 17, o.bonus_bytes = 168, o.raw_bonus_bytes = 192, o.block_pointers = 2;
       })},
      {"RawBonusBesidePointers", Refused::by_newest, Rule::object_raw_bonus_room, raw([](O& o) {
         o.bonus_type = 17, o.bonus_bytes = 168, o.raw_bonus_bytes = 193, o.block_pointers = 2;
       })},
      {"RawBonusBesideSpill", Refused::by_newest, Rule::object_raw_bonus_room,
       raw([](O& o) { o.flags = kFlagSpill, o.raw_bonus_bytes = 193; })},
      {"RangeNotRaw", Refused::by_all, Rule::range_not_raw, range(0, 32, kPlain)},
      {"Range", Refused::by_none, kNoRule, range(64, 32)},
      {"RangeOf31", Refused::by_all, Rule::range_shape, range(0, 31)},
      {"RangeFrom33", Refused::by_all, Rule::range_shape, range(33, 32)},
  };
}

std::vector<RuleCase> write_cases() {
  using W = WriteRecord;
  constexpr std::uint64_t kPacked = kPlain | feature::kCompressed;
  return {
      {"Write", Refused::by_none, kNoRule, write([](W&) {})},
      {"WriteObject0", Refused::by_newest, Rule::object_number, write([](W& w) { w.object = 0; })},
      {"WriteType0", Refused::by_none, kNoRule, write([](W& w) { w.type = 0; })},
      {"WriteType54", Refused::by_all, Rule::write_type, write([](W& w) { w.type = 54; })},
      {"WriteTypeUnknownFeature", Refused::by_none, kNoRule,
       write([](W& w) { w.type = 54; }, kPlain | kUnknownFeature)},
      {"Write511", Refused::by_newest, Rule::write_logical_bytes,
       write([](W& w) { w.logical_bytes = 511; })},
      {"Write512", Refused::by_none, kNoRule, write([](W& w) { w.logical_bytes = 512; })},
      {"WriteOver16M", Refused::by_newest, Rule::write_logical_bytes,
       write([](W& w) { w.logical_bytes = (16 << 20) + 1; }, kPlain | feature::kLargeBlocks)},
      {"Write16M", Refused::by_none, kNoRule,
       write([](W& w) { w.logical_bytes = 16 << 20; }, kPlain | feature::kLargeBlocks)},
      {"Write129KUnannounced", Refused::by_newest, Rule::write_large_block_unannounced,
       write([](W& w) { w.logical_bytes = 129 << 10; })},
      {"WriteToTheEnd", Refused::by_none, kNoRule, write([](W& w) {
         w.offset = ~std::uint64_t{4095};
         w.logical_bytes = 4095;
       })},
      {"WritePastTheEnd", Refused::by_all, Rule::write_overflow,
       write([](W& w) { w.offset = ~std::uint64_t{0} - 511, w.logical_bytes = 513; })},
      {"WriteAtTheSamePlace", Refused::by_none, kNoRule, writes(5, 4096)},
      {"WriteBefore", Refused::by_all, Rule::write_order, writes(5, 4095)},
      {"WriteOfEarlierObject", Refused::by_all, Rule::write_order, writes(4, 8192)},
      {"WriteOfLaterObject", Refused::by_none, kNoRule, writes(6, 0)},
      {"WriteOrderEndsWithTheSubstream", Refused::by_none, kNoRule,
       with(writes(6, 0), write([](W& w) { w.object = 1, w.offset = 0; }))},
      {"RawWrite", Refused::by_none, kNoRule, write_raw([](W&) {})},
      {"RawWriteOf0", Refused::by_newest, Rule::write_raw_bytes,
       write_raw([](W& w) { w.compressed_bytes = 0; })},
      {"RawWriteOverLogical", Refused::by_newest, Rule::write_raw_bytes,
       write_raw([](W& w) { w.compressed_bytes = 4097; })},
      {"CompressedUnannounced", Refused::by_newest, Rule::write_compression_unannounced,
       write([](W& w) { w.compression = 9, w.compressed_bytes = 512; })},
      {"Gzip", Refused::by_none, kNoRule,
       write([](W& w) { w.compression = 9, w.compressed_bytes = 512; }, kPacked)},
      {"Lz4Unannounced", Refused::by_newest, Rule::write_compression_unannounced,
       write([](W& w) { w.compression = 15, w.compressed_bytes = 512; }, kPacked)},
      {"Lz4", Refused::by_none, kNoRule,
       write([](W& w) { w.compression = 15, w.compressed_bytes = 512; }, kPacked | feature::kLz4)},
      {"ZstdUnannounced", Refused::by_newest, Rule::write_compression_unannounced,
       write([](W& w) { w.compression = 16, w.compressed_bytes = 512; }, kPacked | feature::kLz4)},
      {"PlainWithStoredSize", Refused::by_newest, Rule::write_plain_bytes,
       write([](W& w) { w.compressed_bytes = 512; })},
  };
}

std::vector<RuleCase> other_cases() {
  using E = EmbeddedRecord;
  using S = SpillRecord;
  constexpr std::uint64_t kMax = ~std::uint64_t{0};
  return {
      {"Embedded", Refused::by_none, kNoRule, embed([](E&) {})},
      {"EmbeddedObject0", Refused::by_newest, Rule::object_number,
       embed([](E& e) { e.object = 0; })},
      {"EmbeddedRaw", Refused::by_all, Rule::embedded_raw, embed([](E&) {}, kRawStream)},
      {"EmbeddedUnannounced", Refused::by_newest, Rule::embedded_unannounced,
       embed([](E&) {}, kPlain)},
      {"EmbeddedKind3", Refused::by_all, Rule::embedded_codes,
       embed([](E& e) { e.embedded_type = 3; })},
      {"EmbeddedCompression17", Refused::by_all, Rule::embedded_codes,
       embed([](E& e) { e.compression = 17; })},
      {"EmbeddedCodesUnknownFeature", Refused::by_none, kNoRule,
       embed([](E& e) { e.embedded_type = 3; }, kPlain | feature::kEmbedData | kUnknownFeature)},
      {"Embedded112", Refused::by_none, kNoRule, embed([](E& e) { e.physical_bytes = 112; })},
      {"Embedded113", Refused::by_all, Rule::embedded_bytes,
       embed([](E& e) { e.physical_bytes = 113; })},
      {"EmbeddedLogicalOverLength", Refused::by_newest, Rule::embedded_bytes,
       embed([](E& e) { e.logical_bytes = 4097; })},
      {"EmbeddedLogicalBelowPhysical", Refused::by_newest, Rule::embedded_bytes,
       embed([](E& e) { e.logical_bytes = 99; })},
      {"EmbeddedUncompressed", Refused::by_none, kNoRule,
       embed([](E& e) { e.compression = 2, e.logical_bytes = 100; })},
      {"EmbeddedUncompressedOfOtherSize", Refused::by_newest, Rule::embedded_bytes,
       embed([](E& e) { e.compression = 2; })},
      {"Spill", Refused::by_none, kNoRule, spill([](S&) {})},
      {"SpillObject0", Refused::by_newest, Rule::object_number, spill([](S& s) { s.object = 0; })},
      {"Spill511", Refused::by_all, Rule::spill_length, spill([](S& s) { s.length = 511; })},
      {"Spill16M", Refused::by_none, kNoRule, spill([](S& s) { s.length = 16 << 20; })},
      {"SpillOver16M", Refused::by_all, Rule::spill_length,
       spill([](S& s) { s.length = (16 << 20) + 1; })},
      {"RawSpillWithoutStoredSize", Refused::by_all, Rule::spill_bytes,
       spill([](S&) {}, kRawStream)},
      {"RawSpill", Refused::by_none, kNoRule,
       spill([](S& s) { s.compressed_bytes = 512; }, kRawStream)},
      {"PlainSpillWithStoredSize", Refused::by_newest, Rule::spill_bytes,
       spill([](S& s) { s.compressed_bytes = 512; })},
      {"FreeToEnd", Refused::by_none, kNoRule, freed(1, 8192, kFreeToEnd)},
      {"FreeObject0", Refused::by_newest, Rule::object_number, freed(0, 0, 512)},
      {"FreeUpToTheEnd", Refused::by_none, kNoRule, freed(1, 2, kMax - 2)},
      {"FreePastTheEnd", Refused::by_all, Rule::free_overflow, freed(1, 2, kMax - 1)},
      {"RedactPastTheEnd", Refused::by_all, Rule::free_overflow,
       with(begin(kPlain), [](StreamBuilder& stream) { stream.redact(1, 2, kMax - 1); })},
      {"FreeObjectsOfAnyRange", Refused::by_none, kNoRule,
       with(begin(kPlain), [](StreamBuilder& stream) { stream.free_objects(kMax, kMax); })},
  };
}

std::vector<RuleCase> all_cases() {
  std::vector<RuleCase> all;
  for (const std::vector<RuleCase>& cases : {begin_cases(), object_cases(), dnode_cases(),
                                             raw_object_cases(), write_cases(), other_cases()}) {
    all.insert(all.end(), cases.begin(), cases.end());
  }
  return all;
}

class Rules : public testing::TestWithParam<RuleCase> {};
INSTANTIATE_TEST_SUITE_P(, Rules, testing::ValuesIn(all_cases()), [](const auto& row) {
  return std::string(row.param.name);
});

std::string shown(std::optional<Rule> rule) {
  return rule ? std::string(rule_text(*rule)) : "no rule is broken";
}

TEST_P(Rules, NameTheFirstOneBroken) {
  const RuleCase& rule_case = GetParam();
  const auto expected = [&rule_case](bool refuses) {
    return shown(refuses ? std::optional(rule_case.rule) : std::nullopt);
  };
  EXPECT_EQ(shown(first_broken(rule_case.build, Strictness::shared)),
            expected(rule_case.refused == Refused::by_all));
  EXPECT_EQ(shown(first_broken(rule_case.build, Strictness::newest)),
            expected(rule_case.refused != Refused::by_none));
}

TEST(RuleTable, BreaksEveryRule) {
  std::set<Rule> broken;
  for (const RuleCase& rule_case : all_cases()) {
    if (rule_case.refused != Refused::by_none) broken.insert(rule_case.rule);
  }
  for (int i = 0; i <= static_cast<int>(Rule::free_overflow); ++i) {
    const auto rule = static_cast<Rule>(i);
    EXPECT_TRUE(broken.count(rule)) << rule_text(rule);
    EXPECT_FALSE(rule_text(rule).empty());
  }
}

// Packages frame substreams: their own records break no rule.
TEST(RuleRoles, FramingIsNotJudged) {
  const test::StreamImage image = test::small_package(ByteOrder::little).build();
  RecordRules rules(Strictness::newest);
  for (const Role role : {Role::package_begin, Role::package_header_end, Role::package_end}) {
    EXPECT_FALSE(rules.check(role, {image.piece(0).bytes.data(), image.order(0)}));
  }
}

}  // namespace
}  // namespace zsluice::drr
