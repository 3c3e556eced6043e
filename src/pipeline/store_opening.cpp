// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/store_opening.hpp"

#include "pipeline/judge_key.hpp"
#include "pipeline/manifest_match.hpp"
#include "pipeline/segment_list.hpp"
#include "pipeline/segment_reader.hpp"
#include "pipeline/store_identity.hpp"
#include "zsluice/store/segment_name.hpp"

#include <utility>

namespace zsluice::pipeline {
namespace {

using storage::SegmentHeader;

// At most `sequence`, which is missing. Nothing when a folder before it cannot be listed.
std::optional<std::uint64_t> first_missing(io::StoreFiles& files, std::uint64_t sequence) {
  SegmentList list(files);
  std::uint64_t first = 0;
  while (first < sequence) {
    const auto segment = list.next();
    if (segment && segment->error) return std::nullopt;
    if (!segment || segment->sequence != first) break;
    ++first;
  }
  return first;
}

class Opening {
 public:
  Opening(io::StoreFiles& files, const std::string& key)
      : files_(files), key_(key), reader_({.key = key, .store_id = {}}, files) {}

  [[nodiscard]] Result<OpenedStore, StoreFailure> run();

 private:
  using Done = std::optional<StoreFailure>;

  [[nodiscard]] Done check_manifest();
  [[nodiscard]] Done check_key();
  [[nodiscard]] Done read_first();
  [[nodiscard]] Done read_rest();
  [[nodiscard]] Done take_in();
  [[nodiscard]] Done judged(StoreFailure failure);
  [[nodiscard]] Done read_whole(std::uint64_t sequence);
  [[nodiscard]] Done check_gaps();
  [[nodiscard]] Done check_end();
  [[nodiscard]] StoreFailure explained(StoreFailure failure);
  void name_missing(std::uint64_t sequence, StoreFailure& failure);
  [[nodiscard]] bool is_manifest_believed() const { return opened_.manifest.is_believed(); }
  void disbelieve() {
    opened_.manifest = {};
    opened_.manifest.state = ManifestState::damaged;
  }

  io::StoreFiles& files_;
  const std::string& key_;
  SegmentReader reader_;
  ManifestUse use_ = ManifestUse::left_out;
  OpenedStore opened_;
};

Result<OpenedStore, StoreFailure> Opening::run() {
  if (const auto names = files_.list(""); !names) {
    StoreFailure failure;
    failure.code = StoreFailureCode::unreadable;
    failure.system = names.error();
    return Unexpected{failure};
  }
  opened_.manifest = read_manifest(files_);
  if (Done failure = check_manifest()) return Unexpected{*std::move(failure)};
  if (Done failure = check_key()) return Unexpected{*std::move(failure)};
  if (Done failure = read_first()) return Unexpected{*std::move(failure)};
  if (Done failure = read_rest()) return Unexpected{*std::move(failure)};
  if (Done failure = check_gaps()) return Unexpected{*std::move(failure)};
  if (Done failure = check_end()) return Unexpected{*std::move(failure)};
  return std::move(opened_);
}

// Only one that is damaged, or of this stream, cut otherwise, is made again: that loses nothing.
Opening::Done Opening::check_manifest() {
  const auto refused = [](StoreFailureCode code) {
    StoreFailure failure;
    failure.code = code;
    failure.name = storage::kManifestName;
    return failure;
  };
  if (opened_.manifest.unreadable) {
    StoreFailure failure = refused(StoreFailureCode::unreadable);
    failure.system = *opened_.manifest.unreadable;
    return failure;
  }
  if (opened_.manifest.is_of_later_version) return refused(StoreFailureCode::later_manifest);
  const auto identity = find_identity(files_, opened_.manifest);
  use_ = use_of(opened_.manifest, identity, !key_.empty());
  if (use_ == ManifestUse::refused) return refused(StoreFailureCode::other_manifest);
  return std::nullopt;
}

Opening::Done Opening::check_key() {
  std::optional<checksum::HmacSha256> mac;
  if (!key_.empty()) mac.emplace(bytes_of(key_));
  const bool is_used = use_ == ManifestUse::used;
  return judge_key(files_, is_used ? opened_.manifest.store : std::nullopt,
                   {.mac = mac ? &*mac : nullptr});
}

Opening::Done Opening::read_first() {
  const auto first = reader_.next_header();
  if (!first) return explained(first.error());
  opened_.first = *first;
  opened_.last = *first;
  if (!is_manifest_believed()) return std::nullopt;
  const auto line = find_line(files_, 0);
  const bool is_right = !line || tells_of(*line, *first);
  if (is_right && suits(*opened_.manifest.store, *first, line)) {
    // Of another copy of segment 0 they are not the store's.
    opened_.first.settings = opened_.manifest.store->settings;
  } else {
    disbelieve();
  }
  return std::nullopt;
}

Opening::Done Opening::read_rest() {
  if (is_manifest_believed() && opened_.manifest.segments > 0) {
    const std::uint64_t last = opened_.manifest.segments - 1;
    if (Done failure = read_whole(last)) return explained(*std::move(failure));
    // Another segment than the one that got the line: a copy of another store, perhaps.
    if (!tells_of(*opened_.manifest.last, opened_.last)) disbelieve();
  }
  opened_.stored_bytes = opened_.manifest.stored_bytes;
  opened_.compressed = opened_.manifest.compressed;
  if (!is_manifest_believed() || opened_.manifest.segments == 0) reader_.start_at(0);
  for (;;) {
    if (Done failure = take_in()) return judged(*std::move(failure));
    opened_.stored_bytes += opened_.last.stored_bytes;
    opened_.compressed += opened_.last.codec == storage::Codec::zstd ? 1U : 0U;
  }
}

// The next segment: all of it when it has no line; its header when none has.
Opening::Done Opening::take_in() {
  if (is_manifest_believed()) return read_whole(reader_.next_sequence());
  const auto header = reader_.next_header();
  if (!header) return header.error();
  opened_.last = *header;
  return std::nullopt;
}

// Why no other segment follows: there may be none.
Opening::Done Opening::judged(StoreFailure failure) {
  const bool is_end = failure.code == StoreFailureCode::missing_segment &&
                      !first_segment_from(files_, failure.sequence + 1);
  if (!is_end) return failure;
  return is_manifest_believed() ? std::nullopt : read_whole(failure.sequence - 1);
}

// All that FORMAT.md §11 names.
Opening::Done Opening::read_whole(std::uint64_t sequence) {
  if (reader_.next_sequence() != sequence) reader_.start_at(sequence);
  const auto segment = reader_.next();
  if (!segment) return segment.error();
  if (const auto checked = check_records(segment->header, segment->raw); !checked) {
    return SegmentReader::bad_segment(segment->header, checked.error());
  }
  opened_.last = segment->header;
  return std::nullopt;
}

// Files that are not there, where the manifest names them or not. What is in those that were not
// read is for `verify`: 10 TiB would have to be read.
Opening::Done Opening::check_gaps() {
  const auto first = first_missing(files_, opened_.last.sequence);
  if (!first || *first == opened_.last.sequence) return std::nullopt;
  StoreFailure failure;
  failure.code = StoreFailureCode::missing_segment;
  name_missing(*first, failure);
  return failure;
}

Opening::Done Opening::check_end() {
  const auto& end = opened_.manifest.end;
  if (!end) return std::nullopt;
  const SegmentHeader& last = opened_.last;
  bool is_right =
      last.is_last && end->segments == last.sequence + 1 && end->chain == last.content_hash;
  if (is_right && !key_.empty()) {
    checksum::HmacSha256 mac(bytes_of(key_));
    is_right = is_authentic(*end, mac);
  }
  if (is_right) return std::nullopt;
  StoreFailure failure = SegmentReader::bad_segment(last, {});
  failure.code = StoreFailureCode::other_end;
  failure.segments = end->segments;
  return failure;
}

void Opening::name_missing(std::uint64_t sequence, StoreFailure& failure) {
  failure.sequence = sequence;
  failure.segments = sequence;
  failure.name = storage::segment_name(sequence);
  const auto line = find_line(files_, sequence);
  if (!line) return;
  failure.begin = line->offset;
  failure.end = line->offset + line->raw_bytes;
}

// Of the first segment, or of the one that has the manifest's last line.
StoreFailure Opening::explained(StoreFailure failure) {
  if (failure.code != StoreFailureCode::missing_segment) return failure;
  if (const auto first = first_missing(files_, failure.sequence)) name_missing(*first, failure);
  if (first_segment_from(files_, failure.sequence + 1)) return failure;
  failure.code = opened_.manifest.segments > failure.sequence ? StoreFailureCode::cut_off
                                                              : StoreFailureCode::holds_nothing;
  return failure;
}

}  // namespace

StoreTotals totals_of(const OpenedStore& opened) {
  StoreTotals totals;
  totals.segments = opened.segments();
  totals.raw_bytes = opened.bytes();
  totals.stored_bytes = opened.stored_bytes;
  totals.segments_compressed = opened.compressed;
  totals.chain = opened.last.content_hash;
  totals.is_whole = opened.manifest.end.has_value();
  return totals;
}

Result<OpenedStore, StoreFailure> open_store(io::StoreFiles& files, const std::string& key) {
  return Opening(files, key).run();
}

}  // namespace zsluice::pipeline
