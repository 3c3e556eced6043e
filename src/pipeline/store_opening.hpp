// SPDX-License-Identifier: BSD-2-Clause
// A store that is to be continued: what is there, checked as far as whoever continues it relies on
// it (src/store/FORMAT.md §6, §8). Nothing is written.
//
// A manifest that cannot be read, or is another store's or version's, is a failure. Believed are
// its lines when the first segment's header and the last line's segment agree with theirs; else the
// headers of all segments, each linked to the one before, and it has to be made again. The
// last segment is checked in every way, and so is each one behind the last line. Of the others only
// the names are looked at: a file that is missing is found, one that is damaged is not.
#pragma once

#include "io/store_files.hpp"
#include "pipeline/store_contents.hpp"
#include "pipeline/store_failure.hpp"
#include "pipeline/store_totals.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/store/segment.hpp"

#include <cstdint>
#include <string>

namespace zsluice::pipeline {

struct OpenedStore {
  storage::SegmentHeader first;  // with the settings of the store
  storage::SegmentHeader last;
  // With `missing` and `damaged` it has to be made again: no line of it counts.
  ManifestFacts manifest;
  std::uint64_t stored_bytes = 0;
  std::uint64_t compressed = 0;  // segments

  [[nodiscard]] std::uint64_t segments() const { return last.sequence + 1; }
  [[nodiscard]] std::uint64_t bytes() const { return last.end.offset; }
  // Those without a line in the manifest.
  [[nodiscard]] std::uint64_t taken_in() const { return segments() - manifest.segments; }
};

// Of all segments.
[[nodiscard]] StoreTotals totals_of(const OpenedStore& opened);

// `key`: for HMACs; empty: none. holds_nothing: there is no segment. A store that is whole is
// opened, too: its closing line may be missing.
[[nodiscard]] Result<OpenedStore, StoreFailure> open_store(io::StoreFiles& files,
                                                           const std::string& key);

}  // namespace zsluice::pipeline
