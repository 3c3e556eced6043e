// SPDX-License-Identifier: BSD-2-Clause
#include "resume/place.hpp"

#include <optional>

namespace zsluice::resume {
namespace {

using drr::RecordType;
using drr::RecordView;
using drr::ResumePoint;

struct Extent {
  std::uint64_t object = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// Of a record that speaks of a part of an object's data.
std::optional<Extent> extent_of(RecordType type, const RecordView& record) {
  switch (type) {
    case RecordType::write: {
      const drr::WriteRecord write = drr::decode_write(record);
      return Extent{write.object, write.offset, write.logical_bytes};
    }
    case RecordType::write_embedded: {
      const drr::EmbeddedRecord write = drr::decode_embedded(record);
      return Extent{write.object, write.offset, write.length};
    }
    case RecordType::write_byref: {
      const drr::WriteByrefRecord write = drr::decode_write_byref(record);
      return Extent{write.object, write.offset, write.length};
    }
    case RecordType::free:
    case RecordType::redact: {
      const drr::FreeRecord free = drr::decode_free(record);
      return Extent{free.object, free.offset, free.length};
    }
    case RecordType::begin:
    case RecordType::object:
    case RecordType::free_objects:
    case RecordType::end:
    case RecordType::spill:
    case RecordType::object_range:
      break;
  }
  return std::nullopt;
}

Place place_of_extent(const Extent& extent, ResumePoint point) {
  if (extent.object != point.object) {
    return extent.object < point.object ? Place::before : Place::behind;
  }
  if (extent.offset >= point.offset) return Place::behind;
  return extent.length > point.offset - extent.offset ? Place::straddling : Place::before;
}

// `covering`: the place of a run that holds the object.
Place place_of_run(const RecordView& record, ResumePoint point, Place covering) {
  const drr::ObjectRunRecord run = drr::decode_object_run(record);
  if (run.first_object > point.object) return Place::behind;
  return run.objects > point.object - run.first_object ? covering : Place::before;
}

Place place_of_whole(std::uint64_t object, ResumePoint point, Place same) {
  if (object == point.object) return same;
  return object < point.object ? Place::before : Place::behind;
}

}  // namespace

std::optional<Place> head_of(const RecordView& record) {
  const Place place = place_of(record, {.object = begin_of(record).object, .offset = 0});
  switch (place) {
    case Place::range:
    case Place::free_objects:
    case Place::object:
    case Place::tail_free:
    case Place::old_spill:
      return place;
    case Place::before:
    case Place::straddling:
    case Place::behind:
      break;
  }
  return std::nullopt;
}

bool is_later_head(const RecordView& record, ResumePoint point) {
  const std::uint64_t object = begin_of(record).object;
  return object > point.object &&
         drr::dnode_block_of(object) == drr::dnode_block_of(point.object) &&
         head_of(record).has_value();
}

bool is_of_saved(const RecordView& record, std::uint64_t toguid) {
  return drr::toguid_of(record) != toguid;
}

bool brings_data(const RecordView& record) {
  if (record.type_code() >= drr::kRecordTypes) return false;
  switch (static_cast<RecordType>(record.type_code())) {
    case RecordType::write:
    case RecordType::write_embedded:
    case RecordType::write_byref:
    case RecordType::redact:
      return true;
    case RecordType::begin:
    case RecordType::object:
    case RecordType::free_objects:
    case RecordType::free:
    case RecordType::end:
    case RecordType::spill:
    case RecordType::object_range:
      break;
  }
  return false;
}

ResumePoint begin_of(const RecordView& record) {
  const drr::RecordPlace place = drr::place_of(record);
  return {.object = place.object.value_or(0), .offset = place.offset.value_or(0)};
}

ResumePoint end_of(const RecordView& record) {
  const auto type = static_cast<RecordType>(record.type_code());
  if (type == RecordType::object_range || type == RecordType::free_objects) {
    return {.object = drr::decode_object_run(record).first_object, .offset = 0};
  }
  const std::optional<Extent> extent = extent_of(type, record);
  if (!extent) return {.object = drr::place_of(record).object.value_or(0), .offset = 0};
  // The FREE of all behind an object's end comes before its data.
  if (extent->length == drr::kFreeToEnd) return {.object = extent->object, .offset = 0};
  return {.object = extent->object, .offset = extent->offset + extent->length};
}

Place place_of(const RecordView& record, ResumePoint point) {
  if (record.type_code() >= drr::kRecordTypes) return Place::behind;
  const auto type = static_cast<RecordType>(record.type_code());
  switch (type) {
    case RecordType::object_range:
      return place_of_run(record, point, Place::range);
    case RecordType::free_objects:
      return place_of_run(record, point, Place::free_objects);
    case RecordType::object:
      return place_of_whole(drr::decode_object(record).object, point, Place::object);
    case RecordType::spill: {
      const drr::SpillRecord spill = drr::decode_spill(record);
      const bool is_old = (spill.flags & drr::kFlagSpill) != 0;
      return place_of_whole(spill.object, point, is_old ? Place::old_spill : Place::behind);
    }
    case RecordType::free: {
      const drr::FreeRecord free = drr::decode_free(record);
      if (free.object == point.object && free.length == drr::kFreeToEnd) return Place::tail_free;
      break;
    }
    case RecordType::begin:
    case RecordType::write:
    case RecordType::end:
    case RecordType::write_byref:
    case RecordType::write_embedded:
    case RecordType::redact:
      break;
  }
  const std::optional<Extent> extent = extent_of(type, record);
  return extent ? place_of_extent(*extent, point) : Place::behind;
}

}  // namespace zsluice::resume
