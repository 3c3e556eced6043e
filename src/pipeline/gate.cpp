// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/gate.hpp"

#include <algorithm>

namespace zsluice::pipeline {

using drr::FaultCode;
using drr::Role;
using drr::Step;

void Gate::feed(ByteSpan bytes) {
  fed_ += bytes.size();
  fed_begin_ = false;
  while (!failure_ && phase_ == Phase::stream) {
    fed_begin_ = fed_begin_ || begin_may_follow_;
    const Step step = checker_.next(bytes);
    if (step == Step::need_input) {
      // Foreign data need not wait until there is as much of it as a record has bytes.
      const bool may_pass = options_.any_data && records_ == 0 && streams_ == 0;
      if (!may_pass || checker_.parser().may_be_a_stream()) return;
      phase_ = Phase::any_data;
    } else {
      on_step(step);
      if (observer_ != nullptr && !failure_) tell(step);
    }
  }
  if (failure_) return;
  if (phase_ == Phase::any_data) {
    release_to(fed_);
  } else if (phase_ == Phase::after_end) {
    trailing_.add(bytes);
  }
}

void Gate::on_step(Step step) {
  switch (step) {
    case Step::record:
      on_record();
      break;
    case Step::payload:
      if (begin_held_) {
        collector_.add(checker_.parser().payload());
      } else if (options_.allow_unproven && !checker_.parser().record_proven()) {
        release_to(checker_.parser().consumed());
      }
      break;
    case Step::stream_end:
      on_stream_end();
      break;
    case Step::fault:
      on_fault();
      break;
    case Step::need_input:
      break;
  }
}

void Gate::tell(Step step) {
  if (step == Step::record) observer_->on_record(checker_.parser());
  if (step == Step::payload) observer_->on_payload(checker_.parser());
  if (step == Step::stream_end) observer_->on_stream_end();
}

void Gate::on_record() {
  ++records_;
  begin_may_follow_ = checker_.parser().role() != Role::body;
  switch (checker_.parser().role()) {
    case Role::package_begin:
    case Role::substream_begin:
      on_begin();
      return;
    case Role::package_header_end:
      on_begin_proven();
      if (auto refusal = policy_.judge_package(collector_.begin(), collector_.payload())) {
        fail(std::move(*refusal));
      }
      collector_.clear();
      return;  // held on: the first substream's BEGIN is judged with it
    case Role::package_end:
      if (auto refusal = policy_.judge_package_end()) return fail(std::move(*refusal));
      if (begin_held_) refuse_repeated();  // an empty package: nothing more to judge
      begin_held_ = false;
      break;
    case Role::body:
    case Role::substream_end:
      if (begin_held_) judge_held();
      break;
  }
  on_proof();
}

void Gate::on_begin() {
  const drr::Parser& parser = checker_.parser();
  const bool starts_stream = parser.role() == Role::package_begin || !parser.in_package();
  collector_.start(parser);
  begin_held_ = true;
  if (starts_stream) {
    const ByteSpan record = parser.record().bytes();
    std::copy(record.begin(), record.end(), first_begin_.begin());
    seen_.start();
  }
  if (parser.role() != Role::substream_begin) return;
  ++substreams_;
  substream_offset_ = parser.current().stream_offset;
}

void Gate::note_substream() {
  const drr::BeginRecord& begin = collector_.begin();
  snapshot_bytes_ = std::min(begin.toname.size(), snapshot_.size());
  std::copy_n(begin.toname.begin(), snapshot_bytes_, snapshot_.begin());
  toguid_ = begin.toguid;
}

std::optional<std::uint64_t> Gate::object() const {
  return checker_.parser().current().place.object;
}

// The BEGIN that is held has been proven by the record just read.
void Gate::on_begin_proven() {
  unknown_features_ |= collector_.begin().features & ~drr::feature::kKnown;
  if (!identity_complete_) seen_.add(collector_.record().bytes(), collector_.payload());
}

void Gate::refuse_repeated() {
  identity_complete_ = true;
  if (seen_.complete() && !options_.trailing_data) fail(RepeatedStream{stream_start_});
}

void Gate::judge_held() {
  on_begin_proven();
  note_substream();
  if (auto refusal = policy_.judge_substream(collector_.begin(), collector_.payload())) {
    return fail(std::move(*refusal));
  }
  if (!identity_complete_) refuse_repeated();
  begin_held_ = false;
  collector_.clear();
}

void Gate::on_proof() {
  if (failure_) return;
  const drr::Parser& parser = checker_.parser();
  if (parser.record_proven()) return release_to(parser.watermark());
  ++records_unproven_;
  if (!options_.allow_unproven) return fail(UnprovenRecord{parser.current()});
  release_to(parser.consumed());
}

void Gate::release_to(std::uint64_t offset) {
  if (begin_held_ || offset <= releasable_) return;
  if (auto refusal = policy_.judge_size(offset - stream_start_)) return fail(std::move(*refusal));
  releasable_ = offset;
}

void Gate::on_stream_end() {
  ++streams_;
  stream_start_ = checker_.parser().consumed();
  if (!options_.concatenated && !options_.trailing_data) {
    phase_ = Phase::after_end;
    return;
  }
  identity_complete_ = false;
  policy_.start_stream();
}

void Gate::on_fault() {
  const drr::Fault& fault = checker_.fault();
  // Before the magic has been seen whole nothing says that it is a stream.
  const bool is_too_short =
      fault.code == FaultCode::truncated_header && fault.found < drr::kBeginMagicEnd;
  const bool is_no_stream = fault.code == FaultCode::not_a_stream || is_too_short;
  const bool is_foreign = streams_ == 0 && records_ == 0 && options_.any_data;
  const bool is_trailing_data =
      streams_ > 0 && fault.at.stream_offset == stream_start_ && options_.trailing_data;
  if (is_no_stream && (is_foreign || is_trailing_data)) {
    phase_ = Phase::any_data;
    return release_to(fed_);
  }
  if (fault.code == FaultCode::not_a_stream && streams_ > 0) {
    phase_ = Phase::after_end;
    trailing_.add(checker_.parser().record().bytes().first(fault.end - fault.begin));
    return;
  }
  release_to(checker_.watermark());
  fail(fault);
}

void Gate::trust(std::uint64_t offset) {
  if (!failure_ && phase_ == Phase::stream) release_to(std::min(offset, fed_));
}

std::uint64_t Gate::bytes_to_hold() const {
  const drr::Parser& parser = checker_.parser();
  const std::uint64_t proof = parser.consumed() + parser.payload_bytes_left() + drr::kRecordBytes;
  return proof - releasable_ + collector_.memory_bytes();
}

void Gate::finish() {
  if (failure_ || phase_ == Phase::any_data) return;
  if (phase_ == Phase::stream && checker_.finish() == Step::fault) on_fault();
  if (!failure_ && phase_ == Phase::after_end && trailing_.count() > 0) {
    fail(trailing_.result(stream_start_, first_begin_));
  }
}

}  // namespace zsluice::pipeline
