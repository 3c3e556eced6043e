// SPDX-License-Identifier: BSD-2-Clause
// `zsluice inspect`: what does this input hold? The same reading as `verify`, told in full.
#pragma once

#include "io/source.hpp"
#include "pipeline/outcome.hpp"
#include "pipeline/walk.hpp"

#include <cstdint>
#include <optional>

namespace zsluice::pipeline {

struct InspectReport {
  std::optional<Failure> failure;
  std::uint64_t bytes = 0;
  std::uint64_t streams = 0;
  std::uint64_t records = 0;
  std::uint64_t records_unproven = 0;
  std::uint64_t unknown_features = 0;
};

[[nodiscard]] InspectReport run_inspect(const WalkOptions& options,
                                        io::ByteSource& source,
                                        WalkObserver& observer);

}  // namespace zsluice::pipeline
