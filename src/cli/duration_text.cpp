// SPDX-License-Identifier: BSD-2-Clause
#include "cli/duration_text.hpp"

#include "zsluice/base/number_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace zsluice::cli {
namespace {

constexpr std::int64_t kSecondsPerDay = 86400;
constexpr std::int64_t kDaysShownMax = 99;

}  // namespace

std::string clock_text(std::chrono::seconds span) {
  const std::int64_t seconds = std::max<std::int64_t>(span.count(), 0);
  const std::int64_t days = seconds / kSecondsPerDay;
  const std::int64_t hours = seconds % kSecondsPerDay / 3600;
  const std::int64_t minutes = seconds / 60 % 60;
  if (days == 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, seconds % 60);
  return fmt::format("{}d {:02}:{:02}:{:02}", days, hours, minutes, seconds % 60);
}

std::string elapsed_text(Duration span) {
  if (span >= std::chrono::minutes(1)) {
    return clock_text(std::chrono::duration_cast<std::chrono::seconds>(span));
  }
  using Tenths = std::chrono::duration<std::int64_t, std::deci>;
  const Tenths tenths = std::chrono::duration_cast<Tenths>(std::max(span, Duration::zero()));
  return fmt::format("{}.{} s", tenths.count() / 10, tenths.count() % 10);
}

std::string time_left_text(std::chrono::seconds span) {
  if (span.count() / kSecondsPerDay > kDaysShownMax) return ">99 days";
  return clock_text(span);
}

std::optional<std::chrono::milliseconds> parse_span(std::string_view text) {
  using Unit = std::pair<std::string_view, std::chrono::milliseconds>;
  // "ms" before "s", which it ends with.
  const std::array<Unit, 4> units{{{"ms", std::chrono::milliseconds(1)},
                                   {"s", std::chrono::seconds(1)},
                                   {"m", std::chrono::minutes(1)},
                                   {"h", std::chrono::hours(1)}}};
  std::chrono::milliseconds unit = std::chrono::seconds(1);
  for (const auto& [name, length] : units) {
    if (!text.ends_with(name)) continue;
    text.remove_suffix(name.size());
    unit = length;
    break;
  }
  constexpr std::chrono::milliseconds kYear = std::chrono::hours(24 * 365);
  const auto number = parse_u64(text);
  if (!number || *number > static_cast<std::uint64_t>(kYear / unit)) return std::nullopt;
  return unit * static_cast<std::int64_t>(*number);
}

}  // namespace zsluice::cli
