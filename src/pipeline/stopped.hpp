// SPDX-License-Identifier: BSD-2-Clause
// `zsluice token make`: reads a stream that is stored in part, as far as it is proven.
#pragma once

#include "io/source.hpp"
#include "pipeline/outcome.hpp"
#include "zsluice/drr/stream_checker.hpp"
#include "zsluice/resume/stopped_at.hpp"

#include <cstdint>
#include <optional>

namespace zsluice::pipeline {

struct StoppedReport {
  // Only what kept us from knowing: a file that cannot be read, a limit.
  std::optional<Failure> failure;
  resume::Stopped stopped;
  // How the stream ends, unless it is whole: cut off or damaged.
  std::optional<drr::Fault> fault;
  bool has_unproven_records = false;  // without checksums of their own, in the last stream
  std::uint64_t streams = 0;          // whole ones; `stopped` tells of what follows them
  std::uint64_t bytes = 0;            // that were there
  std::uint64_t proven_bytes = 0;     // from the start
};

[[nodiscard]] StoppedReport run_stopped(const drr::CheckerOptions& options, io::ByteSource& source);

}  // namespace zsluice::pipeline
