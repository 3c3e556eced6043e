// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/store_resume.hpp"

#include "pipeline/resume_passes.hpp"
#include "pipeline/segment_feed.hpp"
#include "pipeline/store_index.hpp"

#include <algorithm>
#include <optional>
#include <variant>
#include <vector>

namespace zsluice::pipeline {
namespace {

using drr::Role;
using storage::SegmentHeader;

// ProvenRecords, anew for each span.
class RecordSpans final : public SpanReader {
 public:
  RecordSpans(const drr::CheckerOptions& options, RecordSink& sink)
      : options_(options), sink_(sink) {}

  void start_at(const std::optional<drr::StreamPlace>& place) override {
    if (place) {
      records_.emplace(options_, *place, sink_);
    } else {
      records_.emplace(options_, sink_);
    }
  }
  void feed(ByteSpan raw) override { records_->feed(raw); }
  void settle() override { records_->settle(); }
  [[nodiscard]] bool is_over() const override { return records_ && records_->is_over(); }
  [[nodiscard]] const std::optional<Failure>& failure() const override {
    return records_->failure();
  }
  [[nodiscard]] const drr::Parser& parser() const override { return records_->checker().parser(); }

 private:
  drr::CheckerOptions options_;
  RecordSink& sink_;
  std::optional<ProvenRecords> records_;
};

// Of a package its header alone: BEGIN and END.
class HeaderOnly final : public RecordSink {
 public:
  explicit HeaderOnly(RecordSink& sink) : sink_(sink) {}
  bool take(const ProvenRecord& record) override {
    return sink_.take(record) && record.role == Role::package_begin;
  }

 private:
  RecordSink& sink_;
};

bool is_unknown_snapshot(const Failure& failure) {
  const auto* const refusal = std::get_if<resume::Refusal>(&failure);
  return refusal != nullptr && refusal->code == resume::RefusalCode::unknown_snapshot;
}

class StoreResuming {
 public:
  StoreResuming(const StoreResumeOptions& options, io::StoreFiles& files, io::BlockingWriter& out)
      : options_(options), files_(files), out_(out), headers_(files, options.key) {}

  ResumeReport run();

 private:
  using Done = std::optional<Failure>;

  ResumeReport resume_from(std::uint64_t segments);
  [[nodiscard]] Done search(StoreSeek& seek, SearchSink& searching, SubstreamIndex& index);
  [[nodiscard]] Done search_in(StoreSeek& seek,
                               SearchSink& searching,
                               const std::vector<std::uint64_t>& candidates);
  [[nodiscard]] Done search_point(StoreSeek& seek, SearchSink& searching, std::uint64_t begin);
  [[nodiscard]] Done rebuild(const SearchSink& searching, RebuildSink& rebuilding);
  void skip_first_segment();
  [[nodiscard]] Done feed(const SegmentSpan& span, RecordSink& sink);
  [[nodiscard]] Done feed(const SegmentSpan& span, RecordSpans& reader);
  [[nodiscard]] std::vector<resume::SeenSubstream> seen_in(const SubstreamIndex& index);
  void find_last_header();
  [[nodiscard]] Done end_failure();
  [[nodiscard]] StoreFailure unfinished() const;

  const StoreResumeOptions& options_;
  io::StoreFiles& files_;
  io::BlockingWriter& out_;
  StoreHeaders headers_;
  StoredSegments stored_;
  std::uint64_t end_ = 0;              // the last segment
  std::optional<SegmentHeader> last_;  // the last header that can be believed
  std::optional<SegmentFeed> feed_;
  std::optional<SegmentHeader> begin_segment_;  // of the substream
  std::vector<SegmentSpan> spans_;              // that it needs, from that one on
};

// A damaged header at the end is no hindrance for what stands before it.
void StoreResuming::find_last_header() {
  constexpr std::uint64_t kLookBackMax = 64;
  for (std::uint64_t back = 0; !last_ && back <= std::min(end_, kLookBackMax); ++back) {
    last_ = headers_.at(end_ - back);
  }
}

// Why nothing comes behind the last segment.
StoreResuming::Done StoreResuming::end_failure() {
  if (last_ && last_->sequence == end_) {
    if (last_->is_last) return std::nullopt;
    return stored_.failure ? *stored_.failure : unfinished();
  }
  // Reading it tells what is wrong with it.
  SearchSink unheard(options_.resume);
  return feed({end_, end_}, unheard);
}

ResumeReport StoreResuming::run() {
  ResumeReport report;
  stored_ = count_segments(files_, headers_);
  if (stored_.count > 0) report.failure = headers_.judge_key(options_.no_auth);
  if (report.failure) return report;
  if (stored_.count > 0) return resume_from(stored_.count);
  report.failure = stored_.failure ? *stored_.failure : unfinished();
  return report;
}

StoreFailure StoreResuming::unfinished() const {
  StoreFailure failure;
  failure.code = StoreFailureCode::unfinished;
  failure.segments = last_ ? last_->sequence + 1 : 0;
  failure.begin = last_ ? last_->end.offset : 0;
  return failure;
}

ResumeReport StoreResuming::resume_from(std::uint64_t segments) {
  ResumeReport report;
  end_ = segments - 1;
  find_last_header();
  if (last_) headers_.demand_store_of(*last_);
  feed_.emplace(SegmentReaderOptions{options_.key, options_.no_auth, {}}, headers_, files_);
  SearchSink searching(options_.resume);
  if (!last_) {
    report.failure = end_failure();
    return report;
  }
  StoreSeek seek = headers_.seek(segments);
  SubstreamIndex index;
  report.failure = judge_search(searching, search(seek, searching, index));
  report.substreams = last_->end.substreams;
  if (report.failure) {
    if (is_unknown_snapshot(*report.failure)) report.seen = seen_in(index);
    return report;
  }
  RebuildSink rebuilding(options_.resume, *searching.search().result(), out_);
  finish_report(report, rebuilding, out_, rebuild(searching, rebuilding));
  return report;
}

// What lines of a manifest name, nobody has proven.
std::vector<resume::SeenSubstream> StoreResuming::seen_in(const SubstreamIndex& index) {
  SearchSink searching(options_.resume);
  const std::vector<resume::SeenSubstream>& seen = searching.search().seen();
  for (const std::uint64_t begin : index.first_begins) {
    if (seen.size() == resume::PointSearch::kSeenMax || feed({begin, begin}, searching)) break;
  }
  return seen;
}

StoreResuming::Done StoreResuming::feed(const SegmentSpan& span, RecordSink& sink) {
  RecordSpans reader(options_.resume.checker, sink);
  return feed(span, reader);
}

// Where an open store ends, the last record is not handed over, as for a file that ends there: no
// receiver counts a record before it has the header behind it. A gap is like damage.
StoreResuming::Done StoreResuming::feed(const SegmentSpan& span, RecordSpans& reader) {
  if (Done failure = feed_->feed(span, reader)) return failure;
  if (span.last < end_ || stored_.failure) reader.settle();
  return std::nullopt;
}

// By the manifest, and where that does not lead to the substream by the headers: then all that is
// here has been met.
StoreResuming::Done StoreResuming::search(StoreSeek& seek,
                                          SearchSink& searching,
                                          SubstreamIndex& index) {
  const std::uint64_t toguid = options_.resume.target.toguid;
  if (last_->end.substreams > 1 && headers_.has_manifest()) {
    Done failure =
        search_in(seek, searching, candidates_in_manifest(files_, seek.segments(), toguid));
    if (searching.search().has_met()) return failure;
  }
  index = find_substreams(seek, *last_, toguid);
  Done failure = search_in(seek, searching, index.candidates);
  if (failure || searching.search().has_met()) return failure;
  return end_failure();
}

StoreResuming::Done StoreResuming::search_in(StoreSeek& seek,
                                             SearchSink& searching,
                                             const std::vector<std::uint64_t>& candidates) {
  for (const std::uint64_t candidate : candidates) {
    if (Done failure = feed({candidate, candidate}, searching)) return failure;
    if (!searching.search().has_met()) continue;
    begin_segment_ = seek.header_at(candidate);
    return search_point(seek, searching, candidate);
  }
  return std::nullopt;
}

// The BEGIN has been met in segment `begin`.
StoreResuming::Done StoreResuming::search_point(StoreSeek& seek,
                                                SearchSink& searching,
                                                std::uint64_t begin) {
  const resume::PointSearch& search = searching.search();
  spans_ = {{begin, end_}};
  feed_->link_from(begin);
  // Decided so soon, all that matters lies in that segment and behind it.
  if (search.is_decided()) return std::nullopt;
  if (begin_segment_) {
    spans_ = spans_to_resume(seek, *begin_segment_, options_.resume.target.point);
  }
  for (SegmentSpan span : spans_) {
    span.first = std::max(span.first, begin + 1);
    if (span.first > span.last) continue;
    if (Done failure = feed(span, searching)) return failure;
    if (search.is_decided()) return std::nullopt;
  }
  return end_failure();
}

StoreResuming::Done StoreResuming::rebuild(const SearchSink& searching, RebuildSink& rebuilding) {
  const resume::FoundPoint found = *searching.search().result();
  const FoundBegin& begin = searching.begin();
  rebuilding.skip_to(0);
  const bool is_in_package = found.in_package || (begin_segment_ && is_of_package(*begin_segment_));
  if (options_.resume.rest && is_in_package) {
    const std::uint64_t begin_in = spans_.front().first;
    feed_->link_from(0);
    if (Done failure = feed_->link_to(begin_in + 1)) return failure;
    HeaderOnly header(rebuilding);
    if (Done failure = feed({0, end_}, header)) return failure;
  }
  if (!rebuilding.take(begin.record())) return std::nullopt;
  out_.flush();  // a receiver is told at once what will come
  if (!found.object_is_there) spans_ = {{spans_.front().first, end_}};
  const std::uint64_t from = found.object_is_there ? found.first_offset : begin.end();
  rebuilding.skip_to(from);
  if (begin_segment_ && begin_segment_->end.offset <= from) skip_first_segment();
  RecordSpans reader(options_.resume.checker, rebuilding);
  for (const SegmentSpan& span : spans_) {
    if (Done failure = feed(span, reader)) return failure;
    if (reader.is_over()) return std::nullopt;
  }
  return end_failure();
}

void StoreResuming::skip_first_segment() {
  SegmentSpan& span = spans_.front();
  if (span.first < span.last) {
    ++span.first;
  } else {
    spans_.erase(spans_.begin());
  }
}

}  // namespace

ResumeReport run_store_resume(const StoreResumeOptions& options,
                              io::StoreFiles& files,
                              io::BlockingWriter& out) {
  return StoreResuming(options, files, out).run();
}

}  // namespace zsluice::pipeline
