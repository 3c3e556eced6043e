// SPDX-License-Identifier: BSD-2-Clause
// What mbuffer(1) prints on stderr, in its shape, for scripts that read it. Pure: time comes with
// the state, rates from whoever measures them.
#pragma once

#include "pipeline/pipe_state.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace zsluice::cli {

// What of it is wanted. mbuffer prints to files and pipes just as to terminals.
struct MbufferStatus {
  bool line = true;     // while the run lasts; not with -q
  bool summary = true;  // at its end; with -q only if -v asks for information
};

inline constexpr std::chrono::milliseconds kMbufferInterval{500};

// Over the time since the line before.
struct MbufferRates {
  std::uint64_t in_bytes_per_second = 0;
  std::uint64_t out_bytes_per_second = 0;
};

// Begins with a carriage return, and so takes the place of the line before.
[[nodiscard]] std::string mbuffer_status_line(const pipeline::PipeState& state,
                                              const MbufferRates& rates);

// The last words, with a newline at the end. `follows_line`: a status line stands there unended.
[[nodiscard]] std::string mbuffer_summary(const pipeline::PipeState& state, bool follows_line);

}  // namespace zsluice::cli
