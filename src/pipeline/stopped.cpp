// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/stopped.hpp"

#include "pipeline/read_all.hpp"

namespace zsluice::pipeline {
namespace {

using drr::Step;

// Reads every stream, up to the end or the first fault: people store an increment behind its base,
// and the last one is what may be cut off.
class StoppedReader {
 public:
  explicit StoppedReader(const drr::CheckerOptions& options) : checker_(options) {}

  void feed(ByteSpan bytes) {
    bytes_ += bytes.size();
    while (!is_over()) {
      const Step step = checker_.next(bytes);
      if (step == Step::need_input) return;
      on_step(step);
    }
  }
  void finish() {
    if (!is_over()) on_step(checker_.finish());
  }
  void abandon() {}

  [[nodiscard]] bool is_over() const { return failure_ || fault_; }
  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_.get(); }
  [[nodiscard]] const std::optional<drr::Fault>& fault() const { return fault_; }
  [[nodiscard]] const resume::Stopped& stopped() const { return stopped_.stopped(); }
  [[nodiscard]] bool has_unproven_records() const { return has_unproven_records_; }
  [[nodiscard]] std::uint64_t streams() const { return streams_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t proven_bytes() const { return checker_.watermark(); }

 private:
  void on_step(Step step) {
    if (step == Step::fault) {
      const drr::Fault& fault = checker_.fault();
      if (drr::kind_of(fault.code) == drr::FaultKind::refused) {
        failure_.set(fault);
      } else {
        fault_ = fault;
      }
      return;
    }
    if (step == Step::record) note_proof();
    if (step == Step::stream_end) ++streams_;
    stopped_.take(step, checker_.parser());
  }

  void note_proof() {
    const drr::Parser& parser = checker_.parser();
    if (parser.role() == drr::Role::substream_begin) has_unproven_records_ = false;
    if (parser.role() == drr::Role::body && !parser.record_proven()) has_unproven_records_ = true;
  }

  drr::StreamChecker checker_;
  bool has_unproven_records_ = false;
  resume::StoppedAt stopped_;
  FirstFailure failure_;
  std::optional<drr::Fault> fault_;
  std::uint64_t streams_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace

StoppedReport run_stopped(const drr::CheckerOptions& options, io::ByteSource& source) {
  StoppedReader reader(options);
  const std::optional<io::SourceError> error = read_all(source, reader);
  StoppedReport report;
  report.failure = judge_reading(source, error, reader);
  report.stopped = reader.stopped();
  report.fault = reader.fault();
  report.has_unproven_records = reader.has_unproven_records();
  report.streams = reader.streams();
  report.bytes = reader.bytes();
  report.proven_bytes = reader.proven_bytes();
  return report;
}

}  // namespace zsluice::pipeline
