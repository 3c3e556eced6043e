// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/join.hpp"

#include "pipeline/gate_state.hpp"
#include "pipeline/judge_key.hpp"
#include "pipeline/manifest_match.hpp"
#include "pipeline/segment_reader.hpp"
#include "pipeline/store_identity.hpp"
#include "zsluice/store/cutter.hpp"
#include "zsluice/store/segment_name.hpp"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

namespace zsluice::pipeline {
namespace {

using storage::SegmentError;
using storage::SegmentErrorCode;
using storage::SegmentHeader;

// Where the stream stands after what the gate was fed.
class PositionEar final : public GateObserver {
 public:
  void on_record(const drr::Parser& parser) override {
    tracker_.settle();
    const storage::RecordMet met = storage::record_met(parser);
    tracker_.meet(met.record, met.role, met.payload_bytes, met.sum);
  }
  void on_payload(const drr::Parser& parser) override {
    if (parser.payload_bytes_left() == 0) tracker_.payload_end(parser.running_sum());
  }
  void on_stream_end() override { tracker_.settle(); }

  // The bytes of a segment have been fed: are they what its header says?
  [[nodiscard]] bool agrees_with(const SegmentHeader& header) {
    tracker_.settle();
    const bool agrees = tracker_.at() == header.end && tracker_.places() == header.places;
    tracker_.forget_places();
    return agrees;
  }

 private:
  storage::PositionTracker tracker_;
};

SegmentError error_at(SegmentErrorCode code, std::uint64_t at) {
  SegmentError error;
  error.code = code;
  error.at = at;
  return error;
}

class Joining {
 public:
  Joining(const JoinOptions& options,
          io::StoreFiles& files,
          io::ByteSink& out,
          JoinObserver* observer)
      : options_(options),
        files_(files),
        out_(out),
        observer_(observer),
        manifest_(read_manifest(files)),
        identity_(find_identity(files, manifest_)),
        gate_(options.gate, &ear_),
        reader_(reader_options(options), files),
        mac_(options.key.empty() ? std::nullopt
                                 : std::optional<checksum::HmacSha256>(bytes_of(options.key))) {}

  JoinReport run();

 private:
  using Done = std::optional<Failure>;

  [[nodiscard]] SegmentReaderOptions reader_options(const JoinOptions& options) const {
    SegmentReaderOptions reader;
    reader.key = options.key;
    reader.no_auth = options.no_auth;
    if (identity_) reader.store_id = identity_->store_id;
    if (identity_) reader.segment_bytes = identity_->segment_bytes;
    return reader;
  }
  [[nodiscard]] Done judge_manifest();
  [[nodiscard]] Done join_all();
  [[nodiscard]] Done pass(const ReadSegment& segment);
  [[nodiscard]] Done judge(const ReadSegment& segment);
  [[nodiscard]] Done judge_first_line(const SegmentHeader& first);
  [[nodiscard]] bool is_manifest_foreign(const StoreFailure& failure);
  void judge_fetched_key(StoreFailure& failure) const;
  [[nodiscard]] Done check_end(const SegmentHeader& last);
  [[nodiscard]] Done check_behind(const SegmentHeader& last);
  [[nodiscard]] StoreFailure explained(StoreFailure failure);
  [[nodiscard]] bool ends_in_manifest(std::uint64_t sequence) const;
  [[nodiscard]] StoreFailure explained_missing(StoreFailure failure);
  [[nodiscard]] std::optional<std::uint64_t> end_of(const StoreFailure& failure,
                                                    std::uint64_t next);
  void tell_read(const SegmentHeader& header);
  void write_released(const ReadSegment& segment);

  const JoinOptions& options_;
  io::StoreFiles& files_;
  io::ByteSink& out_;
  JoinObserver* observer_;
  ManifestFacts manifest_;
  std::optional<StoreIdentity> identity_;  // of the store
  PositionEar ear_;
  Gate gate_;
  SegmentReader reader_;
  std::optional<checksum::HmacSha256> mac_;
  std::vector<std::byte> held_;  // of earlier segments: a BEGIN that is not judged yet
  std::uint64_t held_bytes_max_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t segments_ = 0;
  std::uint64_t stored_bytes_ = 0;
};

JoinReport Joining::run() {
  JoinReport report;
  report.failure = join_all();
  out_.flush();
  if (out_.error()) report.failure = IoFailure{IoSide::output, *out_.error(), out_.written()};
  report.manifest = manifest_.state;
  report.manifest_error = manifest_.unreadable;
  report.is_authenticated = mac_.has_value() && segments_ > 0;
  report.segments = segments_;
  report.stored_bytes = stored_bytes_;
  report.bytes_out = out_.written();
  report.held_bytes_max = held_bytes_max_;
  report.records = gate_.records();
  report.substreams = gate_.substreams();
  report.unknown_features = gate_.unknown_features();
  report.toname = gate_.snapshot();
  return report;
}

Joining::Done Joining::join_all() {
  if (Done failure = judge_manifest()) return failure;
  for (;;) {
    const auto segment = reader_.next();
    if (!segment) return explained(segment.error());
    if (Done failure = judge_first_line(segment->header)) return failure;
    if (Done failure = pass(*segment)) return failure;
    ++segments_;
    stored_bytes_ += segment->header.stored_bytes;
    if (out_.error()) return std::nullopt;
    if (segment->header.is_last) return check_behind(segment->header);
  }
}

// Whether it is this store's, and the key as well, before anything is passed; else it is done
// without, or refused.
Joining::Done Joining::judge_manifest() {
  const ManifestUse use = use_of(manifest_, identity_, mac_.has_value());
  StoreFailure failure;
  if (use == ManifestUse::refused) {
    failure.code = StoreFailureCode::other_manifest;
    failure.name = storage::kManifestName;
    return failure;
  }
  if (manifest_.store && use == ManifestUse::left_out) {
    manifest_ = {};
    manifest_.state = ManifestState::damaged;
  }
  // With a key the first segment that is fetched tells as much, and is needed anyway.
  if (mac_ && files_.is_remote()) return std::nullopt;
  if (auto refused =
          judge_key(files_, manifest_.store, {mac_ ? &*mac_ : nullptr, options_.no_auth})) {
    return *std::move(refused);
  }
  return std::nullopt;
}

Joining::Done Joining::pass(const ReadSegment& segment) {
  gate_.feed(segment.raw);
  if (Done failure = judge(segment)) {
    // What a policy refuses is proven all the same: what stands before it passes, as in `pipe`.
    if (std::holds_alternative<drr::Refusal>(*failure)) write_released(segment);
    return failure;
  }
  gate_.trust(segment.header.end.offset);
  write_released(segment);
  return gate_.failure();
}

// What the manifest says of the store is not believed against segment 0; who has a key refuses it.
Joining::Done Joining::judge_first_line(const SegmentHeader& first) {
  if (first.sequence > 0 || !manifest_.store) return std::nullopt;
  if (suits(*manifest_.store, first, find_line(files_, 0))) return std::nullopt;
  manifest_ = {};
  manifest_.state = ManifestState::damaged;
  if (!mac_) return std::nullopt;
  StoreFailure failure;
  failure.code = StoreFailureCode::bad_manifest;
  failure.name = storage::kManifestName;
  failure.segments = 1;
  return failure;
}

// Segment 0 belongs to another store: is it that, or the manifest, that does not belong here? Of a
// store behind a command nobody has been asked yet; the next segment decides.
bool Joining::is_manifest_foreign(const StoreFailure& failure) {
  if (failure.code != StoreFailureCode::bad_segment || failure.sequence > 0) return false;
  if (!files_.is_remote() || !manifest_.store) return false;
  StoreIdentity other = identity_of(*manifest_.store);
  if (failure.segment.code == SegmentErrorCode::foreign) {
    other.store_id = failure.segment.found_hash;
  } else if (failure.segment.code == SegmentErrorCode::wrong_settings) {
    other.segment_bytes = failure.segment.found;
  } else {
    return false;
  }
  const auto next = peek_header(files_, 1);
  return next && next->sequence == 1 && next->store_id == other.store_id &&
         identity_of(*next) != identity_of(*manifest_.store);
}

// What is wrong with the first segment that was fetched stands for the store: nobody else was
// asked.
void Joining::judge_fetched_key(StoreFailure& failure) const {
  if (!files_.is_remote() || failure.sequence > 0) return;
  const bool is_bad = failure.code == StoreFailureCode::bad_segment;
  const bool is_denied = manifest_.store && manifest_.store->is_authenticated;
  if (failure.code == StoreFailureCode::key_needed) {
    failure.name.clear();
  } else if (is_bad && failure.segment.code == SegmentErrorCode::wrong_key) {
    failure.code = StoreFailureCode::wrong_key;
  } else if (is_bad && failure.segment.code == SegmentErrorCode::not_authenticated && !is_denied) {
    failure = {};
    failure.code = StoreFailureCode::not_keyed;
  }
}

Joining::Done Joining::judge(const ReadSegment& segment) {
  const SegmentHeader& header = segment.header;
  if (const auto& failure = gate_.failure()) {
    const auto* const fault = std::get_if<drr::Fault>(&*failure);
    if (fault == nullptr || drr::kind_of(fault->code) != drr::FaultKind::damaged) return failure;
    return SegmentReader::bad_segment(
        header, error_at(SegmentErrorCode::records_damaged, fault->begin - header.start.offset));
  }
  if (!ear_.agrees_with(header) || gate_.delivered() != header.is_last) {
    return SegmentReader::bad_segment(header,
                                      error_at(SegmentErrorCode::wrong_waypoint, header.raw_bytes));
  }
  // Its records are whole, so that there is a BEGIN with all of its payload.
  if (header.sequence == 0 && storage::store_id_of(segment.raw) != header.store_id) {
    return SegmentReader::bad_segment(header, error_at(SegmentErrorCode::wrong_store_id, 0));
  }
  return header.is_last ? check_end(header) : std::nullopt;
}

// The closing line says what the last segment must be. It need not be there: the segment says
// itself that the stream ends with it.
Joining::Done Joining::check_end(const SegmentHeader& last) {
  if (!manifest_.end) return std::nullopt;
  const storage::EndLine& end = *manifest_.end;
  const bool is_same = end.segments == last.sequence + 1 && end.chain == last.content_hash;
  StoreFailure failure = SegmentReader::bad_segment(last, {});
  failure.segments = end.segments;
  failure.code = StoreFailureCode::other_end;
  if (!is_same) return failure;
  if (!mac_ || is_authentic(end, *mac_)) return std::nullopt;
  failure.code = StoreFailureCode::unproven_end;
  failure.name = storage::kManifestName;
  return failure;
}

// The stream has been passed whole; what stands behind it does not belong there. Nothing is fetched
// to learn that.
Joining::Done Joining::check_behind(const SegmentHeader& last) {
  if (files_.is_remote()) return std::nullopt;
  const auto behind = first_segment_from(files_, last.sequence + 1);
  if (!behind) return std::nullopt;
  StoreFailure failure = reader_.failure_of(StoreFailureCode::bad_segment);
  failure.sequence = *behind;
  failure.name = storage::segment_name(*behind);
  failure.segment.code = SegmentErrorCode::after_last;
  failure.segment.expected = last.sequence;
  failure.segment.found = *behind;
  return failure;
}

// Adds what the manifest and the other segments know of the one that failed.
StoreFailure Joining::explained(StoreFailure failure) {
  if (failure.code == StoreFailureCode::missing_segment) {
    return explained_missing(std::move(failure));
  }
  if (is_manifest_foreign(failure)) {
    failure.code = StoreFailureCode::other_manifest;
    failure.name = storage::kManifestName;
    return failure;
  }
  judge_fetched_key(failure);
  const bool is_unfetched = failure.code == StoreFailureCode::fetch_failed;
  if (is_unfetched && ends_in_manifest(failure.sequence)) {
    failure.code = StoreFailureCode::unfinished;
    return failure;
  }
  const bool is_bad = failure.code == StoreFailureCode::bad_segment || is_unfetched ||
                      failure.code == StoreFailureCode::key_needed ||
                      failure.code == StoreFailureCode::wrong_key;
  if (is_bad && !failure.end) failure.end = end_of(failure, failure.sequence + 1);
  return failure;
}

// Where the segment ends, as the manifest says, or `next`, one behind it.
std::optional<std::uint64_t> Joining::end_of(const StoreFailure& failure, std::uint64_t next) {
  std::optional<std::uint64_t> end;
  const auto line = manifest_.store ? find_line(files_, failure.sequence) : std::nullopt;
  if (line) {
    end = line->offset + line->raw_bytes;
  } else if (!files_.is_remote() && identity_) {
    const auto header = peek_own_header(files_, next, *identity_);
    if (header) end = header->start.offset;
  }
  return end && *end > failure.begin ? end : std::nullopt;
}

// Whether all that the manifest knows has been passed, and it says itself that this is not all.
bool Joining::ends_in_manifest(std::uint64_t sequence) const {
  return manifest_.store && !manifest_.end && sequence > 0 && sequence == manifest_.segments;
}

StoreFailure Joining::explained_missing(StoreFailure failure) {
  const auto later = first_segment_from(files_, failure.sequence + 1);
  failure.end = end_of(failure, later.value_or(failure.sequence + 1));
  if (later) {
    // A writer may have made both since it was looked for.
    const bool is_there = files_.open(storage::segment_name(failure.sequence)).has_value();
    if (is_there) failure.code = StoreFailureCode::unfinished;
    return failure;
  }
  if (manifest_.segments > failure.sequence) {
    failure.code = StoreFailureCode::cut_off;
  } else if (failure.sequence == 0 && !manifest_.store) {
    failure.code = StoreFailureCode::not_a_store;
  } else {
    failure.code = StoreFailureCode::unfinished;
  }
  return failure;
}

void Joining::tell_read(const SegmentHeader& header) {
  if (observer_ == nullptr) return;
  PipeState state = state_of(gate_);
  state.bytes_in = header.end.offset;
  if (manifest_.end) state.size_bytes = manifest_.end->raw_bytes;
  observer_->on_read(state);
}

// From what was written last up to what the gate releases, which lies in `held_` or the segment.
void Joining::write_released(const ReadSegment& segment) {
  tell_read(segment.header);
  const std::uint64_t held_from = segment.header.start.offset - held_.size();
  const std::uint64_t end = gate_.releasable();
  const auto write_part = [&](ByteSpan part, std::uint64_t from) {
    const std::uint64_t part_end = from + part.size();
    if (written_ < from || written_ >= part_end || end <= written_) return;
    const std::uint64_t to = end < part_end ? end : part_end;
    out_.write(part.subspan(static_cast<std::size_t>(written_ - from),
                            static_cast<std::size_t>(to - written_)));
    written_ = to;
  };
  write_part(held_, held_from);
  write_part(segment.raw, segment.header.start.offset);
  const auto skip = [&](ByteSpan part, std::uint64_t from) {
    const std::uint64_t left = written_ > from ? written_ - from : 0;
    return part.subspan(static_cast<std::size_t>(std::min<std::uint64_t>(left, part.size())));
  };
  const ByteSpan still_held = skip(held_, held_from);
  const ByteSpan added = skip(segment.raw, segment.header.start.offset);
  std::vector<std::byte> held(still_held.begin(), still_held.end());
  held.insert(held.end(), added.begin(), added.end());
  held_ = std::move(held);
  held_bytes_max_ = std::max<std::uint64_t>(held_bytes_max_, held_.size());
}

}  // namespace

JoinReport run_join(const JoinOptions& options,
                    io::StoreFiles& files,
                    io::ByteSink& out,
                    JoinObserver* observer) {
  return Joining(options, files, out, observer).run();
}

}  // namespace zsluice::pipeline
