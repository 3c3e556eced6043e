// SPDX-License-Identifier: BSD-2-Clause
// Decoding of single records: every field of every type, in both byte orders.
#include "zsluice/drr/record.hpp"

#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace zsluice::drr {
namespace {

using test::StreamBuilder;

class Record : public testing::TestWithParam<ByteOrder> {
 protected:
  // A view of the record after BEGIN; valid as long as `image_`.
  RecordView first_of(StreamBuilder& stream) {
    image_ = stream.build();
    return {image_.piece(1).bytes.data(), GetParam()};
  }
  StreamBuilder started() const { return StreamBuilder(GetParam()).begin({.toguid = 77}); }

  test::StreamImage image_;
};

std::string order_name(const testing::TestParamInfo<ByteOrder>& info) {
  return info.param == ByteOrder::little ? "little" : "big";
}
INSTANTIATE_TEST_SUITE_P(, Record, testing::Values(ByteOrder::little, ByteOrder::big), order_name);

TEST_P(Record, BeginIsRecognisedInItsOwnByteOrder) {
  const test::StreamImage image = started().build();
  EXPECT_EQ(begin_byte_order(image.piece(0).bytes.data()), GetParam());
  test::StreamImage damaged = image;
  damaged.flip_bit(11);
  EXPECT_EQ(begin_byte_order(damaged.piece(0).bytes.data()), std::nullopt);
}

TEST_P(Record, DecodesBegin) {
  const test::StreamImage image =
      StreamBuilder(GetParam())
          .begin({.toname = "tank/home@monday",
                  .features = feature::kRaw | feature::kLargeMicrozap | std::uint64_t{1} << 55,
                  .flags = kBeginClone | kBeginSpillBlock,
                  .objset_type = 3,
                  .creation_time = 1234567890123,
                  .toguid = 0xFEDCBA9876543210,
                  .fromguid = 0x0123456789ABCDEF,
                  .payload = test::pattern(24)})
          .build();
  const BeginRecord begin = decode_begin({image.piece(0).bytes.data(), GetParam()});
  EXPECT_EQ(begin.header_type, kHeaderSubstream);
  EXPECT_EQ(begin.features, feature::kRaw | feature::kLargeMicrozap | std::uint64_t{1} << 55);
  EXPECT_EQ(begin.creation_time, 1234567890123U);
  EXPECT_EQ(begin.objset_type, 3U);
  EXPECT_EQ(begin.flags, kBeginClone | kBeginSpillBlock);
  EXPECT_EQ(begin.toguid, 0xFEDCBA9876543210U);
  EXPECT_EQ(begin.fromguid, 0x0123456789ABCDEFU);
  EXPECT_EQ(begin.toname, "tank/home@monday");
  EXPECT_EQ(begin.payload_bytes, 24U);
}

TEST_P(Record, NameMayFillItsAreaToTheLastByte) {
  const std::string name(kToNameBytes, 'n');
  const test::StreamImage image = StreamBuilder(GetParam()).begin({.toname = name}).build();
  EXPECT_EQ(decode_begin({image.piece(0).bytes.data(), GetParam()}).toname, name);
}

TEST_P(Record, DecodesObject) {
  StreamBuilder stream = started();
  stream.object({.object = 0x123456789ABC,
                 .type = 0xC3,
                 .bonus_type = 44,
                 .block_bytes = 131072,
                 .bonus_bytes = 168,
                 .checksum = 7,
                 .compression = 15,
                 .slots = 3,
                 .flags = kFlagSpill,
                 .raw_bonus_bytes = 1344,
                 .indirect_shift = 17,
                 .levels = 2,
                 .block_pointers = 1,
                 .max_block_id = 0x1122334455667788},
                test::pattern(1344));
  const RecordView record = first_of(stream);
  const ObjectRecord object = decode_object(record);
  EXPECT_EQ(object.object, 0x123456789ABCU);
  EXPECT_EQ(object.type, 0xC3U);
  EXPECT_EQ(object.bonus_type, 44U);
  EXPECT_EQ(object.block_bytes, 131072U);
  EXPECT_EQ(object.bonus_bytes, 168U);
  EXPECT_EQ(object.checksum, 7);
  EXPECT_EQ(object.compression, 15);
  EXPECT_EQ(object.slots, 3);
  EXPECT_EQ(object.flags, kFlagSpill);
  EXPECT_EQ(object.raw_bonus_bytes, 1344U);
  EXPECT_EQ(object.toguid, 77U);
  EXPECT_EQ(object.indirect_shift, 17);
  EXPECT_EQ(object.levels, 2);
  EXPECT_EQ(object.block_pointers, 1);
  EXPECT_EQ(object.max_block_id, 0x1122334455667788U);
  EXPECT_EQ(payload_bytes(record), 1344U);
  EXPECT_EQ(place_of(record).object, 0x123456789ABCU);
  EXPECT_EQ(place_of(record).offset, std::nullopt);
}

TEST_P(Record, DecodesWrite) {
  WriteRecord fields;
  fields.object = 34;
  fields.type = 19;
  fields.offset = 0x8000000000000000;
  fields.logical_bytes = 131072;
  fields.checksum = 8;
  fields.flags = kFlagChecksumDedup;
  fields.compression = 15;
  fields.compressed_bytes = 4096;
  fields.key = {1, 2, 3, 0xF000000000000004};
  fields.key_properties = 0x0F000700FF;
  std::fill(fields.mac.begin(), fields.mac.end(), std::byte{0xAB});
  StreamBuilder stream = started();
  stream.write(fields, test::pattern(4096));
  const RecordView record = first_of(stream);
  const WriteRecord write = decode_write(record);
  EXPECT_EQ(write.object, 34U);
  EXPECT_EQ(write.type, 19U);
  EXPECT_EQ(write.offset, 0x8000000000000000U);
  EXPECT_EQ(write.logical_bytes, 131072U);
  EXPECT_EQ(write.toguid, 77U);
  EXPECT_EQ(write.checksum, 8);
  EXPECT_EQ(write.flags, kFlagChecksumDedup);
  EXPECT_EQ(write.compression, 15);
  EXPECT_EQ(write.compressed_bytes, 4096U);
  EXPECT_EQ(write.key, fields.key);
  EXPECT_EQ(write.key_properties, 0x0F000700FFU);
  EXPECT_EQ(write.mac, fields.mac);
  EXPECT_EQ(payload_bytes(record), 4096U);
  EXPECT_EQ(place_of(record).offset, 0x8000000000000000U);
}

TEST_P(Record, DecodesRunsOfObjects) {
  StreamBuilder stream = started();
  stream.object_range({.first_object = 64, .objects = 32, .flags = kFlagRawByteswap});
  const ObjectRunRecord range = decode_object_run(first_of(stream));
  EXPECT_EQ(range.first_object, 64U);
  EXPECT_EQ(range.objects, 32U);
  EXPECT_EQ(range.toguid, 77U);
  EXPECT_EQ(range.flags, kFlagRawByteswap);

  StreamBuilder other = started();
  other.free_objects(5, 27);
  const ObjectRunRecord freed = decode_object_run(first_of(other));
  EXPECT_EQ(freed.first_object, 5U);
  EXPECT_EQ(freed.objects, 27U);
  EXPECT_EQ(freed.toguid, 77U);
}

TEST_P(Record, DecodesFreeAndRedactAlike) {
  StreamBuilder stream = started();
  stream.free(9, 4096, kFreeToEnd);
  const FreeRecord freed = decode_free(first_of(stream));
  EXPECT_EQ(freed.object, 9U);
  EXPECT_EQ(freed.offset, 4096U);
  EXPECT_EQ(freed.length, kFreeToEnd);
  EXPECT_EQ(freed.toguid, 77U);
  StreamBuilder other = started();
  other.redact(9, 8192, 512);
  EXPECT_EQ(decode_free(first_of(other)).offset, 8192U);
}

TEST_P(Record, DecodesSpill) {
  StreamBuilder stream = started();
  stream.spill({.object = 3,
                .length = 1024,
                .flags = kFlagSpill,
                .compression = 15,
                .compressed_bytes = 512},
               test::pattern(512));
  const RecordView record = first_of(stream);
  const SpillRecord spill = decode_spill(record);
  EXPECT_EQ(spill.object, 3U);
  EXPECT_EQ(spill.length, 1024U);
  EXPECT_EQ(spill.toguid, 77U);
  EXPECT_EQ(spill.flags, kFlagSpill);
  EXPECT_EQ(spill.compression, 15);
  EXPECT_EQ(spill.compressed_bytes, 512U);
  EXPECT_EQ(payload_bytes(record), 512U);
}

TEST_P(Record, DecodesEmbedded) {
  StreamBuilder stream = started();
  stream.embedded({.object = 3,
                   .offset = 512,
                   .length = 1024,
                   .compression = 15,
                   .embedded_type = 2,
                   .logical_bytes = 1000,
                   .physical_bytes = 53},
                  test::pattern(56));
  const RecordView record = first_of(stream);
  const EmbeddedRecord embedded = decode_embedded(record);
  EXPECT_EQ(embedded.object, 3U);
  EXPECT_EQ(embedded.offset, 512U);
  EXPECT_EQ(embedded.length, 1024U);
  EXPECT_EQ(embedded.toguid, 77U);
  EXPECT_EQ(embedded.compression, 15);
  EXPECT_EQ(embedded.embedded_type, 2);
  EXPECT_EQ(embedded.logical_bytes, 1000U);
  EXPECT_EQ(embedded.physical_bytes, 53U);
  EXPECT_EQ(payload_bytes(record), 56U);
}

TEST_P(Record, DecodesWriteByref) {
  StreamBuilder stream = started();
  stream.write_byref({.object = 1,
                      .offset = 2,
                      .length = 3,
                      .toguid = 4,
                      .refguid = 5,
                      .refobject = 6,
                      .refoffset = 7});
  const WriteByrefRecord byref = decode_write_byref(first_of(stream));
  EXPECT_EQ(byref.object, 1U);
  EXPECT_EQ(byref.offset, 2U);
  EXPECT_EQ(byref.length, 3U);
  EXPECT_EQ(byref.toguid, 4U);
  EXPECT_EQ(byref.refguid, 5U);
  EXPECT_EQ(byref.refobject, 6U);
  EXPECT_EQ(byref.refoffset, 7U);
}

TEST_P(Record, EveryTypeKeepsItsToguid) {
  const test::StreamImage image = test::every_record_type(GetParam()).build();
  for (std::size_t i = 0; i < image.records(); ++i) {
    const RecordView record(image.piece(i).bytes.data(), GetParam());
    SCOPED_TRACE(record_type_name(record.type_code()));
    EXPECT_EQ(toguid_of(record), test::BeginSpec{}.toguid);
  }
}

TEST_P(Record, PayloadLengthFollowsFromTheTypesOwnFields) {
  const test::StreamImage image = test::every_record_type(GetParam()).build();
  for (std::size_t i = 0; i < image.records(); ++i) {
    const RecordView record(image.piece(i).bytes.data(), GetParam());
    SCOPED_TRACE(record_type_name(record.type_code()));
    EXPECT_EQ(payload_bytes(record), image.payload_bytes(i));
  }
}

// The largest values must not wrap round while they are padded.
TEST_P(Record, LengthsKeepTheir64Bits) {
  StreamBuilder object = started();
  object.object({.bonus_bytes = ~0U});
  EXPECT_EQ(payload_bytes(first_of(object)), std::uint64_t{1} << 32);
  StreamBuilder embedded = started();
  embedded.embedded({.physical_bytes = ~0U}, {});
  EXPECT_EQ(payload_bytes(first_of(embedded)), std::uint64_t{1} << 32);
  StreamBuilder write = started();
  write.write({.logical_bytes = ~std::uint64_t{0}}, {});
  EXPECT_EQ(payload_bytes(first_of(write)), ~std::uint64_t{0});
}

TEST_P(Record, UnknownTypesHaveNoLengthNamePlaceOrGuid) {
  for (const std::uint32_t type : {11U, 255U, ~0U}) {
    StreamBuilder stream = started();
    stream.bare(type);
    const RecordView record = first_of(stream);
    EXPECT_EQ(payload_bytes(record), std::nullopt);
    EXPECT_TRUE(record_type_name(type).empty());
    EXPECT_EQ(place_of(record).object, std::nullopt);
    EXPECT_EQ(toguid_of(record), 0U);
  }
}

TEST(RecordName, EveryTypeHasOne) {
  for (std::uint32_t type = 0; type < kRecordTypes; ++type) {
    EXPECT_FALSE(record_type_name(type).empty()) << type;
  }
}

}  // namespace
}  // namespace zsluice::drr
