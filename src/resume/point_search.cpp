// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/resume/point_search.hpp"

#include "resume/place.hpp"

namespace zsluice::resume {

using drr::Role;

void PointSearch::add(Role role,
                      const drr::RecordView& record,
                      ByteSpan payload,
                      std::uint64_t stream_offset) {
  if (phase_ == Phase::decided) return;
  switch (role) {
    case Role::package_begin:
      package_offset_ = stream_offset;
      break;
    case Role::package_header_end:
      break;
    case Role::package_end:
      package_offset_.reset();
      break;
    case Role::substream_begin:
      take_begin(record, payload, stream_offset);
      break;
    case Role::body:
      if (phase_ == Phase::inside) take_body(record, stream_offset);
      break;
    case Role::substream_end:
      if (phase_ != Phase::inside) break;
      if (!first_body_) first_body_ = stream_offset;
      end();
      break;
  }
}

void PointSearch::take_begin(const drr::RecordView& record,
                             ByteSpan payload,
                             std::uint64_t stream_offset) {
  const drr::BeginRecord begin = drr::decode_begin(record);
  ++substreams_;
  if (seen_.size() < kSeenMax) {
    seen_.push_back({begin.toguid, begin.fromguid, std::string(begin.toname)});
  }
  if (begin.toguid != target_.toguid) return;
  if (begin.fromguid != target_.fromguid) {
    if (!other_origin_) other_origin_ = begin.fromguid;
    return;
  }
  // One that will not do: another one behind it may.
  if (const auto refused = refusal_of(target_, record, payload)) {
    if (!refusal_) refusal_ = refused;
    return;
  }
  met_substream_ = true;
  phase_ = Phase::inside;
  found_.stream_offset = package_offset_.value_or(stream_offset);
  found_.substream_offset = stream_offset;
  found_.in_package = package_offset_.has_value();
  found_.first_offset = stream_offset + drr::kRecordBytes + payload.size();
}

void PointSearch::take_body(const drr::RecordView& record, std::uint64_t stream_offset) {
  if (!first_body_) first_body_ = stream_offset;
  is_saved_ = is_saved_ || is_of_saved(record, target_.toguid);
  if (head_of(record)) {
    take_head(record, stream_offset);
  } else {
    take_data(record, stream_offset);
  }
}

// An OBJECT is the place itself, if its block of dnodes was not announced as a whole: when data of
// the block stands before it, or no other OBJECT. Else the next data tells.
void PointSearch::take_head(const drr::RecordView& record, std::uint64_t stream_offset) {
  const Place place = place_of(record, target_.point);
  const std::uint64_t block = drr::dnode_block_of(begin_of(record).object);
  const std::uint64_t block_of_point = drr::dnode_block_of(target_.point.object);
  if (block > block_of_point) {
    decide(is_met());
  } else if (place == Place::range) {
    if (!range_) range_ = stream_offset;
  } else if (place == Place::object) {
    if (!object_) object_ = stream_offset;
    if (is_met() && (block_has_data_ || !earlier_)) decide(true);
  } else if (place == Place::before && block == block_of_point &&
             head_of(record) == Place::object) {
    if (!earlier_) earlier_ = stream_offset;
  }
}

void PointSearch::take_data(const drr::RecordView& record, std::uint64_t stream_offset) {
  if (is_saved_ && !brings_data(record)) return;
  const drr::ResumePoint begin = begin_of(record);
  switch (place_of(record, target_.point)) {
    case Place::before:
      if (drr::dnode_block_of(begin.object) != drr::dnode_block_of(target_.point.object)) break;
      if (is_met()) {
        found_.needs_block = true;
        decide(true);
      }
      block_has_data_ = true;
      break;
    case Place::straddling:
      data_ = stream_offset;
      decide(true);
      break;
    case Place::behind:
      if (begin == target_.point && drr::place_of(record).offset) {
        data_ = stream_offset;
        decide(true);
      } else if (begin.object != target_.point.object) {
        decide(is_met());
      }
      break;
    case Place::range:
    case Place::free_objects:
    case Place::object:
    case Place::tail_free:
    case Place::old_spill:
      break;
  }
}

// A saved stream has no END: what has one is whole, whatever guids its records have.
void PointSearch::end() {
  const bool is_placed = is_met();
  is_saved_ = false;
  decide(is_placed);
}

// That a saved stream has no data at the point is not known before its end.
void PointSearch::decide(bool is_placed) {
  if (is_saved_ && !is_placed) return;
  phase_ = Phase::decided;
  found_.object_is_there = is_placed;
  if (!is_placed) {
    if (first_body_) found_.first_offset = *first_body_;
  } else if (range_) {
    found_.first_offset = *range_;
  } else if (found_.needs_block) {
    found_.first_offset = *earlier_;
  } else {
    found_.first_offset = object_ ? *object_ : *data_;
  }
}

Result<FoundPoint, Refusal> PointSearch::result() const {
  // Who stands at (1, 0) has received no data.
  const bool has_data = is_before({.object = 1, .offset = 0}, target_.point);
  if (met_substream_ && is_saved_ && has_data && !found_.object_is_there) {
    return Unexpected{Refusal{.code = RefusalCode::saved_before,
                              .wanted = target_.point.object,
                              .wanted_offset = target_.point.offset}};
  }
  if (met_substream_) return found_;
  if (refusal_) return Unexpected{*refusal_};
  if (other_origin_) {
    return Unexpected{Refusal{
        .code = RefusalCode::other_origin, .wanted = target_.fromguid, .found = *other_origin_}};
  }
  return Unexpected{Refusal{.code = RefusalCode::unknown_snapshot, .wanted = target_.toguid}};
}

}  // namespace zsluice::resume
