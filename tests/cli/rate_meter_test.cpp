// SPDX-License-Identifier: BSD-2-Clause
// Rates on a virtual clock, and spans of time as text.
#include "cli/rate_meter.hpp"

#include "cli/duration_text.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace zsluice::cli {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
constexpr TimePoint kStart{hours(1)};

TimePoint after(Duration span) {
  return kStart + span;
}

TEST(RateMeter, KnowsNothingAtTheStart) {
  const RateMeter meter(kStart);
  EXPECT_EQ(meter.rates(), Rates{});
  EXPECT_EQ(meter.time_left(1), std::nullopt);
}

TEST(RateMeter, GivesAnEvenFlowExactlyHoweverItIsCut) {
  const std::vector<std::vector<int>> cuts = {
      {20000}, {100, 20000}, {1000, 1100, 7000, 19999, 20000}, {50, 60, 19000, 20000}};
  for (const std::vector<int>& cut : cuts) {
    RateMeter meter(kStart);
    for (const int at : cut) {
      meter.sample(after(milliseconds(at)), static_cast<std::uint64_t>(at) * 1000);
    }
    EXPECT_EQ(meter.rates(), (Rates{1'000'000, 1'000'000, 1'000'000})) << cut.size();
  }
}

TEST(RateMeter, HalvesAfterAHalfLifeOfStandstill) {
  RateMeter meter(kStart);
  meter.sample(after(hours(1)), 3600 * 1000);
  meter.sample(after(hours(1) + seconds(5)), 3600 * 1000);
  EXPECT_EQ(meter.rates().now, 500U);
  EXPECT_EQ(meter.rates().steady, 891U);
  EXPECT_EQ(meter.rates().average, 998U);
  meter.sample(after(hours(1) + seconds(30)), 3600 * 1000);
  EXPECT_EQ(meter.rates().now, 16U);
  EXPECT_EQ(meter.rates().steady, 500U);
}

TEST(RateMeter, TheSameWhetherAStandstillIsSampledOftenOrOnce) {
  RateMeter often(kStart);
  RateMeter once(kStart);
  often.sample(after(minutes(1)), 60'000'000);
  once.sample(after(minutes(1)), 60'000'000);
  for (int i = 1; i <= 70; ++i) {
    often.sample(after(minutes(1) + milliseconds(100) * i), 60'000'000);
  }
  once.sample(after(minutes(1) + seconds(7)), 60'000'000);
  EXPECT_EQ(often.rates(), once.rates());
}

TEST(RateMeter, JoinsSamplesThatAreTooClose) {
  RateMeter meter(kStart);
  meter.sample(after(milliseconds(99)), 99'000);
  EXPECT_EQ(meter.rates(), (Rates{1'000'000, 1'000'000, 1'000'000}));
  meter.sample(after(milliseconds(200)), 400'000);
  EXPECT_EQ(meter.rates().now, 2'000'000U);
}

TEST(RateMeter, SurvivesAClockThatStandsStillOrGoesBack) {
  RateMeter meter(kStart);
  meter.sample(kStart, 500);
  EXPECT_EQ(meter.rates(), Rates{});
  meter.sample(TimePoint{}, 1000);
  EXPECT_EQ(meter.rates(), Rates{});
  meter.sample(TimePoint::min(), 1000);
  EXPECT_EQ(meter.rates(), Rates{});
  meter.sample(after(seconds(1)), 1000);
  EXPECT_EQ(meter.rates(), (Rates{1000, 1000, 1000}));
  meter.sample(after(seconds(1)), 2000);
  EXPECT_EQ(meter.rates(), (Rates{1000, 1000, 2000}));
}

TEST(RateMeter, TakesNumbersOfAnySize) {
  RateMeter meter(TimePoint::min());
  meter.sample(TimePoint::min() + milliseconds(100), kMax);
  EXPECT_EQ(meter.rates(), (Rates{kMax, kMax, kMax}));
  meter.sample(TimePoint::max(), kMax);
  EXPECT_EQ(meter.rates().now, 0U);
  EXPECT_EQ(meter.rates().average, 2'000'000'000U);
  EXPECT_EQ(meter.time_left(kMax), std::nullopt);
}

TEST(RateMeter, SaysHowLongItWillTake) {
  RateMeter meter(kStart);
  meter.sample(after(milliseconds(1999)), 1'999'000);
  EXPECT_EQ(meter.time_left(1'000'000), std::nullopt) << "too early to tell";
  meter.sample(after(seconds(10)), 10'000'000);
  EXPECT_EQ(meter.time_left(0), seconds(0));
  EXPECT_EQ(meter.time_left(1), seconds(1));
  EXPECT_EQ(meter.time_left(60'000'000), seconds(60));
  EXPECT_EQ(meter.time_left(60'000'001), seconds(61));
  EXPECT_EQ(meter.time_left(kMax), kTimeLeftMax);
}

TEST(RateMeter, NothingIsSaidOfTheTimeLeftWhenNothingMoves) {
  RateMeter meter(kStart);
  meter.sample(after(seconds(10)), 0);
  EXPECT_EQ(meter.time_left(1000), std::nullopt);
}

TEST(RateMeter, APauseOfSecondsChangesTheTimeLeftLittle) {
  RateMeter meter(kStart);
  meter.sample(after(minutes(10)), 600'000'000);
  EXPECT_EQ(meter.time_left(100'000'000), seconds(100));
  meter.sample(after(minutes(10) + seconds(3)), 600'000'000);
  EXPECT_EQ(meter.time_left(100'000'000), seconds(108));
}

TEST(AverageRate, IsExactAndBounded) {
  EXPECT_EQ(average_rate(0, seconds(1)), 0U);
  EXPECT_EQ(average_rate(5, Duration::zero()), 0U);
  EXPECT_EQ(average_rate(5, seconds(-1)), 0U);
  EXPECT_EQ(average_rate(7, seconds(2)), 3U);
  EXPECT_EQ(average_rate(kMax, seconds(1)), kMax);
  EXPECT_EQ(average_rate(kMax, Duration(1)), kMax);
}

TEST(DurationText, OfClocks) {
  EXPECT_EQ(clock_text(seconds(-1)), "0:00:00");
  EXPECT_EQ(clock_text(seconds(433)), "0:07:13");
  EXPECT_EQ(clock_text(hours(24) - seconds(1)), "23:59:59");
  EXPECT_EQ(clock_text(hours(26) + seconds(184)), "1d 02:03:04");
  EXPECT_EQ(clock_text(seconds::max()), "106751991167300d 15:30:07");
}

TEST(DurationText, OfWhatHasPassedAndWhatIsLeft) {
  EXPECT_EQ(elapsed_text(Duration::min()), "0.0 s");
  EXPECT_EQ(elapsed_text(milliseconds(12345)), "12.3 s");
  EXPECT_EQ(elapsed_text(milliseconds(59999)), "59.9 s");
  EXPECT_EQ(elapsed_text(minutes(1)), "0:01:00");
  EXPECT_EQ(elapsed_text(Duration::max()), "106751d 23:47:16");
  EXPECT_EQ(time_left_text(hours(24 * 100) - seconds(1)), "99d 23:59:59");
  EXPECT_EQ(time_left_text(kTimeLeftMax), ">99 days");
}

}  // namespace
}  // namespace zsluice::cli
