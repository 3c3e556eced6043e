// SPDX-License-Identifier: BSD-2-Clause
// All words of a running pipe, and never a wait for stderr: warnings, progress in the style of the
// program it answers as, the answer to SIGUSR1, the metrics file.
#pragma once

#include "cli/log.hpp"
#include "cli/metrics_text.hpp"
#include "cli/options.hpp"
#include "cli/progress_display.hpp"
#include "cli/rate_meter.hpp"
#include "io/notice_writer.hpp"
#include "pipeline/pipe.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace zsluice::cli {

class PipeWatch final : public pipeline::PipeObserver {
 public:
  // `command` outlives it. `err` is borrowed.
  PipeWatch(const PipeCommand& command, int err, TimePoint started, SizePlan plan);

  // For those who are not to be bothered with --quiet.
  void warn(const std::string& message);
  void say(Level level, const std::string& message);

  // The run is over: the last state of whatever was shown, `last` (complete lines, or nothing), and
  // a summary where one is wanted and `is_good`. Waits for stderr until `deadline`.
  void finish(const pipeline::PipeReport& report, const std::string& last, TimePoint deadline);

  void on_unknown_features(std::uint64_t bits) override;
  void on_any_data() override;
  void on_turn() override;
  [[nodiscard]] std::optional<TimePoint> next_state() const override;
  void on_state(const pipeline::PipeState& state) override;
  void on_end(const pipeline::PipeState& state) override;
  void on_state_wanted(const pipeline::PipeState& state) override;

 private:
  void show_line(const pipeline::PipeState& state, bool is_last);
  [[nodiscard]] std::string own_line(const pipeline::PipeState& state);
  [[nodiscard]] std::string mbuffer_line(const pipeline::PipeState& state) const;
  [[nodiscard]] std::string pv_status(const pipeline::PipeState& state, bool is_last);
  void write_metrics(const pipeline::PipeState& state, std::optional<int> exit_status);
  void post_interrupt();

  const PipeCommand& command_;
  int err_;
  bool is_terminal_;
  bool shows_foreign_line_;  // mbuffer's or pv's
  bool foreign_line_stands_ = false;
  io::NoticeWriter writer_;
  ProgressDisplay display_;
  std::optional<TimePoint> foreign_due_;
  std::optional<TimePoint> metrics_due_;
  pipeline::PipeState before_;  // at the last foreign line, for its rates
  pipeline::PipeState last_;    // at the end
  std::string last_snapshot_;   // what its name points to
  std::uint64_t started_unix_ = 0;
  std::optional<std::uint64_t> last_success_;
  bool metrics_fail_ = false;  // the last try did: it is said once
};

}  // namespace zsluice::cli
