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
      decide(false);
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
  switch (place_of(record, target_.point)) {
    case Place::range:
      if (!range_) range_ = stream_offset;
      break;
    case Place::object:
      if (!object_) object_ = stream_offset;
      if (target_.point.offset == 0) decide(true);
      break;
    case Place::straddling:
      decide(object_.has_value());
      break;
    case Place::behind: {
      const drr::RecordPlace place = drr::place_of(record);
      const bool same_object = place.object == target_.point.object;
      if (same_object && place.offset == target_.point.offset) {
        decide(object_.has_value());
      } else if (!same_object) {
        decide(false);
      }
      break;
    }
    case Place::before:
    case Place::free_objects:
    case Place::tail_free:
    case Place::old_spill:
      break;
  }
}

void PointSearch::decide(bool is_placed) {
  phase_ = Phase::decided;
  found_.object_is_there = is_placed;
  if (is_placed) {
    found_.first_offset = range_.value_or(*object_);
  } else if (first_body_) {
    found_.first_offset = *first_body_;
  }
}

Result<FoundPoint, Refusal> PointSearch::result() const {
  if (met_substream_) return found_;
  if (refusal_) return Unexpected{*refusal_};
  if (other_origin_) {
    return Unexpected{Refusal{
        .code = RefusalCode::other_origin, .wanted = target_.fromguid, .found = *other_origin_}};
  }
  return Unexpected{Refusal{.code = RefusalCode::unknown_snapshot, .wanted = target_.toguid}};
}

}  // namespace zsluice::resume
