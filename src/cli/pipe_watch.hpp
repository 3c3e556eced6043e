// SPDX-License-Identifier: BSD-2-Clause
// All words of a running pipe: those of any run, or what the program says that it answers as.
#pragma once

#include "cli/rate_meter.hpp"
#include "cli/run_watch.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace zsluice::cli {

class PipeWatch final : public RunWatch {
 public:
  // `command` outlives it. `err` is borrowed.
  PipeWatch(const PipeCommand& command, int err, TimePoint started, SizePlan plan);

  // The run is over: the last state of whatever was shown, `last` (complete lines, or nothing), and
  // a summary where one is wanted and the run did not fail. Waits for stderr until `deadline`.
  void finish(const pipeline::PipeReport& report, const std::string& last, TimePoint deadline);

  void on_unknown_features(std::uint64_t bits) override;
  void on_any_data() override;
  [[nodiscard]] std::optional<TimePoint> next_state() const override;
  void on_state(const pipeline::PipeState& state) override;

 private:
  void post_interrupt() override;
  void show_line(const pipeline::PipeState& state, bool is_last);
  [[nodiscard]] std::string mbuffer_line(const pipeline::PipeState& state) const;
  [[nodiscard]] std::string pv_status(const pipeline::PipeState& state, bool is_last);
  void show_summary(const pipeline::PipeState& state, const pipeline::PipeReport& report);

  const PipeCommand& command_;
  bool shows_foreign_line_;  // mbuffer's or pv's
  bool foreign_line_stands_ = false;
  std::optional<TimePoint> foreign_due_;
  pipeline::PipeState before_;  // at the last foreign line, for its rates
};

}  // namespace zsluice::cli
