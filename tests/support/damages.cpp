// SPDX-License-Identifier: BSD-2-Clause
#include "support/damages.hpp"

#include "support/corpus.hpp"

namespace zsluice::test {
namespace {

using Code = drr::FaultCode;
using drr::RecordType;

constexpr std::uint64_t kBegin = drr::kRecordBytes;

// Raw and encrypted, 84 records: BEGIN, nvlist, OBJECT_RANGE, OBJECT, FREE, WRITE, …
StreamImage raw_stream() {
  return corpus_image("c256_raw_full");
}

// A bit of BEGIN that says nothing of the framing is missed by the next record's sum.
DamagedStream begin_bit(std::uint64_t offset) {
  return mismatch_at(raw_stream().flip_bit(offset), 1);
}

// A bit of a record's header: its own sum.
DamagedStream header_bit(StreamImage stream, std::size_t record, std::size_t at) {
  return mismatch_at(stream.flip_bit(stream.offset(record) + at), record);
}

DamagedStream header_bit(RecordType type, std::size_t at, std::size_t nth = 0) {
  const StreamImage stream = raw_stream();
  return header_bit(stream, stream.find(type, nth), at);
}

DamagedStream end_bit(std::size_t at) {
  const StreamImage stream = raw_stream();
  return header_bit(stream, stream.last(), at);
}

// A bit of a payload: the sum of the record after it.
DamagedStream payload_bit(StreamImage stream, std::size_t record, std::uint64_t at) {
  return mismatch_at(stream.flip_bit(stream.header_end(record) + at), record + 1);
}

// The first record of a type that has a payload at all.
std::size_t find_with_payload(const StreamImage& stream, RecordType type) {
  std::size_t nth = 0;
  while (stream.payload_bytes(stream.find(type, nth)) == 0)
    ++nth;
  return stream.find(type, nth);
}

DamagedStream payload_bit(std::string_view name, RecordType type) {
  const StreamImage stream = corpus_image(name);
  const std::size_t record = find_with_payload(stream, type);
  return payload_bit(stream, record, stream.payload_bytes(record) / 2);
}

// Cut `more` bytes into the header of the nth WRITE.
DamagedStream cut_in_write_header(std::uint64_t more) {
  const StreamImage stream = raw_stream();
  const std::size_t write = stream.find(RecordType::write, 3);
  return cut(stream, Code::truncated_header, write, stream.offset(write) + more);
}

DamagedStream cut_in_write_payload(std::uint64_t more) {
  const StreamImage stream = raw_stream();
  const std::size_t write = stream.find(RecordType::write, 3);
  return cut(stream, Code::truncated_payload, write, stream.header_end(write) + more);
}

DamagedStream cut_behind(const StreamImage& stream, Code code, std::size_t record) {
  return cut(stream, code, record, stream.end(record));
}

constexpr Damage kFieldDamages[] = {
    {"begin_type_bit", [] { return fails_at(raw_stream().flip_bit(0), Code::not_a_stream, 0); }},
    {"begin_magic_bit", [] { return fails_at(raw_stream().flip_bit(8), Code::not_a_stream, 0); }},
    {"begin_header_type_bit",
     [] { return fails_at(raw_stream().flip_bit(16, 1), Code::unknown_header_type, 0); }},
    {"begin_says_package",
     [] {
       return fails_at(raw_stream().flip_bit(16, 0).flip_bit(16, 1), Code::unexpected_record, 1);
     }},
    {"begin_feature_bit", [] { return begin_bit(18); }},
    {"begin_creation_time_bit", [] { return begin_bit(24); }},
    {"begin_objset_type_bit", [] { return begin_bit(32); }},
    {"begin_flags_bit", [] { return begin_bit(36); }},
    {"begin_toguid_bit", [] { return begin_bit(40); }},
    {"begin_fromguid_bit", [] { return begin_bit(48); }},
    {"begin_toname_bit", [] { return begin_bit(56); }},
    {"begin_toname_last_byte", [] { return begin_bit(311); }},
    {"begin_payload_length_bit",
     [] {
       const StreamImage stream = raw_stream().flip_bit(4, 3);
       DamagedStream damaged = mismatch_at(stream, 1);
       damaged.end += 8;  // what is taken for the next header lies that much further on
       return damaged;
     }},
    {"begin_payload_length_odd",
     [] { return fails_at(raw_stream().flip_bit(4), Code::payload_not_summable, 0); }},
    {"begin_payload_length_absurd",
     [] { return fails_at(raw_stream().set_u32(0, 4, ~3U), Code::begin_payload_too_long, 0); }},
    {"nvlist_first_byte", [] { return begin_bit(kBegin); }},
    {"nvlist_middle", [] { return begin_bit(kBegin + 500); }},
    {"nvlist_last_byte", [] { return begin_bit(raw_stream().end(0) - 1); }},
    {"object_range_first_object", [] { return header_bit(RecordType::object_range, 8); }},
    {"object_range_mac", [] { return header_bit(RecordType::object_range, 60); }},
    {"object_number", [] { return header_bit(RecordType::object, 8); }},
    {"object_block_size", [] { return header_bit(RecordType::object, 25); }},
    {"object_raw_bonus_length", [] { return header_bit(RecordType::object, 36, 2); }},
    {"object_bonus", [] { return payload_bit("many_raw_incr", RecordType::object); }},
    {"write_type", [] { return header_bit(RecordType::write, 0, 4); }},
    {"write_object", [] { return header_bit(RecordType::write, 8); }},
    {"write_offset", [] { return header_bit(RecordType::write, 25, 5); }},
    {"write_logical_size", [] { return header_bit(RecordType::write, 33); }},
    {"write_compressed_size", [] { return header_bit(RecordType::write, 97); }},
    {"write_compression", [] { return header_bit(RecordType::write, 50); }},
    {"write_salt", [] { return header_bit(RecordType::write, 104); }},
    {"write_iv", [] { return header_bit(RecordType::write, 112); }},
    {"write_mac", [] { return header_bit(RecordType::write, 139); }},
    {"write_unused_byte", [] { return header_bit(RecordType::write, 200); }},
    {"write_checksum_first_byte", [] { return header_bit(RecordType::write, 280, 7); }},
    {"write_checksum_last_byte", [] { return header_bit(RecordType::write, 311, 7); }},
    {"write_payload_first_byte",
     [] {
       const StreamImage stream = raw_stream();
       return payload_bit(stream, stream.find(RecordType::write), 0);
     }},
    {"write_payload_last_byte",
     [] {
       const StreamImage stream = raw_stream();
       const std::size_t write = stream.find(RecordType::write, 9);
       return payload_bit(stream, write, stream.payload_bytes(write) - 1);
     }},
    {"write_payload_words_swapped",
     [] {
       StreamImage stream = raw_stream();
       const std::size_t write = stream.find(RecordType::write);
       const std::uint32_t one = stream.u32(write, kBegin);
       const std::uint32_t other = stream.u32(write, kBegin + 4);
       stream.set_u32(write, kBegin, other).set_u32(write, kBegin + 4, one);
       return mismatch_at(stream, write + 1);
     }},
    {"free_length", [] { return header_bit(RecordType::free, 24); }},
    {"freeobjects_count", [] { return header_bit(RecordType::free_objects, 16); }},
    {"spill_flags",
     [] {
       const StreamImage stream = corpus_image("sp_raw_incr");
       return header_bit(stream, stream.find(RecordType::spill), 32);
     }},
    {"spill_payload", [] { return payload_bit("sp_raw_incr", RecordType::spill); }},
    {"embedded_physical_size",
     [] {
       const StreamImage stream = corpus_image("pl_e");
       return header_bit(stream, stream.find(RecordType::write_embedded), 52);
     }},
    {"embedded_payload", [] { return payload_bit("pl_e", RecordType::write_embedded); }},
    {"redact_offset",
     [] {
       const StreamImage stream = corpus_image("red_redacted");
       return header_bit(stream, stream.find(RecordType::redact), 17);
     }},
    {"end_type", [] { return end_bit(0); }},
    {"end_inner_sum", [] { return end_bit(8); }},
    {"end_toguid", [] { return end_bit(40); }},
    {"end_unused_byte", [] { return end_bit(100); }},
    {"end_checksum", [] { return end_bit(300); }},
};

constexpr Damage kTruncationDamages[] = {
    {"empty", [] { return cut(raw_stream(), Code::empty_input, 0, 0); }},
    {"cut_in_begin_type", [] { return cut(raw_stream(), Code::truncated_header, 0, 2); }},
    {"cut_in_begin_magic", [] { return cut(raw_stream(), Code::truncated_header, 0, 12); }},
    {"cut_in_begin_name", [] { return cut(raw_stream(), Code::truncated_header, 0, 100); }},
    {"cut_in_begin_last_byte",
     [] { return cut(raw_stream(), Code::truncated_header, 0, kBegin - 1); }},
    {"cut_before_nvlist", [] { return cut(raw_stream(), Code::truncated_payload, 0, kBegin); }},
    {"cut_in_nvlist", [] { return cut(raw_stream(), Code::truncated_payload, 0, kBegin + 777); }},
    {"cut_behind_nvlist", [] { return cut_behind(raw_stream(), Code::missing_end, 0); }},
    {"cut_in_second_record",
     [] { return cut(raw_stream(), Code::truncated_header, 1, raw_stream().offset(1) + 40); }},
    {"cut_in_header_type", [] { return cut_in_write_header(2); }},
    {"cut_in_header_object", [] { return cut_in_write_header(12); }},
    {"cut_in_header_checksum", [] { return cut_in_write_header(290); }},
    {"cut_in_header_last_byte", [] { return cut_in_write_header(311); }},
    {"cut_before_payload", [] { return cut_in_write_payload(0); }},
    {"cut_in_payload_first_byte", [] { return cut_in_write_payload(1); }},
    {"cut_in_payload", [] { return cut_in_write_payload(500); }},
    {"cut_in_object_bonus",
     [] {
       const StreamImage stream = corpus_image("many_raw_incr");
       const std::size_t object = find_with_payload(stream, RecordType::object);
       return cut(stream, Code::truncated_payload, object, stream.header_end(object) + 10);
     }},
    {"cut_behind_payload",
     [] {
       const StreamImage stream = raw_stream();
       return cut_behind(stream, Code::missing_end, stream.find(RecordType::write, 5));
     }},
    {"cut_behind_header_only_record",
     [] {
       const StreamImage stream = raw_stream();
       return cut_behind(stream, Code::missing_end, stream.find(RecordType::free, 2));
     }},
    {"cut_before_end",
     [] { return cut_behind(raw_stream(), Code::missing_end, raw_stream().last() - 1); }},
    {"cut_in_end",
     [] {
       const StreamImage stream = raw_stream();
       return cut(stream, Code::truncated_header, stream.last(), stream.offset(stream.last()) + 20);
     }},
    {"cut_in_end_last_byte",
     [] {
       const StreamImage stream = raw_stream();
       return cut(stream, Code::truncated_header, stream.last(), stream.size() - 1);
     }},
    {"saved_stream",
     [] {
       const StreamImage stream = corpus_image("saved_raw_S");
       return cut_behind(stream, Code::saved_stream, stream.last());
     }},
    {"saved_stream_cut_in_header",
     [] {
       const StreamImage stream = corpus_image("saved_raw_S");
       return cut(stream, Code::truncated_header, 9, stream.offset(9) + 64);
     }},
    {"foreign_saved_stream",
     [] {
       const StreamImage stream = corpus_image("foreign_order/saved_raw_S.be");
       return cut_behind(stream, Code::saved_stream, stream.last());
     }},
};

}  // namespace

std::span<const Damage> field_damages() {
  return kFieldDamages;
}
std::span<const Damage> truncation_damages() {
  return kTruncationDamages;
}

std::vector<Damage> damages() {
  std::vector<Damage> all;
  for (const std::span<const Damage> table :
       {field_damages(), truncation_damages(), package_damages(), structure_damages()}) {
    all.insert(all.end(), table.begin(), table.end());
  }
  return all;
}

StreamImage corpus_image(std::string_view name) {
  return StreamImage(read_corpus(name));
}

DamagedStream fails_from(const StreamImage& damaged,
                         drr::FaultCode code,
                         std::size_t at,
                         std::uint64_t begin) {
  return {damaged.bytes(), code, at, begin, damaged.header_end(at)};
}

DamagedStream fails_at(const StreamImage& damaged, drr::FaultCode code, std::size_t at) {
  if (at == 0) return fails_from(damaged, code, at, 0);
  // A BEGIN is not proven by its own header.
  const bool behind_begin = damaged.type(at - 1) == 0;
  return fails_from(damaged, code, at,
                    behind_begin ? damaged.offset(at - 1) : damaged.header_end(at - 1));
}

DamagedStream mismatch_at(const StreamImage& damaged, std::size_t at) {
  return fails_at(damaged, Code::checksum_mismatch, at);
}

DamagedStream cut(const StreamImage& whole,
                  drr::FaultCode code,
                  std::size_t at,
                  std::uint64_t size) {
  const bool header_there = size >= whole.header_end(at);
  const std::size_t last_header = header_there ? at : at - 1;
  std::uint64_t begin = 0;
  if (at > 0 || header_there) {
    begin =
        whole.type(last_header) == 0 ? whole.offset(last_header) : whole.header_end(last_header);
  }
  return {StreamImage(whole).truncate(size).bytes(), code, at, begin, size};
}

DamagedStream passes(const StreamImage& damaged) {
  return {damaged.bytes(), std::nullopt, 0, 0, 0};
}

}  // namespace zsluice::test
