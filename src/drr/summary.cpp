// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/summary.hpp"

#include <algorithm>
#include <bit>

namespace zsluice::drr {
namespace {

constexpr unsigned kSmallestBucketLog2 = 9;

// A counter for each known code, the last one for all others.
template <std::size_t Size>
void count_code(std::array<std::uint64_t, Size>& counters, std::size_t code) {
  ++counters[std::min(code, Size - 1)];
}

}  // namespace

std::size_t size_bucket(std::uint64_t bytes) {
  const auto log2_up = static_cast<unsigned>(std::bit_width(bytes == 0 ? 0 : bytes - 1));
  if (log2_up <= kSmallestBucketLog2) return 0;
  return std::min<std::size_t>(log2_up - kSmallestBucketLog2, kSizeBuckets - 1);
}

std::uint64_t size_bucket_bytes(std::size_t bucket) {
  return std::uint64_t{1} << (kSmallestBucketLog2 + bucket);
}

void SubstreamCounter::start(const Parser& parser) {
  const BeginRecord begin = decode_begin(parser.record());
  summary_ = {};
  foreign_toguids_ = 0;
  summary_.stream_offset = parser.current().stream_offset;
  summary_.byte_order = parser.byte_order();
  summary_.features = begin.features;
  summary_.creation_time = begin.creation_time;
  summary_.objset_type = begin.objset_type;
  summary_.flags = begin.flags;
  summary_.toguid = begin.toguid;
  summary_.fromguid = begin.fromguid;
  summary_.toname = begin.toname;
  summary_.begin_payload_bytes = begin.payload_bytes;
  summary_.types[0] = {1, begin.payload_bytes};
  summary_.records_total = 1;
  summary_.stream_bytes = kRecordBytes + begin.payload_bytes;
}

void SubstreamCounter::set_payload(ByteSpan nvlist) {
  if (nvlist.empty()) return;
  const auto decoded = decode_begin_payload(nvlist);
  if (decoded) {
    summary_.payload = *decoded;
  } else {
    summary_.payload_error = decoded.error();
  }
}

void SubstreamCounter::count(const Parser& parser) {
  const RecordView& record = parser.record();
  const std::uint64_t payload = parser.record_payload_bytes();
  TypeCount& type = summary_.types[record.type_code()];  // the parser knows the type
  ++type.records;
  type.payload_bytes += payload;
  ++summary_.records_total;
  summary_.stream_bytes += kRecordBytes + payload;
  if (!parser.record_proven()) ++summary_.records_unproven;
  if (parser.role() == Role::substream_end) {
    summary_.complete = true;
    return;
  }
  if (toguid_of(record) != summary_.toguid) ++foreign_toguids_;
  summary_.saved = foreign_toguids_ == summary_.records_total - 1;
  const auto kind = static_cast<RecordType>(record.type_code());
  if (kind == RecordType::write) {
    count_write(record);
  } else if (kind == RecordType::write_byref) {
    summary_.logical_bytes += decode_write_byref(record).length;
  } else if (kind == RecordType::write_embedded) {
    summary_.logical_bytes += decode_embedded(record).logical_bytes;
  } else if (kind == RecordType::object) {
    summary_.block_bytes_max =
        std::max<std::uint64_t>(summary_.block_bytes_max, decode_object(record).block_bytes);
  }
}

void SubstreamCounter::count_write(const RecordView& record) {
  const WriteRecord write = decode_write(record);
  summary_.logical_bytes += write.logical_bytes;
  ++summary_.write_sizes[size_bucket(write.logical_bytes)];
  count_code(summary_.compression, write.compression);
  count_code(summary_.checksum, write.checksum);
}

}  // namespace zsluice::drr
