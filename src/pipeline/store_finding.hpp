// SPDX-License-Identifier: BSD-2-Clause
// What `verify` finds wrong in a store, and what that hits: a segment, a run of them, or the
// manifest.
#pragma once

#include "pipeline/store_failure.hpp"
#include "zsluice/store/position.hpp"
#include "zsluice/store/substream.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace zsluice::pipeline {

// Named one by one; the others are counted.
inline constexpr std::size_t kHitSnapshotsMax = 16;

struct StoreFinding {
  // `begin` is a lower bound where nothing tells exactly where the segment starts.
  StoreFailure failure;
  // The substreams that are hit, in order. Without a name (and then without fromguid) when nothing
  // tells it.
  std::vector<storage::Substream> snapshots;
  std::uint64_t snapshots_more = 0;
  // Which objects stand in it, when its header tells that; else what stands before and behind it,
  // when a neighbour's does.
  std::optional<storage::Places> places;
  std::optional<storage::Place> after;
  std::optional<storage::Place> before;

  // Segments; 0 when it is about the manifest or the store.
  [[nodiscard]] std::uint64_t segments() const;
};

// Segments in a row that are right.
struct GoodRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t begin = 0;  // in the stream
  std::uint64_t end = 0;
};

}  // namespace zsluice::pipeline
