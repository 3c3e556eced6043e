// SPDX-License-Identifier: BSD-2-Clause
#include "support/stream_builder.hpp"

#include "support/policy_streams.hpp"

#include <algorithm>
#include <utility>

namespace zsluice::test {

using drr::RecordType;

// One record's 312 bytes, filled field by field.
class StreamBuilder::Header {
 public:
  Header(std::uint32_t type, ByteOrder order) : bytes_(drr::kRecordBytes), order_(order) {
    u32(0, type);
  }
  Header(RecordType type, ByteOrder order) : Header(static_cast<std::uint32_t>(type), order) {}

  Header& u8(std::size_t at, std::uint8_t value) {
    bytes_[at] = std::byte{value};
    return *this;
  }
  Header& u32(std::size_t at, std::uint32_t value) {
    store(bytes_.data() + at, value, order_);
    return *this;
  }
  Header& u64(std::size_t at, std::uint64_t value) {
    store(bytes_.data() + at, value, order_);
    return *this;
  }
  Header& raw(std::size_t at, ByteSpan value) {
    std::copy(value.begin(), value.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
    return *this;
  }
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
  ByteOrder order_;
};

Bytes pattern(std::size_t count, std::uint64_t seed) {
  Bytes bytes(count);
  for (std::byte& byte : bytes) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    byte = static_cast<std::byte>(seed >> 56);
  }
  return bytes;
}

std::uint64_t StreamBuilder::guid_or(std::uint64_t stated) const {
  return stated != 0 ? stated : record_toguid_;
}

StreamBuilder& StreamBuilder::add(const Header& header, const Bytes& payload) {
  Bytes bytes = header.bytes();
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  image_.append({std::move(bytes), order_});
  return *this;
}

StreamBuilder& StreamBuilder::package(Bytes nvlist, std::string_view toname) {
  begin({.toname = toname,
         .features = 0,
         .flags = 0,
         .objset_type = 0,
         .creation_time = 0,
         .toguid = 0,
         .header_type = drr::kHeaderCompound,
         .payload = std::move(nvlist)});
  return add(Header(RecordType::end, order_));
}

StreamBuilder& StreamBuilder::package_end() {
  return add(Header(RecordType::end, order_));
}

StreamBuilder& StreamBuilder::begin(const BeginSpec& spec) {
  raw_ = (spec.features & drr::feature::kRaw) != 0;
  record_toguid_ = spec.record_toguid != 0 ? spec.record_toguid : spec.toguid;
  return add(Header(RecordType::begin, order_)
                 .u32(4, static_cast<std::uint32_t>(spec.payload.size()))
                 .u64(8, drr::kBeginMagic)
                 .u64(16, spec.header_type | spec.features << 2)
                 .u64(24, spec.creation_time)
                 .u32(32, spec.objset_type)
                 .u32(36, spec.flags)
                 .u64(40, spec.toguid)
                 .u64(48, spec.fromguid)
                 .raw(56, bytes_of(spec.toname)),
             spec.payload);
}

StreamBuilder& StreamBuilder::end() {
  return add(Header(RecordType::end, order_).u64(40, record_toguid_));
}

StreamBuilder& StreamBuilder::object(const drr::ObjectRecord& fields, const Bytes& bonus) {
  return add(Header(RecordType::object, order_)
                 .u64(8, fields.object)
                 .u32(16, fields.type)
                 .u32(20, fields.bonus_type)
                 .u32(24, fields.block_bytes)
                 .u32(28, fields.bonus_bytes)
                 .u8(32, fields.checksum)
                 .u8(33, fields.compression)
                 .u8(34, fields.slots)
                 .u8(35, fields.flags)
                 .u32(36, fields.raw_bonus_bytes)
                 .u64(40, guid_or(fields.toguid))
                 .u8(48, fields.indirect_shift)
                 .u8(49, fields.levels)
                 .u8(50, fields.block_pointers)
                 .u64(56, fields.max_block_id),
             bonus);
}

StreamBuilder& StreamBuilder::object_range(const drr::ObjectRunRecord& fields) {
  return add(Header(RecordType::object_range, order_)
                 .u64(8, fields.first_object)
                 .u64(16, fields.objects)
                 .u64(24, guid_or(fields.toguid))
                 .u8(68, fields.flags));
}

StreamBuilder& StreamBuilder::free_objects(std::uint64_t first, std::uint64_t count) {
  return add(Header(RecordType::free_objects, order_)
                 .u64(8, first)
                 .u64(16, count)
                 .u64(24, record_toguid_));
}

StreamBuilder& StreamBuilder::run(RecordType type,
                                  std::uint64_t object,
                                  std::uint64_t from,
                                  std::uint64_t to) {
  return add(Header(type, order_).u64(8, object).u64(16, from).u64(24, to).u64(32, record_toguid_));
}

StreamBuilder& StreamBuilder::free(std::uint64_t object,
                                   std::uint64_t offset,
                                   std::uint64_t length) {
  return run(RecordType::free, object, offset, length);
}

StreamBuilder& StreamBuilder::redact(std::uint64_t object,
                                     std::uint64_t offset,
                                     std::uint64_t length) {
  return run(RecordType::redact, object, offset, length);
}

StreamBuilder& StreamBuilder::write(std::uint64_t object,
                                    std::uint64_t offset,
                                    const Bytes& payload) {
  drr::WriteRecord fields;
  fields.object = object;
  fields.type = 19;
  fields.offset = offset;
  fields.logical_bytes = payload.size();
  fields.checksum = 7;
  fields.compression = raw_ ? drr::kCompressionOff : drr::kCompressionInherit;
  fields.compressed_bytes = raw_ ? payload.size() : 0;
  return write(fields, payload);
}

StreamBuilder& StreamBuilder::write(drr::WriteRecord fields, const Bytes& payload) {
  return add(Header(RecordType::write, order_)
                 .u64(8, fields.object)
                 .u32(16, fields.type)
                 .u64(24, fields.offset)
                 .u64(32, fields.logical_bytes)
                 .u64(40, guid_or(fields.toguid))
                 .u8(48, fields.checksum)
                 .u8(49, fields.flags)
                 .u8(50, fields.compression)
                 .u64(56, fields.key.a)
                 .u64(64, fields.key.b)
                 .u64(72, fields.key.c)
                 .u64(80, fields.key.d)
                 .u64(88, fields.key_properties)
                 .u64(96, fields.compressed_bytes)
                 .raw(124, fields.mac),
             payload);
}

StreamBuilder& StreamBuilder::write_byref(const drr::WriteByrefRecord& fields) {
  return add(Header(RecordType::write_byref, order_)
                 .u64(8, fields.object)
                 .u64(16, fields.offset)
                 .u64(24, fields.length)
                 .u64(32, guid_or(fields.toguid))
                 .u64(40, fields.refguid)
                 .u64(48, fields.refobject)
                 .u64(56, fields.refoffset));
}

StreamBuilder& StreamBuilder::embedded(const drr::EmbeddedRecord& fields, const Bytes& payload) {
  return add(Header(RecordType::write_embedded, order_)
                 .u64(8, fields.object)
                 .u64(16, fields.offset)
                 .u64(24, fields.length)
                 .u64(32, guid_or(fields.toguid))
                 .u8(40, fields.compression)
                 .u8(41, fields.embedded_type)
                 .u32(48, fields.logical_bytes)
                 .u32(52, fields.physical_bytes),
             payload);
}

StreamBuilder& StreamBuilder::spill(const drr::SpillRecord& fields, const Bytes& payload) {
  return add(Header(RecordType::spill, order_)
                 .u64(8, fields.object)
                 .u64(16, fields.length)
                 .u64(24, guid_or(fields.toguid))
                 .u8(32, fields.flags)
                 .u8(33, fields.compression)
                 .u64(40, fields.compressed_bytes),
             payload);
}

StreamBuilder& StreamBuilder::bare(std::uint32_t type) {
  return add(Header(type, order_));
}

StreamBuilder& StreamBuilder::frees(std::size_t count) {
  for (std::uint64_t i = 0; i < count; ++i)
    free(1 + i / 1024, i % 1024 * 4096, 4096);
  return *this;
}

StreamImage StreamBuilder::build(Sums sums) const {
  return StreamImage(image_).resum(sums);
}

StreamBuilder every_record_type(ByteOrder order) {
  return StreamBuilder(order)
      .begin(
          {.features = drr::feature::kSaSpill | drr::feature::kEmbedData, .payload = pattern(96)})
      .object_range({.first_object = 0, .objects = 32})
      .object({.object = 7, .type = 19, .bonus_type = 44, .block_bytes = 4096, .bonus_bytes = 165},
              pattern(168))
      .free(7, 8192, drr::kFreeToEnd)
      .write(7, 0, pattern(4096))
      .embedded({.object = 7,
                 .offset = 4096,
                 .length = 4096,
                 .compression = 15,
                 .logical_bytes = 4096,
                 .physical_bytes = 53},
                pattern(56))
      .write_byref({.object = 7, .offset = 8192, .length = 4096, .refguid = 5, .refobject = 6})
      .redact(7, 12288, 4096)
      .spill({.object = 7, .length = 512}, pattern(512))
      .free_objects(8, 24)
      .end();
}

namespace {

drr::ObjectRecord small_file(std::uint64_t number, bool is_raw) {
  drr::ObjectRecord file{
      .object = number, .type = 19, .bonus_type = 44, .block_bytes = 512, .bonus_bytes = 12};
  if (!is_raw) return file;
  file.raw_bonus_bytes = 16;
  file.indirect_shift = 17;
  file.levels = 1;
  file.block_pointers = 1;
  return file;
}

}  // namespace

StreamBuilder every_record_in_order(ByteOrder order, bool is_raw) {
  const std::uint64_t spill_bytes = is_raw ? 512 : 0;
  StreamBuilder stream(order);
  if (is_raw) {
    stream
        .begin({.features = kRawFeatures,
                .payload = crypt_list().pack({nvlist::Encoding::native, order})})
        .object_range({.first_object = 0, .objects = 32});
  } else {
    stream.begin({.features = drr::feature::kSaSpill | drr::feature::kEmbedData});
  }
  stream.free_objects(1, 6)
      .object(small_file(7, is_raw), pattern(16))
      .free(7, 4096, drr::kFreeToEnd)
      .write(7, 0, pattern(512))
      .write(7, 512, pattern(512, 2));
  if (!is_raw) {
    stream.embedded({.object = 7,
                     .offset = 1024,
                     .length = 512,
                     .compression = 15,
                     .logical_bytes = 512,
                     .physical_bytes = 53},
                    pattern(56));
  }
  stream.free(7, 1536, 512)
      .redact(7, 2048, 1024)
      .write(7, 3072, pattern(512, 3))
      .spill({.object = 7, .length = 512, .compressed_bytes = spill_bytes}, pattern(512));
  if (is_raw) stream.object_range({.first_object = 32, .objects = 32});
  return stream.object(small_file(40, is_raw), pattern(16, 4))
      .free(40, 1024, drr::kFreeToEnd)
      .spill(
          {.object = 40, .length = 512, .flags = drr::kFlagSpill, .compressed_bytes = spill_bytes},
          pattern(512, 5))
      .write(40, 0, pattern(512, 6))
      .free_objects(41, 23)
      .end();
}

StreamBuilder small_package(ByteOrder order) {
  return StreamBuilder(order)
      .package(pattern(64))
      .begin({.toname = "pool@snap", .payload = pattern(32)})
      .free_objects(1, 31)
      .end()
      .begin({.toname = "pool/child@snap", .toguid = 99})
      .write(1, 0, pattern(512))
      .end()
      .package_end();
}

}  // namespace zsluice::test
