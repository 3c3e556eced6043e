// SPDX-License-Identifier: BSD-2-Clause
// Damages to the framing: packages, whole records, sums, lengths, byte orders.
#include "support/corpus.hpp"
#include "support/damages.hpp"

namespace zsluice::test {
namespace {

using Code = drr::FaultCode;
using drr::RecordType;

StreamImage raw_stream() {
  return corpus_image("c256_raw_full");
}
// Header, one substream, closing END.
StreamImage package() {
  return corpus_image("hier_raw_p");
}
// Header, six substreams, closing END.
StreamImage big_package() {
  return corpus_image("hier_raw_R_i");
}
StreamImage old_stream() {
  return corpus_image("foreign_order/c128_raw_full.zerosum");
}
StreamImage foreign_stream() {
  return corpus_image("foreign_order/sp_raw_full.be_xdr");
}
StreamImage foreign_package() {
  return corpus_image("foreign_order/hier_raw_p.be");
}

std::size_t a_write(const StreamImage& stream) {
  return stream.find(RecordType::write, 3);
}

StreamImage with(StreamImage stream, const Bytes& tail) {
  return stream.append({tail, ByteOrder::little});
}

// What follows a whole stream, but is none.
DamagedStream trailing(const StreamImage& stream, const Bytes& tail, Code code) {
  const std::size_t seen = std::min(tail.size(), drr::kRecordBytes);
  return {with(stream, tail).bytes(), code, 0, stream.size(), stream.size() + seen};
}

// END's inner sum wrong, its own sum right.
StreamImage with_wrong_inner_sum(StreamImage stream) {
  const std::size_t end = stream.last();
  stream.set_u8(end, 8, static_cast<std::uint8_t>(stream.u32(end, 8) ^ 1U));
  PlainSum sum;
  for (std::size_t i = 0; i < end; ++i)
    sum.absorb(stream.piece(i).bytes, stream.order(i));
  Bytes last = stream.piece(end).bytes;
  sum.absorb(ByteSpan(last).first(drr::kRecordChecksumAt), stream.order(end));
  sum.store_to(last.data() + drr::kRecordChecksumAt, stream.order(end));
  const ByteOrder order = stream.order(end);
  return stream.drop(end).append({last, order});
}

// A WRITE that states `bytes` of payload, every sum right.
DamagedStream stated_length(std::uint64_t bytes, Code code) {
  StreamImage stream = raw_stream();
  const std::size_t write = a_write(stream);
  return fails_at(stream.set_u64(write, 96, bytes).resum(), code, write);
}

DamagedStream stated_type(std::uint32_t type, Code code) {
  StreamImage stream = raw_stream();
  const std::size_t write = a_write(stream);
  return fails_at(stream.set_u32(write, 0, type).resum(), code, write);
}

constexpr Damage kPackageDamages[] = {
    {"package_begin_name",
     [] { return fails_at(package().flip_bit(60), Code::header_sum_mismatch, 1); }},
    {"package_nvlist_first_byte",
     [] { return fails_at(package().flip_bit(312), Code::header_sum_mismatch, 1); }},
    {"package_nvlist_last_byte",
     [] {
       return fails_at(package().flip_bit(package().end(0) - 1), Code::header_sum_mismatch, 1);
     }},
    {"package_header_end_type",
     [] { return fails_at(package().flip_bit(package().offset(1)), Code::unexpected_record, 1); }},
    {"package_header_end_inner_sum",
     [] {
       return fails_at(package().flip_bit(package().offset(1) + 8), Code::header_sum_mismatch, 1);
     }},
    {"package_header_end_toguid",
     [] {
       return fails_at(package().flip_bit(package().offset(1) + 40), Code::nonzero_end_bytes, 1);
     }},
    {"package_header_end_checksum",
     [] {
       return fails_at(package().flip_bit(package().offset(1) + 280), Code::nonzero_end_bytes, 1);
     }},
    {"package_header_end_dropped",
     [] { return fails_at(package().drop(1), Code::unexpected_record, 1); }},
    {"package_header_dropped",
     [] {
       const StreamImage stream = package().drop(0).drop(0);
       const std::uint64_t at = stream.offset(stream.last());
       return DamagedStream{stream.bytes(), Code::not_a_stream, 0, at, stream.size()};
     }},
    {"package_substream_begin_toguid",
     [] { return mismatch_at(package().flip_bit(package().offset(2) + 40), 3); }},
    {"package_substream_begin_magic",
     [] {
       return fails_at(package().flip_bit(package().offset(2) + 8), Code::unexpected_record, 2);
     }},
    {"package_substream_payload",
     [] {
       StreamImage stream = big_package();
       const std::size_t write = stream.find(RecordType::write, 6);
       return mismatch_at(stream.flip_bit(stream.header_end(write) + 3), write + 1);
     }},
    {"package_substream_end_dropped",
     [] {
       const StreamImage stream = big_package();
       const std::size_t end = stream.find(RecordType::end, 1);
       return fails_at(StreamImage(stream).drop(end), Code::unexpected_begin, end);
     }},
    {"package_substream_begin_dropped",
     [] {
       const StreamImage stream = big_package();
       const std::size_t begin = stream.find(RecordType::begin, 2);
       return fails_at(StreamImage(stream).drop(begin), Code::unexpected_record, begin);
     }},
    {"package_substream_missing",
     [] {
       StreamImage stream = big_package();
       const std::size_t begin = stream.find(RecordType::begin, 2);
       const std::size_t end = stream.find(RecordType::end, 2);
       for (std::size_t i = begin; i <= end; ++i)
         stream.drop(begin);
       return passes(stream);  // the header's list of snapshots could tell
     }},
    {"package_in_package",
     [] {
       StreamImage stream = big_package();
       const std::size_t begin = stream.find(RecordType::begin, 2);
       return fails_at(stream.splice(begin, package(), 0, 2), Code::nested_package, begin);
     }},
    {"package_end_type",
     [] {
       StreamImage stream = package();
       stream.flip_bit(stream.offset(stream.last()));
       return fails_at(stream, Code::unexpected_record, stream.last());
     }},
    {"package_end_unused_byte",
     [] {
       StreamImage stream = package();
       stream.flip_bit(stream.offset(stream.last()) + 150);
       return fails_at(stream, Code::nonzero_end_bytes, stream.last());
     }},
    {"package_end_checksum",
     [] {
       StreamImage stream = package();
       stream.flip_bit(stream.size() - 1);
       return fails_at(stream, Code::nonzero_end_bytes, stream.last());
     }},
    {"package_end_dropped",
     [] {
       const StreamImage stream = package();
       return cut(stream, Code::missing_package_end, stream.last() - 1,
                  stream.end(stream.last() - 1));
     }},
    {"package_end_duplicated",
     [] {
       const StreamImage stream = package();
       return trailing(stream, stream.piece(stream.last()).bytes, Code::not_a_stream);
     }},
    {"package_cut_in_nvlist", [] { return cut(package(), Code::truncated_payload, 0, 400); }},
    {"package_cut_behind_nvlist",
     [] { return cut(package(), Code::missing_package_end, 0, package().end(0)); }},
    {"package_cut_in_header_end",
     [] { return cut(package(), Code::truncated_header, 1, package().offset(1) + 20); }},
    {"package_cut_behind_header",
     [] { return cut(package(), Code::missing_package_end, 1, package().end(1)); }},
    {"package_cut_in_substream_begin",
     [] { return cut(package(), Code::truncated_header, 2, package().offset(2) + 20); }},
    {"package_cut_between_substreams",
     [] {
       const StreamImage stream = big_package();
       const std::size_t end = stream.find(RecordType::end, 2);
       return cut(stream, Code::missing_package_end, end, stream.end(end));
     }},
    {"package_cut_in_substream",
     [] {
       const StreamImage stream = big_package();
       const std::size_t write = stream.find(RecordType::write, 6);
       return cut(stream, Code::truncated_payload, write, stream.header_end(write) + 9);
     }},
    {"package_cut_in_end",
     [] {
       const StreamImage stream = package();
       return cut(stream, Code::truncated_header, stream.last(), stream.size() - 300);
     }},
    {"foreign_package_nvlist",
     [] { return fails_at(foreign_package().flip_bit(400), Code::header_sum_mismatch, 1); }},
    {"foreign_package_end_unused_byte",
     [] {
       StreamImage stream = foreign_package();
       stream.flip_bit(stream.size() - 40);
       return fails_at(stream, Code::nonzero_end_bytes, stream.last());
     }},
};

constexpr Damage kStructureDamages[] = {
    // --- records dropped, duplicated, moved ---
    {"begin_dropped", [] { return fails_at(raw_stream().drop(0), Code::not_a_stream, 0); }},
    {"begin_duplicated",
     [] { return fails_at(raw_stream().duplicate(0), Code::unexpected_begin, 1); }},
    {"second_record_dropped", [] { return mismatch_at(raw_stream().drop(1), 1); }},
    {"write_dropped",
     [] {
       const std::size_t write = a_write(raw_stream());
       return mismatch_at(raw_stream().drop(write), write);
     }},
    {"write_dropped_resummed",
     [] { return passes(raw_stream().drop(a_write(raw_stream())).resum()); }},
    {"write_duplicated",
     [] {
       const std::size_t write = a_write(raw_stream());
       return mismatch_at(raw_stream().duplicate(write), write + 1);
     }},
    {"write_duplicated_resummed",
     [] { return passes(raw_stream().duplicate(a_write(raw_stream())).resum()); }},
    {"writes_swapped",
     [] {
       StreamImage stream = raw_stream();
       const std::size_t one = stream.find(RecordType::write, 3);
       return mismatch_at(stream.swap(one, stream.find(RecordType::write, 8)), one);
     }},
    {"writes_swapped_resummed",
     [] {
       StreamImage stream = raw_stream();
       const std::size_t one = stream.find(RecordType::write, 3);
       return passes(stream.swap(one, stream.find(RecordType::write, 8)).resum());
     }},
    {"free_duplicated",
     [] {
       const std::size_t free = raw_stream().find(RecordType::free, 4);
       return mismatch_at(raw_stream().duplicate(free), free + 1);
     }},
    {"end_dropped",
     [] {
       const StreamImage stream = raw_stream().drop(raw_stream().last());
       return cut(stream, Code::missing_end, stream.last(), stream.size());
     }},
    {"end_in_the_middle",
     [] {
       StreamImage stream = raw_stream();
       return mismatch_at(stream.splice(20, raw_stream(), stream.last(), stream.records()), 20);
     }},
    {"end_duplicated",
     [] {
       const StreamImage stream = raw_stream();
       return trailing(stream, stream.piece(stream.last()).bytes, Code::not_a_stream);
     }},
    {"record_spliced_in",
     [] {
       return mismatch_at(raw_stream().splice(20, corpus_image("c128_raw_full"), 20, 21), 20);
     }},
    {"tail_of_another_stream",
     [] {
       const StreamImage other = corpus_image("c128_raw_full");
       StreamImage stream = raw_stream();
       stream.truncate(stream.offset(30)).splice(30, other, 30, other.records());
       return mismatch_at(stream, 30);
     }},
    {"whole_stream_spliced_in",
     [] {
       const StreamImage other = corpus_image("empty_raw_incr");
       return fails_at(raw_stream().splice(30, other, 0, 2), Code::unexpected_begin, 30);
     }},
    // --- bytes around the stream ---
    {"leading_newline",
     [] {
       StreamImage stream;
       const Bytes bytes = raw_stream().bytes();
       stream.append({{std::byte{'\n'}}, ByteOrder::little}).append({bytes, ByteOrder::little});
       return DamagedStream{stream.bytes(), Code::not_a_stream, 0, 0, drr::kRecordBytes};
     }},
    {"trailing_newline",
     [] { return trailing(raw_stream(), {std::byte{'\n'}}, Code::not_a_stream); }},
    {"trailing_zeros", [] { return trailing(raw_stream(), Bytes(512), Code::not_a_stream); }},
    {"trailing_half_begin",
     [] {
       Bytes half = raw_stream().piece(0).bytes;
       half.resize(100);
       return trailing(raw_stream(), half, Code::truncated_header);
     }},
    {"stream_twice",
     [] {
       const StreamImage stream = raw_stream();
       return passes(raw_stream().splice(stream.records(), stream, 0, stream.records()));
     }},
    // --- sums ---
    {"one_checksum_zeroed",
     [] {
       StreamImage stream = raw_stream();
       const std::size_t free = stream.find(RecordType::free, 4);
       stream.fill_zero(stream.offset(free) + 280, stream.header_end(free));
       return fails_from(stream, Code::checksum_mismatch, free + 1, stream.header_end(free - 1));
     }},
    {"all_sums_zeroed",
     [] {
       const StreamImage stream = raw_stream().zero_sums();
       return fails_from(stream, Code::end_checksum_mismatch, stream.last(), 0);
     }},
    {"record_sums_zeroed_end_right", [] { return passes(raw_stream().resum(Sums::end_only)); }},
    {"record_sums_zeroed_payload_bit",
     [] {
       StreamImage stream = old_stream();
       stream.flip_bit(stream.header_end(a_write(stream)));
       return fails_from(stream, Code::end_checksum_mismatch, stream.last(), 0);
     }},
    {"record_sums_zeroed_end_inner_sum",
     [] {
       StreamImage stream = old_stream();
       stream.flip_bit(stream.offset(stream.last()) + 8);
       return fails_from(stream, Code::end_checksum_mismatch, stream.last(), 0);
     }},
    {"record_sums_zeroed_end_toguid",
     [] {
       StreamImage stream = old_stream();
       stream.flip_bit(stream.offset(stream.last()) + 40);
       return fails_from(stream, Code::nonzero_end_bytes, stream.last(), 0);
     }},
    {"record_sums_zeroed_end_unused_byte",
     [] {
       StreamImage stream = old_stream();
       stream.flip_bit(stream.offset(stream.last()) + 111);
       return fails_from(stream, Code::nonzero_end_bytes, stream.last(), 0);
     }},
    {"end_inner_sum_wrong_own_right",
     [] {
       const StreamImage stream = with_wrong_inner_sum(raw_stream());
       return fails_at(stream, Code::end_checksum_mismatch, stream.last());
     }},
    {"payload_bit_resummed",
     [] {
       StreamImage stream = raw_stream();
       return passes(stream.flip_bit(stream.header_end(a_write(stream))).resum());
     }},
    {"hole_over_payload_and_header",
     [] {
       StreamImage stream = raw_stream();
       const std::size_t write = stream.find(RecordType::write, 9);
       stream.fill_zero(stream.header_end(write) + 100, stream.header_end(write + 1));
       return mismatch_at(stream, write + 1);
     }},
    // --- lengths and types, well summed ---
    {"write_length_2_64_minus_4", [] { return stated_length(~3ULL, Code::payload_too_long); }},
    {"write_length_over_16_mib",
     [] { return stated_length((16U << 20) + 512, Code::payload_too_long); }},
    {"write_length_not_in_words", [] { return stated_length(4098, Code::payload_not_summable); }},
    {"object_bonus_length_absurd",
     [] {
       StreamImage stream = raw_stream();
       const std::size_t object = stream.find(RecordType::object, 2);
       stream.set_u32(object, 36, ~3U).resum();
       return fails_at(stream, Code::payload_too_long, object);
     }},
    {"spill_length_absurd",
     [] {
       StreamImage stream = corpus_image("sp_raw_incr");
       const std::size_t spill = stream.find(RecordType::spill);
       stream.set_u64(spill, 40, 1ULL << 63).resum();
       return fails_at(stream, Code::payload_too_long, spill);
     }},
    {"embedded_length_absurd",
     [] {
       StreamImage stream = corpus_image("pl_e");
       const std::size_t embedded = stream.find(RecordType::write_embedded);
       stream.set_u32(embedded, 52, ~0U).resum();
       return fails_at(stream, Code::payload_too_long, embedded);
     }},
    {"unknown_record_type", [] { return stated_type(11, Code::unknown_record_type); }},
    {"absurd_record_type", [] { return stated_type(~0U, Code::unknown_record_type); }},
    {"begin_type_inside", [] { return stated_type(0, Code::unexpected_begin); }},
    // --- the other byte order ---
    {"foreign_begin_toguid", [] { return mismatch_at(foreign_stream().flip_bit(45), 1); }},
    {"foreign_payload",
     [] {
       StreamImage stream = foreign_stream();
       const std::size_t write = a_write(stream);
       return mismatch_at(stream.flip_bit(stream.end(write) - 1), write + 1);
     }},
    {"foreign_end_inner_sum_wrong_own_right",
     [] {
       const StreamImage stream = with_wrong_inner_sum(foreign_stream());
       return fails_at(stream, Code::end_checksum_mismatch, stream.last());
     }},
    {"foreign_length_absurd",
     [] {
       StreamImage stream = foreign_stream();
       const std::size_t write = a_write(stream);
       return fails_at(stream.set_u64(write, 96, ~3ULL).resum(), Code::payload_too_long, write);
     }},
    {"foreign_cut_in_payload",
     [] {
       const StreamImage stream = foreign_stream();
       const std::size_t write = a_write(stream);
       return cut(stream, Code::truncated_payload, write, stream.header_end(write) + 5);
     }},
    {"foreign_magic_alone",
     [] {
       StreamImage stream = raw_stream();
       stream.set_u64(0, 8, byteswapped(drr::kBeginMagic));
       return fails_at(stream, Code::unknown_header_type, 0);
     }},
    {"native_record_in_foreign_stream",
     [] {
       const StreamImage native = corpus_image("sp_raw_full");
       return mismatch_at(foreign_stream().drop(5).splice(5, native, 5, 6), 5);
     }},
};

}  // namespace

std::span<const Damage> package_damages() {
  return kPackageDamages;
}
std::span<const Damage> structure_damages() {
  return kStructureDamages;
}

}  // namespace zsluice::test
