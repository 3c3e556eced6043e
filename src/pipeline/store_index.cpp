// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/store_index.hpp"

#include "pipeline/judge_key.hpp"
#include "pipeline/open_failure.hpp"
#include "pipeline/segment_list.hpp"
#include "pipeline/store_contents.hpp"
#include "zsluice/resume/point_search.hpp"
#include "zsluice/store/manifest.hpp"
#include "zsluice/store/segment_check.hpp"
#include "zsluice/store/segment_name.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

namespace zsluice::pipeline {
namespace {

using storage::SegmentHeader;

// The longest part that a crash can spoil, and a line before it.
constexpr std::uint64_t kTailBytes =
    storage::kManifestUnsyncedBytesMax + 2 * storage::kManifestLineBytesMax;
// How far back a header is looked for that says where a segment lies.
constexpr std::uint64_t kLookBackMax = 16;

// How many segments the last good line of a segment, or the closing line, speaks of. It is a hint:
// the files decide.
std::uint64_t segments_in_manifest(io::StoreFiles& files) {
  const auto file = files.open(std::string(storage::kManifestName));
  if (!file) return 0;
  const std::uint64_t bytes = (*file)->bytes();
  std::vector<std::byte> tail(static_cast<std::size_t>(std::min(bytes, kTailBytes)));
  const auto count = (*file)->read_at(bytes - tail.size(), tail);
  if (!count) return 0;
  std::string_view text = text_of(ByteSpan(tail).first(*count));
  for (std::size_t end = text.rfind('\n'); end != text.npos && end > 0;) {
    text = text.substr(0, end);
    end = text.rfind('\n');
    const auto line = storage::decode_line(text.substr(end == text.npos ? 0 : end + 1));
    if (!line) continue;
    if (const auto* segment = std::get_if<storage::SegmentLine>(&*line)) {
      return segment->sequence + 1;
    }
    if (const auto* closing = std::get_if<storage::EndLine>(&*line)) return closing->segments;
  }
  return 0;
}

class SegmentCount {
 public:
  SegmentCount(io::StoreFiles& files, StoreHeaders& headers) : files_(files), headers_(headers) {}

  StoredSegments count();

 private:
  [[nodiscard]] bool is_there(std::uint64_t sequence);
  [[nodiscard]] Result<bool, io::SysError> find(std::uint64_t sequence);
  [[nodiscard]] std::uint64_t first_missing(std::uint64_t from);
  [[nodiscard]] StoreFailure failure_at(std::uint64_t sequence, StoreFailureCode code);

  io::StoreFiles& files_;
  StoreHeaders& headers_;
  std::optional<StoreFailure> unreadable_;
};

// Once that could not be told, no later one is there: the count ends.
bool SegmentCount::is_there(std::uint64_t sequence) {
  if (unreadable_ || sequence >= storage::kSegmentsMax) return false;
  const auto found = find(sequence);
  if (found) return *found;
  unreadable_ = failure_at(sequence, StoreFailureCode::unreadable);
  unreadable_->system = found.error();
  return false;
}

// A file that cannot be opened is there if its folder says so: where that cannot be asked either,
// every number would be.
Result<bool, io::SysError> SegmentCount::find(std::uint64_t sequence) {
  const std::string name = storage::segment_name(sequence);
  const auto file = files_.open(name);
  if (file) return true;
  if (code_of_open(file.error()) == StoreFailureCode::missing_segment) return false;
  const std::string folder = storage::segment_folder(sequence);
  const auto names = files_.list(folder);
  if (!names) return Unexpected{file.error()};
  return std::ranges::find(*names, name.substr(folder.size() + 1)) != names->end();
}

// All before `from` are there.
std::uint64_t SegmentCount::first_missing(std::uint64_t from) {
  std::uint64_t step = 1;
  while (is_there(from + step - 1)) {
    from += step;
    step *= 2;
  }
  std::uint64_t missing = from + step - 1;
  while (from < missing) {
    const std::uint64_t middle = from + (missing - from) / 2;
    if (is_there(middle)) {
      from = middle + 1;
    } else {
      missing = middle;
    }
  }
  return missing;
}

StoreFailure SegmentCount::failure_at(std::uint64_t sequence, StoreFailureCode code) {
  StoreFailure failure;
  failure.code = code;
  failure.name = storage::segment_name(sequence);
  failure.segments = sequence;
  failure.sequence = sequence;
  headers_.add_place(failure);
  return failure;
}

StoredSegments SegmentCount::count() {
  const std::uint64_t known = headers_.has_manifest() ? segments_in_manifest(files_) : 0;
  const bool is_known_there = known > 0 && is_there(known - 1);
  StoredSegments stored{.count = first_missing(is_known_there ? known : 0), .failure = {}};
  auto later = first_segment_from(files_, stored.count + 1);
  // Unless it has come meanwhile: the store is being written.
  while (later && is_there(stored.count)) {
    stored.count = first_missing(stored.count);
    later = first_segment_from(files_, stored.count + 1);
  }
  if (unreadable_) return {.count = 0, .failure = std::move(unreadable_)};
  if (later) {
    stored.failure = failure_at(stored.count, StoreFailureCode::missing_segment);
  } else if (known > stored.count) {
    stored.failure = failure_at(stored.count, StoreFailureCode::cut_off);
  } else if (stored.count == 0 && !read_manifest(files_).store) {
    stored.failure = failure_at(0, StoreFailureCode::not_a_store);
  }
  return stored;
}

}  // namespace

StoredSegments count_segments(io::StoreFiles& files, StoreHeaders& headers) {
  return SegmentCount(files, headers).count();
}

StoreHeaders::StoreHeaders(io::StoreFiles& files, const std::string& key) : files_(files) {
  if (!key.empty()) mac_.emplace(bytes_of(key));
  ManifestFacts manifest;
  ManifestLines lines(files);
  if (lines.next() != nullptr) manifest.store = lines.reader().store();
  identity_ = find_identity(files, manifest);
  if (!manifest.store) return;
  const StoreIdentity in_manifest = identity_of(*manifest.store);
  if (!identity_) identity_ = in_manifest;
  if (identity_ == in_manifest) named_ = manifest.store;
}

std::optional<StoreFailure> StoreHeaders::judge_key(bool no_auth) {
  return pipeline::judge_key(files_, named_, {mac_ ? &*mac_ : nullptr, no_auth});
}

std::optional<SegmentHeader> StoreHeaders::read(std::uint64_t sequence) {
  if (sequence >= storage::kSegmentsMax) return std::nullopt;
  auto header = peek_header(files_, sequence);
  if (!header || !check_place(*header, sequence)) return std::nullopt;
  if (identity_ && identity_of(*header) != *identity_) return std::nullopt;
  return header;
}

std::optional<SegmentHeader> StoreHeaders::at(std::uint64_t sequence) {
  auto header = read(sequence);
  if (header && mac_ && !check_header_hmac(*header, *mac_)) return std::nullopt;
  return header;
}

std::optional<SegmentHeader> StoreHeaders::first_in(std::uint64_t first, std::uint64_t end) {
  if (auto header = at(first)) return header;
  if (end - first < 2) return std::nullopt;
  SegmentList list(files_, first + 1);
  while (const auto listed = list.next()) {
    // Of a folder that cannot be listed, each number that it has room for.
    const std::uint64_t count =
        listed->error ? storage::kSegmentsPerFolder - listed->sequence % storage::kSegmentsPerFolder
                      : 1;
    for (std::uint64_t next = listed->sequence; next < listed->sequence + count; ++next) {
      if (next >= end) return std::nullopt;
      if (auto header = at(next)) return header;
    }
  }
  return std::nullopt;
}

void StoreHeaders::add_place(StoreFailure& failure) {
  const std::uint64_t sequence = failure.sequence;
  for (std::uint64_t back = 1; back <= std::min(sequence, kLookBackMax); ++back) {
    const auto before = read(sequence - back);
    if (!before) continue;
    failure.begin = before->end.offset;
    break;
  }
  const auto next = read(sequence + 1);
  if (next && next->start.offset > failure.begin) failure.end = next->start.offset;
}

// A header that says which substream runs behind the only BEGIN in its segment spares reading that.
SubstreamIndex find_substreams(StoreSeek& seek, const SegmentHeader& last, std::uint64_t toguid) {
  SubstreamIndex index;
  for (std::uint64_t met = 0; met < last.end.substreams;) {
    const std::uint64_t sequence = seek.begin_of(met + 1);
    const auto header = seek.header_at(sequence);
    if (!header || header->end.substreams <= met) {
      // Its header cannot be believed: reading it tells why.
      index.candidates.push_back(sequence);
      return index;
    }
    met = header->end.substreams;
    const bool is_known = header->substreams_begun() == 1 && is_in_substream(header->end.framing);
    if (!is_known || header->end.toguid == toguid) index.candidates.push_back(header->sequence);
    if (index.first_begins.size() < resume::PointSearch::kSeenMax) {
      index.first_begins.push_back(header->sequence);
    }
  }
  return index;
}

std::vector<std::uint64_t> candidates_in_manifest(io::StoreFiles& files,
                                                  std::uint64_t segments,
                                                  std::uint64_t toguid) {
  ManifestLines lines(files);
  std::vector<std::uint64_t> candidates;
  while (const storage::ManifestLine* const line = lines.next()) {
    const auto* const begun = std::get_if<storage::SubstreamLine>(line);
    if (begun == nullptr || begun->sequence >= segments) continue;
    const bool is_new = candidates.empty() || candidates.back() != begun->sequence;
    if (begun->substream.toguid == toguid && is_new) candidates.push_back(begun->sequence);
  }
  if (!lines.is_believable() || lines.reader().segments() < segments) return {};
  return candidates;
}

}  // namespace zsluice::pipeline
