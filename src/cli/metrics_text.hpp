// SPDX-License-Identifier: BSD-2-Clause
// A run in Prometheus' text format, for a textfile collector. The file is made anew each time
// (io/atomic_file.hpp); only the time of the last success is taken over from the one before.
#pragma once

#include "pipeline/pipe_state.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace zsluice::cli {

// What the reader of the old file should take of it at most.
inline constexpr std::size_t kMetricsTextBytesMax = std::size_t{64} << 10;

// Times are Unix seconds.
struct Metrics {
  pipeline::PipeState state;
  std::uint64_t started_at = 0;
  std::optional<int> exit_status;                // absent while the run goes on
  std::optional<std::uint64_t> last_success_at;  // of this run or an earlier one
};

[[nodiscard]] std::string metrics_text(const Metrics& metrics);

// What an earlier file says; absent when it says nothing that can be read.
[[nodiscard]] std::optional<std::uint64_t> last_success_in(std::string_view old_text);

}  // namespace zsluice::cli
