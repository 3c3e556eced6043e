// SPDX-License-Identifier: BSD-2-Clause
// Zones are given by rule, so that no zone files are needed.
#include "io/local_time.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <limits>
#include <optional>
#include <string>

namespace zsluice::io {
namespace {

constexpr const char* kUtc = "UTC0";
constexpr const char* kCentralEurope = "CET-1CEST,M3.5.0,M10.5.0/3";
constexpr const char* kNewYork = "EST5EDT,M3.2.0,M11.1.0";
constexpr const char* kNepal = "NPT-5:45";

constexpr std::time_t kMinute = 60;
constexpr std::time_t kHour = 60 * kMinute;
constexpr std::time_t kSummerTimeBegins = 1774746000;  // Sunday 2026-03-29 01:00:00 UTC
constexpr std::time_t kSummerTimeEnds = 1792890000;    // Sunday 2026-10-25 01:00:00 UTC

// Puts back what was there.
class Zone {
 public:
  explicit Zone(const char* name) {
    if (const char* before = std::getenv("TZ")) before_ = before;
    ::setenv("TZ", name, 1);
  }
  ~Zone() {
    if (before_) {
      ::setenv("TZ", before_->c_str(), 1);
    } else {
      ::unsetenv("TZ");
    }
    ::tzset();
  }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;

 private:
  std::optional<std::string> before_;
};

LocalMoment moment(unsigned day, unsigned hour, unsigned minute, unsigned second = 0) {
  return {.minute_of_week = day * kMinutesPerDay + hour * 60 + minute, .second = second};
}

std::string text_of(const LocalMoment& at) {
  return std::to_string(at.minute_of_week) + "+" + std::to_string(at.second);
}

TEST(LocalTime, CountsMinutesFromSundayInTheZoneOfTheMoment) {
  constexpr unsigned kSunday = 0;
  constexpr unsigned kWednesday = 3;
  constexpr unsigned kThursday = 4;
  constexpr unsigned kSaturday = 6;
  const struct {
    const char* zone;
    std::time_t time;
    LocalMoment expected;
  } cases[] = {
      {kUtc, 0, moment(kThursday, 0, 0)},
      {kUtc, -1, moment(kWednesday, 23, 59, 59)},
      {kUtc, 1774745999, moment(kSunday, 0, 59, 59)},
      {kUtc, 1774742399, moment(kSaturday, 23, 59, 59)},
      {kUtc, 1774742400, moment(kSunday, 0, 0)},
      {kCentralEurope, 0, moment(kThursday, 1, 0)},
      {kNewYork, 0, moment(kWednesday, 19, 0)},
      {kNepal, 0, moment(kThursday, 5, 45)},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.zone) + " " + std::to_string(c.time));
    const Zone zone(c.zone);
    EXPECT_EQ(text_of(local_moment_at(c.time)), text_of(c.expected));
  }
}

TEST(LocalTime, SkipsAnHourWhenSummerTimeBegins) {
  const Zone zone(kCentralEurope);
  EXPECT_EQ(text_of(local_moment_at(kSummerTimeBegins - 1)), text_of(moment(0, 1, 59, 59)));
  EXPECT_EQ(text_of(local_moment_at(kSummerTimeBegins)), text_of(moment(0, 3, 0)));
}

TEST(LocalTime, RepeatsAnHourWhenSummerTimeEnds) {
  const Zone zone(kCentralEurope);
  EXPECT_EQ(text_of(local_moment_at(kSummerTimeEnds - 1)), text_of(moment(0, 2, 59, 59)));
  EXPECT_EQ(text_of(local_moment_at(kSummerTimeEnds)), text_of(moment(0, 2, 0)));
  EXPECT_EQ(text_of(local_moment_at(kSummerTimeEnds + kHour)), text_of(moment(0, 3, 0)));
}

TEST(LocalTime, TakesTimesOutsideTheCalendarAsUtc) {
  const Zone zone(kNepal);
  for (const std::time_t time :
       {std::numeric_limits<std::time_t>::min(), std::numeric_limits<std::time_t>::max()}) {
    const LocalMoment at = local_moment_at(time);
    EXPECT_LT(at.minute_of_week, kMinutesPerWeek);
    EXPECT_LT(at.second, 60U);
  }
  // 2^63 - 1 seconds are 15250284452471 weeks, 3 days, 15 hours, 30 minutes and 7 seconds.
  EXPECT_EQ(text_of(local_moment_at(std::numeric_limits<std::time_t>::max())),
            text_of(moment(0, 15, 30, 7)));
}

TEST(LocalTime, NowIsTheMomentOfTheRealTimeClock) {
  const Zone zone(kNewYork);
  const LocalMoment before = local_moment_at(std::time(nullptr));
  const LocalMoment now = local_moment();
  const LocalMoment after = local_moment_at(std::time(nullptr) + 1);
  // Other clocks may jump meanwhile; this only tells that it is the same clock.
  const unsigned span =
      (after.minute_of_week + kMinutesPerWeek - before.minute_of_week) % kMinutesPerWeek;
  EXPECT_LE((now.minute_of_week + kMinutesPerWeek - before.minute_of_week) % kMinutesPerWeek, span);
}

}  // namespace
}  // namespace zsluice::io
