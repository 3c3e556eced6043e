// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/stream_checker.hpp"

#include <algorithm>

namespace zsluice::drr {

Step StreamChecker::next(ByteSpan& input) {
  if (record_pending_) {
    record_pending_ = false;
    return is_pending_judged_ ? Step::record : judge_record();
  }
  if (broken_rule_) return Step::fault;
  const Step step = parser_.next(input);
  return step == Step::record ? judge_record() : step;
}

Step StreamChecker::finish() {
  return broken_rule_ ? Step::fault : parser_.finish();
}

Step StreamChecker::judge_record() {
  if (begin_violation_) {
    const Violation violation = *begin_violation_;
    begin_violation_.reset();
    is_pending_judged_ = false;  // so far this record has only proven BEGIN
    return fail(violation, begin_note_);
  }
  const bool is_begin = parser_.role() == Role::substream_begin;
  if (is_begin) rules_suspended_ = false;
  // The rules are for fields that the sender wrote. Of a record at which a damage showed nobody
  // knows that, nor of one without a checksum.
  const bool is_doubtful = record_doubtful_ && !is_begin;
  record_doubtful_ = false;
  if (is_doubtful || rules_suspended_) return Step::record;
  const std::optional<Violation> violation = rules_.check(parser_.role(), parser_.record());
  if (!violation || (!is_begin && !parser_.record_proven())) return Step::record;
  if (is_begin) {
    begin_violation_ = violation;
    begin_note_ = parser_.current();
    return Step::record;
  }
  is_pending_judged_ = true;
  return fail(*violation, parser_.current());
}

Step StreamChecker::fail(const Violation& violation, const RecordNote& at) {
  broken_rule_ = true;
  rule_fault_ = {.code = FaultCode::rule_broken,
                 .begin = std::min(at.stream_offset, parser_.watermark()),
                 .end = parser_.consumed(),
                 .first = at,
                 .at = at,
                 .found = violation.found,
                 .limit = 0,
                 .rule = violation.rule,
                 .expected = {},
                 .computed = {}};
  return Step::fault;
}

bool StreamChecker::reanchor() {
  if (broken_rule_) {
    broken_rule_ = false;
    record_pending_ = true;
    return true;
  }
  const bool is_begin_in_doubt =
      parser_.fault().first.type_code == static_cast<std::uint32_t>(RecordType::begin);
  if (!parser_.reanchor()) return false;
  start_afresh(is_begin_in_doubt);
  return true;
}

bool StreamChecker::resume_at(ByteSpan record, std::uint64_t skipped) {
  const bool is_begin_in_doubt =
      parser_.fault().first.type_code == static_cast<std::uint32_t>(RecordType::begin);
  if (!parser_.resume_at(record, skipped)) return false;
  start_afresh(is_begin_in_doubt);
  return true;
}

// Behind a damage: what the rules remember may be wrong.
void StreamChecker::start_afresh(bool is_begin_in_doubt) {
  rules_.forget_position();
  begin_violation_.reset();
  record_doubtful_ = true;
  rules_suspended_ = rules_suspended_ || is_begin_in_doubt;
}

}  // namespace zsluice::drr
