// SPDX-License-Identifier: BSD-2-Clause
// What can be said about a run at one moment: its state, and the figures that follow from it. Rates
// and the time left are about the bytes that the reader has taken; a snapshot's own progress is
// about what has been read of it. Text is made of it in progress_line, progress_text, progress_json
// and metrics_text.
#pragma once

#include "cli/rate_meter.hpp"
#include "cli/size_plan.hpp"
#include "pipeline/pipe_state.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace zsluice::cli {

// Like the state, valid while its snapshot's name is.
struct ProgressView {
  std::string_view command = "pipe";  // whose run it is,
  std::string_view source = "stdin";  // and what it reads
  pipeline::PipeState state;
  Rates rates;
  std::optional<std::uint64_t> size_bytes;  // of the whole stream, as estimated; never 0
  std::optional<std::chrono::seconds> time_left;
  std::optional<std::uint64_t> snapshots;       // in the stream, as planned
  std::optional<std::uint64_t> snapshot_bytes;  // of the current one, as estimated; never 0
  std::uint64_t buffer_peak_bytes = 0;
};

// `size_bytes`: what the user says; without it what the state says, or the plan's own total.
[[nodiscard]] ProgressView make_view(const pipeline::PipeState& state,
                                     const RateMeter& meter,
                                     const SizePlan& plan,
                                     std::optional<std::uint64_t> size_bytes);

// `part` of `whole` in thousandths, at most 1000: estimates are often too low. None of 0 is 0.
[[nodiscard]] unsigned permille_of(std::uint64_t part, std::uint64_t whole);

// Absent where the size is not known.
[[nodiscard]] std::optional<unsigned> done_permille(const ProgressView& view);
[[nodiscard]] std::optional<unsigned> snapshot_permille(const ProgressView& view);
[[nodiscard]] unsigned buffer_permille(const ProgressView& view);
[[nodiscard]] Duration elapsed(const ProgressView& view);

// Is it one of several, so that its number says something?
[[nodiscard]] bool has_snapshot_number(const ProgressView& view);

}  // namespace zsluice::cli
