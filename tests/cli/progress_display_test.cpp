// SPDX-License-Identifier: BSD-2-Clause
// When progress is shown, on a virtual clock.
#include "cli/progress_display.hpp"

#include "cli/progress_line.hpp"
#include "cli/progress_text.hpp"

#include <gtest/gtest.h>

namespace zsluice::cli {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint kStart{hours(1)};
constexpr std::uint64_t kUnixSeconds = 1'795'253'400;

pipeline::PipeState state_at(Duration span) {
  pipeline::PipeState state;
  state.started = kStart;
  state.now = kStart + span;
  state.bytes_in = static_cast<std::uint64_t>(span.count()) / 1'000;  // 1 MB/s
  state.bytes_out = state.bytes_in;
  state.buffer_bytes = 1000;
  return state;
}

DisplaySetup setup_of(ProgressStyle style, bool is_terminal = true) {
  DisplaySetup setup;
  setup.options.style = style;
  setup.is_terminal = is_terminal;
  setup.started = kStart;
  return setup;
}

// The moments, in milliseconds, at which something is shown when asked every 10 ms.
std::vector<int> moments_of(ProgressDisplay& display, int until_milliseconds) {
  std::vector<int> moments;
  for (int at = 0; at <= until_milliseconds; at += 10) {
    if (!display.update(state_at(milliseconds(at)), 80, kUnixSeconds).empty()) {
      moments.push_back(at);
    }
  }
  return moments;
}

TEST(ProgressDisplay, ChoosesAStyle) {
  const auto chosen = [](bool is_terminal, bool has_interval, bool is_quiet = false) {
    DisplaySetup setup = setup_of(ProgressStyle::automatic, is_terminal);
    if (has_interval) setup.options.interval = seconds(5);
    setup.is_quiet = is_quiet;
    return ProgressDisplay(setup).style();
  };
  EXPECT_EQ(chosen(true, false), ProgressStyle::line);
  EXPECT_EQ(chosen(true, true), ProgressStyle::line);
  EXPECT_EQ(chosen(false, false), ProgressStyle::off);
  EXPECT_EQ(chosen(false, true), ProgressStyle::plain);
  EXPECT_EQ(chosen(true, true, true), ProgressStyle::off);
  EXPECT_EQ(ProgressDisplay(setup_of(ProgressStyle::json)).style(), ProgressStyle::json);
  EXPECT_EQ(ProgressDisplay(setup_of(ProgressStyle::line, false)).style(), ProgressStyle::line);
}

TEST(ProgressDisplay, QuietShowsNothingWhateverIsAskedFor) {
  for (const ProgressStyle style :
       {ProgressStyle::automatic, ProgressStyle::off, ProgressStyle::line, ProgressStyle::plain,
        ProgressStyle::json}) {
    DisplaySetup setup = setup_of(style);
    setup.options.interval = seconds(1);
    setup.is_quiet = true;
    ProgressDisplay display(setup);
    EXPECT_EQ(display.next_due(), std::nullopt);
    EXPECT_EQ(moments_of(display, 2000), std::vector<int>{});
    EXPECT_EQ(display.interrupt() + display.finish(state_at(seconds(3)), 0), "");
  }
}

TEST(ProgressDisplay, KeepsTheStylesOwnIntervals) {
  ProgressDisplay line(setup_of(ProgressStyle::line));
  EXPECT_EQ(line.next_due(), kStart + seconds(1));
  EXPECT_EQ(moments_of(line, 2600), (std::vector<int>{1000, 1500, 2000, 2500}));
  EXPECT_EQ(line.next_due(), kStart + seconds(3));
  ProgressDisplay json(setup_of(ProgressStyle::json));
  EXPECT_EQ(moments_of(json, 3000), (std::vector<int>{1000, 2000, 3000}));
  ProgressDisplay plain(setup_of(ProgressStyle::plain));
  EXPECT_EQ(moments_of(plain, 120'000), (std::vector<int>{60'000, 120'000}));
}

TEST(ProgressDisplay, KeepsTheIntervalAskedFor) {
  DisplaySetup setup = setup_of(ProgressStyle::plain);
  setup.options.interval = milliseconds(700);
  ProgressDisplay plain(setup);
  EXPECT_EQ(moments_of(plain, 2200), (std::vector<int>{700, 1400, 2100}));
  setup.options.style = ProgressStyle::line;
  ProgressDisplay line(setup);
  EXPECT_EQ(moments_of(line, 2500), (std::vector<int>{1000, 1700, 2400}));
}

TEST(ProgressDisplay, BoundsTheInterval) {
  DisplaySetup setup = setup_of(ProgressStyle::plain);
  setup.options.interval = milliseconds(0);
  ProgressDisplay busy(setup);
  EXPECT_EQ(moments_of(busy, 250), (std::vector<int>{100, 200}));
  setup.options.interval = milliseconds::max();
  ProgressDisplay lazy(setup);
  EXPECT_EQ(lazy.next_due(), kStart + hours(24 * 365));
}

TEST(ProgressDisplay, MakesUpForNothingAfterAPause) {
  ProgressDisplay display(setup_of(ProgressStyle::plain));
  EXPECT_NE(display.update(state_at(hours(8)), 80, 0), "");
  EXPECT_EQ(display.next_due(), kStart + hours(8) + seconds(60));
  EXPECT_EQ(display.update(state_at(hours(8)), 80, 0), "") << "the clock stands still";
  EXPECT_EQ(display.update(state_at(seconds(1)), 80, 0), "") << "the clock went back";
}

TEST(ProgressDisplay, RenewsItsLineAndCoversTheOldOne) {
  ProgressDisplay display(setup_of(ProgressStyle::line));
  pipeline::PipeState state = state_at(seconds(1));
  state.snapshot = "tank/data@a";
  EXPECT_EQ(display.update(state, 80, 0),
            "\r976.6 KiB  976.6 KiB/s  avg 976.6 KiB/s  buf   0%  tank/data@a  0 records");
  state = state_at(milliseconds(1500));
  EXPECT_EQ(display.update(state, 80, 0),
            "\r1.4 MiB  976.6 KiB/s  avg 976.6 KiB/s  buf   0%  0 records               ");
  state = state_at(seconds(2));
  EXPECT_EQ(display.update(state, 80, 0),
            "\r1.9 MiB  976.6 KiB/s  avg 976.6 KiB/s  buf   0%  0 records");
}

TEST(ProgressDisplay, LeavesTheLastColumnFree) {
  for (unsigned columns = 0; columns <= 200; ++columns) {
    ProgressDisplay display(setup_of(ProgressStyle::line));
    (void)display.update(state_at(seconds(1)), 200, 0);
    pipeline::PipeState state = state_at(seconds(2));
    state.snapshot = "tank/a/very/long/name/of/a/dataset@snapshot";
    const std::string text = display.update(state, columns, 0);
    ASSERT_LE(text.size(), std::max(columns, 1U)) << text;
    ASSERT_EQ(text.find_first_of("\x1b\n"), std::string::npos);
  }
}

TEST(ProgressDisplay, ClearsItsLineBeforeAMessage) {
  ProgressDisplay display(setup_of(ProgressStyle::line));
  EXPECT_EQ(display.interrupt(), "") << "nothing is there yet";
  EXPECT_EQ(display.update(state_at(seconds(1)), 24, 0), "\r976.6 KiB  976.6 KiB/s");
  EXPECT_EQ(display.interrupt(), "\r" + std::string(22, ' ') + "\r");
  EXPECT_EQ(display.interrupt(), "") << "it is gone";
  EXPECT_EQ(display.update(state_at(milliseconds(1400)), 24, 0), "");
  EXPECT_EQ(display.update(state_at(milliseconds(1500)), 24, 0), "\r1.4 MiB  976.6 KiB/s");
}

TEST(ProgressDisplay, ClearsItsLineAtTheEnd) {
  ProgressDisplay display(setup_of(ProgressStyle::line));
  (void)display.update(state_at(seconds(1)), 12, 0);
  EXPECT_EQ(display.finish(state_at(seconds(2)), 0), "\r" + std::string(9, ' ') + "\r");
  EXPECT_EQ(display.next_due(), std::nullopt);
  EXPECT_EQ(display.update(state_at(seconds(3)), 80, 0), "");
  EXPECT_EQ(display.interrupt() + display.finish(state_at(seconds(3)), 0), "");
}

TEST(ProgressDisplay, ShortRunsStaySilent) {
  ProgressDisplay display(setup_of(ProgressStyle::line));
  EXPECT_EQ(moments_of(display, 990), std::vector<int>{});
  EXPECT_EQ(display.finish(state_at(milliseconds(999)), 0), "");
}

TEST(ProgressDisplay, PlainLinesNeedNoClearing) {
  ProgressDisplay display(setup_of(ProgressStyle::plain));
  EXPECT_EQ(display.update(state_at(seconds(60)), 10, 0),
            "zsluice: pipe: 57.2 MiB passed in 0:01:00, 976.6 KiB/s now, 976.6 KiB/s on average,"
            " buffer 0% full, 0 records\n");
  EXPECT_EQ(display.interrupt() + display.finish(state_at(seconds(61)), 0), "");
}

TEST(ProgressDisplay, JsonTellsTheEnd) {
  ProgressDisplay display(setup_of(ProgressStyle::json));
  const std::string begin = R"({"schema":"zsluice.progress/1","ts":"2026-11-21T09:30:00Z",)";
  EXPECT_EQ(display.update(state_at(seconds(1)), 0, kUnixSeconds).substr(0, begin.size()), begin);
  EXPECT_EQ(display.interrupt(), "");
  const std::string end = display.finish(state_at(milliseconds(1200)), kUnixSeconds);
  EXPECT_NE(end.find(R"("elapsed_seconds":1.200,"bytes_in":1200000,)"), std::string::npos) << end;
  EXPECT_EQ(display.finish(state_at(seconds(2)), kUnixSeconds), "") << "once";
}

TEST(ProgressDisplay, KnowsRatesAndThePeakWhateverTheStyle) {
  DisplaySetup setup = setup_of(ProgressStyle::off);
  setup.options.size_bytes = 10'000'000;
  ProgressDisplay display(setup);
  pipeline::PipeState state = state_at(seconds(1));
  state.buffered_bytes = 900;
  EXPECT_EQ(display.update(state, 80, 0), "");
  const ProgressView view = display.view(state_at(seconds(4)));
  EXPECT_EQ(view.rates, (Rates{1'000'000, 1'000'000, 1'000'000}));
  EXPECT_EQ(view.time_left, seconds(6));
  EXPECT_EQ(view.buffer_peak_bytes, 900U);
  EXPECT_EQ(summary_text(view, "whole"),
            "zsluice: pipe: stdin: whole: 0 records, 4000000 bytes (3.8 MiB) passed in 4.0 s,"
            " average 976.6 KiB/s, buffer peak 90% (900 B of 1000 B)\n");
}

}  // namespace
}  // namespace zsluice::cli
