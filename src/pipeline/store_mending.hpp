// SPDX-License-Identifier: BSD-2-Clause
// What a writer does to a store before it goes on in it at segment `keep` (src/store/FORMAT.md §6):
//
//   the manifest gets the lines of the segments before that one, and no others: cut back, with what
//   is missing added, or made again beside the old one and renamed over it       → fsync
//   the segments behind `keep` are removed, the last one first                   → fsync after each
//
// So what is there is at each moment a chain without a gap. Before the first line is written the
// names of all segments are made safe (fsync of the folders): the writer before may have died
// between a rename and that. A manifest that has another name too (`cp -al`) is copied first, so
// that the other store keeps its own.
#pragma once

#include "io/store_files.hpp"
#include "pipeline/store_opening.hpp"
#include "pipeline/store_totals.hpp"
#include "zsluice/store/segment.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace zsluice::pipeline {

struct MendedStore {
  // Of the segments before `keep`.
  std::uint64_t stored_bytes = 0;
  std::uint64_t compressed = 0;  // segments
  // Of all that are there, also when mending has failed.
  StoreTotals left;
};

struct MendingOptions {
  std::uint64_t keep = 0;  // at most OpenedStore::segments(): then none is taken away
  std::string key;
  std::string created_by;  // of a manifest that is made again
};

[[nodiscard]] std::optional<StoreFailure> mend_store(const MendingOptions& options,
                                                     const OpenedStore& opened,
                                                     io::StoreFiles& files,
                                                     MendedStore& mended);

}  // namespace zsluice::pipeline
