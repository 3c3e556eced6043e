// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/split_continue.hpp"

#include "pipeline/judge_begin.hpp"
#include "pipeline/kept_part.hpp"
#include "pipeline/read_all.hpp"
#include "pipeline/splitting.hpp"
#include "pipeline/stitched.hpp"
#include "pipeline/store_stopped.hpp"

#include <utility>

namespace zsluice::pipeline {
namespace {

class Continuing final : public RecordSink {
 public:
  Continuing(const SplitOptions& options, const OpenedStore& opened, io::StoreFiles& files)
      : options_(options),
        opened_(opened),
        files_(files),
        kept_(opened, options.store.key, files),
        policy_(options.gate.policy) {}

  // Of the continuation.
  bool take(const ProvenRecord& record) override {
    if (!std::exchange(has_begun_, true) && !begin(record)) return false;
    const auto answer = stitcher_.add_continuation(record.role, record.header, record.payload);
    if (!answer) return fail(answer.error());
    if (!*answer) return true;
    splitting_->start_storing_beyond(opened_.bytes());
    return feed(**answer);
  }
  bool take_kept(const ProvenRecord& record);
  bool settle() { return !splitting_ || splitting_->settle(); }

  [[nodiscard]] SplitReport report(std::optional<Failure> failure_of_continuation);

 private:
  [[nodiscard]] bool begin(const ProvenRecord& record);
  [[nodiscard]] resume::Refusal of_store(resume::Refusal refusal) const;
  [[nodiscard]] std::optional<Failure> judge_loss();
  [[nodiscard]] bool feed(const resume::Piece& piece);
  void end();
  bool fail(Failure failure) {
    failure_.set(std::move(failure));
    return false;
  }

  const SplitOptions& options_;
  const OpenedStore& opened_;
  io::StoreFiles& files_;
  KeptPart kept_;
  drr::Policy policy_;
  resume::Stitcher stitcher_;
  ReopenedPlace place_;  // from where on the store is written again
  std::optional<Splitting> splitting_;
  FirstFailure failure_;
  bool has_begun_ = false;
  std::string toname_;
};

class KeptSink final : public RecordSink {
 public:
  explicit KeptSink(Continuing& continuing) : continuing_(continuing) {}
  bool take(const ProvenRecord& record) override { return continuing_.take_kept(record); }

 private:
  Continuing& continuing_;
};

bool Continuing::begin(const ProvenRecord& record) {
  if (const auto started = stitcher_.start(record.header, record.payload); !started) {
    return fail(started.error());
  }
  const auto place = kept_.find(stitcher_.point());
  if (!place) return fail(place.error());
  KeptSink sink(*this);
  if (auto failure = kept_.read_head(*place, stitcher_, sink)) return fail(*std::move(failure));
  if (failure_) return false;
  if (auto failure = kept_.read_rest(*place, options_.gate.checker, sink)) {
    return fail(*std::move(failure));
  }
  if (failure_) return false;
  // What is kept is too much for a limit that was asked for, say.
  if (splitting_ && splitting_->failure()) return fail(*splitting_->failure());
  if (const auto ended = stitcher_.partial_ended(); !ended) return fail(of_store(ended.error()));
  if (auto failure = judge_loss()) return fail(*std::move(failure));
  return true;
}

// The last snapshot that was read need not be unfinished.
resume::Refusal Continuing::of_store(resume::Refusal refusal) const {
  const bool is_inside = storage::is_in_substream(opened_.last.end.framing);
  if (refusal.code == resume::RefusalCode::unknown_snapshot && !is_inside) refusal.found = 0;
  return refusal;
}

// What lies behind the segment that is written again is taken away before all that replaces it has
// come, if it is more than is held. That is right only for the store's own token: an older one
// would trade what is proven for what may never come.
std::optional<Failure> Continuing::judge_loss() {
  const std::uint64_t given_up = opened_.bytes() - place_.segment.start.offset;
  if (given_up <= given_up_bytes_max(opened_.first.settings.segment_bytes)) return std::nullopt;
  if (place_.segment.sequence == opened_.last.sequence) return std::nullopt;
  const StoreStoppedReport own =
      run_store_stopped({.checker = options_.gate.checker, .key = options_.store.key}, files_);
  if (own.failure) return own.failure;
  const drr::ResumePoint point = stitcher_.point();
  const token::Token& token = own.stopped.token;
  const bool is_own = own.stopped.kind == resume::StopKind::token && token.object == point.object &&
                      token.offset == point.offset;
  if (is_own) return std::nullopt;
  StoreFailure failure;
  failure.code = StoreFailureCode::older_token;
  failure.segments = opened_.segments();
  failure.sequence = place_.segment.sequence;
  failure.begin = place_.segment.end.offset;
  failure.end = opened_.bytes();
  return failure;
}

bool Continuing::take_kept(const ProvenRecord& record) {
  // Nothing was left out so far, so that what stands before this segment stays as it is.
  const bool is_unchanged = stitcher_.kept_bytes() == record.stream_offset;
  if (const auto found = kept_.place_at(record.stream_offset); found && is_unchanged) {
    place_ = *found;
    splitting_.emplace(options_.gate, place_.segment,
                       StoreWriter(options_.store, files_, opened_, place_.before));
  }
  const auto answer = stitcher_.add_partial(record.role, record.header, record.payload);
  if (!answer) return fail(answer.error());
  if (!*answer) return true;
  if (record.role == drr::Role::substream_begin) toname_ = drr::decode_begin(record.header).toname;
  if (auto verdict = judge_begin(policy_, record.role, record.header, record.payload)) {
    return fail(*std::move(verdict));
  }
  return !splitting_ || feed(**answer);
}

bool Continuing::feed(const resume::Piece& piece) {
  splitting_->feed(piece.header);
  splitting_->feed(piece.payload);
  return !splitting_->is_over();
}

void Continuing::end() {
  const bool is_whole = splitting_->gate().delivered();
  splitting_->trust();
  if (is_whole) {
    splitting_->finish();
  } else {
    splitting_->end_beyond(opened_.bytes());
  }
}

SplitReport Continuing::report(std::optional<Failure> failure_of_continuation) {
  SplitReport report;
  report.failure = failure_.get();
  if (splitting_) {
    // What was refused is not worth a segment more.
    if (report.failure) {
      splitting_->settle();
    } else {
      end();
    }
    if (!report.failure) report.failure = splitting_->failure();
    report.records = place_.segment.start.records + splitting_->gate().records();
    report.substreams = place_.segment.start.substreams + splitting_->gate().substreams();
    report.unknown_features = splitting_->gate().unknown_features();
  }
  if (!report.failure) {
    report.failure = judge_stitched(stitcher_, std::move(failure_of_continuation));
  }
  report.toname = toname_;
  ContinuedStore& continued = report.continued.emplace();
  continued.kept_bytes = stitcher_.kept_bytes();
  continued.manifest = splitting_ ? splitting_->writer().manifest_found() : opened_.manifest.state;
  if (splitting_ && splitting_->writer().has_begun()) report.store = splitting_->writer().totals();
  return report;
}

void close(const SplitOptions& options,
           const OpenedStore& opened,
           io::StoreFiles& files,
           SplitReport& report) {
  report.continued.emplace();
  if (opened.manifest.end) {
    StoreFailure failure;
    failure.code = StoreFailureCode::holds_whole;
    failure.segments = opened.segments();
    failure.begin = opened.bytes();
    report.failure = failure;
    report.store = totals_of(opened);
    report.continued->manifest = opened.manifest.state;
    return;
  }
  StoreWriter writer(options.store, files, opened, opened.last);
  if (auto failure = writer.close_whole()) report.failure = *std::move(failure);
  report.store = writer.has_begun() ? writer.totals() : totals_of(opened);
  report.continued->kept_bytes = opened.bytes();
  report.continued->manifest = writer.manifest_found();
}

}  // namespace

SplitReport run_continue(const SplitOptions& options,
                         const OpenedStore& opened,
                         io::ByteSource& source,
                         io::StoreFiles& files) {
  SplitReport report;
  if (opened.last.is_last) {
    close(options, opened, files, report);
  } else {
    Continuing continuing(options, opened, files);
    ProvenRecords records(options.gate.checker, continuing, AfterEnd::drain);
    source.when_idle([&] { return continuing.settle(); });
    const std::optional<io::SourceError> error = read_all(source, records);
    report = continuing.report(judge_reading(source, error, records));
    report.bytes_in = records.checker().parser().consumed();
    if (report.store.segments == 0) report.store = totals_of(opened);  // nothing was written
  }
  report.continued->had_segments = opened.segments();
  report.continued->had_bytes = opened.bytes();
  report.continued->taken_in = opened.taken_in();
  demand_whole(report);
  return report;
}

}  // namespace zsluice::pipeline
