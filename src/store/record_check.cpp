// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/store/record_check.hpp"

#include "store/error_of.hpp"
#include "zsluice/store/cutter.hpp"
#include "zsluice/store/segment_check.hpp"

#include <algorithm>

namespace zsluice::storage {
namespace {

using drr::Step;

// A BEGIN payload was within its writer's --max-header, whatever that was; here the segment bounds
// it.
constexpr drr::ParserOptions kOptions = {.limits = {.begin_payload_bytes = kRawBytesMax},
                                         .sum_payloads = true};

// Whether something can be read from there at all; headers that were decoded always can.
bool is_readable(const Position& start) {
  return start.framing != Framing::outside || start == Position{};
}

}  // namespace

RecordCheck::RecordCheck(const SegmentHeader& header, std::vector<Substream>* begun)
    : header_(header),
      begun_(begun),
      parser_(is_readable(header.start) ? parser_at(header.start, kOptions)
                                        : drr::Parser(kOptions)),
      tracker_(header.start) {
  if (header.start == Position{}) id_.emplace();
}

void RecordCheck::update(ByteSpan raw) {
  bytes_ += raw.size();
  // Nothing belongs behind the stream's end, or behind the payload's.
  if ((is_over_ && !raw.empty()) || bytes_ > header_.raw_bytes) is_wrong_ = true;
  while (!is_wrong_) {
    const Step step = parser_.next(raw);
    if (step == Step::need_input) return;
    take(step);
    // Behind the stream's end the parser would begin the next stream.
    if (!is_over_) continue;
    is_wrong_ = !raw.empty();
    return;
  }
}

void RecordCheck::take(Step step) {
  if (step == Step::fault) {
    is_wrong_ = true;
  } else if (step == Step::stream_end) {
    is_over_ = true;
  } else if (step == Step::record) {
    take_record();
  } else {
    if (id_) id_->update(parser_.payload());
    if (parser_.payload_bytes_left() == 0) tracker_.payload_end(parser_.running_sum());
  }
}

void RecordCheck::take_record() {
  tracker_.settle();
  const RecordMet met = record_met(parser_);
  tracker_.meet(met.record, met.role, met.payload_bytes, met.sum);
  if (id_ && met.offset == 0) {
    id_->update(met.record.bytes());
  } else if (id_) {
    store_id_ = id_->digest();
    id_.reset();
  }
  if (met.role != drr::Role::substream_begin) return;
  begin_end_ = met.offset + drr::kRecordBytes + met.payload_bytes;
  if (begun_ == nullptr || begun_count_ == header_.substreams_begun()) return;
  begun_->push_back(substream_of(met.record, met.offset));
  ++begun_count_;
}

Result<void, SegmentError> RecordCheck::finish() {
  using enum SegmentErrorCode;
  if (bytes_ != header_.raw_bytes || bytes_ == 0 || !is_readable(header_.start)) {
    return Unexpected{error_of(records_damaged, bytes_, header_.raw_bytes, bytes_)};
  }
  const bool is_whole = !is_wrong_ && parser_.payload_bytes_left() == 0;
  if (is_whole) tracker_.settle();
  if (!is_whole || tracker_.at().offset != parser_.consumed()) {
    const std::uint64_t at = std::max(tracker_.at().offset, parser_.current().stream_offset);
    return Unexpected{error_of(records_damaged, at - header_.start.offset)};
  }
  if (tracker_.at() != header_.end || tracker_.places() != header_.places) {
    return Unexpected{error_of(wrong_waypoint, bytes_)};
  }
  if (id_) store_id_ = id_->digest();
  if (!store_id_ || *store_id_ == header_.store_id) return {};
  return Unexpected{error_of(wrong_store_id, 0, header_.store_id, *store_id_)};
}

bool RecordCheck::ends_in_begin() const {
  return begin_end_ == header_.end.offset;
}

Result<void, SegmentError> check_records(const SegmentHeader& header,
                                         ByteSpan raw,
                                         std::vector<Substream>* begun) {
  RecordCheck check(header, begun);
  check.update(raw);
  return check.finish();
}

}  // namespace zsluice::storage
