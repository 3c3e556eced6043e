// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/resume/selection.hpp"

#include "resume/place.hpp"

namespace zsluice::resume {

// All of a block is what a point before its first object needs.
Selection::Selection(drr::ResumePoint point, bool object_is_there, bool needs_block)
    : point_(point), takes_all_(!object_is_there) {
  if (needs_block) point_ = {.object = point.object - point.object % drr::kDnodeSlotsPerBlock};
}

bool Selection::needs(const drr::RecordView& record) {
  if (takes_all_) return true;
  switch (place_of(record, point_)) {
    case Place::before:
      return false;
    case Place::range:
    case Place::tail_free:
    case Place::old_spill:
      return true;
    case Place::object:
      object_seen_ = true;
      return true;
    // Before the object's own record it has been received, and to free the object again would lose
    // what was received since.
    case Place::free_objects:
      takes_all_ = object_seen_;
      return takes_all_;
    case Place::behind:
      // Data of earlier objects may still follow.
      takes_all_ = !is_later_head(record, point_);
      return true;
    case Place::straddling:
      takes_all_ = true;
      return true;
  }
  return true;
}

}  // namespace zsluice::resume
