// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/flow.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace zsluice::pipeline {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint kStart = TimePoint{} + seconds(100);

BufferLevel holding(std::uint64_t bytes, std::uint64_t ready) {
  return {.bytes = bytes, .ready = ready, .capacity = 1000};
}

TEST(FlowRates, WithoutLimitsEverythingReadyMayGo) {
  Flow flow({}, kStart);
  EXPECT_EQ(flow.writable(holding(700, 500), kStart), 500U);
  EXPECT_EQ(flow.readable(holding(700, 500), kStart), kUnlimitedBytes);
  EXPECT_EQ(flow.next(kStart), std::nullopt);
}

TEST(FlowRates, NothingReadyMeansNothingToWrite) {
  Flow flow({}, kStart);
  EXPECT_EQ(flow.writable(holding(700, 0), kStart), 0U);
}

TEST(FlowRates, EachSideHasItsOwn) {
  Flow flow({.output_rate = {1000}, .input_rate = {100}, .burst_bytes = 200}, kStart);
  EXPECT_EQ(flow.writable(holding(900, 900), kStart), 0U);
  EXPECT_EQ(flow.readable(holding(900, 900), kStart), 0U);
  const TimePoint later = kStart + milliseconds(100);
  EXPECT_EQ(flow.writable(holding(900, 900), later), 100U);
  EXPECT_EQ(flow.readable(holding(900, 900), later), 10U);
  flow.on_written(100, 800, later);
  EXPECT_EQ(flow.writable(holding(800, 800), later), 0U);
  EXPECT_EQ(flow.readable(holding(800, 800), later), 10U);
  flow.on_read(10, later);
  EXPECT_EQ(flow.readable(holding(810, 800), later), 0U);
}

TEST(FlowRates, NextIsTheEarlierOfBoth) {
  Flow flow({.output_rate = {50}, .input_rate = {100}}, kStart);
  EXPECT_EQ(flow.next(kStart), kStart + milliseconds(20)) << "2 bytes of input, 1 of output";
  EXPECT_GT(flow.writable(holding(9, 9), kStart + milliseconds(20)), 0U);
  EXPECT_EQ(flow.next(kStart + milliseconds(20)), std::nullopt) << "both may go";
}

TEST(FlowRates, AChangedRateHoldsFromThenOn) {
  Flow flow({.output_rate = {1000}, .burst_bytes = 100}, kStart);
  flow.set_output_rate({2000}, kStart);
  EXPECT_EQ(flow.writable(holding(900, 900), kStart + milliseconds(40)), 80U);
  flow.set_output_rate({}, kStart + milliseconds(40));
  EXPECT_EQ(flow.writable(holding(900, 900), kStart + milliseconds(40)), 900U);
}

// As a run does it, the buffer always full: what passed, at any moment and on average.
TEST(FlowRates, NoMomentIsAboveTheLineAndTheAverageIsOnIt) {
  for (const std::uint64_t rate : {10ULL << 10, 1ULL << 20, 500ULL << 20}) {
    SCOPED_TRACE(rate);
    Flow flow({.output_rate = {rate}}, kStart);
    const std::uint64_t burst = default_burst({rate});
    std::uint64_t passed = 0;
    TimePoint now = kStart;
    while (now < kStart + seconds(30)) {
      const std::uint64_t count =
          std::min<std::uint64_t>(flow.writable(holding(1000, 1ULL << 30), now), 1 << 20);
      if (count == 0) {
        now = flow.next(now).value();
        continue;
      }
      flow.on_written(count, 1, now);
      passed += count;
      const auto microseconds =
          static_cast<std::uint64_t>((now - kStart) / std::chrono::microseconds(1)) + 1;
      ASSERT_LE(passed, burst + rate * microseconds / 1'000'000);
    }
    EXPECT_GE(passed, rate * 30 / 100 * 99);
    EXPECT_LE(passed, rate * 30 / 100 * 101);
  }
}

TEST(FlowRates, HoursOfSleepAreNotMadeUpFor) {
  Flow flow({.output_rate = {1000}, .burst_bytes = 300}, kStart);
  EXPECT_EQ(flow.writable(holding(900, 900), kStart + hours(8)), 300U);
  flow.on_written(300, 600, kStart + hours(8));
  EXPECT_EQ(flow.writable(holding(600, 600), kStart + hours(8)), 0U);
}

TEST(FlowStartMark, NothingIsWrittenBelowIt) {
  Flow flow({.start_at_percent = 80}, kStart);
  EXPECT_EQ(flow.writable(holding(799, 500), kStart), 0U);
  EXPECT_EQ(flow.writable(holding(800, 500), kStart), 500U);
  EXPECT_EQ(flow.writable(holding(10, 10), kStart), 10U) << "once begun, down to the last byte";
}

TEST(FlowStartMark, IsExactForAnyCapacity) {
  Flow flow({.start_at_percent = 33}, kStart);
  EXPECT_EQ(flow.writable({.bytes = 50, .ready = 50, .capacity = 155}, kStart), 0U);
  EXPECT_EQ(flow.writable({.bytes = 51, .ready = 51, .capacity = 155}, kStart), 51U);
}

TEST(FlowStartMark, HoldsAgainAfterTheBufferHasRunEmpty) {
  Flow flow({.start_at_percent = 50}, kStart);
  EXPECT_EQ(flow.writable(holding(500, 400), kStart), 400U);
  flow.on_written(100, 300, kStart);
  EXPECT_EQ(flow.writable(holding(400, 300), kStart), 300U);
  flow.on_written(300, 0, kStart);
  EXPECT_EQ(flow.writable(holding(200, 100), kStart), 0U);
  EXPECT_EQ(flow.writable(holding(500, 100), kStart), 100U);
}

TEST(FlowStartMark, IsLiftedByAFullBufferAndByTheEnd) {
  for (const bool is_full : {true, false}) {
    Flow flow({.start_at_percent = 100}, kStart);
    EXPECT_EQ(flow.writable(holding(999, 99), kStart), 0U);
    BufferLevel level = holding(300, 99);
    level.full = is_full;
    level.ended = !is_full;
    EXPECT_EQ(flow.writable(level, kStart), 99U);
  }
}

TEST(FlowDrainMark, AFullBufferIsNotReadIntoBeforeItHasBeenDrained) {
  Flow flow({.drain_to_percent = 20}, kStart);
  EXPECT_EQ(flow.readable(holding(990, 900), kStart), kUnlimitedBytes);
  flow.on_full();
  EXPECT_EQ(flow.readable(holding(990, 900), kStart), 0U);
  EXPECT_EQ(flow.readable(holding(200, 110), kStart), 0U);
  EXPECT_EQ(flow.readable(holding(199, 109), kStart), kUnlimitedBytes);
  EXPECT_EQ(flow.readable(holding(900, 900), kStart), kUnlimitedBytes) << "until it is full again";
}

TEST(FlowDrainMark, IsLiftedWhenThereIsNothingToWrite) {
  Flow flow({.drain_to_percent = 20}, kStart);
  flow.on_full();
  EXPECT_EQ(flow.readable(holding(990, 0), kStart), kUnlimitedBytes)
      << "only more input proves what is held";
}

TEST(FlowDrainMark, WithoutOneAFullBufferIsReadIntoAtOnce) {
  Flow flow({}, kStart);
  flow.on_full();
  EXPECT_EQ(flow.readable(holding(1000, 900), kStart), kUnlimitedBytes);
}

TEST(FlowMarks, CannotHoldEachOtherUp) {
  Flow flow({.start_at_percent = 80, .drain_to_percent = 90}, kStart);
  flow.on_full();
  flow.on_written(10, 0, kStart);
  EXPECT_EQ(flow.writable(holding(500, 0), kStart), 0U);
  EXPECT_EQ(flow.readable(holding(500, 0), kStart), kUnlimitedBytes);
}

constexpr std::uint64_t kFast = ReadAhead::kFastBytes;

TEST(ReadAheadTest, AReaderIsFastUntilAWindowShowsOtherwise) {
  ReadAhead ahead;
  ahead.look(0, false, kStart);
  EXPECT_FALSE(ahead.should_copy());
  EXPECT_EQ(ahead.next(), kStart + ReadAhead::kWindow);
  ahead.look(0, true, kStart + ReadAhead::kWindow - Duration(1));
  EXPECT_FALSE(ahead.should_copy());
  ahead.look(kFast - 1, true, kStart + ReadAhead::kWindow);
  EXPECT_TRUE(ahead.should_copy());
  EXPECT_EQ(ahead.next(), kStart + 2 * ReadAhead::kWindow);
}

TEST(ReadAheadTest, EnoughInOneWindowIsFast) {
  ReadAhead ahead;
  ahead.look(1000, false, kStart);
  ahead.look(1000 + kFast, true, kStart + ReadAhead::kWindow);
  EXPECT_FALSE(ahead.should_copy());
  ahead.look(1000 + 2 * kFast - 1, true, kStart + 2 * ReadAhead::kWindow);
  EXPECT_TRUE(ahead.should_copy());
  ahead.look(1000 + 4 * kFast, true, kStart + 3 * ReadAhead::kWindow);
  EXPECT_FALSE(ahead.should_copy());
}

TEST(ReadAheadTest, AReaderWithNothingToTakeIsNotSlow) {
  ReadAhead ahead;
  ahead.look(0, false, kStart);
  ahead.look(0, false, kStart + hours(1));
  EXPECT_FALSE(ahead.should_copy());
  ahead.look(5, true, kStart + hours(1) + milliseconds(49));
  EXPECT_FALSE(ahead.should_copy()) << "the window began when something came for it";
  ahead.look(5, true, kStart + hours(1) + milliseconds(50));
  EXPECT_TRUE(ahead.should_copy());
  ahead.look(6, false, kStart + hours(1) + milliseconds(51));
  EXPECT_FALSE(ahead.should_copy()) << "it has taken everything";
}

constexpr std::uint64_t kPipe = std::uint64_t{1} << 20;
constexpr std::uint64_t kLittle = kPipe - ReadPause::kRoomBytes;
constexpr Duration kSoon = ReadPause::kFlowing - Duration(1);

bool pauses(ReadPause& pause, std::uint64_t bytes, TimePoint now) {
  pause.on_read(bytes);
  pause.on_empty(now);
  return !pause.is_over(now);
}

TEST(ReadPauseTest, APipeThatFlowsIsLeftAloneForAMoment) {
  ReadPause pause(kPipe);
  EXPECT_FALSE(pauses(pause, 1, kStart)) << "nothing says yet that it flows";
  EXPECT_TRUE(pauses(pause, 1, kStart + kSoon));
  EXPECT_EQ(pause.until(), kStart + kSoon + ReadPause::kPause);
  EXPECT_FALSE(pause.is_over(pause.until() - Duration(1)));
  EXPECT_TRUE(pause.is_over(pause.until()));
}

TEST(ReadPauseTest, APipeThatBringsSomethingNowAndThenIsNot) {
  ReadPause pause(kPipe);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(pauses(pause, 1, kStart + i * ReadPause::kFlowing));
  }
}

TEST(ReadPauseTest, APauseThatBroughtNothingIsNotRepeated) {
  ReadPause pause(kPipe);
  EXPECT_FALSE(pauses(pause, 1, kStart));
  EXPECT_TRUE(pauses(pause, 1, kStart));
  EXPECT_FALSE(pauses(pause, 0, pause.until()));
}

TEST(ReadPauseTest, ASenderThatFillsHalfThePipeNeedsItsRoom) {
  ReadPause pause(kPipe);
  EXPECT_FALSE(pauses(pause, 1, kStart));
  pause.on_read(kLittle);
  EXPECT_FALSE(pauses(pause, 1, kStart));
  EXPECT_TRUE(pauses(pause, kLittle, kStart));
}

TEST(ReadPauseTest, ASmallPipeHasNoRoomForOne) {
  for (const std::uint64_t capacity :
       {std::uint64_t{0}, std::uint64_t{4096}, ReadPause::kRoomBytes}) {
    ReadPause pause(capacity);
    EXPECT_FALSE(pauses(pause, 1, kStart));
    EXPECT_FALSE(pauses(pause, 1, kStart));
  }
}

}  // namespace
}  // namespace zsluice::pipeline
