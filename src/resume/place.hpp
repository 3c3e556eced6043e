// SPDX-License-Identifier: BSD-2-Clause
// Where a record of a substream lies, seen from a resume point (object, offset).
#pragma once

#include "zsluice/drr/begin_payload.hpp"
#include "zsluice/drr/record.hpp"

#include <cstdint>
#include <optional>

namespace zsluice::resume {

enum class Place : std::uint8_t {
  before,      // of an earlier object, or of this one and ends at the offset or before it
  straddling,  // of this object: begins before the offset and ends behind it
  behind,      // everything else: what follows, its modified SPILL, types that are not known
  // What stands before this object's data, and has to be there again wherever one starts:
  range,         // the OBJECT_RANGE that covers it
  free_objects,  // a FREEOBJECTS that covers it: possible only when the stream has no such object
  object,        // its OBJECT
  tail_free,     // the FREE of all that lies behind its end
  old_spill,     // its unmodified SPILL
};

// Of a record that announces objects and brings no data (OBJECT_RANGE, FREEOBJECTS, OBJECT, the
// FREE behind an object's end, an unmodified SPILL): what it would be if a point lay in its object.
[[nodiscard]] std::optional<Place> head_of(const drr::RecordView& record);

// It announces an object behind the point's that lies in the same block of dnodes.
[[nodiscard]] bool is_later_head(const drr::RecordView& record, drr::ResumePoint point);

// Of a substream whose BEGIN has that toguid: `zfs send --saved` made it. Its records have the guid
// of what is half received, and what was not received yet is a FREE or a FREEOBJECTS.
[[nodiscard]] bool is_of_saved(const drr::RecordView& record, std::uint64_t toguid);
// Not FREE: that may mean that nothing was received there (is_of_saved).
[[nodiscard]] bool brings_data(const drr::RecordView& record);

// Where a record begins, in the order in which records are sent.
[[nodiscard]] drr::ResumePoint begin_of(const drr::RecordView& record);
// How far a stream goes that ends with this record.
[[nodiscard]] drr::ResumePoint end_of(const drr::RecordView& record);
[[nodiscard]] Place place_of(const drr::RecordView& record, drr::ResumePoint point);

}  // namespace zsluice::resume
