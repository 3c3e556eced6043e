// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/store_judge.hpp"

#include "pipeline/manifest_match.hpp"
#include "zsluice/drr/format.hpp"
#include "zsluice/store/segment_name.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

namespace zsluice::pipeline {

using storage::SegmentError;
using storage::SegmentErrorCode;
using storage::SegmentHeader;
using storage::Substream;

namespace {

SegmentError error_of(SegmentErrorCode code, std::uint64_t expected, std::uint64_t found) {
  SegmentError error;
  error.code = code;
  error.expected = expected;
  error.found = found;
  return error;
}

// As much as a position tells of the substream that runs there.
Substream nameless(const storage::Position& at) {
  Substream substream;
  substream.toguid = at.toguid;
  substream.begin_at = at.begin_at;
  return substream;
}

void add_snapshot(StoreFinding& finding, const Substream& substream) {
  if (finding.snapshots.size() < kHitSnapshotsMax) {
    finding.snapshots.push_back(substream);
  } else {
    ++finding.snapshots_more;
  }
}

// Of `begun` substreams that begin in what is hit, the lines told the first `named`. Of the others
// `end` knows the one that runs on behind it.
void add_begun(StoreFinding& finding,
               std::uint64_t begun,
               std::uint64_t named,
               const storage::Position& end) {
  if (begun <= named) return;
  const bool is_running = is_in_substream(end.framing);
  finding.snapshots_more += begun - named - (is_running ? 1 : 0);
  const bool is_told = !finding.snapshots.empty() && finding.snapshots.back().toguid == end.toguid;
  if (is_running && !is_told) add_snapshot(finding, nameless(end));
}

}  // namespace

std::uint64_t StoreFinding::segments() const {
  switch (failure.code) {
    case StoreFailureCode::unreadable:
    case StoreFailureCode::fetch_failed:
    case StoreFailureCode::key_needed:
      if (failure.name.empty() || failure.name == storage::kManifestName) return 0;
      break;
    case StoreFailureCode::bad_segment:
    case StoreFailureCode::missing_segment:
    case StoreFailureCode::other_segment:
    case StoreFailureCode::cut_off:
    case StoreFailureCode::wrong_key:
    case StoreFailureCode::no_digest:
      break;
    case StoreFailureCode::unwritable:
    case StoreFailureCode::filter_failed:
    case StoreFailureCode::holds_whole:
    case StoreFailureCode::holds_part:
    case StoreFailureCode::older_token:
    case StoreFailureCode::holds_nothing:
    case StoreFailureCode::not_a_store:
    case StoreFailureCode::not_keyed:
    case StoreFailureCode::unfinished:
    case StoreFailureCode::other_end:
    case StoreFailureCode::unproven_end:
    case StoreFailureCode::bad_manifest:
    case StoreFailureCode::later_manifest:
    case StoreFailureCode::other_manifest:
    case StoreFailureCode::wrong_line:
      return 0;
  }
  return failure.last.value_or(failure.sequence) - failure.sequence + 1;
}

StoreJudge::StoreJudge(Facts facts, io::StoreFiles& files, Tell tell)
    : facts_(std::move(facts)), tell_(std::move(tell)) {
  if (is_manifest_used()) lines_.emplace(files);
  if (facts_.use == ManifestUse::refused) refuse_join();
}

StoreFailure StoreJudge::failure_of(StoreFailureCode code, std::uint64_t sequence) const {
  StoreFailure failure;
  failure.code = code;
  failure.name = storage::segment_name(sequence);
  failure.sequence = sequence;
  failure.begin = known_ ? known_->end.offset : 0;
  return failure;
}

std::optional<StoreJudge::Lines> StoreJudge::lines_of(std::uint64_t sequence) {
  if (!lines_ || sequence >= facts_.manifest.segments) return std::nullopt;
  Lines found;
  while (const storage::ManifestLine* line = lines_->next()) {
    if (const auto* const substream = std::get_if<storage::SubstreamLine>(line)) {
      found.begun.push_back(substream->substream);
    }
    const auto* const segment = std::get_if<storage::SegmentLine>(line);
    if (segment == nullptr) continue;
    if (segment->sequence == sequence) {
      found.segment = *segment;
      return found;
    }
    found.begun.clear();
  }
  lines_.reset();
  return std::nullopt;
}

void StoreJudge::take(const ProbedSegment& segment, const ProbedSegment* next) {
  find_gap(segment.sequence);
  const std::optional<Lines> found = lines_of(segment.sequence);
  const Lines* const lines = found ? &*found : nullptr;
  Error error = judge(segment, lines, next);
  const bool is_placed = segment.has_place() && !judge_link(*segment.header, lines != nullptr);
  release(is_placed ? &*segment.header : nullptr);
  const bool is_right = !error;
  if (error) {
    find_bad(segment, *std::move(error), lines);
  } else {
    add_good(*segment.header);
    if (segment.sequence == 0) judge_first_line(*segment.header, lines);
    if (lines != nullptr) judge_lines(segment, *lines);
  }
  follow_prefix(segment, lines);
  is_previous_right_ = is_right;
  follow(segment, lines, is_placed);
  next_ = segment.sequence + 1;
}

std::uint64_t StoreJudge::closed_at() const {
  const bool is_known = is_manifest_used() && facts_.manifest.end;
  return is_known ? facts_.manifest.end->segments : storage::kSegmentsMax;
}

// All before `to` that were not there. Behind the end of the stream nothing is missing.
void StoreJudge::find_gap(std::uint64_t to) {
  const std::uint64_t end = std::min(to, closed_at());
  if (last_ || next_ >= end) return;
  find_run(to > end ? StoreFailureCode::cut_off : StoreFailureCode::missing_segment, next_,
           end - 1);
}

StoreJudge::Error StoreJudge::judge(const ProbedSegment& segment,
                                    const Lines* lines,
                                    const ProbedSegment* next) const {
  if (segment.sequence >= closed_at()) {
    StoreFailure failure = failure_of(StoreFailureCode::bad_segment, segment.sequence);
    failure.segment = error_of(SegmentErrorCode::after_last, 0, 0);
    return failure;
  }
  if (segment.code) {
    StoreFailure failure = failure_of(*segment.code, segment.sequence);
    failure.segment = segment.error;
    if (segment.system) failure.system = *segment.system;
    return failure;
  }
  if (lines != nullptr && lines->segment.content_hash != segment.header->content_hash &&
      identity_of(*segment.header) == facts_.identity && !is_backed(segment, next)) {
    return failure_of(StoreFailureCode::other_segment, segment.sequence);
  }
  return judge_link(*segment.header, lines != nullptr);
}

// The manifest names another segment in place of this one. Do those around it know this one? Where
// none is behind it, one that the key proves is believed.
bool StoreJudge::is_backed(const ProbedSegment& segment, const ProbedSegment* next) const {
  const SegmentHeader& header = *segment.header;
  if (header.sequence > 0 && !(previous_ && is_previous_right_)) return false;
  if (judge_link(header, false)) return false;
  const bool is_next = next != nullptr && next->sequence == header.sequence + 1;
  if (!is_next || !next->has_place()) return facts_.has_key;
  return check_link(header, *next->header).has_value();
}

// `is_named`: the manifest says that this segment belongs here, so that an odd one before it is
// the bad one.
StoreJudge::Error StoreJudge::judge_link(const SegmentHeader& header, bool is_named) const {
  StoreFailure failure = failure_of(StoreFailureCode::bad_segment, header.sequence);
  if (facts_.identity && header.store_id != facts_.identity->store_id) {
    failure.segment = error_of(SegmentErrorCode::foreign, 0, 0);
    failure.segment.expected_hash = facts_.identity->store_id;
    failure.segment.found_hash = header.store_id;
    return failure;
  }
  if (facts_.identity && header.settings.segment_bytes != facts_.identity->segment_bytes) {
    failure.segment = error_of(SegmentErrorCode::wrong_settings, facts_.identity->segment_bytes,
                               header.settings.segment_bytes);
    return failure;
  }
  if (last_ || header.sequence >= closed_at()) {
    failure.segment = error_of(SegmentErrorCode::after_last, 0, 0);
    return failure;
  }
  if (auto broken = linked(header, is_named)) return broken;
  // Others are missing between them, or bad: as much as can be said.
  if (known_ && header.start.offset < known_->end.offset) {
    failure.segment =
        error_of(SegmentErrorCode::wrong_offset, known_->end.offset, header.start.offset);
    return failure;
  }
  return std::nullopt;
}

// To the segment before it; the first one to none.
StoreJudge::Error StoreJudge::linked(const SegmentHeader& header, bool is_named) const {
  Result<void, SegmentError> checked;
  if (header.sequence == 0) {
    checked = storage::SegmentChain(header.store_id).check(header);
  } else if (previous_ && (is_previous_right_ || !is_named)) {
    checked = check_link(*previous_, header);
  }
  if (checked) return std::nullopt;
  StoreFailure failure = failure_of(StoreFailureCode::bad_segment, header.sequence);
  failure.segment = checked.error();
  return failure;
}

// Segment 0 is right; is what the manifest says of the store?
void StoreJudge::judge_first_line(const SegmentHeader& first, const Lines* lines) {
  if (is_first_line_right(first, lines)) return;
  StoreFinding finding;
  finding.failure.code = StoreFailureCode::bad_manifest;
  finding.failure.name = storage::kManifestName;
  finding.failure.segments = 1;
  tell_(finding);
}

bool StoreJudge::is_first_line_right(const SegmentHeader& first, const Lines* lines) const {
  if (!is_manifest_used()) return true;
  const auto line = lines != nullptr ? std::optional(lines->segment) : std::nullopt;
  return suits(*facts_.manifest.store, first, line);
}

// The segment is right; is that which is written about it?
void StoreJudge::judge_lines(const ProbedSegment& segment, const Lines& lines) {
  const bool is_wrong = !tells_of(lines.segment, *segment.header);
  if (is_wrong || (segment.has_records && segment.begun != lines.begun)) {
    StoreFinding finding;
    finding.failure = failure_of(StoreFailureCode::wrong_line, segment.sequence);
    finding.failure.name = storage::kManifestName;
    finding.failure.begin = segment.header->start.offset;
    finding.failure.end = segment.header->end.offset;
    tell_(finding);
    return;
  }
  // Another copy of the same bytes, stored otherwise.
  if (lines.segment != line_of(*segment.header)) ++verdict_.stale_lines;
}

void StoreJudge::find_bad(const ProbedSegment& segment, StoreFailure failure, const Lines* lines) {
  StoreFinding finding;
  verdict_.segments_bad += 1;
  is_last_bad_ = true;
  if (failure.segment.code == SegmentErrorCode::after_last) {
    // Nothing of the stream is hit.
    finding.failure = std::move(failure);
    return hold(std::move(finding), false);
  }
  const bool is_placed = segment.has_place() && !judge_link(*segment.header, lines != nullptr);
  if (is_placed) {
    failure.begin = segment.header->start.offset;
    failure.end = segment.header->end.offset;
    finding.places = segment.header->places;
  } else if (lines != nullptr) {
    failure.begin = lines->segment.offset;
    failure.end = lines->segment.offset + lines->segment.raw_bytes;
  }
  if (!is_placed && known_ && known_->places) finding.after = known_->places->last;
  finding.failure = std::move(failure);
  add_running(finding, is_placed ? &*segment.header : nullptr);
  const std::vector<Substream>& begun = lines != nullptr ? lines->begun : segment.begun;
  for (const Substream& substream : begun) {
    add_snapshot(finding, substream);
  }
  named_begun_ += begun.size();
  if (is_placed) {
    add_begun(finding, segment.header->substreams_begun(), begun.size(), segment.header->end);
  }
  hold(std::move(finding), !is_placed);
}

void StoreJudge::find_run(StoreFailureCode code,
                          std::uint64_t first,
                          std::uint64_t last,
                          std::optional<io::SysError> system) {
  release(nullptr);
  StoreFinding finding;
  finding.failure = failure_of(code, first);
  if (last > first) finding.failure.last = last;
  if (system) finding.failure.system = *system;
  if (known_ && known_->places) finding.after = known_->places->last;
  add_running(finding, nullptr);
  for (std::uint64_t sequence = first; sequence <= last; ++sequence) {
    const auto lines = lines_of(sequence);
    if (!lines) break;
    if (sequence == first) finding.failure.begin = lines->segment.offset;
    if (sequence == last) finding.failure.end = lines->segment.offset + lines->segment.raw_bytes;
    for (const Substream& substream : lines->begun) {
      add_snapshot(finding, substream);
    }
    named_begun_ += lines->begun.size();
    if (!lines->begun.empty()) running_ = lines->begun.back();
  }
  verdict_.segments_bad += last - first + 1;
  is_last_bad_ = true;
  previous_.reset();
  next_ = last + 1;
  hold(std::move(finding), true);
}

void StoreJudge::take_folder(std::uint64_t first, const io::SysError& error) {
  find_gap(first);
  const std::uint64_t in_folder = storage::kSegmentsPerFolder - first % storage::kSegmentsPerFolder;
  std::uint64_t last = first + in_folder - 1;
  // It need not be full.
  if (is_manifest_used() && facts_.manifest.segments > first) {
    last = std::min(last, facts_.manifest.segments - 1);
  }
  find_run(StoreFailureCode::unreadable, first, last, error);
  held_->failure.name = storage::segment_folder(first);
  held_->failure.last = last;
}

// The substream that is running where the finding begins is hit, too.
void StoreJudge::add_running(StoreFinding& finding, const SegmentHeader* header) const {
  if (header != nullptr) {
    if (!is_in_substream(header->start.framing)) return;
    const bool is_known = running_ && running_->toguid == header->start.toguid;
    return add_snapshot(finding, is_known ? *running_ : nameless(header->start));
  }
  const bool is_over = previous_ && !is_in_substream(previous_->end.framing);
  if (running_ && !is_over) add_snapshot(finding, *running_);
}

void StoreJudge::add_good(const SegmentHeader& header) {
  is_last_bad_ = false;
  std::vector<GoodRange>& good = verdict_.good;
  const bool goes_on = is_previous_right_ && previous_;
  if (!goes_on && good.size() >= kGoodRangesMax) ++verdict_.good_more;
  if (!goes_on && good.size() < kGoodRangesMax) {
    good.push_back({header.sequence, header.sequence, header.start.offset, header.end.offset});
  }
  if (goes_on && verdict_.good_more == 0) {
    good.back().last = header.sequence;
    good.back().end = header.end.offset;
  }
  verdict_.segments_good += 1;
  verdict_.raw_bytes += header.raw_bytes;
  verdict_.stored_bytes += header.stored_bytes;
  verdict_.records += header.records();
  verdict_.substreams += header.substreams_begun();
}

// `join` asks each segment, and the one before it, but not the manifest.
void StoreJudge::follow_prefix(const ProbedSegment& segment, const Lines* lines) {
  const bool is_next = segment.sequence == verdict_.prefix_segments && !segment.code;
  is_prefix_over_ = is_prefix_over_ || !is_next;
  if (is_prefix_over_) return;
  const SegmentHeader& header = *segment.header;
  if (!prefix_) prefix_.emplace(facts_.identity ? facts_.identity->store_id : header.store_id);
  const bool is_ours = !facts_.identity || identity_of(header) == *facts_.identity;
  if (!is_ours || !prefix_->check(header)) {
    is_prefix_over_ = true;
    return;
  }
  if (header.sequence == 0 && !is_first_line_right(header, lines)) {
    if (facts_.has_key) return refuse_join();
    is_prefix_without_manifest_ = true;
  }
  ++verdict_.prefix_segments;
  for (const storage::Position& at : {header.start, header.end}) {
    const bool is_raw = (at.features & drr::feature::kRaw) != 0;
    verdict_.is_plain = verdict_.is_plain || (is_in_substream(at.framing) && !is_raw);
  }
  is_prefix_over_ = header.is_last;
  verdict_.is_prefix_whole = header.is_last;
  prefix_bytes_before_ = verdict_.prefix_bytes;
  if (header.is_last || (header.end.substreams > 0 && !segment.ends_in_begin)) {
    verdict_.prefix_bytes = header.end.offset;
  } else if (header.end.substreams > 1) {
    verdict_.prefix_bytes = segment.begun.back().begin_at;
  }
}

// A closing line that says otherwise keeps the last segment back.
void StoreJudge::judge_prefix_end(checksum::HmacSha256* mac) {
  if (!verdict_.is_prefix_whole || is_prefix_without_manifest_) return;
  if (!end_problem(*prefix_->last(), mac)) return;
  verdict_.is_prefix_whole = false;
  verdict_.prefix_segments -= 1;
  verdict_.prefix_bytes = prefix_bytes_before_;
}

void StoreJudge::refuse_join() {
  is_prefix_over_ = true;
  verdict_.is_join_refused = true;
  verdict_.is_prefix_whole = false;
  verdict_.prefix_segments = 0;
  verdict_.prefix_bytes = 0;
}

void StoreJudge::follow(const ProbedSegment& segment, const Lines* lines, bool is_placed) {
  const std::vector<Substream>& begun = lines != nullptr ? lines->begun : segment.begun;
  if (!begun.empty()) {
    running_ = begun.back();
    verdict_.last_substream = running_;
  }
  // A link that was broken is taken up behind it, but for segments that are of no use there.
  const bool is_ours = segment.has_place() && identity_of(*segment.header) == facts_.identity;
  if (!is_placed && !(is_ours && !segment.code && !last_)) {
    previous_.reset();
    return;
  }
  previous_ = segment.header;
  if (!is_placed) return;
  known_ = segment.header;
  named_begun_ = 0;
  const bool is_running = is_in_substream(known_->end.framing);
  if (is_running && (!running_ || running_->toguid != known_->end.toguid)) {
    running_ = nameless(known_->end);
  }
  if (known_->is_last) last_ = known_;
}

// One finding waits for the segment behind it, which may tell where it ends.
void StoreJudge::hold(StoreFinding finding, bool is_open_ended) {
  held_ = std::move(finding);
  if (!is_open_ended) release(nullptr);
}

void StoreJudge::release(const SegmentHeader* next) {
  if (!held_) return;
  if (next != nullptr) {
    held_->failure.end = next->start.offset;
    if (next->places) held_->before = next->places->first;
    const std::uint64_t before = known_ ? known_->end.substreams : 0;
    const std::uint64_t behind = next->start.substreams;
    add_begun(*held_, behind - std::min(before, behind), named_begun_, next->start);
    if (held_->snapshots.empty() && is_in_substream(next->start.framing)) {
      held_->snapshots.push_back(nameless(next->start));
    }
  }
  const StoreFinding finding = *std::exchange(held_, std::nullopt);
  tell_(finding);
}

void StoreJudge::finish(checksum::HmacSha256* mac) {
  const std::uint64_t written = is_manifest_used() ? facts_.manifest.segments : 0;
  if (!last_ && written > next_) {
    find_run(StoreFailureCode::cut_off, next_, written - 1);
  }
  release(nullptr);
  judge_prefix_end(mac);
  verdict_.has_end = last_.has_value();
  if (last_) return check_end(*last_, mac);
  if (is_last_bad_ || next_ == 0) return;
  StoreFinding finding;
  finding.failure.code = StoreFailureCode::unfinished;
  finding.failure.segments = next_;
  finding.failure.begin = known_ ? known_->end.offset : 0;
  tell_(finding);
}

std::optional<StoreFailureCode> StoreJudge::end_problem(const SegmentHeader& last,
                                                        checksum::HmacSha256* mac) const {
  if (!is_manifest_used() || !facts_.manifest.end) return std::nullopt;
  const storage::EndLine& end = *facts_.manifest.end;
  const bool is_same = end.segments == last.sequence + 1 && end.chain == last.content_hash;
  if (!is_same) return StoreFailureCode::other_end;
  if (mac == nullptr || is_authentic(end, *mac)) return std::nullopt;
  return StoreFailureCode::unproven_end;
}

void StoreJudge::check_end(const SegmentHeader& last, checksum::HmacSha256* mac) {
  const auto problem = end_problem(last, mac);
  if (!problem) return;
  StoreFinding finding;
  finding.failure = failure_of(*problem, last.sequence);
  finding.failure.begin = last.start.offset;
  finding.failure.end = last.end.offset;
  finding.failure.segments = facts_.manifest.end->segments;
  if (*problem == StoreFailureCode::unproven_end) finding.failure.name = storage::kManifestName;
  tell_(finding);
}

}  // namespace zsluice::pipeline
