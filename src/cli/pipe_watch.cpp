// SPDX-License-Identifier: BSD-2-Clause
#include "cli/pipe_watch.hpp"

#include "cli/exit_status.hpp"
#include "cli/failure_text.hpp"
#include "cli/mbuffer_status.hpp"
#include "cli/pipe_result.hpp"
#include "cli/progress_text.hpp"
#include "cli/pv_status.hpp"
#include "io/small_file.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

namespace zsluice::cli {
namespace {

using pipeline::PipeState;

std::int64_t local_now() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  return ::localtime_r(&now, &local) != nullptr ? now + local.tm_gmtoff : now;
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
    : RunWatch({.command = "pipe",
                .source = "stdin",
                .common = command.common,
                .progress = command.progress,
                .err = err,
                .started = started},
               std::move(plan)),
      command_(command),
      shows_foreign_line_(shows_foreign(command, is_terminal())) {
  before_.started = started;
  before_.now = started;
  if (!shows_foreign_line_) return;
  foreign_due_ = started + (command.personality == Personality::pv
                                ? std::max<Duration>(command.pv.interval, command.pv.delay)
                                : Duration(kMbufferInterval));
}

void PipeWatch::post_interrupt() {
  RunWatch::post_interrupt();
  if (std::exchange(foreign_line_stands_, false)) writer().post("\n");
}

void PipeWatch::on_unknown_features(std::uint64_t bits) {
  if (command_.personality != Personality::pv) RunWatch::on_unknown_features(bits);
}

// pv's output is read by programs, and what it passes is rarely a stream.
void PipeWatch::on_any_data() {
  if (command_.personality != Personality::pv) RunWatch::on_any_data();
}

std::optional<TimePoint> PipeWatch::next_state() const {
  const std::optional<TimePoint> due = RunWatch::next_state();
  if (!due || !foreign_due_) return due ? due : foreign_due_;
  return std::min(*due, *foreign_due_);
}

void PipeWatch::on_state(const PipeState& state) {
  if (foreign_due_ && *foreign_due_ <= state.now) show_line(state, false);
  RunWatch::on_state(state);
}

void PipeWatch::show_line(const PipeState& state, bool is_last) {
  const bool is_pv = command_.personality == Personality::pv;
  foreign_due_ = state.now + (is_pv ? Duration(command_.pv.interval) : Duration(kMbufferInterval));
  if (is_pv && command_.pv.wait && state.bytes_out == 0 && !is_last) return;
  const std::string text = is_pv ? pv_status(state, is_last) : mbuffer_line(state);
  before_ = state;
  before_.snapshot = {};
  if (!writer().is_empty() && !is_last) return;
  writer().post(text);
  foreign_line_stands_ = !text.ends_with('\n');
}

std::string PipeWatch::mbuffer_line(const PipeState& state) const {
  const Duration span = elapsed_between(before_.now, state.now);
  return mbuffer_status_line(
      state, {.in_bytes_per_second = average_rate(state.bytes_in - before_.bytes_in, span),
              .out_bytes_per_second = average_rate(state.bytes_out - before_.bytes_out, span)});
}

std::string PipeWatch::pv_status(const PipeState& state, bool is_last) {
  const unsigned columns = io::terminal_columns(err());
  return pv_line(command_.pv, state,
                 {.bytes_per_second = average_rate(state.bytes_out - before_.bytes_out,
                                                   elapsed_between(before_.now, state.now)),
                  .local_seconds = local_now(),
                  .is_last = is_last,
                  .columns = columns == 0 ? kPvColumns : columns});
}

void PipeWatch::show_summary(const PipeState& state, const pipeline::PipeReport& report) {
  ProgressView view = display().view(state);
  view.buffer_peak_bytes = report.buffered_bytes_max;
  say(Level::info, summary_text(view, verdict_of(report)));
}

void PipeWatch::finish(const pipeline::PipeReport& report,
                       const std::string& last,
                       TimePoint deadline) {
  const PipeState state = final_state(last_state(), report, started());
  end_metrics(state, report.failure ? exit_status_of(*report.failure) : kExitWhole);
  if (shows_foreign_line_) {
    show_line(state, true);
    if (command_.personality == Personality::pv) foreign_line_stands_ = false;
  }
  end_display(state);
  const bool is_mbuffer = command_.personality == Personality::mbuffer;
  if (is_mbuffer && command_.mbuffer.summary) {
    writer().post(mbuffer_summary(state, std::exchange(foreign_line_stands_, false)));
  }
  post_interrupt();
  const bool wants_summary = command_.personality == Personality::own && !common().quiet &&
                             !common().json && !report.failure;
  if (wants_summary) show_summary(state, report);
  end_words(last, deadline);
}

}  // namespace zsluice::cli
