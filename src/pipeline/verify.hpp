// SPDX-License-Identifier: BSD-2-Clause
// `zsluice verify`: is this input whole and undamaged? Reads it to its end and keeps nothing.
#pragma once

#include "io/source.hpp"
#include "pipeline/outcome.hpp"
#include "pipeline/walk.hpp"

#include <cstdint>
#include <optional>

namespace zsluice::pipeline {

// More threads than that never helped: memory bandwidth is the limit.
inline constexpr unsigned kJobsMax = 64;

struct VerifyOptions {
  WalkOptions walk{};
  unsigned jobs = 1;  // threads that sum payloads; 1: this one
};

struct VerifyReport {
  std::optional<Failure> failure;
  std::uint64_t bytes = 0;
  std::uint64_t streams = 0;  // whole ones
  std::uint64_t substreams = 0;
  std::uint64_t records = 0;
  std::uint64_t records_unproven = 0;
  std::uint64_t damages = 0;
  std::uint64_t unknown_features = 0;
  drr::BlockCounts blocks;
  std::optional<std::uint64_t> lost_at;
};

// What a source for `options` must offer.
[[nodiscard]] io::SourceOptions source_options(const VerifyOptions& options);

[[nodiscard]] VerifyReport run_verify(const VerifyOptions& options,
                                      io::ByteSource& source,
                                      WalkObserver& observer);

}  // namespace zsluice::pipeline
