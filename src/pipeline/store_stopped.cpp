// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/store_stopped.hpp"

#include "pipeline/segment_feed.hpp"
#include "pipeline/store_index.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace zsluice::pipeline {
namespace {

using drr::Step;
using resume::StopKind;
using storage::SegmentHeader;

class StoppedSpans final : public SpanReader {
 public:
  explicit StoppedSpans(const drr::CheckerOptions& options) : options_(options) {}

  void start_at(const std::optional<drr::StreamPlace>& place) override {
    checker_ = place ? drr::StreamChecker(*place, options_) : drr::StreamChecker(options_);
  }
  void feed(ByteSpan raw) override {
    for (;;) {
      const Step step = checker_.next(raw);
      if (step == Step::fault) failure_.set(checker_.fault());
      if (step == Step::fault || step == Step::need_input) return;
      stopped_.take(step, checker_.parser());
    }
  }
  void settle() override { stopped_.settle(); }
  [[nodiscard]] bool is_over() const override { return failure_.get().has_value(); }
  [[nodiscard]] const std::optional<Failure>& failure() const override { return failure_.get(); }
  [[nodiscard]] const drr::Parser& parser() const override { return checker_.parser(); }
  [[nodiscard]] const resume::Stopped& stopped() const { return stopped_.stopped(); }

 private:
  drr::CheckerOptions options_;
  drr::StreamChecker checker_;
  resume::StoppedAt stopped_;
  FirstFailure failure_;
};

class StoreStopped {
 public:
  StoreStopped(const StoreStoppedOptions& options, io::StoreFiles& files)
      : options_(options), files_(files), headers_(files, options.key), reader_(options.checker) {}

  StoreStoppedReport run();

 private:
  [[nodiscard]] std::optional<Failure> read(std::uint64_t segments);
  [[nodiscard]] std::vector<SegmentSpan> spans_before(StoreSeek& seek, const SegmentHeader& last);
  [[nodiscard]] std::optional<Failure> judge(const SegmentHeader& last) const;
  [[nodiscard]] resume::Stopped stopped() const;

  const StoreStoppedOptions& options_;
  io::StoreFiles& files_;
  StoreHeaders headers_;
  StoppedSpans reader_;
  std::optional<SegmentHeader> last_;
};

StoreStoppedReport StoreStopped::run() {
  StoreStoppedReport report;
  StoredSegments stored = count_segments(files_, headers_);
  report.failure = std::move(stored.failure);
  if (!report.failure && stored.count > 0) report.failure = headers_.judge_key(options_.no_auth);
  if (report.failure || stored.count == 0) return report;
  report.failure = read(stored.count);
  report.segments = stored.count;
  if (report.failure || !last_) return report;
  report.bytes = last_->end.offset;
  report.stopped = stopped();
  return report;
}

std::optional<Failure> StoreStopped::read(std::uint64_t segments) {
  const std::uint64_t last = segments - 1;
  last_ = headers_.at(last);
  std::vector<SegmentSpan> spans;
  if (last_) {
    headers_.demand_store_of(*last_);
    StoreSeek seek = headers_.seek(segments);
    spans = spans_before(seek, *last_);
  }
  // A last segment whose header cannot be believed is read, too: to say what is wrong with it.
  add_span(spans, {last, last});
  SegmentFeed feed({.key = options_.key, .no_auth = options_.no_auth, .store_id = {}}, headers_,
                   files_);
  feed.link_from(spans.front().first);
  for (const SegmentSpan& span : spans) {
    if (auto failure = feed.feed(span, reader_)) return failure;
    reader_.settle();
  }
  return last_ ? judge(*last_) : std::nullopt;
}

// What must be read before the last segment.
std::vector<SegmentSpan> StoreStopped::spans_before(StoreSeek& seek, const SegmentHeader& last) {
  std::vector<SegmentSpan> spans;
  if (!is_in_substream(last.end.framing)) return spans;
  const std::uint64_t begin_in = seek.holding(last.end.begin_at);
  add_span(spans, {begin_in, begin_in});
  if (last.end.write_at == storage::kNowhere) return spans;
  // How far a receiver says it has read depends on the record behind it.
  const std::uint64_t write_in = seek.holding(last.end.write_at);
  add_span(spans, {write_in, std::min(write_in + 1, last.sequence)});
  return spans;
}

// What was read must be what the header of the last segment speaks of.
std::optional<Failure> StoreStopped::judge(const SegmentHeader& last) const {
  const resume::Stopped& stopped = reader_.stopped();
  const storage::Position& end = last.end;
  const bool has_write = end.write_at != storage::kNowhere;
  bool agrees = (stopped.kind == StopKind::whole) == last.is_last;
  if (is_in_substream(end.framing)) {
    agrees = agrees && stopped.substream_offset == end.begin_at;
    if (stopped.kind == StopKind::token && has_write) {
      agrees = agrees && stopped.record_offset == end.write_at;
    }
  }
  if (agrees) return std::nullopt;
  storage::SegmentError error;
  error.code = storage::SegmentErrorCode::wrong_waypoint;
  error.at = last.raw_bytes;
  return SegmentReader::bad_segment(last, error);
}

// With what the segments that were not read would have told.
resume::Stopped StoreStopped::stopped() const {
  resume::Stopped stopped = reader_.stopped();
  const bool is_running = is_in_substream(last_->end.framing);
  stopped.in_package = stopped.in_package || is_of_package(*last_);
  if (stopped.in_package) {
    stopped.substreams_complete = last_->end.substreams - (is_running ? 1 : 0);
  }
  return stopped;
}

}  // namespace

StoreStoppedReport run_store_stopped(const StoreStoppedOptions& options, io::StoreFiles& files) {
  return StoreStopped(options, files).run();
}

}  // namespace zsluice::pipeline
