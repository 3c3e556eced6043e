// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/kept_part.hpp"

#include "zsluice/store/position.hpp"

#include <algorithm>
#include <utility>

namespace zsluice::pipeline {
namespace {

using drr::Role;
using storage::kNowhere;
using storage::Position;
using storage::SegmentHeader;

// No WRITE at the point or behind it stands before the place, whatever OBJECT does: WRITEs may come
// without one, and OBJECTs long before theirs (drr/FORMAT.md §D.1).
bool has_no_data_behind(const Position& start, drr::ResumePoint point) {
  return start.write_at == kNowhere ||
         start.write < storage::Place{.object = point.object, .offset = point.offset};
}

// And no OBJECT of a later block of dnodes.
bool is_not_behind(const Position& start, drr::ResumePoint point) {
  return has_no_data_behind(start, point) &&
         (start.object_at == kNowhere ||
          drr::dnode_block_of(start.object) <= drr::dnode_block_of(point.object));
}

// The place lies amid the data of the point's object: what announces it stands before.
bool is_inside_object(const Position& start, drr::ResumePoint point) {
  return start.write_at != kNowhere && start.write.object == point.object &&
         start.write.offset < point.offset &&
         (start.object_at == kNowhere || start.object_at < start.write_at);
}

bool is_before_object(const Position& start, drr::ResumePoint point) {
  return has_no_data_behind(start, point) &&
         (start.object_at == kNowhere || start.object < point.object);
}

bool is_announcement(const drr::RecordView& record) {
  const auto type = static_cast<drr::RecordType>(record.type_code());
  return type == drr::RecordType::object || type == drr::RecordType::free_objects ||
         type == drr::RecordType::object_range || type == drr::RecordType::free;
}

resume::Stitcher::Skipped skipped_before(const Position& start, std::uint64_t bytes) {
  resume::Stitcher::Skipped skipped{
      .bytes = bytes, .sum = start.sum, .last_object = {}, .last_data = {}};
  if (start.object_at != kNowhere) skipped.last_object = start.object;
  if (start.write_at != kNowhere) skipped.last_data = start.write.object;
  return skipped;
}

}  // namespace

KeptPart::KeptPart(const OpenedStore& opened, const std::string& key, io::StoreFiles& files)
    : opened_(opened),
      reader_({.key = key,
               .store_id = opened.first.store_id,
               .segment_bytes = opened.first.settings.segment_bytes},
              files) {}

KeptPart::Header KeptPart::header(std::uint64_t sequence) {
  if (sequence == opened_.last.sequence) return opened_.last;
  reader_.start_at(sequence);
  return reader_.next_header();
}

template <class Holds>
Result<std::uint64_t, StoreFailure> KeptPart::last_with(std::uint64_t first, Holds holds) {
  std::uint64_t low = first;  // it holds for all below
  std::uint64_t high = opened_.segments();
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    const Header found = header(middle);
    if (!found) return Unexpected{found.error()};
    if (holds(found->start)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - 1;
}

Result<ReadingPlace, StoreFailure> KeptPart::find(drr::ResumePoint point) {
  // Behind a package's substreams, or in its header, is no substream that could be continued.
  if (!is_in_substream(opened_.last.end.framing)) return ReadingPlace{opened_.last, false};
  const std::uint64_t begin_at = opened_.last.end.begin_at;
  const auto begin =
      last_with(1, [begin_at](const Position& start) { return start.offset <= begin_at; });
  if (!begin) return Unexpected{begin.error()};
  const auto reached =
      last_with(*begin + 1, [point](const Position& start) { return is_not_behind(start, point); });
  if (!reached) return Unexpected{reached.error()};
  const Header inside = header(*reached);
  if (!inside) return Unexpected{inside.error()};
  if (*reached > *begin && is_inside_object(inside->start, point)) {
    return ReadingPlace{*inside, true};
  }
  const auto earlier = last_with(
      *begin + 1, [point](const Position& start) { return is_before_object(start, point); });
  if (!earlier) return Unexpected{earlier.error()};
  const Header before = header(*earlier);
  if (!before) return Unexpected{before.error()};
  // Before the first OBJECT there may be a FREEOBJECTS of what comes behind the point.
  if (before->start.object_at != kNowhere) return ReadingPlace{*before, false};
  const Header first = header(*begin);
  if (!first) return Unexpected{first.error()};
  return ReadingPlace{*first, false};
}

// The headers in between were not linked to each other: what they say of a record may be forged.
StoreFailure KeptPart::no_record_there(std::uint64_t offset) {
  storage::SegmentError error;
  error.code = storage::SegmentErrorCode::wrong_waypoint;
  error.at = offset - opened_.first.start.offset;
  return SegmentReader::bad_segment(opened_.last, error);
}

Result<ByteSpan, StoreFailure> KeptPart::bytes_at(std::uint64_t offset) {
  const auto sequence =
      last_with(1, [offset](const Position& start) { return start.offset <= offset; });
  if (!sequence) return Unexpected{sequence.error()};
  reader_.start_at(*sequence);
  const auto segment = reader_.next();
  if (!segment) return Unexpected{segment.error()};
  if (const auto checked = check_records(segment->header, segment->raw); !checked) {
    return Unexpected{SegmentReader::bad_segment(segment->header, checked.error())};
  }
  const SegmentHeader& header = segment->header;
  const bool is_inside = offset >= header.start.offset &&
                         offset - header.start.offset + drr::kRecordBytes <= header.raw_bytes;
  if (!is_inside) return Unexpected{no_record_there(offset)};
  return segment->raw.subspan(static_cast<std::size_t>(offset - header.start.offset));
}

KeptPart::Done KeptPart::hand_over(std::uint64_t offset,
                                   std::optional<Role> role,
                                   RecordSink& sink,
                                   std::uint64_t& bytes) {
  const auto found = bytes_at(offset);
  if (!found) return found.error();
  ByteSpan rest = *found;
  ProvenRecord record{.role = Role::body,
                      .header = {rest.data(), opened_.last.end.order},
                      .payload = {},
                      .stream_offset = offset};
  if (!role) {
    // A BEGIN says for itself what it is, and in which byte order. It is all there where there is
    // one: segments hold whole records.
    drr::Parser parser({.limits = {.begin_payload_bytes = storage::kRawBytesMax}});
    const bool is_begin = parser.next(rest) == drr::Step::record;
    if (!is_begin || parser.record_payload_bytes() > rest.size()) return no_record_there(offset);
    record.role = parser.role();
    record.header = {found->data(), parser.byte_order()};
    record.payload = rest.first(static_cast<std::size_t>(parser.record_payload_bytes()));
  }
  bytes = drr::kRecordBytes + record.payload.size();
  (void)sink.take(record);
  return std::nullopt;
}

// The point's OBJECT and what follows it up to the first WRITE: objects behind it may be announced
// there, and must not be again.
KeptPart::Done KeptPart::hand_over_heads(std::uint64_t& at, std::uint64_t end, RecordSink& head) {
  while (at < end) {
    const auto found = bytes_at(at);
    if (!found) return found.error();
    for (ByteSpan rest = *found; !rest.empty() && at < end;) {
      if (rest.size() < drr::kRecordBytes) return no_record_there(at);
      ProvenRecord record{.role = Role::body,
                          .header = {rest.data(), opened_.last.end.order},
                          .payload = {},
                          .stream_offset = at};
      if (!is_announcement(record.header)) return std::nullopt;
      const auto payload = drr::payload_bytes(record.header);
      if (!payload || *payload > rest.size() - drr::kRecordBytes) return no_record_there(at);
      record.payload = rest.subspan(drr::kRecordBytes, static_cast<std::size_t>(*payload));
      if (!head.take(record)) return std::nullopt;
      rest = rest.subspan(drr::kRecordBytes + record.payload.size());
      at += drr::kRecordBytes + record.payload.size();
    }
  }
  return std::nullopt;
}

KeptPart::Done KeptPart::read_head(const ReadingPlace& place,
                                   resume::Stitcher& stitcher,
                                   RecordSink& head) {
  const Position& start = place.segment.start;
  const Position& end = opened_.last.end;
  if (start.offset == 0) return std::nullopt;
  const bool is_past_begin = is_in_substream(end.framing) && end.begin_at < start.offset;
  std::uint64_t at = 0;
  std::uint64_t bytes = 0;
  if (end.framing != storage::Framing::substream) {
    if (Done failure = hand_over(0, std::nullopt, head, bytes)) return failure;
    at = is_past_begin ? end.begin_at : start.offset;
    stitcher.skip_partial({.bytes = at - bytes,
                           .sum = is_past_begin ? checksum::Fletcher4{} : start.sum,
                           .last_object = {},
                           .last_data = {}});
  }
  if (!is_past_begin) return std::nullopt;
  if (Done failure = hand_over(end.begin_at, std::nullopt, head, bytes)) return failure;
  at = end.begin_at + bytes;
  // It may cover the point's object, and must not come twice then.
  if (!place.has_object && start.object_range_at != kNowhere) {
    if (Done failure = hand_over(start.object_range_at, Role::body, head, bytes)) return failure;
    at += bytes;
  }
  const bool has_heads = start.object_at != kNowhere && start.object_at >= at;
  if (place.has_object && has_heads && start.object_at < start.offset) {
    stitcher.skip_partial(
        {.bytes = start.object_at - at, .sum = {}, .last_object = {}, .last_data = {}});
    at = start.object_at;
    if (Done failure = hand_over_heads(at, start.offset, head)) return failure;
  }
  stitcher.skip_partial(skipped_before(start, start.offset - at));
  return std::nullopt;
}

KeptPart::Done KeptPart::read_rest(const ReadingPlace& place,
                                   const drr::CheckerOptions& options,
                                   RecordSink& sink) {
  const auto stands = stream_place(place.segment.start);
  ProvenRecords records =
      stands ? ProvenRecords(options, *stands, sink) : ProvenRecords(options, sink);
  read_ = {};
  if (place.segment.sequence > 0) {
    const Header before = header(place.segment.sequence - 1);
    if (!before) return before.error();
    read_.back() = *before;
  }
  reader_.start_at(place.segment.sequence);
  while (reader_.next_sequence() < opened_.segments()) {
    const auto segment = reader_.next();
    if (!segment) return segment.error();
    if (const auto checked = check_records(segment->header, segment->raw); !checked) {
      return SegmentReader::bad_segment(segment->header, checked.error());
    }
    std::shift_left(read_.begin(), read_.end(), 1);
    read_.back() = segment->header;
    records.feed(segment->raw);
    if (records.is_over()) return records.failure();
  }
  records.settle();
  return records.failure();
}

std::optional<ReopenedPlace> KeptPart::place_at(std::uint64_t offset) const {
  for (std::size_t i = 1; i < read_.size(); ++i) {
    if (read_[i] && read_[i]->start.offset == offset) return ReopenedPlace{*read_[i], read_[i - 1]};
  }
  return std::nullopt;
}

}  // namespace zsluice::pipeline
