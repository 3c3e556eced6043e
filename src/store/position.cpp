// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/store/position.hpp"

#include "base/check.hpp"

namespace zsluice::storage {

using drr::RecordType;
using drr::Role;

std::optional<drr::StreamPlace> stream_place(const Position& position) {
  using Inside = drr::StreamPlace::Inside;
  if (position.framing == Framing::outside) {
    ZSLUICE_CHECK(position == Position{});
    return std::nullopt;
  }
  const Inside inside = position.framing == Framing::package_header ? Inside::package_header
                        : position.framing == Framing::package      ? Inside::package
                        : position.framing == Framing::substream    ? Inside::substream
                                                                    : Inside::package_substream;
  return drr::StreamPlace{.inside = inside,
                          .order = position.order,
                          .toguid = position.toguid,
                          .features = position.features,
                          .begin_flags = position.begin_flags,
                          .sum = position.sum,
                          .record = position.records,
                          .offset = position.offset};
}

drr::Parser parser_at(const Position& position, drr::ParserOptions options) {
  const auto place = stream_place(position);
  return place ? drr::Parser(*place, options) : drr::Parser(options);
}

void PositionTracker::meet(const drr::RecordView& record,
                           Role role,
                           std::uint64_t payload_bytes,
                           const checksum::Fletcher4& sum) {
  ZSLUICE_CHECK(!has_met_);
  has_met_ = true;
  sum_ = sum;
  met_.role = role;
  met_.type_code = record.type_code();
  met_.order = record.order();
  met_.bytes = drr::kRecordBytes + payload_bytes;
  if (role == Role::body) {
    const drr::RecordPlace place = drr::place_of(record);
    met_.place = {.object = place.object.value_or(0), .offset = place.offset.value_or(0)};
  } else if (role == Role::substream_begin) {
    const drr::BeginRecord begin = drr::decode_begin(record);
    met_.toguid = begin.toguid;
    met_.features = begin.features;
    met_.begin_flags = begin.flags;
  }
}

void PositionTracker::settle() {
  if (!has_met_) return;
  has_met_ = false;
  switch (met_.role) {
    case Role::package_begin:
      settle_begin(Framing::package_header);
      break;
    case Role::package_header_end:
      leave(Framing::package);
      break;
    case Role::substream_begin:
      settle_begin(at_.framing == Framing::package ? Framing::package_substream
                                                   : Framing::substream);
      at_.toguid = met_.toguid;
      at_.features = met_.features;
      at_.begin_flags = met_.begin_flags;
      ++at_.substreams;
      break;
    case Role::body:
      settle_body();
      break;
    case Role::substream_end:
      leave(at_.framing == Framing::package_substream ? Framing::package : Framing::outside);
      break;
    case Role::package_end:
      leave(Framing::outside);
      break;
  }
  at_.offset += met_.bytes;
  ++at_.records;
}

void PositionTracker::settle_begin(Framing framing) {
  at_.framing = framing;
  at_.order = met_.order;
  at_.begin_at = at_.offset;
  at_.sum = sum_;
}

void PositionTracker::settle_body() {
  at_.sum = sum_;
  switch (static_cast<RecordType>(met_.type_code)) {
    case RecordType::object_range:
      at_.object_range_at = at_.offset;
      return;
    case RecordType::free_objects:
      return;
    case RecordType::object:
      at_.object_at = at_.offset;
      at_.object = met_.place.object;
      break;
    case RecordType::write:
    case RecordType::write_embedded:
      at_.write_at = at_.offset;
      at_.write = met_.place;
      break;
    case RecordType::begin:
    case RecordType::free:
    case RecordType::end:
    case RecordType::write_byref:
    case RecordType::spill:
    case RecordType::redact:
      break;
  }
  if (!places_) places_ = {.first = met_.place, .last = met_.place};
  places_->last = met_.place;
}

// Behind an END no sum is running, and nothing is known of a substream.
void PositionTracker::leave(Framing framing) {
  Position left;
  left.offset = at_.offset;
  left.records = at_.records;
  left.substreams = at_.substreams;
  left.framing = framing;
  at_ = left;
}

}  // namespace zsluice::storage
