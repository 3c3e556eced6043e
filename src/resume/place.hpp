// SPDX-License-Identifier: BSD-2-Clause
// Where a record of a substream lies, seen from a resume point (object, offset).
#pragma once

#include "zsluice/drr/begin_payload.hpp"
#include "zsluice/drr/record.hpp"

#include <cstdint>

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

// How far a stream goes that ends with this record.
[[nodiscard]] drr::ResumePoint end_of(const drr::RecordView& record);
[[nodiscard]] Place place_of(const drr::RecordView& record, drr::ResumePoint point);

}  // namespace zsluice::resume
