// SPDX-License-Identifier: BSD-2-Clause
#include "io/local_time.hpp"

#include <algorithm>
#include <cstdint>

namespace zsluice::io {
namespace {

constexpr unsigned kSecondsPerMinute = 60;
constexpr std::int64_t kSecondsPerWeek = std::int64_t{kMinutesPerWeek} * kSecondsPerMinute;
constexpr unsigned kEpochWeekday = 4;  // 1970 began on a Thursday

LocalMoment utc_moment_at(std::time_t time) {
  std::int64_t second_of_week = time % kSecondsPerWeek;
  if (second_of_week < 0) second_of_week += kSecondsPerWeek;
  const auto second = static_cast<unsigned>(second_of_week);
  return {
      .minute_of_week =
          (second / kSecondsPerMinute + kEpochWeekday * kMinutesPerDay) % kMinutesPerWeek,
      .second = second % kSecondsPerMinute,
  };
}

}  // namespace

LocalMoment local_moment() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return local_moment_at(now.tv_sec);
}

LocalMoment local_moment_at(std::time_t time) {
  ::tzset();  // localtime_r alone would keep to the zone that it found at its first call
  std::tm local{};
  if (::localtime_r(&time, &local) == nullptr) return utc_moment_at(time);
  return {
      .minute_of_week = static_cast<unsigned>(local.tm_wday) * kMinutesPerDay +
                        static_cast<unsigned>(local.tm_hour) * 60 +
                        static_cast<unsigned>(local.tm_min),
      .second = std::min(static_cast<unsigned>(local.tm_sec), kSecondsPerMinute - 1),
  };
}

}  // namespace zsluice::io
