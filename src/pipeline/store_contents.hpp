// SPDX-License-Identifier: BSD-2-Clause
// What a store's folder holds, without reading the segments' payloads. Nothing is written.
#pragma once

#include "io/store_files.hpp"
#include "pipeline/store_failure.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/store/manifest_reader.hpp"
#include "zsluice/store/segment.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace zsluice::pipeline {

enum class ManifestState : std::uint8_t {
  good,
  torn,     // the end of it is not: a crash, or a full disk
  missing,  // or nothing but the torn beginning of its first line
  damaged,  // in its middle, or it cannot be read: the segments' headers have to do
};

// A store's manifest, line by line, as ManifestReader judges them. Memory: 64 KiB and a line.
class ManifestLines {
 public:
  explicit ManifestLines(io::StoreFiles& files);

  // Valid until the next call; nothing behind the last one that can be believed.
  [[nodiscard]] const storage::ManifestLine* next();

  // --- when nothing more comes ---
  [[nodiscard]] bool is_missing() const { return is_missing_; }
  // Read to its end, without a fault.
  [[nodiscard]] bool is_believable() const { return is_believable_; }
  [[nodiscard]] const std::optional<io::SysError>& error() const { return error_; }
  [[nodiscard]] const storage::ManifestReader& reader() const { return reader_; }

 private:
  void read_on();

  std::unique_ptr<io::StoredFile> file_;
  storage::ManifestReader reader_;
  std::vector<std::byte> piece_;
  ByteSpan rest_;  // of piece_
  std::uint64_t at_ = 0;
  bool is_missing_ = false;
  bool is_over_ = false;
  bool is_believable_ = false;
  std::optional<io::SysError> error_;
};

// As much as can be believed: with `missing` and `damaged` nothing.
struct ManifestFacts {
  ManifestState state = ManifestState::missing;
  std::optional<storage::StoreLine> store;
  std::optional<storage::EndLine> end;
  std::uint64_t segments = 0;   // lines of segments
  std::uint64_t raw_bytes = 0;  // of these
  std::uint64_t stored_bytes = 0;
  std::uint64_t compressed = 0;              // of the segments
  std::optional<storage::SegmentLine> last;  // of these lines
  std::uint64_t good_bytes = 0;              // of the file, before what is torn
  // Only of damaged ones: it could not be read, or which line is the first that cannot be believed.
  std::optional<io::SysError> unreadable;
  std::uint64_t bad_line = 0;  // counted from 1
  std::uint64_t bad_offset = 0;
  bool is_of_later_version = false;  // not damaged in fact

  [[nodiscard]] bool is_believed() const {
    return state == ManifestState::good || state == ManifestState::torn;
  }
};
[[nodiscard]] ManifestFacts read_manifest(io::StoreFiles& files);

// The line of one segment, if there is one that can be believed.
[[nodiscard]] std::optional<storage::SegmentLine> find_line(io::StoreFiles& files,
                                                            std::uint64_t sequence);

// What the lines of the first segments say together.
struct LinesBefore {
  std::uint64_t stored_bytes = 0;
  std::uint64_t compressed = 0;      // segments
  std::uint64_t manifest_bytes = 0;  // where these lines end in the file
};
// Of the first `segments`, at most as many as read_manifest() counts; nothing when the file cannot
// be read any more.
[[nodiscard]] std::optional<LinesBefore> read_lines_before(io::StoreFiles& files,
                                                           std::uint64_t segments);

// The first segment whose file is there, from this number on; as many folders are listed as it
// takes. Unreadable folders are passed over.
[[nodiscard]] std::optional<std::uint64_t> first_segment_from(io::StoreFiles& files,
                                                              std::uint64_t sequence);

// The header of one segment, if its file is there and begins with one.
[[nodiscard]] std::optional<storage::SegmentHeader> peek_header(io::StoreFiles& files,
                                                                std::uint64_t sequence);

// Whether a new stream may be stored here: a failure if the folder holds one, or a part of one.
// Foreign files are no hindrance: a store may be the root of a disk.
[[nodiscard]] std::optional<StoreFailure> check_vacant(io::StoreFiles& files);

}  // namespace zsluice::pipeline
