// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/base/backoff.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

namespace zsluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr BackoffOptions kOptions{.first = seconds(1), .cap = seconds(10)};

std::vector<Duration> delays(Backoff backoff, int count) {
  std::vector<Duration> taken;
  for (int i = 0; i < count; ++i)
    taken.push_back(backoff.next());
  return taken;
}

TEST(Backoff, DoublesUpToTheCapAndStaysInTheUpperHalf) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    Backoff backoff(kOptions, seed);
    for (const Duration upper_end :
         {seconds(1), seconds(2), seconds(4), seconds(8), seconds(10), seconds(10), seconds(10)}) {
      const Duration delay = backoff.next();
      EXPECT_GE(delay, upper_end / 2);
      EXPECT_LE(delay, upper_end);
    }
  }
}

TEST(Backoff, SpreadsDelaysOverTheWholeUpperHalf) {
  constexpr BackoffOptions kSteady{.first = seconds(10), .cap = seconds(10)};
  const std::vector<Duration> taken = delays(Backoff(kSteady, 1), 1000);
  const auto [shortest, longest] = std::minmax_element(taken.begin(), taken.end());
  EXPECT_LT(*shortest, milliseconds(5100));
  EXPECT_GT(*longest, milliseconds(9900));
  const auto in_lower_part = std::count_if(
      taken.begin(), taken.end(), [](Duration delay) { return delay < milliseconds(7500); });
  EXPECT_GT(in_lower_part, 400);
  EXPECT_LT(in_lower_part, 600);
}

TEST(Backoff, IsReplayedByItsSeed) {
  EXPECT_EQ(delays(Backoff(kOptions, 42), 20), delays(Backoff(kOptions, 42), 20));
  EXPECT_NE(delays(Backoff(kOptions, 42), 20), delays(Backoff(kOptions, 43), 20));
}

TEST(Backoff, ResetStartsSmallAgainWithoutRepeatingItself) {
  Backoff backoff(kOptions, 7);
  const Duration first = backoff.next();
  for (int i = 0; i < 5; ++i)
    static_cast<void>(backoff.next());
  backoff.reset();
  const Duration again = backoff.next();
  EXPECT_LE(again, kOptions.first);
  EXPECT_NE(again, first);
}

TEST(Backoff, SurvivesTheLargestCapAndTheSmallestStart) {
  Backoff backoff({.first = Duration(1), .cap = Duration::max()}, 1);
  Duration longest{};
  for (int i = 0; i < 100; ++i) {
    const Duration delay = backoff.next();
    ASSERT_GT(delay, Duration::zero());
    longest = std::max(longest, delay);
  }
  EXPECT_GT(longest, Duration::max() / 2);
}

TEST(BackoffDeathTest, RefusesOptionsThatCannotWork) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(Backoff({.first = Duration::zero(), .cap = seconds(1)}, 1), "options.first");
  EXPECT_DEATH(Backoff({.first = seconds(2), .cap = seconds(1)}, 1), "options.cap");
}

}  // namespace
}  // namespace zsluice
