// SPDX-License-Identifier: BSD-2-Clause
// The rate of a run that passes a stream: one for all times, a timetable by the wall clock, or what
// a file says. A file that cannot be read, or makes no sense, changes nothing: it may be half
// written, and a typing error must not lift a limit in the middle of a run.
#pragma once

#include "cli/options.hpp"
#include "io/small_file.hpp"
#include "pipeline/pipe.hpp"
#include "zsluice/base/rate_schedule.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace zsluice::cli {

class RateControl final : public pipeline::RateSource {
 public:
  // Takes what is wrong with the file while the stream runs, as a line.
  using Warn = std::function<void(const std::string&)>;

  // `command`: whose run it is, a name for ever.
  RateControl(std::string_view command, const RateOptions& options, Warn warn);

  // At the start: what is wrong with the file; empty when all is well.
  [[nodiscard]] std::string load();

  [[nodiscard]] Rate rate(TimePoint now) override;
  [[nodiscard]] std::optional<TimePoint> next_look() const override { return next_look_; }
  [[nodiscard]] bool can_reload() const override { return !path_.empty(); }
  void reload() override { is_asked_to_reload_ = true; }

 private:
  void reread_if_changed();

  std::string_view command_;
  std::string path_;  // empty: the schedule is that of the command line
  Warn warn_;
  RateSchedule schedule_;
  io::FileStamp stamp_;
  bool is_asked_to_reload_ = false;
  std::optional<TimePoint> next_look_;
};

}  // namespace zsluice::cli
