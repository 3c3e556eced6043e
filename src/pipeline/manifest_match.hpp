// SPDX-License-Identifier: BSD-2-Clause
// Whether the first line of a manifest is that of the store which segment 0 belongs to.
#pragma once

#include "zsluice/store/manifest.hpp"

#include <optional>

namespace zsluice::pipeline {

// `first`: the header of segment 0, believed. `line`: its line in the same manifest. How another
// copy of the same segment is stored says nothing of the store.
[[nodiscard]] inline bool suits(storage::StoreLine store,
                                const storage::SegmentHeader& first,
                                const std::optional<storage::SegmentLine>& line) {
  const bool is_other_copy =
      line && line->content_hash == first.content_hash && line->header_hash != first.header_hash;
  if (is_other_copy) store.settings = first.settings;
  return describes(store, first);
}

}  // namespace zsluice::pipeline
