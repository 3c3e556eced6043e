// SPDX-License-Identifier: BSD-2-Clause
// What `zfs send -nP` (or -nv) says the stream will hold: the size of every snapshot in the order
// in which they are sent, and of the whole. For percentages only: the figures are estimates, and
// some versions underflow them when a send is resumed.
//
//   full         TO        SIZE          with -P; fields are separated by tabs
//   incremental  FROM  TO  SIZE          FROM: a whole name, or only what stands behind the @
//   size         SIZE
//   full send of TO estimated size is 1.2M                   without -P; only read when no line
//   send from @FROM to TO estimated size is 624B             of the other form is there
//   total estimated size is 1.23M
//
// All other lines are passed over: warnings, the contents of a resume token.
#pragma once

#include "zsluice/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zsluice::cli {

// What the reader of the file should take of it at most.
inline constexpr std::size_t kSizePlanTextBytesMax = std::size_t{16} << 20;
// A longer plan keeps its total only.
inline constexpr std::size_t kPlannedSnapshotsMax = std::size_t{64} << 10;
inline constexpr std::size_t kPlannedNamesBytesMax = std::size_t{4} << 20;
inline constexpr std::size_t kPlannedNameBytesMax = 1024;
// More is an estimate that fell below zero.
inline constexpr std::uint64_t kPlausibleBytesMax = std::uint64_t{1} << 62;

struct PlannedSnapshot {
  std::string name;  // dataset@snapshot
  std::optional<std::uint64_t> bytes;
  friend bool operator==(const PlannedSnapshot&, const PlannedSnapshot&) = default;
};

// An empty one knows nothing.
struct SizePlan {
  std::optional<std::uint64_t> total_bytes;  // never 0
  std::vector<PlannedSnapshot> snapshots;    // in the order of sending
  friend bool operator==(const SizePlan&, const SizePlan&) = default;

  // The snapshot called `name`, which is the `ordinal`th of its stream (from 1); null without one.
  [[nodiscard]] const PlannedSnapshot* find(std::string_view name, std::uint64_t ordinal) const;
};

enum class SizePlanError : std::uint8_t {
  no_sizes,     // no line is one of those above
  implausible,  // there are some, but all of them are 0, underflowed or too big
};
[[nodiscard]] std::string_view size_plan_error_text(SizePlanError error);

[[nodiscard]] Result<SizePlan, SizePlanError> parse_size_plan(std::string_view text);

}  // namespace zsluice::cli
