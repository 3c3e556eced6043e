// SPDX-License-Identifier: BSD-2-Clause
// An independent statement of what a resumed stream must hold: all that the stored one says of
// anything at the point or behind it, in the same order, and nothing else. A receiver does not
// notice a gap.
#pragma once

#include "resume/stream_records.hpp"

#include <string>
#include <vector>

namespace zsluice::test {

// The token's target for the substream of this BEGIN.
[[nodiscard]] resume::Target target_of_begin(const ProvenRecord& begin, drr::ResumePoint point);

// The point of a record and its neighbours.
[[nodiscard]] std::vector<drr::ResumePoint> points_at(const ProvenRecord& record);

// `stored` and `made`: a substream each, from BEGIN to END. Empty: nothing is lost. Else what is,
// or what is there and was never stored.
[[nodiscard]] std::string lost_records(const std::vector<ProvenRecord>& stored,
                                       const std::vector<ProvenRecord>& made,
                                       drr::ResumePoint point);

}  // namespace zsluice::test
