// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/header_walk.hpp"

#include "pipeline/store_contents.hpp"

#include <variant>

namespace zsluice::pipeline {
namespace {

const storage::SegmentLine* next_segment_line(ManifestLines& lines) {
  while (const storage::ManifestLine* line = lines.next()) {
    if (const auto* segment = std::get_if<storage::SegmentLine>(line)) return segment;
  }
  return nullptr;
}

}  // namespace

Result<bool, StoreFailure> walk_headers(const SegmentReaderOptions& reading,
                                        std::uint64_t segments,
                                        io::StoreFiles& files) {
  SegmentReader reader(reading, files);
  ManifestLines lines(files);
  bool are_lines_right = true;
  for (std::uint64_t sequence = 0; sequence < segments; ++sequence) {
    const auto header = reader.next_header();
    if (!header) return Unexpected{header.error()};
    const storage::SegmentLine* const line = next_segment_line(lines);
    if (line != nullptr && *line != line_of(*header)) are_lines_right = false;
  }
  return are_lines_right;
}

}  // namespace zsluice::pipeline
