// SPDX-License-Identifier: BSD-2-Clause
#include "resume/lost_records.hpp"

#include "resume/redactions.hpp"
#include "zsluice/drr/begin_payload.hpp"

#include <algorithm>

namespace zsluice::test {
namespace {

using drr::RecordType;

// All but its own checksum (and END's).
Bytes fields_of(const ProvenRecord& it) {
  const ByteSpan header = it.record.bytes();
  Bytes fields(header.size() + it.payload.size());
  std::copy(header.begin(), header.begin() + drr::kRecordChecksumAt, fields.begin());
  if (it.role == drr::Role::substream_end) {
    std::fill_n(fields.begin() + drr::kEndChecksumAt, drr::kChecksumBytes, std::byte{0});
  }
  std::copy(it.payload.begin(), it.payload.end(), fields.begin() + drr::kRecordBytes);
  return fields;
}

// Whether `count` numbers from `first` on go beyond `at`, without a sum that could overflow.
bool reaches_beyond(std::uint64_t first, std::uint64_t count, std::uint64_t at) {
  return first > at || count > at - first;
}

// Whether the record speaks of anything at the point or behind it.
bool is_behind(const ProvenRecord& it, drr::ResumePoint point) {
  if (it.role == drr::Role::substream_end) return true;
  const drr::RecordView& record = it.record;
  const std::uint64_t first = record.u64(8);  // object, or the first of a run
  const auto ends_behind = [&](std::uint64_t offset, std::uint64_t length) {
    if (first != point.object) return first > point.object;
    return reaches_beyond(offset, length, point.offset) || offset == point.offset;
  };
  switch (static_cast<RecordType>(record.type_code())) {
    case RecordType::object_range:
    case RecordType::free_objects:
      return reaches_beyond(first, record.u64(16), point.object);
    case RecordType::write:
      return ends_behind(record.u64(24), record.u64(32));
    case RecordType::write_embedded:
    case RecordType::redact:
    case RecordType::free:
      return ends_behind(record.u64(16), record.u64(24));
    case RecordType::begin:
    case RecordType::object:
    case RecordType::end:
    case RecordType::write_byref:
    case RecordType::spill:
      break;
  }
  return first >= point.object;
}

bool is_object(const ProvenRecord& it, std::uint64_t number) {
  return it.record.type_code() == static_cast<std::uint32_t>(RecordType::object) &&
         it.record.u64(8) == number;
}

// A FREEOBJECTS that covers the point's object and stands before its OBJECT: no sender makes one.
// The receiver has taken it, and would free what it got since.
bool would_free_the_object(const std::vector<ProvenRecord>& stored,
                           std::size_t at,
                           drr::ResumePoint point) {
  const drr::RecordView& record = stored[at].record;
  return record.type_code() == static_cast<std::uint32_t>(RecordType::free_objects) &&
         record.u64(8) <= point.object &&
         std::none_of(stored.begin(), stored.begin() + static_cast<std::ptrdiff_t>(at),
                      [&](const ProvenRecord& it) { return is_object(it, point.object); });
}

}  // namespace

resume::Target target_of_begin(const ProvenRecord& begin, drr::ResumePoint point) {
  const drr::BeginRecord stored = drr::decode_begin(begin.record);
  const resume::Redactions lists = resume::redactions_of(begin.payload);
  const auto has = [&stored](std::uint64_t bit) { return (stored.features & bit) != 0; };
  return {.toguid = stored.toguid,
          .fromguid = stored.fromguid,
          .point = point,
          .raw = has(drr::feature::kRaw),
          .compressed = has(drr::feature::kCompressed),
          .large_blocks = has(drr::feature::kLargeBlocks),
          .embedded = has(drr::feature::kEmbedData),
          .redact_snaps = lists.snaps,
          .book_redact_snaps = lists.from_snaps};
}

std::vector<drr::ResumePoint> points_at(const ProvenRecord& record) {
  const drr::RecordPlace place = drr::place_of(record.record);
  if (!place.object) return {};
  const std::uint64_t offset = place.offset.value_or(0);
  return {{*place.object, offset}, {*place.object, offset + 512}, {*place.object + 1, 0}};
}

std::string lost_records(const std::vector<ProvenRecord>& stored,
                         const std::vector<ProvenRecord>& made,
                         drr::ResumePoint point) {
  std::size_t next = 1;  // in `stored`, behind BEGIN
  const auto lost = [&] {
    return is_behind(stored[next], point) && !would_free_the_object(stored, next, point);
  };
  for (std::size_t i = 1; i < made.size(); ++i) {
    const Bytes fields = fields_of(made[i]);
    for (; next < stored.size() && fields_of(stored[next]) != fields; ++next) {
      if (lost()) return "record " + std::to_string(next) + " is missing";
    }
    if (next == stored.size()) return "record " + std::to_string(i) + " was never stored";
    ++next;
  }
  if (next != stored.size()) return "the end is missing";
  return {};
}

}  // namespace zsluice::test
