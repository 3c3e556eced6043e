// SPDX-License-Identifier: BSD-2-Clause
// Selection: which records of a stored substream a stream that resumes at (object, offset) must
// have. It holds a few words and is asked once per record, in stream order.
//
// `zfs receive` does not notice a gap, so whatever is in doubt is sent: never less.
//
// | the stored substream                          | what is sent                                  |
// |-----------------------------------------------|-----------------------------------------------|
// | has the point (PointSearch)                   | the OBJECT_RANGE that covers it, its OBJECT,  |
// |                                               | its FREE to the end, its SPILLs, its data     |
// |                                               | from the offset on; all that follows          |
// | announces all objects of a block before their | the same, and between them what announces     |
// | data                                          | later objects                                 |
// | does that, and the offset is 0                | all of the object's block of dnodes;          |
// |                                               | all that follows                              |
// | has it not: no OBJECT of that number, or no   | every record from the first one on            |
// | data that begins at the offset or spans it    |                                               |
// | a record begins before the offset and ends    | it, whole                                     |
// | behind it                                     |                                               |
// | records are not in ascending order            | all behind the first one that is needed       |
// | a type that is not known                      | it, and all that follows                      |
#pragma once

#include "zsluice/drr/begin_payload.hpp"
#include "zsluice/drr/record.hpp"

namespace zsluice::resume {

class Selection {
 public:
  // `object_is_there`, `needs_block`: as FoundPoint has them.
  Selection(drr::ResumePoint point, bool object_is_there, bool needs_block = false);

  // For each record between BEGIN and END.
  [[nodiscard]] bool needs(const drr::RecordView& record);

 private:
  drr::ResumePoint point_;
  bool object_seen_ = false;
  bool takes_all_;
};

}  // namespace zsluice::resume
