// SPDX-License-Identifier: BSD-2-Clause
#include "support/fuzz_script.hpp"

#include "support/stream_builder.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace zsluice::test {
namespace {

constexpr std::size_t kControlBytes = 9;  // the last ones: what to make of the others, and the seed
constexpr std::size_t kOperationsMax = 256;
constexpr std::size_t kPayloadMax = 1024;

// Numbers from a byte string; zeros once it is used up.
class Script {
 public:
  explicit Script(ByteSpan bytes) : left_(bytes) {}

  [[nodiscard]] bool empty() const { return left_.empty(); }
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  // Mostly small numbers and the borders of the format, now and then anything.
  std::uint64_t near_limit() {
    constexpr std::uint64_t kBorders[] = {0,
                                          512,
                                          4096,
                                          drr::kOldBlockBytesMax,
                                          drr::kBlockBytesMax,
                                          drr::kObjectsMax,
                                          std::uint64_t{1} << 63,
                                          ~std::uint64_t{0}};
    const std::uint8_t kind = u8();
    if (kind < 128) return kind;
    if (kind < 240) return kBorders[kind % std::size(kBorders)] + kind % 3 - 1;
    return u64();
  }
  std::uint32_t near_limit32() { return static_cast<std::uint32_t>(near_limit()); }
  Bytes payload(std::uint64_t size) {
    return pattern(static_cast<std::size_t>(std::min<std::uint64_t>(size, kPayloadMax)), u8());
  }

 private:
  std::uint64_t number(std::size_t bytes) {
    std::uint64_t value = 0;
    for (const std::byte byte : take_prefix(left_, bytes)) {
      value = value << 8 | std::to_integer<std::uint64_t>(byte);
    }
    return value;
  }

  ByteSpan left_;
};

void add_begin(StreamBuilder& stream, Script& script) {
  const std::uint8_t payload = script.u8();
  stream.begin({.features = script.u32(),
                .flags = script.u8(),
                .objset_type = script.u8() % 7U,
                .record_toguid = script.u8() % 2U,
                .payload = script.payload(payload / 4U * 4U)});
}

void add_object(StreamBuilder& stream, Script& script) {
  drr::ObjectRecord object;
  object.object = script.near_limit();
  object.type = script.u8();
  object.bonus_type = script.u8();
  object.block_bytes = script.near_limit32();
  object.bonus_bytes = script.near_limit32();
  object.checksum = script.u8() % 16;
  object.compression = script.u8() % 18;
  object.slots = script.u8() % 34;
  object.flags = script.u8() % 8;
  object.raw_bonus_bytes = script.u8() % 2 == 0 ? 0 : script.near_limit32();
  object.indirect_shift = script.u8() % 26;
  object.levels = script.u8() % 14;
  object.block_pointers = script.u8() % 5;
  const std::uint64_t padded = (std::uint64_t{object.bonus_bytes} + 7) / 8 * 8;
  stream.object(object,
                script.payload(object.raw_bonus_bytes != 0 ? object.raw_bonus_bytes : padded));
}

void add_write(StreamBuilder& stream, Script& script) {
  drr::WriteRecord write;
  write.object = script.near_limit();
  write.type = script.u8();
  write.offset = script.near_limit();
  write.logical_bytes = script.near_limit();
  write.compression = script.u8() % 18;
  write.compressed_bytes = script.near_limit();
  stream.write(
      write, script.payload(write.compression != 0 ? write.compressed_bytes : write.logical_bytes));
}

void add_embedded(StreamBuilder& stream, Script& script) {
  drr::EmbeddedRecord embedded;
  embedded.object = script.near_limit();
  embedded.length = script.near_limit();
  embedded.compression = script.u8() % 18;
  embedded.embedded_type = script.u8() % 4;
  embedded.logical_bytes = script.near_limit32();
  embedded.physical_bytes = script.u8();
  stream.embedded(embedded, script.payload((embedded.physical_bytes + 7U) / 8 * 8));
}

void add_spill(StreamBuilder& stream, Script& script) {
  drr::SpillRecord spill;
  spill.object = script.near_limit();
  spill.length = script.near_limit();
  spill.compressed_bytes = script.near_limit();
  stream.spill(spill,
               script.payload(spill.compressed_bytes != 0 ? spill.compressed_bytes : spill.length));
}

void add_operation(StreamBuilder& stream, Script& script) {
  switch (script.u8() % 16) {
    case 0:
      return add_begin(stream, script);
    case 1:
      stream.end();
      return;
    case 2:
    case 3:
      return add_object(stream, script);
    case 4:
      stream.object_range({.first_object = script.near_limit(), .objects = script.u8()});
      return;
    case 5:
      stream.free_objects(script.u64(), script.u64());
      return;
    case 6:
    case 7:
      stream.free(script.near_limit(), script.near_limit(), script.near_limit());
      return;
    case 8:
    case 9:
      return add_write(stream, script);
    case 10:
      return add_embedded(stream, script);
    case 11:
      return add_spill(stream, script);
    case 12:
      stream.redact(script.near_limit(), script.near_limit(), script.near_limit());
      return;
    case 13:
      stream.bare(script.u8() % 13U);
      return;
    case 14:
      stream.package(script.payload(script.u8() / 4U * 4U));
      return;
    default:
      stream.end().package_end();
      return;
  }
}

StreamImage built(Script script) {
  StreamBuilder stream(script.u8() % 2 == 0 ? ByteOrder::little : ByteOrder::big);
  if (script.u8() % 4 == 0) stream.package(pattern(16));
  add_begin(stream, script);
  const Sums sums = script.u8() % 4 == 0 ? Sums::end_only : Sums::all;
  for (std::size_t i = 0; i < kOperationsMax && !script.empty(); ++i)
    add_operation(stream, script);
  return stream.build(sums);
}

}  // namespace

FuzzedStream fuzzed_stream(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes = std::as_bytes(std::span(data, size));
  Script control(bytes.last(std::min(size, kControlBytes)));
  const std::uint8_t kind = control.u8();
  FuzzedStream result{.image = {}, .seed = control.u64()};
  const bool is_stream = size > drr::kRecordBytes && drr::begin_byte_order(bytes.data());
  if (is_stream) {
    result.image = StreamImage(Bytes(bytes.begin(), bytes.end()));
    if (kind % 4 == 1) result.image.resum();
    return result;
  }
  result.image = built(Script(bytes));
  const std::uint64_t length = result.image.size();
  if (kind % 4 == 3) result.image.flip_bit(result.seed % length, kind / 4 % 8);
  if (kind >= 128) result.image.truncate(result.seed / 7 % length);
  return result;
}

void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", property);
  std::abort();
}

}  // namespace zsluice::test
