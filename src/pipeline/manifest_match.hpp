// SPDX-License-Identifier: BSD-2-Clause
// Whether lines of a manifest are those of the segments that are there.
#pragma once

#include "zsluice/store/manifest.hpp"

#include <optional>

namespace zsluice::pipeline {

// How a copy of a segment is stored may differ from what its line says: another one has taken its
// place. All else is in the content, and a line that says otherwise of it is wrong.
[[nodiscard]] inline bool tells_of(storage::SegmentLine line,
                                   const storage::SegmentHeader& header) {
  const storage::SegmentLine right = line_of(header);
  line.stored_bytes = right.stored_bytes;
  line.payload_hash = right.payload_hash;
  line.header_hash = right.header_hash;
  return line == right;
}

// The first line. `first`: the header of segment 0, believed. `line`: its line in the same
// manifest. How another copy of the same segment is stored says nothing of the store.
[[nodiscard]] inline bool suits(storage::StoreLine store,
                                const storage::SegmentHeader& first,
                                const std::optional<storage::SegmentLine>& line) {
  const bool is_other_copy =
      line && line->content_hash == first.content_hash && line->header_hash != first.header_hash;
  if (is_other_copy) store.settings = first.settings;
  return describes(store, first);
}

}  // namespace zsluice::pipeline
