// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/store/segment_error.hpp"

namespace zsluice::storage {

SegmentErrorKind kind_of(SegmentErrorCode code) {
  if (code <= SegmentErrorCode::unknown_version) return SegmentErrorKind::header;
  if (code <= SegmentErrorCode::bad_end) return SegmentErrorKind::contents;
  if (code <= SegmentErrorCode::raw_damaged) return SegmentErrorKind::payload;
  if (code <= SegmentErrorCode::wrong_store_id) return SegmentErrorKind::records;
  if (code <= SegmentErrorCode::hmac_unavailable) return SegmentErrorKind::key;
  return SegmentErrorKind::link;
}

}  // namespace zsluice::storage
