// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/record_search.hpp"

#include <algorithm>

namespace zsluice::drr {

bool RecordSearch::next(ByteSpan& input) {
  return search_seam(input) || search_piece(input);
}

// Places that begin in an earlier piece.
bool RecordSearch::search_seam(ByteSpan& input) {
  if (seam_bytes_ == 0) return false;
  const ByteSpan head = input.first(std::min(input.size(), kRecordBytes - 1));
  std::copy(head.begin(), head.end(), seam_.begin() + static_cast<std::ptrdiff_t>(seam_bytes_));
  const std::size_t there = seam_bytes_ + head.size();
  std::size_t at = 0;
  for (; at < seam_bytes_ && there - at >= kRecordBytes; ++at) {
    if (!is_record(&seam_[at])) continue;
    found(&seam_[at]);
    skipped_ += at;
    input = input.subspan(at + kRecordBytes - seam_bytes_);
    seam_bytes_ = 0;
    return true;
  }
  skipped_ += at;
  if (at == seam_bytes_) {
    seam_bytes_ = 0;
    return false;
  }
  // The piece was too short to judge all of them: it joins the seam.
  std::copy(seam_.begin() + static_cast<std::ptrdiff_t>(at),
            seam_.begin() + static_cast<std::ptrdiff_t>(there), seam_.begin());
  seam_bytes_ = there - at;
  input = {};
  return false;
}

bool RecordSearch::search_piece(ByteSpan& input) {
  std::size_t at = 0;
  for (; input.size() - at >= kRecordBytes; ++at) {
    if (!is_record(&input[at])) continue;
    found(&input[at]);
    skipped_ += at;
    input = input.subspan(at + kRecordBytes);
    return true;
  }
  skipped_ += at;
  const ByteSpan rest = input.subspan(at);
  std::copy(rest.begin(), rest.end(), seam_.begin() + static_cast<std::ptrdiff_t>(seam_bytes_));
  seam_bytes_ += rest.size();
  input = {};
  return false;
}

void RecordSearch::found(const std::byte* bytes) {
  std::copy_n(bytes, kRecordBytes, found_.begin());
}

bool RecordSearch::is_record(const std::byte* bytes) const {
  const RecordView record(bytes, order_);
  const std::uint32_t code = record.type_code();
  if (code == 0) return finds_begins_ && begin_byte_order(bytes).has_value();
  if (code >= kRecordTypes || toguid_ == 0 || toguid_of(record) != toguid_) return false;
  return payload_bytes(record).value_or(kPayloadBytesMax + 1) <= kPayloadBytesMax;
}

}  // namespace zsluice::drr
