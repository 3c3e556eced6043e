// SPDX-License-Identifier: BSD-2-Clause
// StreamBuilder: makes send streams in the words of the domain, in either byte order, with right
// checksums unless told otherwise.
//
//     const StreamImage stream = StreamBuilder(ByteOrder::big)
//                                    .begin({.toname = "pool/fs@snap"})
//                                    .object({.object = 1, .block_bytes = 4096})
//                                    .write(1, 0, pattern(4096))
//                                    .end()
//                                    .build();
//
// A record's toguid is BEGIN's unless the record states one. The encoding is written down here a
// second time (FORMAT.md §A.1), so that tests check the decoder against it.
#pragma once

#include "support/stream_image.hpp"
#include "zsluice/drr/record.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zsluice::test {

// `count` bytes that differ from place to place; the same for the same seed.
[[nodiscard]] Bytes pattern(std::size_t count, std::uint64_t seed = 1);

struct BeginSpec {
  std::string_view toname = "pool/fs@snap";
  std::uint64_t features = drr::feature::kSaSpill;
  std::uint32_t flags = drr::kBeginFreeRecords | drr::kBeginSpillBlock;
  std::uint32_t objset_type = 2;
  std::uint64_t creation_time = 1'700'000'000;
  std::uint64_t toguid = 0x1122334455667788;
  std::uint64_t fromguid = 0;
  std::uint64_t header_type = drr::kHeaderSubstream;
  std::uint64_t record_toguid = 0;  // what the records state, in saved streams; 0: BEGIN's
  Bytes payload = {};
};

class StreamBuilder {
 public:
  explicit StreamBuilder(ByteOrder order = ByteOrder::little) : order_(order) {}

  // A package: header BEGIN with `nvlist` and its END, then substreams, then package_end().
  StreamBuilder& package(Bytes nvlist = {}, std::string_view toname = "pool@snap");
  StreamBuilder& package_end();

  StreamBuilder& begin(const BeginSpec& spec = {});
  StreamBuilder& end();

  StreamBuilder& object(const drr::ObjectRecord& fields, const Bytes& bonus = {});
  StreamBuilder& object_range(const drr::ObjectRunRecord& fields);
  StreamBuilder& free_objects(std::uint64_t first, std::uint64_t count);
  StreamBuilder& free(std::uint64_t object, std::uint64_t offset, std::uint64_t length);
  StreamBuilder& redact(std::uint64_t object, std::uint64_t offset, std::uint64_t length);
  // A block of a plain file: uncompressed, or as stored when the stream is raw.
  StreamBuilder& write(std::uint64_t object, std::uint64_t offset, const Bytes& payload);
  StreamBuilder& write(drr::WriteRecord fields, const Bytes& payload);
  StreamBuilder& write_byref(const drr::WriteByrefRecord& fields);
  StreamBuilder& embedded(const drr::EmbeddedRecord& fields, const Bytes& payload);
  StreamBuilder& spill(const drr::SpillRecord& fields, const Bytes& payload);
  // A record of any type, empty but for its type.
  StreamBuilder& bare(std::uint32_t type);

  // `count` FREE records of ascending offset.
  StreamBuilder& frees(std::size_t count);

  [[nodiscard]] StreamImage build(Sums sums = Sums::all) const;
  [[nodiscard]] Bytes bytes(Sums sums = Sums::all) const { return build(sums).bytes(); }

 private:
  class Header;
  [[nodiscard]] std::uint64_t guid_or(std::uint64_t stated) const;
  StreamBuilder& run(drr::RecordType type,
                     std::uint64_t object,
                     std::uint64_t from,
                     std::uint64_t to);
  StreamBuilder& add(const Header& header, const Bytes& payload = {});

  ByteOrder order_;
  bool raw_ = false;
  std::uint64_t record_toguid_ = 0;
  StreamImage image_;
};

// A substream of every record type that a substream may hold.
[[nodiscard]] StreamBuilder every_record_type(ByteOrder order);
// A substream as a sender orders it, raw or not: together they hold every record type that can be
// resumed from (no WRITE_BYREF). 8 KiB.
[[nodiscard]] StreamBuilder every_record_in_order(ByteOrder order, bool is_raw);
// A package of two small substreams.
[[nodiscard]] StreamBuilder small_package(ByteOrder order);

}  // namespace zsluice::test
