// SPDX-License-Identifier: BSD-2-Clause
#include "cli/utc_text.hpp"

#include <fmt/format.h>

#include <chrono>

namespace zsluice::cli {
namespace {

constexpr std::uint64_t kLastSecond = 253402300799;  // 9999-12-31T23:59:59Z
constexpr std::uint64_t kSecondsPerDay = 86400;

}  // namespace

std::string utc_text(std::uint64_t unix_seconds) {
  if (unix_seconds > kLastSecond) return {};
  const std::chrono::sys_days day{std::chrono::days{unix_seconds / kSecondsPerDay}};
  const std::chrono::year_month_day date{day};
  const std::uint64_t second = unix_seconds % kSecondsPerDay;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     second / 3600, second / 60 % 60, second % 60);
}

}  // namespace zsluice::cli
