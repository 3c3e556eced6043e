// SPDX-License-Identifier: BSD-2-Clause
#include "cli/rate_control.hpp"

#include "cli/errno_text.hpp"
#include "cli/rate_text.hpp"
#include "io/local_time.hpp"
#include "zsluice/base/escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace zsluice::cli {
namespace {

// How soon a changed file is noticed.
constexpr std::chrono::seconds kFileInterval{1};
constexpr unsigned kSecondsPerMinute = 60;

}  // namespace

RateControl::RateControl(std::string_view command, const RateOptions& options, Warn warn)
    : command_(command), path_(options.rate_file), warn_(std::move(warn)) {
  // It has been read once already, for the command line's sake.
  if (const auto schedule = parse_rate_schedule(options.rate)) schedule_ = *schedule;
}

std::string RateControl::load() {
  if (path_.empty()) return {};
  stamp_ = io::stamp_of(path_);
  const auto text = io::read_small_file(path_, kRateTextBytesMax + 1);
  const std::string head = "--rate-file: \"" + escaped(path_) + "\": ";
  if (!text) return head + errno_text(text.error().error);
  const auto schedule = parse_rate_file(*text);
  if (!schedule) return head + rate_error_text(*text, schedule.error());
  schedule_ = *schedule;
  return {};
}

void RateControl::reread_if_changed() {
  if (path_.empty()) return;
  const bool is_asked = std::exchange(is_asked_to_reload_, false);
  if (!is_asked && io::stamp_of(path_) == stamp_) return;
  if (const std::string error = load(); !error.empty()) {
    warn_(fmt::format("zsluice: {}: {}; the rate stays as it was\n", command_, error));
  }
}

Rate RateControl::rate(TimePoint now) {
  reread_if_changed();
  const io::LocalMoment moment = io::local_moment();
  next_look_.reset();
  if (schedule_.minutes_until_change(moment.minute_of_week)) {
    next_look_ = now + std::chrono::seconds(kSecondsPerMinute - std::min(moment.second, 59U));
  }
  if (!path_.empty()) {
    const TimePoint file_look = now + kFileInterval;
    next_look_ = next_look_ ? std::min(*next_look_, file_look) : file_look;
  }
  return schedule_.rate_at(moment.minute_of_week);
}

}  // namespace zsluice::cli
