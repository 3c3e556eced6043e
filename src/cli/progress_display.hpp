// SPDX-License-Identifier: BSD-2-Clause
// Decides when progress is shown, and what. Pure: it is told the time by the states it is given,
// returns text, and writes nothing.
//
// A line on a terminal is renewed by a carriage return and blanks alone. No escape codes: it is the
// same on dumb terminals, under NO_COLOR and in any locale. interrupt() gives what must be written
// before anything else, so that no message ends up behind half a line.
#pragma once

#include "cli/options.hpp"
#include "cli/progress_view.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace zsluice::cli {

// Between two renewals, unless --interval says otherwise.
inline constexpr std::chrono::milliseconds kLineInterval{500};
inline constexpr std::chrono::milliseconds kPlainInterval{60'000};
inline constexpr std::chrono::milliseconds kJsonInterval{1000};
// The first line on a terminal: short runs stay silent. Others begin after one interval.
inline constexpr std::chrono::milliseconds kFirstLineAfter{1000};
// What --interval may say.
inline constexpr std::chrono::milliseconds kIntervalMin{100};
inline constexpr std::chrono::milliseconds kIntervalMax = std::chrono::hours(24 * 365);

// What `automatic` becomes. `is_quiet`: nothing is shown, whatever the options say; `is_terminal`:
// where it would be shown.
[[nodiscard]] ProgressStyle progress_style(const ProgressOptions& options,
                                           bool is_quiet,
                                           bool is_terminal);

struct DisplaySetup {
  std::string_view command = "pipe";
  std::string_view source = "stdin";
  ProgressOptions options;
  bool is_quiet = false;
  bool is_terminal = false;
  TimePoint started{};
  SizePlan plan;
};

class ProgressDisplay {
 public:
  explicit ProgressDisplay(DisplaySetup setup);

  // What `automatic` has become.
  [[nodiscard]] ProgressStyle style() const { return style_; }
  // When update() will have something to show; absent when it never will.
  [[nodiscard]] std::optional<TimePoint> next_due() const { return due_; }

  // Takes the state in, for the rates and the buffer's peak, and returns what is to be written now:
  // nothing unless it is due. Cheap enough for every turn of a loop. `columns`: the terminal's, of
  // which the last stays free; `unix_seconds`: the date, for JSON.
  [[nodiscard]] std::string update(const pipeline::PipeState& state,
                                   unsigned columns,
                                   std::uint64_t unix_seconds);

  // Clears the line; the next update brings it back. Empty when there is none.
  [[nodiscard]] std::string interrupt();

  // Clears the line for good; as JSON a last object, so that the end is told, too. Nothing is due
  // after it.
  [[nodiscard]] std::string finish(const pipeline::PipeState& state, std::uint64_t unix_seconds);

  // For state_text() and summary_text(), whatever the style.
  [[nodiscard]] ProgressView view(const pipeline::PipeState& state);

 private:
  void take_in(const pipeline::PipeState& state);
  void set_next_due(TimePoint now);
  [[nodiscard]] std::string renewed_line(const ProgressView& view, unsigned columns);

  std::string_view command_;
  std::string_view source_;
  ProgressOptions options_;
  SizePlan plan_;
  RateMeter meter_;
  ProgressStyle style_;
  Duration interval_;
  std::optional<TimePoint> due_;
  std::size_t shown_columns_ = 0;
  std::uint64_t buffer_peak_bytes_ = 0;
};

}  // namespace zsluice::cli
