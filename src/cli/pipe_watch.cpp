// SPDX-License-Identifier: BSD-2-Clause
#include "cli/pipe_watch.hpp"

#include "cli/errno_text.hpp"
#include "cli/exit_status.hpp"
#include "cli/failure_text.hpp"
#include "cli/mbuffer_status.hpp"
#include "cli/notes.hpp"
#include "cli/pipe_result.hpp"
#include "cli/progress_text.hpp"
#include "cli/pv_status.hpp"
#include "cli/text_layout.hpp"
#include "io/atomic_file.hpp"
#include "io/file_kind.hpp"
#include "io/small_file.hpp"
#include "zsluice/base/escape.hpp"

#include <fmt/format.h>

#include <chrono>
#include <ctime>

namespace zsluice::cli {
namespace {

using pipeline::PipeState;

constexpr std::chrono::seconds kMetricsInterval{15};
constexpr unsigned kTerminalColumns = 80;  // where it does not say

std::uint64_t unix_now() {
  return static_cast<std::uint64_t>(std::max<std::time_t>(std::time(nullptr), 0));
}

std::int64_t local_now() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  return ::localtime_r(&now, &local) != nullptr ? now + local.tm_gmtoff : now;
}

std::string dropped_text(std::size_t count) {
  return fmt::format("zsluice: pipe: {} missing here: nobody took them from standard error\n",
                     counted(count, "message"));
}

bool shows_foreign(const PipeCommand& command, bool is_terminal) {
  switch (command.personality) {
    case Personality::own:
      return false;
    case Personality::mbuffer:
      return command.mbuffer.line;
    case Personality::pv:
      return !command.pv.quiet && (is_terminal || command.pv.force || command.pv.numeric);
  }
  return false;
}

PipeState final_state(const PipeState& last,
                      const pipeline::PipeReport& report,
                      TimePoint started) {
  PipeState state = last;
  state.started = started;
  state.now = started + report.elapsed;
  state.bytes_in = report.bytes_in;
  state.bytes_out = report.bytes_out;
  state.records = report.records;
  state.substreams = report.substreams;
  state.any_data = report.any_data;
  state.buffered_bytes = 0;
  return state;
}

}  // namespace

PipeWatch::PipeWatch(const PipeCommand& command, int err, TimePoint started, SizePlan plan)
    : command_(command),
      err_(err),
      is_terminal_(io::is_terminal(err)),
      shows_foreign_line_(shows_foreign(command, is_terminal_)),
      writer_(err,
              [format = command.common.log_format](std::size_t dropped) {
                return log_text(format, Level::warning, dropped_text(dropped));
              }),
      display_({.options = command.progress,
                .is_quiet = command.common.quiet,
                .is_terminal = is_terminal_,
                .started = started,
                .plan = std::move(plan)}) {
  before_.started = started;
  before_.now = started;
  if (shows_foreign_line_) {
    foreign_due_ = started + (command.personality == Personality::pv
                                  ? std::max<Duration>(command.pv.interval, command.pv.delay)
                                  : Duration(kMbufferInterval));
  }
  if (command.progress.metrics_path.empty()) return;
  metrics_due_ = started;
  started_unix_ = unix_now();
  const auto old = io::read_small_file(command.progress.metrics_path, kMetricsTextBytesMax);
  if (old) last_success_ = last_success_in(*old);
}

void PipeWatch::warn(const std::string& message) {
  if (!command_.common.quiet) say(Level::warning, message);
}

void PipeWatch::say(Level level, const std::string& message) {
  post_interrupt();
  writer_.post(log_text(command_.common.log_format, level, message));
}

// No message is to stand behind half a line.
void PipeWatch::post_interrupt() {
  if (const std::string clearing = display_.interrupt(); !clearing.empty()) writer_.post(clearing);
  if (std::exchange(foreign_line_stands_, false)) writer_.post("\n");
}

void PipeWatch::on_unknown_features(std::uint64_t bits) {
  if (command_.personality == Personality::pv) return;
  warn(unknown_features_text("pipe", "stdin", bits));
}

// pv's output is read by programs, and what it passes is rarely a stream.
void PipeWatch::on_any_data() {
  if (command_.personality == Personality::pv) return;
  warn("zsluice: pipe: stdin: not a ZFS send stream: passed untouched and unchecked\n");
}

void PipeWatch::on_turn() {
  if (!writer_.is_empty()) writer_.flush_ready();
}

std::optional<TimePoint> PipeWatch::next_state() const {
  std::optional<TimePoint> due = display_.next_due();
  for (const std::optional<TimePoint>& other : {foreign_due_, metrics_due_}) {
    if (other && (!due || *other < *due)) due = other;
  }
  return due;
}

void PipeWatch::on_state(const PipeState& state) {
  if (const auto due = display_.next_due(); due && *due <= state.now) {
    const std::string text = own_line(state);
    // A stderr that is not read gets no second line: it would be old when it is.
    if (!text.empty() && writer_.is_empty()) writer_.post(text);
  }
  if (foreign_due_ && *foreign_due_ <= state.now) show_line(state, false);
  if (metrics_due_ && *metrics_due_ <= state.now) {
    write_metrics(state, std::nullopt);
    metrics_due_ = state.now + kMetricsInterval;
  }
  writer_.flush_ready();
}

void PipeWatch::on_end(const PipeState& state) {
  last_ = state;
  last_snapshot_ = state.snapshot;
  last_.snapshot = last_snapshot_;
}

void PipeWatch::on_state_wanted(const PipeState& state) {
  say(Level::info, state_text(display_.view(state)));
  writer_.flush_ready();
}

std::string PipeWatch::own_line(const PipeState& state) {
  const unsigned columns = io::terminal_columns(err_);
  const std::string text =
      display_.update(state, columns == 0 ? kTerminalColumns : columns, unix_now());
  const bool is_message = display_.style() == ProgressStyle::plain && !text.empty();
  return is_message ? log_text(command_.common.log_format, Level::info, text) : text;
}

void PipeWatch::show_line(const PipeState& state, bool is_last) {
  const bool is_pv = command_.personality == Personality::pv;
  foreign_due_ = state.now + (is_pv ? Duration(command_.pv.interval) : Duration(kMbufferInterval));
  if (is_pv && command_.pv.wait && state.bytes_out == 0 && !is_last) return;
  const std::string text = is_pv ? pv_status(state, is_last) : mbuffer_line(state);
  before_ = state;
  before_.snapshot = {};
  if (!writer_.is_empty() && !is_last) return;
  writer_.post(text);
  foreign_line_stands_ = !text.ends_with('\n');
}

std::string PipeWatch::mbuffer_line(const PipeState& state) const {
  const Duration span = elapsed_between(before_.now, state.now);
  return mbuffer_status_line(
      state, {.in_bytes_per_second = average_rate(state.bytes_in - before_.bytes_in, span),
              .out_bytes_per_second = average_rate(state.bytes_out - before_.bytes_out, span)});
}

std::string PipeWatch::pv_status(const PipeState& state, bool is_last) {
  const unsigned columns = io::terminal_columns(err_);
  return pv_line(command_.pv, state,
                 {.bytes_per_second = average_rate(state.bytes_out - before_.bytes_out,
                                                   elapsed_between(before_.now, state.now)),
                  .local_seconds = local_now(),
                  .is_last = is_last,
                  .columns = columns == 0 ? kPvColumns : columns});
}

void PipeWatch::write_metrics(const PipeState& state, std::optional<int> exit_status) {
  if (exit_status == kExitWhole) last_success_ = unix_now();
  const auto written = io::write_atomic_file(command_.progress.metrics_path,
                                             metrics_text({.state = state,
                                                           .started_at = started_unix_,
                                                           .exit_status = exit_status,
                                                           .last_success_at = last_success_}));
  const bool is_known = std::exchange(metrics_fail_, !written);
  if (written || is_known) return;
  warn(fmt::format("zsluice: pipe: --metrics: \"{}\": {}\n",
                   escaped(command_.progress.metrics_path), errno_text(written.error().error)));
}

void PipeWatch::finish(const pipeline::PipeReport& report,
                       const std::string& last,
                       TimePoint deadline) {
  const PipeState state = final_state(last_, report, before_.started);
  if (!command_.progress.metrics_path.empty()) {
    write_metrics(state, report.failure ? exit_status_of(*report.failure) : kExitWhole);
  }
  writer_.flush_ready();
  if (shows_foreign_line_) {
    show_line(state, true);
    if (command_.personality == Personality::pv) foreign_line_stands_ = false;
  }
  if (const std::string end = display_.finish(state, unix_now()); !end.empty()) writer_.post(end);
  const bool is_mbuffer = command_.personality == Personality::mbuffer;
  if (is_mbuffer && command_.mbuffer.summary) {
    writer_.post(mbuffer_summary(state, std::exchange(foreign_line_stands_, false)));
  }
  post_interrupt();
  const bool wants_summary = command_.personality == Personality::own && !command_.common.quiet &&
                             !command_.common.json && !report.failure;
  if (wants_summary) {
    ProgressView view = display_.view(state);
    view.buffer_peak_bytes = report.buffered_bytes_max;
    writer_.post(
        log_text(command_.common.log_format, Level::info, summary_text(view, verdict_of(report))));
  }
  // Room is made for the last words first, so that they are not what is dropped.
  writer_.finish(deadline);
  writer_.post(last);
  writer_.finish(deadline);
}

}  // namespace zsluice::cli
