// SPDX-License-Identifier: BSD-2-Clause
// Whole flows on virtual time: how fast they are on average, and how far they stray from the line.
#include "zsluice/base/token_bucket.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>

namespace zsluice {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

__extension__ using Int128 = __int128;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = kKiB * 1024;
constexpr Int128 kBillion = 1'000'000'000;
constexpr TimePoint kStart{seconds(777)};
constexpr std::uint64_t kSeed = 20261124;

// Also rates that divide nothing evenly.
constexpr std::uint64_t kRates[] = {10 * kKiB, 12'345,   30 * kKiB,  kMiB - 1,  20 * kMiB,
                                    50 * kMiB, 99999989, 250 * kMiB, 500 * kMiB};

// A flow with always enough to send, and what it did.
struct Flow {
  std::uint64_t rate;
  std::uint64_t burst;
  std::uint64_t sent = 0;
  std::uint64_t longest_piece = 0;
  std::uint64_t pieces = 0;
  TimePoint last = kStart;       // when the last piece went
  Duration longest_pause{};      // between two pieces
  Int128 lowest_above_line = 0;  // billionths of a byte; negative when behind
  Int128 highest_rise = 0;       // from any earlier low: what a window can be above its own line

  Int128 above_line(TimePoint now) const {
    return Int128{sent} * kBillion - Int128{rate} * (now - kStart).count();
  }
  void on_sent(std::uint64_t bytes, TimePoint now) {
    lowest_above_line = std::min(lowest_above_line, above_line(now));
    sent += bytes;
    highest_rise = std::max(highest_rise, above_line(now) - lowest_above_line);
    longest_piece = std::max(longest_piece, bytes);
    longest_pause = std::max(longest_pause, now - last);
    last = now;
    ++pieces;
  }
};

// Which wake-ups and takes a caller has.
struct Caller {
  std::string name;
  Duration usual_delay_max{};  // behind the time that next() said
  Duration rare_delay{};       // one in 50 times
  bool takes_parts = false;
};

const Caller kCallers[] = {
    {.name = "exact"},
    {.name = "late", .usual_delay_max = milliseconds(3), .rare_delay = milliseconds(45)},
    {.name = "in parts", .takes_parts = true},
    {.name = "late and in parts",
     .usual_delay_max = milliseconds(3),
     .rare_delay = milliseconds(45),
     .takes_parts = true},
};

Duration delay_of(const Caller& caller, std::mt19937_64& random) {
  if (caller.rare_delay > Duration::zero() && random() % 50 == 0) return caller.rare_delay;
  const auto most = static_cast<std::uint64_t>(caller.usual_delay_max.count());
  return Duration(static_cast<Duration::rep>(random() % (most + 1)));
}

Flow run(const Caller& caller, std::uint64_t rate, Duration length) {
  std::mt19937_64 random(kSeed);
  TokenBucket bucket(Rate{rate}, std::nullopt, kStart);
  Flow flow{.rate = rate, .burst = bucket.burst_bytes()};
  TimePoint now = kStart;
  while (now < kStart + length) {
    if (const std::optional<TimePoint> next = bucket.next(now)) {
      now = *next + delay_of(caller, random);
    }
    const std::uint64_t available = bucket.available(now);
    if (available == 0) {
      ADD_FAILURE() << "nothing is there when next() said so";
      break;
    }
    const std::uint64_t bytes = caller.takes_parts ? random() % available + 1 : available;
    bucket.take(bytes, now);
    flow.on_sent(bytes, now);
  }
  return flow;
}

TEST(TokenBucketFlow, IsWithinAThousandthOfItsRateOverHalfAMinute) {
  for (const Caller& caller : kCallers) {
    for (const std::uint64_t rate : kRates) {
      SCOPED_TRACE(caller.name + " at " + std::to_string(rate));
      const Flow flow = run(caller, rate, seconds(30));
      const auto due =
          static_cast<double>(rate) * std::chrono::duration<double>(flow.last - kStart).count();
      EXPECT_NEAR(static_cast<double>(flow.sent) / due, 1.0, 0.001);
    }
  }
}

TEST(TokenBucketFlow, NoWindowIsMoreThanABurstAboveItsLine) {
  for (const Caller& caller : kCallers) {
    for (const std::uint64_t rate : kRates) {
      SCOPED_TRACE(caller.name + " at " + std::to_string(rate));
      const Flow flow = run(caller, rate, seconds(10));
      EXPECT_LE(flow.above_line(flow.last), 0);  // since the bucket starts empty
      EXPECT_TRUE(flow.highest_rise <= Int128{flow.burst} * kBillion);
      EXPECT_LE(flow.longest_piece, flow.burst);
    }
  }
}

TEST(TokenBucketFlow, IsSmoothAt30KiBPerSecond) {
  const Flow flow = run(kCallers[0], 30 * kKiB, seconds(30));
  EXPECT_LE(flow.longest_piece, 30 * kKiB / 50);
  EXPECT_LE(flow.longest_pause, milliseconds(20));
}

TEST(TokenBucketFlow, WakesItsCallerAtMostAThousandTimesASecond) {
  for (const std::uint64_t rate : kRates) {
    SCOPED_TRACE(rate);
    EXPECT_LE(run(kCallers[0], rate, seconds(10)).pieces, 10'000U);
  }
}

// A pause below the time of a burst costs nothing: the flow is back on its line at once.
TEST(TokenBucketFlow, MakesUpForPausesWithinTheBurst) {
  constexpr std::uint64_t kRate = 20 * kMiB;
  TokenBucket bucket(Rate{kRate}, std::nullopt, kStart);
  Flow flow{.rate = kRate, .burst = bucket.burst_bytes()};
  for (int i = 1; i <= 300; ++i) {
    const TimePoint now = kStart + i * milliseconds(100);
    const std::uint64_t available = bucket.available(now);
    bucket.take(available, now);
    flow.on_sent(available, now);
  }
  EXPECT_EQ(flow.sent, kRate * 30);
}

// A receiver that stands still for 5 of every 10 seconds leaves half of the rate, and a burst each.
TEST(TokenBucketFlow, NeverMakesUpForLongPauses) {
  constexpr std::uint64_t kRate = 10 * kMiB;
  TokenBucket bucket(Rate{kRate}, std::nullopt, kStart);
  std::uint64_t sent = 0;
  for (int round = 0; round < 3; ++round) {
    TimePoint now = kStart + round * seconds(10);
    const TimePoint pause = now + seconds(5);
    while (now <= pause) {
      const std::uint64_t available = bucket.available(now);
      bucket.take(available, now);
      sent += available;
      now = bucket.next(now).value_or(now + microseconds(1));
    }
  }
  EXPECT_LE(sent, 3 * 5 * kRate + 2 * bucket.burst_bytes());
  EXPECT_GE(sent, 3 * 5 * kRate);
}

}  // namespace
}  // namespace zsluice
