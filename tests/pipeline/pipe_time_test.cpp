// SPDX-License-Identifier: BSD-2-Clause
// A pipe and the time: rates, stalls, reports that are due, on a clock that jumps.
#include "pipeline/pipe_sim_fixture.hpp"
#include "support/policy_streams.hpp"

#include <chrono>

namespace zsluice::pipeline {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Bytes;
using test::SimMoment;
using test::SimScript;

PipeOptions any_data() {
  PipeOptions options;
  options.gate.any_data = true;
  options.allow_hold = false;
  return options;
}

// Zeros, which are no stream, and are not kept.
SimScript zeros(std::uint64_t bytes) {
  return {.zeros_after = bytes, .keeps_output = false};
}

std::uint64_t line(std::uint64_t rate, TimePoint at) {
  return rate *
         static_cast<std::uint64_t>(at.time_since_epoch() / std::chrono::microseconds(1) + 1) /
         1'000'000;
}

void expect_below_the_line(const std::vector<SimMoment>& moves,
                           std::uint64_t rate,
                           std::uint64_t burst) {
  for (const SimMoment& moment : moves) {
    ASSERT_LE(moment.bytes, burst + line(rate, moment.at));
  }
}

void expect_average(const SimRun& run, std::uint64_t rate, std::uint64_t bytes) {
  EXPECT_EQ(run.report.bytes_out, bytes);
  const double ideal = static_cast<double>(bytes) / static_cast<double>(rate);
  EXPECT_NEAR(std::chrono::duration<double>(run.end - TimePoint{}).count() / ideal, 1, 0.01);
}

struct RateCase {
  std::uint64_t rate;
  std::uint64_t bytes;
};
// 30 s each but for the last, which is 0.3 s.
constexpr RateCase kRateCases[] = {
    {10 << 10, 300 << 10}, {1 << 20, 30 << 20}, {500 << 20, 150 << 20}};

TEST(PipeRate, OutputStaysBelowTheLineAndComesToTheRate) {
  for (const RateCase& it : kRateCases) {
    SCOPED_TRACE(it.rate);
    PipeOptions options = any_data();
    options.flow.output_rate = {it.rate};
    const SimRun run = simulate(zeros(it.bytes), options);
    EXPECT_FALSE(run.report.failure);
    expect_below_the_line(run.writes, it.rate, default_burst({it.rate}));
    expect_average(run, it.rate, it.bytes);
  }
}

TEST(PipeRate, InputStaysBelowTheLineAndComesToTheRate) {
  for (const RateCase& it : kRateCases) {
    SCOPED_TRACE(it.rate);
    PipeOptions options = any_data();
    options.flow.input_rate = {it.rate};
    const SimRun run = simulate(zeros(it.bytes), options);
    EXPECT_FALSE(run.report.failure);
    expect_below_the_line(run.reads, it.rate, default_burst({it.rate}));
    expect_average(run, it.rate, it.bytes);
    EXPECT_LE(run.report.buffered_bytes_max, default_burst({it.rate})) << "the output has no limit";
  }
}

TEST(PipeRate, TheBurstIsTheUsers) {
  PipeOptions options = any_data();
  options.flow = {.output_rate = {100'000}, .burst_bytes = 777};
  const SimRun run = simulate(zeros(1'000'000), options);
  expect_below_the_line(run.writes, 100'000, 777);
  expect_average(run, 100'000, 1'000'000);
}

TEST(PipeRate, ALimitedPipeSleepsBetweenItsWrites) {
  PipeOptions options = any_data();
  options.flow.output_rate = {1 << 20};
  const SimRun run = simulate(zeros(1 << 20), options);
  EXPECT_LE(run.waits, 400U) << "50 writes of a second, and the reads";
}

// The machine sleeps in the middle of a limited run.
TEST(PipeRate, HoursOfSleepAreNotMadeUpFor) {
  PipeOptions options = any_data();
  options.flow = {.output_rate = {100'000}, .burst_bytes = 10'000};
  SimScript script = zeros(1'000'000);
  script.oversleep = {.after = seconds(2), .by = hours(5)};
  const SimRun run = simulate(script, options);
  std::uint64_t before = 0;
  std::uint64_t at_once = 0;
  for (const SimMoment& moment : run.writes) {
    if (moment.at < TimePoint{} + hours(5)) before = moment.bytes;
    if (moment.at < TimePoint{} + hours(5) + seconds(2) + milliseconds(20)) at_once = moment.bytes;
  }
  EXPECT_GE(before, 190'000U);
  EXPECT_LE(before, 210'000U);
  EXPECT_LE(at_once - before, 12'100U);
  EXPECT_GE(run.end, TimePoint{} + hours(5) + seconds(9));
}

TEST(PipeRate, FollowsItsSource) {
  ListedRates rates({{TimePoint{}, {100'000}},
                     {TimePoint{} + seconds(2), {1'000'000}},
                     {TimePoint{} + seconds(3), {50'000}},
                     {TimePoint{} + seconds(5), {}}});
  PipeOptions options = any_data();
  options.flow.burst_bytes = 5000;
  const SimRun run = simulate(zeros(20'000'000), options, {.rate = &rates});
  EXPECT_EQ(run.report.bytes_out, 20'000'000U);
  const auto passed_at = [&](Duration at) {
    std::uint64_t bytes = 0;
    for (const SimMoment& moment : run.writes) {
      if (moment.at < TimePoint{} + at) bytes = moment.bytes;
    }
    return static_cast<double>(bytes);
  };
  EXPECT_NEAR(passed_at(seconds(2)), 200'000, 5000);
  EXPECT_NEAR(passed_at(seconds(3)), 1'200'000, 20'000);
  EXPECT_NEAR(passed_at(seconds(5)), 1'300'000, 30'000);
  EXPECT_EQ(run.end, TimePoint{} + seconds(5)) << "and then without a limit";
}

TEST(PipeMarks, NothingLeavesBeforeTheStartMarkNorAgainAfterRunningEmpty) {
  PipeOptions options = any_data();
  options.flow.start_at_percent = 50;
  const std::uint64_t half = options.buffer_bytes / 2;
  SimScript script = zeros(2 * options.buffer_bytes);
  // The input pauses at the mark and a little beyond; what is there has left long before it goes
  // on.
  script.input_pauses = {
      {half - 1, seconds(10)}, {half + 4096, seconds(10)}, {half + 300'000, seconds(10)}};
  const SimRun run = simulate(script, options);
  EXPECT_FALSE(run.report.failure);
  EXPECT_EQ(run.report.bytes_out, 2 * options.buffer_bytes);
  ASSERT_FALSE(run.writes.empty());
  EXPECT_EQ(run.writes.front().at, TimePoint{} + seconds(10));
  for (const SimMoment& moment : run.writes) {
    if (moment.at == TimePoint{} + seconds(20)) {
      EXPECT_LE(moment.bytes, half + 4096) << "only what was on its way";
    }
  }
}

TEST(PipeMarks, AFullBufferIsReadIntoAgainAtTheDrainMark) {
  PipeOptions options = any_data();
  options.flow.drain_to_percent = 25;
  options.flow.output_rate = {1 << 20};
  options.flow.burst_bytes = 1 << 16;
  const SimRun run = simulate(zeros(2 * options.buffer_bytes), options);
  EXPECT_FALSE(run.report.failure);
  // It is filled at once; then three quarters leave, at 1 MiB/s, before the next read.
  const auto begins_again = std::ranges::find_if(
      run.reads, [](const SimMoment& moment) { return moment.at > TimePoint{} + seconds(1); });
  ASSERT_NE(begins_again, run.reads.end());
  const double seconds_passed =
      std::chrono::duration<double>(begins_again->at - TimePoint{}).count();
  EXPECT_NEAR(seconds_passed, 34.0 * 3 / 4, 0.5);
}

TEST(PipeMarks, TogetherTheyDeliverAStreamWhole) {
  const Bytes stream = test::simple_stream().bytes();
  for (const unsigned start : {0U, 20U, 100U}) {
    for (const unsigned drain : {0U, 20U, 100U}) {
      PipeOptions options;
      options.flow.start_at_percent = start;
      options.flow.drain_to_percent = drain;
      EXPECT_EQ(simulate({.input = stream}, options).output, stream);
      options.gate.any_data = true;
      EXPECT_EQ(simulate(zeros(40 << 20), options).report.bytes_out, 40U << 20);
    }
  }
}

TEST(PipeStall, AnInputThatBringsNothingEndsIt) {
  const test::StreamImage stream = test::simple_stream();
  PipeOptions options;
  options.stall_timeout = seconds(60);
  const SimRun run =
      simulate({.input = stream.bytes(),
                .input_pauses = {{100, seconds(59)}, {stream.header_end(2), test::kForEver}}},
               options);
  const auto* stalled = run.failed_with<Stalled>();
  ASSERT_NE(stalled, nullptr);
  EXPECT_EQ(stalled->after, seconds(60));
  EXPECT_FALSE(stalled->output_is_full);
  EXPECT_EQ(run.output.size(), stream.header_end(2)) << "what was proven has left";
  EXPECT_EQ(run.end, TimePoint{} + seconds(59 + 60)) << "counted from the last byte";
}

TEST(PipeStall, AReaderThatTakesNothingEndsIt) {
  const test::StreamImage stream = test::simple_stream();
  PipeOptions options;
  options.stall_timeout = seconds(60);
  const SimRun run = simulate(
      {.input = stream.bytes(), .output_pauses = {{50, seconds(40)}, {100, test::kForEver}}},
      options);
  const auto* stalled = run.failed_with<Stalled>();
  ASSERT_NE(stalled, nullptr);
  EXPECT_TRUE(stalled->output_is_full);
  EXPECT_EQ(run.report.bytes_out, 100U);
  EXPECT_EQ(run.end, TimePoint{} + seconds(100));
}

TEST(PipeStall, AByteNowAndThenIsNone) {
  const Bytes stream = test::simple_stream().bytes();
  PipeOptions options;
  options.stall_timeout = seconds(60);
  SimScript script{.input = stream};
  for (std::uint64_t at = 0; at <= stream.size(); at += 100)
    script.input_pauses.push_back({at, seconds(59)});
  const SimRun run = simulate(script, options);
  EXPECT_FALSE(run.report.failure);
  EXPECT_EQ(run.output, stream);
}

TEST(PipeStall, ALowRateIsNone) {
  PipeOptions options = any_data();
  options.stall_timeout = seconds(2);
  options.flow.output_rate = {3};
  const SimRun run = simulate(zeros(100), options);
  EXPECT_FALSE(run.report.failure);
  EXPECT_EQ(run.report.bytes_out, 100U);
}

TEST(PipeState, IsSaidWhenItIsDue) {
  const test::StreamImage stream = test::simple_stream();
  const SimRun run =
      simulate({.input = stream.bytes(), .input_pauses = {{stream.header_end(2), seconds(100)}}},
               {}, {.states_due = {TimePoint{} + seconds(10), TimePoint{} + seconds(30)}});
  EXPECT_FALSE(run.report.failure);
  ASSERT_EQ(run.states.size(), 2U);
  EXPECT_EQ(run.states[0].now, TimePoint{} + seconds(10));
  EXPECT_EQ(run.states[1].now, TimePoint{} + seconds(30));
  const PipeState& state = run.states[1];
  EXPECT_EQ(state.started, TimePoint{});
  EXPECT_EQ(state.bytes_in, stream.header_end(2));
  EXPECT_EQ(state.bytes_out, stream.header_end(2));
  EXPECT_EQ(state.buffered_bytes, 0U);
  EXPECT_EQ(state.buffer_bytes, kBufferBytesMin);
  EXPECT_EQ(state.records, 3U);
  EXPECT_EQ(state.substreams, 1U);
  EXPECT_EQ(state.toguid, test::kToGuid);
  EXPECT_EQ(state.object, std::uint64_t{40});
  EXPECT_EQ(run.end, TimePoint{} + seconds(100)) << "nothing else woke it up for longer";
}

SimScript little_pieces() {
  SimScript script = zeros(100 << 10);
  script.read_bytes_max = 1 << 10;
  return script;
}

TEST(PipePause, AnInputThatFlowsInLittlePiecesIsLeftToGather) {
  const SimRun run = simulate(little_pieces(), any_data(), {.input_is_pipe = true});
  EXPECT_FALSE(run.report.failure);
  EXPECT_EQ(run.report.bytes_out, std::uint64_t{100 << 10});
  ASSERT_GE(run.reads.size(), 100U);
  // The first two show that it flows.
  for (std::size_t i = 2; i < 100; ++i) {
    EXPECT_EQ(run.reads[i].at, run.reads[i - 1].at + ReadPause::kPause);
  }
}

TEST(PipePause, WhatIsNoPipeIsReadAtOnce) {
  const SimRun run = simulate(little_pieces(), any_data());
  EXPECT_FALSE(run.report.failure);
  EXPECT_EQ(run.end, TimePoint{});
}

TEST(PipePause, WhatComesNowAndThenIsReadAtOnce) {
  SimScript script = zeros(100);
  for (std::uint64_t at = 10; at < 100; at += 10)
    script.input_pauses.push_back({at, seconds(1)});
  const SimRun run = simulate(script, any_data(), {.input_is_pipe = true});
  EXPECT_FALSE(run.report.failure);
  EXPECT_EQ(run.report.bytes_out, 100U);
  for (const SimMoment& moment : run.writes) {
    EXPECT_EQ((moment.at - TimePoint{}) % seconds(1), Duration::zero()) << "passed on when it came";
  }
}

TEST(PipePause, ASuspendInOneIsNoStall) {
  SimScript script = little_pieces();
  script.oversleep = {.after = milliseconds(1), .by = hours(1)};
  PipeOptions options = any_data();
  options.stall_timeout = seconds(60);
  const SimRun run = simulate(script, options, {.input_is_pipe = true});
  EXPECT_FALSE(run.report.failure);
  EXPECT_EQ(run.report.bytes_out, std::uint64_t{100 << 10});
  EXPECT_GT(run.end, TimePoint{} + hours(1));
}

}  // namespace
}  // namespace zsluice::pipeline
