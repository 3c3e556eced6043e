// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/store_mending.hpp"

#include "io/file_writer.hpp"
#include "pipeline/manifest_appender.hpp"
#include "pipeline/segment_reader.hpp"
#include "pipeline/store_contents.hpp"
#include "zsluice/store/segment_name.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace zsluice::pipeline {
namespace {

class Mending {
 public:
  using Done = std::optional<StoreFailure>;

  Mending(const MendingOptions& options,
          const OpenedStore& opened,
          io::StoreFiles& files,
          MendedStore& mended)
      : options_(options), opened_(opened), files_(files), mended_(mended) {}

  [[nodiscard]] Done run();

 private:
  [[nodiscard]] Done sync_names();
  [[nodiscard]] Done cut_manifest();
  [[nodiscard]] Done make_manifest();
  [[nodiscard]] Done add_lines(ManifestAppender& manifest, std::uint64_t from);
  [[nodiscard]] Done remove_later();
  void forget(std::uint64_t sequence, const std::optional<storage::SegmentHeader>& removed);
  [[nodiscard]] Done remove(const std::string& name) {
    return unless_done(files_.remove(name), name);
  }

  const MendingOptions& options_;
  const OpenedStore& opened_;
  io::StoreFiles& files_;
  MendedStore& mended_;
};

const std::string& manifest_name() {
  static const std::string name(storage::kManifestName);
  return name;
}

std::string unfinished(const std::string& name) {
  return name + std::string(storage::kUnfinishedSuffix);
}

Mending::Done Mending::run() {
  mended_.left = totals_of(opened_);
  if (Done failure = sync_names()) return failure;
  const bool is_believed = opened_.manifest.is_believed();
  if (Done failure = is_believed ? cut_manifest() : make_manifest()) return failure;
  return remove_later();
}

// A line never names a segment that is not there for good. Those that have one are; whether the
// others' names are, only their writer knew. There are never many: its lines are soon synced.
Mending::Done Mending::sync_names() {
  const std::uint64_t first = std::min(opened_.manifest.segments, opened_.last.sequence);
  for (std::uint64_t sequence = first; sequence <= opened_.last.sequence;) {
    const std::string folder = storage::segment_folder(sequence);
    if (Done failure = unless_done(files_.sync_folder(folder), folder)) return failure;
    sequence += storage::kSegmentsPerFolder - sequence % storage::kSegmentsPerFolder;
  }
  return unless_done(files_.sync_folder(""), "");
}

Mending::Done Mending::cut_manifest() {
  const std::uint64_t lines = std::min(options_.keep, opened_.manifest.segments);
  const auto before = read_lines_before(files_, lines);
  if (!before) {
    StoreFailure failure;
    failure.code = StoreFailureCode::unreadable;
    failure.name = manifest_name();
    failure.system = {io::SysOperation::read, EIO};
    return failure;
  }
  mended_.stored_bytes = before->stored_bytes;
  mended_.compressed = before->compressed;
  if (Done failure = unless_done(files_.unshare(manifest_name(), unfinished(manifest_name())),
                                 manifest_name())) {
    return failure;
  }
  ManifestAppender manifest(files_, manifest_name());
  if (Done failure =
          unless_done(files_.truncate(manifest_name(), before->manifest_bytes), manifest_name())) {
    return failure;
  }
  if (Done failure = manifest.sync()) return failure;
  if (lines == options_.keep) return std::nullopt;
  if (Done failure = add_lines(manifest, lines)) return failure;
  return manifest.sync();
}

Mending::Done Mending::make_manifest() {
  ManifestAppender manifest(files_, unfinished(manifest_name()));
  if (Done failure = remove(manifest.name())) return failure;
  const storage::StoreLine line = store_line_of(opened_.first, options_.created_by);
  if (Done failure = manifest.add(encode_line(line))) return failure;
  if (Done failure = add_lines(manifest, 0)) return failure;
  if (Done failure = manifest.sync()) return failure;
  if (Done failure = unless_done(files_.rename(manifest.name(), manifest_name(), io::OldFile::goes),
                                 manifest_name())) {
    return failure;
  }
  return unless_done(files_.sync_folder(""), "");
}

// From the headers, and of those segments in which substreams begin from the payloads, too.
Mending::Done Mending::add_lines(ManifestAppender& manifest, std::uint64_t from) {
  const SegmentReaderOptions reading{.key = options_.key, .store_id = opened_.first.store_id};
  SegmentReader headers(reading, files_);
  SegmentReader payloads(reading, files_);
  headers.start_at(from);
  for (std::uint64_t sequence = from; sequence < options_.keep; ++sequence) {
    const auto header = headers.next_header();
    if (!header) return header.error();
    std::vector<storage::Substream> begun;
    if (header->substreams_begun() > 0) {
      payloads.start_at(sequence);
      const auto segment = payloads.next();
      if (!segment) return segment.error();
      if (const auto checked = check_records(*header, segment->raw, &begun); !checked) {
        return SegmentReader::bad_segment(*header, checked.error());
      }
    }
    if (Done failure = manifest.add(*header, begun)) return failure;
    mended_.stored_bytes += header->stored_bytes;
    mended_.compressed += header->codec == storage::Codec::zstd ? 1U : 0U;
  }
  return std::nullopt;
}

// One after another on disk, too: no gap, whenever the machine stops.
Mending::Done Mending::remove_later() {
  // What a writer left that died.
  const std::uint64_t parts_end =
      std::min(opened_.segments() + io::FileWriter::kFilesMax, storage::kSegmentsMax);
  for (std::uint64_t sequence = opened_.segments(); sequence < parts_end; ++sequence) {
    if (Done failure = remove(unfinished(storage::segment_name(sequence)))) return failure;
  }
  for (std::uint64_t sequence = opened_.last.sequence; sequence > options_.keep; --sequence) {
    // Before it is removed: afterwards nothing tells what it was.
    const auto removed = peek_header(files_, sequence);
    if (Done failure = remove(storage::segment_name(sequence))) return failure;
    forget(sequence, removed);
    const std::string folder = storage::segment_folder(sequence);
    if (Done failure = unless_done(files_.sync_folder(folder), folder)) return failure;
  }
  return std::nullopt;
}

void Mending::forget(std::uint64_t sequence, const std::optional<storage::SegmentHeader>& removed) {
  StoreTotals& left = mended_.left;
  const auto before = peek_header(files_, sequence - 1);
  left.segments = sequence;
  if (!removed || !before) return;
  left.raw_bytes = before->end.offset;
  left.stored_bytes -= std::min(left.stored_bytes, removed->stored_bytes);
  left.segments_compressed -= removed->codec == storage::Codec::zstd ? 1U : 0U;
  left.chain = before->content_hash;
}

}  // namespace

std::optional<StoreFailure> mend_store(const MendingOptions& options,
                                       const OpenedStore& opened,
                                       io::StoreFiles& files,
                                       MendedStore& mended) {
  return Mending(options, opened, files, mended).run();
}

}  // namespace zsluice::pipeline
