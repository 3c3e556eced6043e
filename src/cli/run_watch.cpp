// SPDX-License-Identifier: BSD-2-Clause
#include "cli/run_watch.hpp"

#include "cli/errno_text.hpp"
#include "cli/exit_status.hpp"
#include "cli/notes.hpp"
#include "cli/progress_text.hpp"
#include "cli/text_layout.hpp"
#include "io/atomic_file.hpp"
#include "io/file_kind.hpp"
#include "io/small_file.hpp"
#include "zsluice/base/escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

namespace zsluice::cli {
namespace {

using pipeline::PipeState;

constexpr std::chrono::seconds kMetricsInterval{15};
constexpr unsigned kTerminalColumns = 80;  // where it does not say

std::uint64_t unix_now() {
  return static_cast<std::uint64_t>(std::max<std::time_t>(std::time(nullptr), 0));
}

std::string dropped_text(std::string_view command, std::size_t count) {
  return fmt::format("zsluice: {}: {} missing here: nobody took them from standard error\n",
                     command, counted(count, "message"));
}

}  // namespace

RunWatch::RunWatch(const RunWatchSetup& setup, SizePlan plan)
    : setup_(setup),
      is_terminal_(io::is_terminal(setup.err)),
      writer_(setup.err,
              [format = setup.common.log_format, command = setup.command](std::size_t dropped) {
                return log_text(format, Level::warning, dropped_text(command, dropped));
              }),
      display_({.command = setup.command,
                .source = setup.source,
                .options = setup.progress,
                .is_quiet = setup.common.quiet,
                .is_terminal = is_terminal_,
                .started = setup.started,
                .plan = std::move(plan)}) {
  if (setup.progress.metrics_path.empty()) return;
  metrics_due_ = setup.started;
  started_unix_ = unix_now();
  const auto old = io::read_small_file(setup.progress.metrics_path, kMetricsTextBytesMax);
  if (old) last_success_ = last_success_in(*old);
}

void RunWatch::warn(const std::string& message) {
  if (!setup_.common.quiet) say(Level::warning, message);
}

void RunWatch::say(Level level, const std::string& message) {
  post_interrupt();
  writer_.post(log_text(setup_.common.log_format, level, message));
}

void RunWatch::post_interrupt() {
  if (const std::string clearing = display_.interrupt(); !clearing.empty()) writer_.post(clearing);
}

void RunWatch::on_unknown_features(std::uint64_t bits) {
  warn(unknown_features_text(setup_.command, setup_.source, bits));
}

void RunWatch::on_any_data() {
  warn(fmt::format("zsluice: {}: {}: not a ZFS send stream: passed untouched and unchecked\n",
                   setup_.command, setup_.source));
}

void RunWatch::on_turn() {
  if (!writer_.is_empty()) writer_.flush_ready();
}

std::optional<TimePoint> RunWatch::next_state() const {
  const std::optional<TimePoint> due = display_.next_due();
  if (!due || !metrics_due_) return due ? due : metrics_due_;
  return std::min(*due, *metrics_due_);
}

void RunWatch::on_state(const PipeState& state) {
  if (const auto due = display_.next_due(); due && *due <= state.now) {
    const std::string text = line(state);
    // A stderr that is not read gets no second line: it would be old when it is.
    if (!text.empty() && writer_.is_empty()) writer_.post(text);
  }
  if (metrics_due_ && *metrics_due_ <= state.now) {
    write_metrics(state, std::nullopt);
    metrics_due_ = state.now + kMetricsInterval;
  }
  writer_.flush_ready();
}

void RunWatch::on_end(const PipeState& state) {
  last_ = state;
  last_snapshot_ = state.snapshot;
  last_.snapshot = last_snapshot_;
}

void RunWatch::on_state_wanted(const PipeState& state) {
  say(Level::info, state_text(display_.view(state)));
  writer_.flush_ready();
}

std::string RunWatch::line(const PipeState& state) {
  const unsigned columns = io::terminal_columns(setup_.err);
  const std::string text =
      display_.update(state, columns == 0 ? kTerminalColumns : columns, unix_now());
  const bool is_message = display_.style() == ProgressStyle::plain && !text.empty();
  return is_message ? log_text(setup_.common.log_format, Level::info, text) : text;
}

void RunWatch::write_metrics(const PipeState& state, std::optional<int> exit_status) {
  if (exit_status == kExitWhole) last_success_ = unix_now();
  const auto written = io::write_atomic_file(setup_.progress.metrics_path,
                                             metrics_text({.state = state,
                                                           .started_at = started_unix_,
                                                           .exit_status = exit_status,
                                                           .last_success_at = last_success_}));
  const bool is_known = std::exchange(metrics_fail_, !written);
  if (written || is_known) return;
  warn(fmt::format("zsluice: {}: --metrics: \"{}\": {}\n", setup_.command,
                   escaped(setup_.progress.metrics_path), errno_text(written.error().error)));
}

void RunWatch::end_metrics(const PipeState& state, int exit_status) {
  if (!setup_.progress.metrics_path.empty()) write_metrics(state, exit_status);
  writer_.flush_ready();
}

void RunWatch::end_display(const PipeState& state) {
  if (const std::string end = display_.finish(state, unix_now()); !end.empty()) writer_.post(end);
}

// Room is made for the last words first, so that they are not what is dropped.
void RunWatch::end_words(const std::string& last, TimePoint deadline) {
  writer_.finish(deadline);
  writer_.post(last);
  writer_.finish(deadline);
}

void RunWatch::finish(int exit_status, const std::string& last, TimePoint deadline) {
  end_metrics(last_, exit_status);
  end_display(last_);
  end_words(last, deadline);
}

}  // namespace zsluice::cli
