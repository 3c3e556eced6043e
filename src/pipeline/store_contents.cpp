// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/store_contents.hpp"

#include "pipeline/manifest_match.hpp"
#include "pipeline/open_failure.hpp"
#include "pipeline/segment_list.hpp"
#include "zsluice/store/segment_name.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace zsluice::pipeline {
namespace {

using storage::ManifestReader;

constexpr std::size_t kPieceBytes = 64 << 10;

// Hands each line to `take`, until that says no more. False when the manifest cannot be believed.
template <class Take>
bool read_lines(ManifestLines& lines, Take take) {
  while (const storage::ManifestLine* line = lines.next()) {
    if (!take(*line)) return true;
  }
  return lines.is_believable();
}

// Whether a writer died over the manifest's first line: what of it did not reach the disk is
// zeros. Any other file of that name is not ours to take for nothing.
bool is_unbegun(const io::StoredFile& file) {
  constexpr std::string_view kBegin = R"({"type":"store","version":1,)";
  std::array<std::byte, storage::kManifestLineBytesMax> bytes{};
  const auto count = file.read_at(0, bytes);
  if (!count || file.bytes() >= bytes.size()) return false;
  const std::string_view text = text_of(ByteSpan(bytes).first(*count));
  for (std::size_t i = 0; i < std::min(text.size(), kBegin.size()); ++i) {
    if (text[i] != kBegin[i] && text[i] != '\0') return false;
  }
  const std::size_t newline = text.find('\n');
  return newline == text.npos || newline + 1 == text.size();
}

// Whether the last segment that a manifest names is there.
enum class LastSegment : std::uint8_t { missing, other, right };

LastSegment look_for(const storage::SegmentLine& line, io::StoreFiles& files) {
  const auto file = files.open(storage::segment_name(line.sequence));
  if (!file && code_of_open(file.error()) == StoreFailureCode::missing_segment) {
    return LastSegment::missing;
  }
  const auto header = peek_header(files, line.sequence);
  return header && tells_of(line, *header) ? LastSegment::right : LastSegment::other;
}

// Something else has the name.
bool is_no_file(const io::SysError& error) {
  return error.operation == io::SysOperation::open &&
         (error.error == EISDIR || error.error == EINVAL);
}

}  // namespace

ManifestLines::ManifestLines(io::StoreFiles& files) {
  auto file = files.open(std::string(storage::kManifestName));
  if (file) {
    file_ = *std::move(file);
    piece_ = std::vector<std::byte>(kPieceBytes);
  } else {
    // What a command does not give may be missing as well.
    is_missing_ = file.error().error == ENOENT || file.error().operation == io::SysOperation::run;
    if (!is_missing_) error_ = file.error();
    is_over_ = true;
  }
}

const storage::ManifestLine* ManifestLines::next() {
  while (!is_over_) {
    const ManifestReader::Step step = reader_.next(rest_);
    if (step == ManifestReader::Step::line) return &reader_.line();
    if (step == ManifestReader::Step::fault) is_over_ = true;
    if (step == ManifestReader::Step::need_input) read_on();
  }
  return nullptr;
}

void ManifestLines::read_on() {
  const auto count = file_->read_at(at_, piece_);
  if (!count) {
    error_ = count.error();
    is_over_ = true;
    return;
  }
  at_ += *count;
  rest_ = ByteSpan(piece_).first(*count);
  if (*count > 0) return;
  is_over_ = true;
  is_believable_ = reader_.finish() != ManifestReader::Step::fault;
}

ManifestFacts read_manifest(io::StoreFiles& files) {
  ManifestLines lines(files);
  ManifestFacts facts;
  if (lines.is_missing()) return facts;
  const ManifestReader& reader = lines.reader();
  const bool is_read = read_lines(lines, [&](const storage::ManifestLine& line) {
    const auto* segment = std::get_if<storage::SegmentLine>(&line);
    if (segment == nullptr) return true;
    facts.last = *segment;
    if (segment->stored_bytes < segment->raw_bytes) ++facts.compressed;
    return true;
  });
  if (!is_read) {
    facts = {};
    facts.state = ManifestState::damaged;
    facts.unreadable = lines.error();
    if (facts.unreadable) return facts;
    facts.bad_line = reader.error().line;
    facts.bad_offset = reader.error().offset;
    facts.is_of_later_version = reader.error().code == storage::ManifestErrorCode::unknown_version;
    return facts;
  }
  if (!reader.store()) {
    const auto file = files.open(std::string(storage::kManifestName));
    facts.state = file && is_unbegun(**file) ? ManifestState::missing : ManifestState::damaged;
    facts.bad_line = 1;
    return facts;
  }
  facts.state = reader.torn_bytes() > 0 ? ManifestState::torn : ManifestState::good;
  facts.store = reader.store();
  facts.end = reader.end();
  facts.segments = reader.segments();
  facts.raw_bytes = reader.raw_bytes();
  facts.stored_bytes = reader.stored_bytes();
  facts.good_bytes = reader.good_bytes();
  return facts;
}

std::optional<storage::SegmentLine> find_line(io::StoreFiles& files, std::uint64_t sequence) {
  ManifestLines lines(files);
  std::optional<storage::SegmentLine> found;
  const bool is_good = read_lines(lines, [&](const storage::ManifestLine& line) {
    const auto* segment = std::get_if<storage::SegmentLine>(&line);
    if (segment != nullptr && segment->sequence == sequence) found = *segment;
    return !found;
  });
  return is_good ? found : std::nullopt;
}

std::optional<LinesBefore> read_lines_before(io::StoreFiles& files, std::uint64_t segments) {
  ManifestLines lines(files);
  const ManifestReader& reader = lines.reader();
  LinesBefore before;
  const bool is_good = read_lines(lines, [&](const storage::ManifestLine& line) {
    const auto* segment = std::get_if<storage::SegmentLine>(&line);
    if (segment != nullptr) {
      before.stored_bytes += segment->stored_bytes;
      before.compressed += segment->stored_bytes < segment->raw_bytes ? 1 : 0;
    } else if (!std::holds_alternative<storage::StoreLine>(line)) {
      return true;
    }
    before.manifest_bytes = reader.good_bytes();
    return reader.segments() < segments;
  });
  if (!is_good || reader.segments() < segments) return std::nullopt;
  return before;
}

std::optional<std::uint64_t> first_segment_from(io::StoreFiles& files, std::uint64_t sequence) {
  SegmentList list(files, sequence);
  while (const auto segment = list.next()) {
    if (!segment->error) return segment->sequence;
  }
  return std::nullopt;
}

std::optional<storage::SegmentHeader> peek_header(io::StoreFiles& files, std::uint64_t sequence) {
  const auto file = files.open(storage::segment_name(sequence));
  if (!file) return std::nullopt;
  std::array<std::byte, storage::kSegmentHeaderBytesMax> bytes{};
  const auto count = (*file)->read_at(0, bytes);
  if (!count) return std::nullopt;
  const auto header = storage::decode_segment_header(ByteSpan(bytes).first(*count));
  return header ? std::optional(*header) : std::nullopt;
}

std::optional<StoreFailure> check_vacant(io::StoreFiles& files) {
  // A folder that cannot be listed might hold anything.
  const auto unreadable = [](std::string name, const io::SysError& error) {
    StoreFailure failure;
    failure.code = StoreFailureCode::unreadable;
    failure.name = std::move(name);
    failure.system = error;
    return failure;
  };
  const ManifestFacts manifest = read_manifest(files);
  StoreFailure failure;
  failure.code = StoreFailureCode::holds_part;
  failure.segments = manifest.segments;
  failure.begin = manifest.raw_bytes;
  if (manifest.last) {
    const LastSegment last = look_for(*manifest.last, files);
    if (last == LastSegment::missing) failure.name = storage::kManifestName;
    if (last == LastSegment::right && manifest.end) failure.code = StoreFailureCode::holds_whole;
    return failure;
  }
  if (manifest.unreadable && !is_no_file(*manifest.unreadable)) {
    return unreadable(std::string(storage::kManifestName), *manifest.unreadable);
  }
  SegmentList list(files);
  const auto first = list.next();
  if (list.error()) return unreadable("", *list.error());
  if (!first && manifest.state == ManifestState::damaged) {
    failure.name = storage::kManifestName;
    return failure;
  }
  if (!first) return std::nullopt;
  return first->error ? unreadable(storage::segment_folder(first->sequence), *first->error)
                      : failure;
}

}  // namespace zsluice::pipeline
