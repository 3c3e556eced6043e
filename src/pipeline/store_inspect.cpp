// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/store_inspect.hpp"

#include "pipeline/segment_list.hpp"
#include "pipeline/segment_probe.hpp"
#include "pipeline/store_identity.hpp"
#include "zsluice/store/segment_name.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace zsluice::pipeline {
namespace {

// So many damaged segments may stand before the first header that tells what the store is.
constexpr unsigned kAskedMax = 16;

class StoreInspection {
 public:
  StoreInspection(bool tells_segments, io::StoreFiles& files, StoreInspectObserver& observer)
      : tells_segments_(tells_segments),
        files_(files),
        observer_(observer),
        manifest_(read_manifest(files)),
        listing_({.no_auth = true, .is_listing = true}, files),
        heads_({.no_auth = true, .is_quick = true}, files) {}

  StoreInspectReport run();

 private:
  [[nodiscard]] std::optional<storage::StoreLine> store_line();
  void read_lines();
  void check_listed();
  void read_segments(std::uint64_t from);
  void read_segment(std::uint64_t sequence);
  void tell(const storage::SubstreamLine& substream) {
    ++report_.substreams;
    observer_.on_substream(substream);
  }
  // Where the details belong, if it is the first failure.
  StoreFailure* fail(StoreFailureCode code, std::uint64_t sequence);

  bool tells_segments_;
  io::StoreFiles& files_;
  StoreInspectObserver& observer_;
  ManifestFacts manifest_;
  SegmentProbe listing_;
  SegmentProbe heads_;
  StoreInspectReport report_;
  bool is_manifest_foreign_ = false;
  std::uint64_t end_ = 0;  // of the last segment, in the stream
};

StoreFailure* StoreInspection::fail(StoreFailureCode code, std::uint64_t sequence) {
  if (report_.failure) return nullptr;
  StoreFailure& failure = report_.failure.emplace();
  failure.code = code;
  failure.name = storage::segment_name(sequence);
  failure.sequence = sequence;
  failure.segments = report_.segments;
  failure.begin = end_;
  return &failure;
}

// Headers do not tell who wrote the store.
std::optional<storage::StoreLine> StoreInspection::store_line() {
  if (manifest_.store) {
    const auto identity = find_identity(files_, manifest_);
    if (!identity || *identity == identity_of(*manifest_.store)) return manifest_.store;
    is_manifest_foreign_ = true;
    manifest_ = {};
    manifest_.state = ManifestState::damaged;
  }
  SegmentList list(files_);
  for (unsigned i = 0; i < kAskedMax; ++i) {
    const auto listed = list.next();
    if (list.error()) {
      StoreFailure* const failure = fail(StoreFailureCode::unreadable, 0);
      failure->name.clear();
      failure->system = *list.error();
    }
    if (!listed) break;
    if (listed->error) continue;
    if (const auto header = peek_header(files_, listed->sequence)) {
      return store_line_of(*header, "");
    }
    read_segment(listed->sequence);  // notes what is wrong with it
  }
  return std::nullopt;
}

StoreInspectReport StoreInspection::run() {
  const auto store = store_line();
  if (!store) {
    fail(StoreFailureCode::not_a_store, 0);
    return report_;
  }
  report_ = {};
  if (is_manifest_foreign_) {
    fail(StoreFailureCode::other_manifest, 0)->name = storage::kManifestName;
  }
  observer_.on_store(*store, manifest_.state);
  if (manifest_.store) read_lines();
  if (manifest_.store && !tells_segments_) check_listed();
  read_segments(manifest_.store && !tells_segments_ ? manifest_.segments : 0);
  if (!report_.is_closed) fail(StoreFailureCode::unfinished, report_.segments);
  return report_;
}

void StoreInspection::read_lines() {
  ManifestLines lines(files_);
  storage::SegmentLine last;
  while (const storage::ManifestLine* line = lines.next()) {
    const auto* const substream = std::get_if<storage::SubstreamLine>(line);
    if (substream != nullptr && substream->sequence < manifest_.segments) tell(*substream);
    const auto* const segment = std::get_if<storage::SegmentLine>(line);
    if (segment != nullptr) last = *segment;
  }
  if (tells_segments_) return;
  report_.is_of_manifest = true;
  report_.segments = manifest_.segments;
  report_.raw_bytes = manifest_.raw_bytes;
  report_.stored_bytes = manifest_.stored_bytes;
  report_.is_closed = last.is_last;
  end_ = manifest_.raw_bytes;
}

// Whether there are files of all the segments that the manifest names.
void StoreInspection::check_listed() {
  const std::uint64_t named = manifest_.segments;
  std::uint64_t next = 0;
  SegmentList list(files_);
  auto listed = list.next();
  while (next < named && listed && listed->sequence <= next) {
    next = listed->sequence + 1;
    if (listed->error) {
      StoreFailure* const failure = fail(StoreFailureCode::unreadable, listed->sequence);
      if (failure != nullptr) failure->name = storage::segment_folder(listed->sequence);
      if (failure != nullptr) failure->system = *listed->error;
      const std::uint64_t folder = storage::kSegmentsPerFolder;
      next = std::min(named, (listed->sequence / folder + 1) * folder);
    }
    listed = list.next();
  }
  if (next >= named) return;
  // Those that are named, not those that might stand somewhere behind them.
  const bool has_later = listed && listed->sequence < named;
  if (!has_later) report_.is_closed = false;
  StoreFailure* const failure =
      fail(has_later ? StoreFailureCode::missing_segment : StoreFailureCode::cut_off, next);
  if (failure == nullptr) return;
  if (list.error()) {
    failure->code = StoreFailureCode::unreadable;
    failure->name.clear();
    failure->system = *list.error();
  }
  const auto line = find_line(files_, next);
  if (line) failure->begin = line->offset;
  if (line) failure->end = line->offset + line->raw_bytes;
}

void StoreInspection::read_segments(std::uint64_t from) {
  std::uint64_t next = from;
  SegmentList list(files_, from);
  while (const auto listed = list.next()) {
    if (listed->sequence > next && !report_.is_closed) {
      fail(StoreFailureCode::missing_segment, next);
    }
    if (listed->error) {
      StoreFailure* const failure = fail(StoreFailureCode::unreadable, listed->sequence);
      if (failure != nullptr) {
        failure->name = storage::segment_folder(listed->sequence);
        failure->system = *listed->error;
      }
      continue;
    }
    read_segment(listed->sequence);
    next = listed->sequence + 1;
  }
  if (manifest_.segments > next) fail(StoreFailureCode::cut_off, next);
}

void StoreInspection::read_segment(std::uint64_t sequence) {
  ProbedSegment segment;
  segment.sequence = sequence;
  // Whose BEGIN is in the others, the manifest has told.
  (manifest_.store && sequence < manifest_.segments ? heads_ : listing_).check(segment);
  if (segment.code) {
    StoreFailure* const failure = fail(*segment.code, sequence);
    if (failure != nullptr) failure->segment = segment.error;
    if (failure != nullptr && segment.system) failure->system = *segment.system;
  }
  if (!segment.has_place()) return;
  const storage::SegmentHeader& header = *segment.header;
  ++report_.segments;
  report_.raw_bytes += header.raw_bytes;
  report_.stored_bytes += header.stored_bytes;
  report_.is_closed = report_.is_closed || header.is_last;
  end_ = header.end.offset;
  for (storage::Substream& substream : segment.begun) {
    tell({sequence, std::move(substream)});
  }
  if (tells_segments_) observer_.on_segment(header);
}

}  // namespace

StoreInspectReport run_inspect_store(bool tells_segments,
                                     io::StoreFiles& files,
                                     StoreInspectObserver& observer) {
  return StoreInspection(tells_segments, files, observer).run();
}

}  // namespace zsluice::pipeline
