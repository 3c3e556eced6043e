// SPDX-License-Identifier: BSD-2-Clause
// What one bucket says and keeps. Whole flows: token_bucket_flow_test.cpp.
#include "zsluice/base/token_bucket.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

namespace zsluice {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = kKiB * 1024;
constexpr std::uint64_t kGiB = kMiB * 1024;
constexpr TimePoint kStart{seconds(1000)};
constexpr hours kDay{24};

// 1000 bytes per second: 20 bytes are a quantum, a millisecond brings one.
constexpr Rate kThousand{1000};

TEST(DefaultBurst, IsATenthOfASecondWithinBounds) {
  EXPECT_EQ(default_burst(Rate{1}), 512U);
  EXPECT_EQ(default_burst(Rate{5 * kKiB}), 512U);
  EXPECT_EQ(default_burst(Rate{10 * kKiB}), kKiB);
  EXPECT_EQ(default_burst(Rate{30 * kKiB}), 3 * kKiB);
  EXPECT_EQ(default_burst(Rate{20 * kMiB}), 2 * kMiB);
  EXPECT_EQ(default_burst(Rate{500 * kMiB}), 32 * kMiB);
  EXPECT_EQ(default_burst(Rate{UINT64_MAX}), 32 * kMiB);
  EXPECT_EQ(default_burst(Rate{}), 32 * kMiB);
}

TEST(TokenBucket, StartsEmpty) {
  TokenBucket bucket(kThousand, 100, kStart);
  EXPECT_EQ(bucket.available(kStart), 0U);
  EXPECT_EQ(bucket.next(kStart), kStart + milliseconds(20));
}

TEST(TokenBucket, GrantsNothingBelowAQuantumAndThenAllThatIsThere) {
  TokenBucket bucket(kThousand, 100, kStart);
  EXPECT_EQ(bucket.available(kStart + milliseconds(20) - nanoseconds(1)), 0U);
  EXPECT_EQ(bucket.next(kStart + milliseconds(19)), kStart + milliseconds(20));
  EXPECT_EQ(bucket.available(kStart + milliseconds(20)), 20U);
  EXPECT_EQ(bucket.next(kStart + milliseconds(20)), std::nullopt);
  EXPECT_EQ(bucket.available(kStart + milliseconds(55)), 55U);
}

TEST(TokenBucket, GoesOnInPartsUntilAQuarterOfAQuantumIsLeft) {
  TokenBucket bucket(kThousand, 100, kStart);
  const TimePoint now = kStart + milliseconds(20);
  EXPECT_EQ(bucket.available(now), 20U);
  bucket.take(10, now);
  EXPECT_EQ(bucket.available(now), 10U);
  bucket.take(4, now);
  EXPECT_EQ(bucket.available(now), 6U);
  bucket.take(1, now);
  EXPECT_EQ(bucket.available(now), 0U);
  EXPECT_EQ(bucket.next(now), now + milliseconds(15));
  EXPECT_EQ(bucket.available(now + milliseconds(15)), 20U);
}

TEST(TokenBucket, KeepsOneBurstAtMostHoweverLongTheIdleTime) {
  for (const Duration idle : {Duration(milliseconds(100)), Duration(seconds(30)),
                              Duration(3 * kDay), Duration(100 * 365 * kDay)}) {
    TokenBucket bucket(kThousand, 100, kStart);
    EXPECT_EQ(bucket.available(kStart + idle), 100U);
    bucket.take(100, kStart + idle);
    EXPECT_EQ(bucket.available(kStart + idle), 0U);
    EXPECT_EQ(bucket.next(kStart + idle), kStart + idle + milliseconds(20));
  }
}

TEST(TokenBucket, TreatsTimeThatGoesBackwardsAsNoTime) {
  TokenBucket bucket(kThousand, 100, kStart);
  const TimePoint now = kStart + milliseconds(20);
  bucket.take(bucket.available(now), now);
  EXPECT_EQ(bucket.available(kStart), 0U);
  EXPECT_EQ(bucket.available(TimePoint::min()), 0U);
  EXPECT_EQ(bucket.next(kStart), now + milliseconds(20));
  EXPECT_EQ(bucket.available(now + milliseconds(19)), 0U);
  EXPECT_EQ(bucket.available(now + milliseconds(20)), 20U);
}

TEST(TokenBucket, TakesBackWhatWentBeyondTheLine) {
  TokenBucket bucket(kThousand, 100, kStart);
  const TimePoint now = kStart + milliseconds(20);
  bucket.take(50, now);  // 30 too many
  EXPECT_EQ(bucket.available(now), 0U);
  EXPECT_EQ(bucket.next(now), now + milliseconds(50));
  EXPECT_EQ(bucket.available(now + milliseconds(50) - nanoseconds(1)), 0U);
  EXPECT_EQ(bucket.available(now + milliseconds(50)), 20U);
}

TEST(TokenBucket, DebtsBeyondAllBoundsEndAtTheEndOfTime) {
  TokenBucket bucket(Rate{1}, std::nullopt, kStart);
  bucket.take(UINT64_MAX, kStart);
  bucket.take(UINT64_MAX, kStart);
  EXPECT_EQ(bucket.available(kStart + kDay), 0U);
  EXPECT_EQ(bucket.next(kStart + kDay), TimePoint::max());
  EXPECT_EQ(bucket.available(TimePoint::max()), 0U);
  EXPECT_EQ(bucket.next(TimePoint::max()), TimePoint::max());
}

TEST(TokenBucket, StaysInBoundsAtTheEndsOfTimeAndRate) {
  for (const std::uint64_t rate : {std::uint64_t{1}, kGiB, UINT64_MAX}) {
    for (const std::uint64_t burst : {std::uint64_t{1}, kGiB, UINT64_MAX}) {
      SCOPED_TRACE(rate);
      SCOPED_TRACE(burst);
      TokenBucket bucket(Rate{rate}, burst, TimePoint::min());
      const auto next = bucket.next(TimePoint::min());
      ASSERT_TRUE(next);
      EXPECT_GT(*next, TimePoint::min());
      EXPECT_GT(bucket.available(*next), 0U);
      EXPECT_LE(bucket.available(TimePoint::max()), burst);
      EXPECT_GT(bucket.available(TimePoint::max()), 0U);
    }
  }
}

TEST(TokenBucket, WithoutALimitEverythingMayGo) {
  TokenBucket bucket(Rate{}, std::nullopt, kStart);
  EXPECT_EQ(bucket.available(kStart), kUnlimitedBytes);
  bucket.take(kUnlimitedBytes, kStart);
  EXPECT_EQ(bucket.available(kStart), kUnlimitedBytes);
  EXPECT_EQ(bucket.next(kStart), std::nullopt);
}

TEST(TokenBucket, ALimitAfterNoneStartsEmpty) {
  TokenBucket bucket(Rate{}, 100, kStart);
  bucket.take(kGiB, kStart);
  bucket.set_rate(kThousand, kStart + kDay);
  EXPECT_EQ(bucket.available(kStart + kDay), 0U);
  EXPECT_EQ(bucket.next(kStart + kDay), kStart + kDay + milliseconds(20));

  bucket.take(kGiB, kStart + kDay);
  bucket.set_rate(Rate{}, kStart + kDay);
  EXPECT_EQ(bucket.available(kStart + kDay), kUnlimitedBytes);
  bucket.set_rate(kThousand, kStart + 2 * kDay);
  EXPECT_EQ(bucket.next(kStart + 2 * kDay), kStart + 2 * kDay + milliseconds(20));
}

TEST(TokenBucket, EachRateCountsForItsOwnTime) {
  TokenBucket bucket(kThousand, 1000, kStart);
  bucket.set_rate(Rate{100}, kStart + milliseconds(300));          // 300 bytes so far
  bucket.set_rate(Rate{2000}, kStart + milliseconds(1300));        // 100 more
  EXPECT_EQ(bucket.available(kStart + milliseconds(1400)), 600U);  // 200 more
  bucket.take(700, kStart + milliseconds(1400));                   // 100 are owed
  bucket.set_rate(kThousand, kStart + milliseconds(1400));         // and still are
  EXPECT_EQ(bucket.next(kStart), kStart + milliseconds(1400 + 120));
}

TEST(TokenBucket, BurstFollowsTheRateUnlessItWasGiven) {
  TokenBucket following(Rate{20 * kMiB}, std::nullopt, kStart);
  EXPECT_EQ(following.burst_bytes(), 2 * kMiB);
  following.set_rate(Rate{10 * kKiB}, kStart + kDay);
  EXPECT_EQ(following.rate(), Rate{10 * kKiB});
  EXPECT_EQ(following.burst_bytes(), kKiB);
  EXPECT_EQ(following.available(kStart + kDay), kKiB);  // of the 2 MiB saved up

  TokenBucket given(Rate{20 * kMiB}, 64 * kKiB, kStart);
  given.set_rate(Rate{10 * kKiB}, kStart + kDay);
  EXPECT_EQ(given.burst_bytes(), 64 * kKiB);
  EXPECT_EQ(given.available(kStart + kDay), 64 * kKiB);
}

TEST(TokenBucket, WaitsForTwentyMillisecondsButNeverForMoreThanItsBurst) {
  const struct {
    std::uint64_t rate;
    std::optional<std::uint64_t> burst;
    Duration wait;
    std::uint64_t bytes;
  } cases[] = {
      {1, std::nullopt, seconds(1), 1},
      {30, std::nullopt, nanoseconds(33333334), 1},
      {30 * kKiB, std::nullopt, nanoseconds(19986980), 614},
      {50 * kMiB, std::nullopt, milliseconds(20), kMiB},
      {500 * kMiB, std::nullopt, milliseconds(2), kMiB},
      {1'000'000, 100, microseconds(100), 100},
      {1'000'000, 0, microseconds(1), 1},  // a burst of 0 is 1
      {UINT64_MAX, std::nullopt, nanoseconds(1), 32 * kMiB},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.rate);
    TokenBucket bucket(Rate{c.rate}, c.burst, kStart);
    EXPECT_EQ(bucket.next(kStart), kStart + c.wait);
    EXPECT_EQ(bucket.available(kStart + c.wait - nanoseconds(1)), 0U);
    EXPECT_EQ(bucket.available(kStart + c.wait), c.bytes);
  }
}

// However often the bucket is asked, no part of a byte is lost or gained.
TEST(TokenBucket, IsExactToTheByteAfterAMonth) {
  constexpr std::uint64_t kSeed = 20261123;
  SCOPED_TRACE(kSeed);
  __extension__ using Uint128 = unsigned __int128;
  std::mt19937_64 random(kSeed);
  for (const std::uint64_t rate :
       {std::uint64_t{1}, std::uint64_t{333}, std::uint64_t{999'999'937}, 500 * kMiB}) {
    SCOPED_TRACE(rate);
    TokenBucket bucket(Rate{rate}, UINT64_MAX, kStart);
    TimePoint now = kStart;
    std::uint64_t taken = 0;
    while (now < kStart + 30 * kDay) {
      now += nanoseconds(random() >> (random() % 40 + 24));  // up to 18 minutes
      const std::uint64_t available = bucket.available(now);
      const std::uint64_t bytes = random() % 4 == 0 ? available / 3 : available;
      bucket.take(bytes, now);
      taken += bytes;
    }
    bucket.set_rate(Rate{1'000'000'000}, now);  // the rest is no longer below a quantum
    const std::uint64_t rest = bucket.available(now + milliseconds(20)) - 20'000'000;
    const auto elapsed = static_cast<std::uint64_t>((now - kStart).count());
    EXPECT_EQ(taken + rest, static_cast<std::uint64_t>(Uint128{elapsed} * rate / 1'000'000'000));
  }
}

}  // namespace
}  // namespace zsluice
