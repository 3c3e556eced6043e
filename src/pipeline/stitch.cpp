// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/stitch.hpp"

#include "pipeline/judge_begin.hpp"
#include "pipeline/proven_records.hpp"
#include "pipeline/read_all.hpp"
#include "pipeline/stitched.hpp"
#include "zsluice/resume/stitch.hpp"

#include <utility>
#include <variant>

namespace zsluice::pipeline {
namespace {

// A stream that was cut off is what is expected here, unless nothing at all is there. What is
// damaged may well have held what is missing.
bool is_to_blame(const drr::Fault& fault, const resume::Refusal& lack) {
  if (drr::kind_of(fault.code) == drr::FaultKind::damaged) {
    return lack.code == resume::RefusalCode::gap ||
           lack.code == resume::RefusalCode::unknown_snapshot;
  }
  return lack.code == resume::RefusalCode::unknown_snapshot && lack.found == 0;
}

// One run: both inputs, one output.
class Stitching {
 public:
  Stitching(const StitchOptions& options, io::ByteSource& partial, io::BlockingWriter& out)
      : options_(options), partial_(partial), policy_(options.policy), out_(out) {}

  [[nodiscard]] bool take_partial(const ProvenRecord& record) {
    return put(record, stitcher_.add_partial(record.role, record.header, record.payload));
  }
  [[nodiscard]] bool take_continuation(const ProvenRecord& record) {
    if (!std::exchange(has_begun_, true) && !begin(record)) return false;
    return put(record, stitcher_.add_continuation(record.role, record.header, record.payload));
  }
  [[nodiscard]] StitchReport report(std::optional<Failure> failure_of_continuation);

 private:
  [[nodiscard]] bool begin(const ProvenRecord& record);
  [[nodiscard]] bool read_partial();
  [[nodiscard]] bool take_what_is_there();
  [[nodiscard]] bool put(const ProvenRecord& record, const resume::Stitcher::Answer& answer);
  bool fail(Failure failure) {
    failure_.set(std::move(failure));
    return false;
  }

  const StitchOptions& options_;
  io::ByteSource& partial_;
  drr::Policy policy_;
  io::BlockingWriter& out_;
  resume::Stitcher stitcher_;
  FirstFailure failure_;
  StitchReport report_;
  bool has_begun_ = false;
  // Where the partial stream ends or is damaged, which is no failure when it lies far enough.
  std::optional<drr::Fault> partial_fault_;
};

class PartialSink final : public RecordSink {
 public:
  explicit PartialSink(Stitching& stitching) : stitching_(stitching) {}
  bool take(const ProvenRecord& record) override { return stitching_.take_partial(record); }

 private:
  Stitching& stitching_;
};

class ContinuationSink final : public RecordSink {
 public:
  explicit ContinuationSink(Stitching& stitching) : stitching_(stitching) {}
  bool take(const ProvenRecord& record) override { return stitching_.take_continuation(record); }

 private:
  Stitching& stitching_;
};

bool Stitching::begin(const ProvenRecord& record) {
  if (const auto started = stitcher_.start(record.header, record.payload); !started) {
    return fail(started.error());
  }
  report_.toname = drr::decode_begin(record.header).toname;
  report_.failed_in_partial = !read_partial();
  return !report_.failed_in_partial;
}

bool Stitching::read_partial() {
  if (!take_what_is_there()) return false;
  const auto ended = stitcher_.partial_ended();
  if (ended) return true;
  if (!partial_fault_ || !is_to_blame(*partial_fault_, ended.error())) return fail(ended.error());
  report_.lack = ended.error();
  return fail(*partial_fault_);
}

// To its end or its first damage: what lies before that is good, and it is for the stitcher to say
// whether that is enough.
bool Stitching::take_what_is_there() {
  PartialSink sink(*this);
  ProvenRecords records(options_.checker, sink);
  const std::optional<io::SourceError> error = read_all(partial_, records);
  const std::optional<Failure> failure = judge_reading(partial_, error, records);
  if (failure_ || out_.error()) return false;
  if (!failure) return true;
  const auto* const fault = std::get_if<drr::Fault>(&*failure);
  if (fault == nullptr || drr::kind_of(fault->code) == drr::FaultKind::refused) {
    return fail(*failure);
  }
  partial_fault_ = *fault;
  return true;
}

bool Stitching::put(const ProvenRecord& record, const resume::Stitcher::Answer& answer) {
  if (!answer) return fail(answer.error());
  if (!*answer) return true;
  const resume::Piece& piece = **answer;
  if (record.role == drr::Role::substream_begin) {
    report_.toname = drr::decode_begin(record.header).toname;
  }
  if (auto verdict = judge_begin(policy_, record.role, {piece.header.data(), record.header.order()},
                                 piece.payload)) {
    return fail(*std::move(verdict));
  }
  out_.write(piece.header);
  out_.write(piece.payload);
  return !out_.error();
}

StitchReport Stitching::report(std::optional<Failure> failure_of_continuation) {
  out_.flush();
  report_.failure = failure_.get();
  if (!report_.failure && out_.error()) {
    report_.failure = IoFailure{IoSide::output, *out_.error(), out_.written(), false};
  }
  if (!report_.failure) {
    report_.failure = judge_stitched(stitcher_, std::move(failure_of_continuation));
  }
  report_.bytes_out = out_.written();
  report_.kept_bytes = stitcher_.kept_bytes();
  report_.is_in_package = stitcher_.is_in_package();
  return std::move(report_);
}

}  // namespace

StitchReport run_stitch(const StitchOptions& options,
                        io::ByteSource& partial,
                        io::ByteSource& continuation,
                        io::BlockingWriter& out) {
  Stitching stitching(options, partial, out);
  ContinuationSink sink(stitching);
  ProvenRecords records(options.checker, sink, AfterEnd::drain);
  const std::optional<io::SourceError> error = read_all(continuation, records);
  return stitching.report(judge_reading(continuation, error, records));
}

}  // namespace zsluice::pipeline
