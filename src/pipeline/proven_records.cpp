// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/proven_records.hpp"

#include <algorithm>

namespace zsluice::pipeline {

using drr::Role;
using drr::Step;

void ProvenRecords::feed(ByteSpan bytes) {
  while (!is_over() && !is_draining_) {
    const Step step = checker_.next(bytes);
    if (step == Step::need_input) return;
    on_step(step);
  }
  if (is_draining_) trailing_.add(bytes);
}

void ProvenRecords::finish() {
  if (is_over()) return;
  if (is_draining_) {
    if (trailing_.count() == 0) return;
    failure_.set(trailing_.result(checker_.parser().consumed(), first_));
    return;
  }
  const Step step = checker_.finish();
  if (step == Step::fault) on_step(step);
}

void ProvenRecords::settle() {
  if (!is_over() && is_pending_ && checker_.parser().payload_bytes_left() == 0) hand_over();
}

void ProvenRecords::on_step(Step step) {
  switch (step) {
    case Step::record:
      on_record();
      break;
    case Step::payload: {
      const ByteSpan piece = checker_.parser().payload();
      payload_.insert(payload_.end(), piece.begin(), piece.end());
      break;
    }
    case Step::fault:
      failure_.set(checker_.fault());
      break;
    case Step::stream_end:
      is_draining_ = after_end_ == AfterEnd::drain;
      break;
    case Step::need_input:
      break;
  }
}

void ProvenRecords::on_record() {
  const drr::Parser& parser = checker_.parser();
  const bool is_begin =
      parser.role() == Role::substream_begin || parser.role() == Role::package_begin;
  if (!is_begin && !parser.record_proven()) {
    failure_.set(UnprovenRecord{parser.current()});
    return;
  }
  // This header's checksum covers everything before it.
  if (is_pending_) hand_over();
  if (is_over()) return;
  is_pending_ = true;
  role_ = parser.role();
  order_ = parser.record().order();
  stream_offset_ = parser.current().stream_offset;
  std::ranges::copy(parser.record().bytes(), header_.begin());
  if (stream_offset_ == 0) first_ = header_;
  payload_.clear();
  payload_.reserve(parser.record_payload_bytes());
  // Behind an END comes no record that would prove it, and it needs none.
  const bool is_end = role_ != Role::body && !is_begin;
  if (is_end) hand_over();
}

void ProvenRecords::hand_over() {
  is_pending_ = false;
  const ProvenRecord record{role_, {header_.data(), order_}, payload_, stream_offset_};
  is_done_ = !sink_.take(record);
}

}  // namespace zsluice::pipeline
