// SPDX-License-Identifier: BSD-2-Clause
// All words of a running command that passes a stream, and never a wait for stderr: warnings,
// progress, the answer to SIGUSR1, the metrics file.
#pragma once

#include "cli/log.hpp"
#include "cli/metrics_text.hpp"
#include "cli/options.hpp"
#include "cli/progress_display.hpp"
#include "io/notice_writer.hpp"
#include "pipeline/pipe.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace zsluice::cli {

// How long the last words of a run may wait for a stderr that is not read.
inline constexpr std::chrono::seconds kLastWords{5};

// All but the numbers outlives the watch.
struct RunWatchSetup {
  std::string_view command;  // whose run it is,
  std::string_view source;   // and what it reads, as messages name it
  const CommonOptions& common;
  const ProgressOptions& progress;
  int err = -1;
  TimePoint started{};
};

class RunWatch : public pipeline::PipeObserver {
 public:
  RunWatch(const RunWatchSetup& setup, SizePlan plan);

  // For those who are not to be bothered with --quiet.
  void warn(const std::string& message);
  void say(Level level, const std::string& message);

  // The run is over: the last state of whatever was shown, and `last` (complete lines, or nothing).
  // Waits for stderr until `deadline`.
  void finish(int exit_status, const std::string& last, TimePoint deadline);
  // The figures at the end.
  [[nodiscard]] ProgressView last_view() { return display_.view(last_); }

  void on_unknown_features(std::uint64_t bits) override;
  void on_any_data() override;
  void on_turn() override;
  [[nodiscard]] std::optional<TimePoint> next_state() const override;
  void on_state(const pipeline::PipeState& state) override;
  void on_end(const pipeline::PipeState& state) override;
  void on_state_wanted(const pipeline::PipeState& state) override;

 protected:
  // So that no message stands behind half a line.
  virtual void post_interrupt();
  void end_metrics(const pipeline::PipeState& state, int exit_status);
  void end_display(const pipeline::PipeState& state);
  void end_words(const std::string& last, TimePoint deadline);

  [[nodiscard]] const CommonOptions& common() const { return setup_.common; }
  [[nodiscard]] int err() const { return setup_.err; }
  [[nodiscard]] TimePoint started() const { return setup_.started; }
  [[nodiscard]] bool is_terminal() const { return is_terminal_; }
  [[nodiscard]] const pipeline::PipeState& last_state() const { return last_; }
  [[nodiscard]] io::NoticeWriter& writer() { return writer_; }
  [[nodiscard]] ProgressDisplay& display() { return display_; }

 private:
  [[nodiscard]] std::string line(const pipeline::PipeState& state);
  void write_metrics(const pipeline::PipeState& state, std::optional<int> exit_status);

  RunWatchSetup setup_;
  bool is_terminal_;
  io::NoticeWriter writer_;
  ProgressDisplay display_;
  std::optional<TimePoint> metrics_due_;
  pipeline::PipeState last_;   // at the end
  std::string last_snapshot_;  // what its name points to
  std::uint64_t started_unix_ = 0;
  std::optional<std::uint64_t> last_success_;
  bool metrics_fail_ = false;  // the last try did: it is said once
};

}  // namespace zsluice::cli
