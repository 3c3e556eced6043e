// SPDX-License-Identifier: BSD-2-Clause
// Progress in every form, word for word, and within its bounds for any name and any number.
#include "cli/progress_text.hpp"

#include "cli/ascii_name.hpp"
#include "cli/progress_json.hpp"
#include "cli/progress_line.hpp"

#include <gtest/gtest.h>

#include <limits>

#include <nlohmann/json.hpp>

namespace zsluice::cli {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kMiB = 1 << 20;

// 12.3 s into the third of twelve snapshots.
ProgressView package_view() {
  ProgressView view;
  view.state.started = TimePoint(seconds(100));
  view.state.now = TimePoint(milliseconds(112'345));
  view.state.bytes_in = 1129 * kMiB;
  view.state.bytes_out = 1100 * kMiB;
  view.state.buffered_bytes = 29 * kMiB;
  view.state.buffer_bytes = 64 * kMiB;
  view.state.records = 98765;
  view.state.substreams = 3;
  view.state.snapshot = "tank/data@auto-2026-11-21";
  view.state.toguid = kMax;
  view.state.substream_offset = 1029 * kMiB;
  view.state.object = 1234;
  view.state.is_package = true;
  view.rates = {.now = 85 * kMiB + 300'000, .steady = 90 * kMiB, .average = 80 * kMiB};
  view.size_bytes = 1760 * kMiB;
  view.time_left = seconds(433);
  view.snapshots = 12;
  view.snapshot_bytes = 250 * kMiB;
  view.buffer_peak_bytes = 56 * kMiB;
  return view;
}

// What is known in the first instant.
ProgressView empty_view() {
  ProgressView view;
  view.state.buffer_bytes = 64 * kMiB;
  return view;
}

ProgressView single_view() {
  ProgressView view = package_view();
  view.state.is_package = false;
  view.state.substreams = 1;
  view.snapshots = 1;
  view.snapshot_bytes = view.size_bytes;
  return view;
}

ProgressView huge_view() {
  ProgressView view = package_view();
  view.state.started = TimePoint::min();
  view.state.now = TimePoint::max();
  for (std::uint64_t* const number :
       {&view.state.bytes_in, &view.state.bytes_out, &view.state.buffered_bytes,
        &view.state.buffer_bytes, &view.state.records, &view.state.substreams,
        &view.state.substream_offset, &view.rates.now, &view.rates.average,
        &view.buffer_peak_bytes}) {
    *number = kMax;
  }
  view.state.object = kMax;
  view.size_bytes = kMax;
  view.snapshots = kMax;
  view.snapshot_bytes = kMax;
  view.time_left = kTimeLeftMax;
  return view;
}

TEST(ProgressLine, HoldsEverythingWhereThereIsRoom) {
  EXPECT_EQ(progress_line(package_view(), 1000),
            " 62% [======================>               ] 1.1 GiB of 1.7 GiB  85.3 MiB/s"
            "  avg 80 MiB/s  ETA 0:07:13  buf  45%  tank/data@auto-2026-11-21"
            "  snapshot 3 of 12 (40%)  object 1234  98765 records");
}

TEST(ProgressLine, LeavesOutTheLeastImportantFirst) {
  const std::vector<std::pair<unsigned, std::string_view>> lines = {
      {167,
       " 62% [=======>     ] 1.1 GiB of 1.7 GiB  85.3 MiB/s  avg 80 MiB/s  ETA 0:07:13"
       "  buf  45%  tank/data@auto-2026-11-21  snapshot 3 of 12 (40%)  object 1234  98765 records"},
      {130,
       " 62% [=====>    ] 1.1 GiB of 1.7 GiB  85.3 MiB/s  avg 80 MiB/s  ETA 0:07:13"
       "  buf  45%  tank/dat...26-11-21  snapshot 3 of 12 (40%)"},
      {120,
       " 62% [=====>    ] 1.1 GiB of 1.7 GiB  85.3 MiB/s  ETA 0:07:13"
       "  buf  45%  tank/data@...2026-11-21  snapshot 3 of 12 (40%)"},
      {100,
       " 62% [=====>    ] 1.1 GiB  85.3 MiB/s  ETA 0:07:13"
       "  buf  45%  tank/...-11-21  snapshot 3 of 12 (40%)"},
      {79, " 62% 1.1 GiB  85.3 MiB/s  ETA 0:07:13  buf  45%  snapshot 3 of 12 (40%)"},
      {60, " 62% [=====>    ] 1.1 GiB  85.3 MiB/s  ETA 0:07:13  buf  45%"},
      {40, " 62% 1.1 GiB  85.3 MiB/s  ETA 0:07:13"},
      {30, " 62% 1.1 GiB  85.3 MiB/s"},
      {20, " 62% 1.1 GiB"},
      {12, " 62% 1.1 GiB"},
      {11, " 62%"},
      {4, " 62%"},
      {3, ""},
      {1, ""},
      {0, ""},
  };
  for (const auto& [width, line] : lines) {
    EXPECT_EQ(progress_line(package_view(), width), line) << width;
  }
}

TEST(ProgressLine, OfASingleStreamOnAnOrdinaryTerminal) {
  EXPECT_EQ(progress_line(single_view(), 79),
            " 62% [=====>    ] 1.1 GiB  85.3 MiB/s  ETA 0:07:13  buf  45%  tank/da...6-11-21");
}

TEST(ProgressLine, OfTheFirstInstant) {
  EXPECT_EQ(progress_line(empty_view(), 79), "0 B  0 B/s  avg 0 B/s  buf   0%  0 records");
}

TEST(ProgressLine, SaysNothingOfRecordsWhereThereAreNone) {
  ProgressView view = empty_view();
  view.state.any_data = true;
  EXPECT_EQ(progress_line(view, 79), "0 B  0 B/s  avg 0 B/s  buf   0%");
}

TEST(ProgressLine, OfANumberWithoutAPlan) {
  ProgressView view = empty_view();
  view.state.substreams = 2;
  view.state.snapshot = "p@b";
  EXPECT_EQ(progress_line(view, 79), "0 B  0 B/s  avg 0 B/s  buf   0%  p@b  snapshot 2  0 records");
}

TEST(ProgressLine, StopsAtAHundredPercent) {
  ProgressView view = single_view();
  view.size_bytes = 1;
  view.time_left.reset();
  EXPECT_EQ(progress_line(view, 60),
            "100% 1.1 GiB of 1 B  85.3 MiB/s  buf  45%  tank/da...6-11-21");
}

TEST(ProgressLine, IsNeverWiderThanAskedWhateverItHolds) {
  const std::string long_name = std::string(2048, 'a') + "@" + std::string(2047, 'z');
  const std::vector<std::string> names = {"",
                                          "p@s",
                                          "tank/a\x1b[2J\x07@\r\n\t",
                                          "tank/\xff\xfe\x80@\xc3",
                                          "t\xc3\xbcr@\xe2\x80\xae",
                                          "\xf0\x9f\x98\x80\xf0\x9f\x98\x80@\xf0\x9f\x98\x80\\\"\\",
                                          std::string(300, '\0'),
                                          long_name,
                                          std::string(4096, '\xff')};
  for (ProgressView view : {empty_view(), single_view(), package_view(), huge_view()}) {
    for (const std::string& name : names) {
      view.state.snapshot = name;
      for (unsigned width = 0; width <= 200; ++width) {
        const std::string line = progress_line(view, width);
        ASSERT_LE(line.size(), width) << line;
        for (const char c : line) {
          ASSERT_TRUE(c >= ' ' && c <= '~') << line;
        }
      }
    }
  }
}

TEST(AsciiName, EscapesAllButAscii) {
  EXPECT_EQ(ascii_escaped("tank/a b@c"), "tank/a b@c");
  EXPECT_EQ(ascii_escaped("\x1b[2J\n\"\\"), "\\x1b[2J\\n\\\"\\\\");
  EXPECT_EQ(ascii_escaped("\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\xff"),
            "\\u{00fc}\\u{20ac}\\u{1f600}\\xff");
  EXPECT_EQ(ascii_escaped(std::string(4096, 'a')), std::string(1024, 'a') + "\\...");
}

TEST(AsciiName, IsShortenedInTheMiddleAndNotWithinAnEscape) {
  EXPECT_EQ(shortened("tank/data@auto", 14), "tank/data@auto");
  EXPECT_EQ(shortened("tank/data@auto", 13), "tank/...@auto");
  EXPECT_EQ(shortened("tank/data@auto", 12), "tank...@auto");
  EXPECT_EQ(shortened("tank/data@auto", 4), "...o");
  EXPECT_EQ(shortened("tank/data@auto", 3), "...");
  EXPECT_EQ(shortened("tank/data@auto", 1), ".");
  EXPECT_EQ(shortened("tank/data@auto", 0), "");
  EXPECT_EQ(shortened("\\x1b\\x1b\\x1b\\x1b", 12), "\\x1b...\\x1b");
  EXPECT_EQ(shortened("\\u{00fc}\\\\\\\"a\\...", 12), "...\\\\\\\"a\\...");
}

TEST(ProgressPlain, IsOneLineWithTheSameFacts) {
  EXPECT_EQ(progress_plain(package_view()),
            "zsluice: pipe: 62% of 1.7 GiB, 1.1 GiB passed in 12.3 s, 85.3 MiB/s now,"
            " 80 MiB/s on average, 0:07:13 left, buffer 45% full, snapshot 3 of 12 (40%),"
            " \"tank/data@auto-2026-11-21\", object 1234, 98765 records\n");
  EXPECT_EQ(progress_plain(single_view()),
            "zsluice: pipe: 62% of 1.7 GiB, 1.1 GiB passed in 12.3 s, 85.3 MiB/s now,"
            " 80 MiB/s on average, 0:07:13 left, buffer 45% full,"
            " \"tank/data@auto-2026-11-21\", object 1234, 98765 records\n");
  EXPECT_EQ(progress_plain(empty_view()),
            "zsluice: pipe: 0 B passed in 0.0 s, 0 B/s now, 0 B/s on average, buffer 0% full,"
            " 0 records\n");
}

TEST(ProgressPlain, EscapesNames) {
  ProgressView view = empty_view();
  view.state.snapshot = "p\n\x1b]0;x\x07\", 9 records@\xc3\xbc\xff";
  EXPECT_EQ(progress_plain(view),
            "zsluice: pipe: 0 B passed in 0.0 s, 0 B/s now, 0 B/s on average, buffer 0% full,"
            " \"p\\n\\x1b]0;x\\x07\\\", 9 records@\\u{00fc}\\xff\", 0 records\n");
}

TEST(ProgressPlain, OfHugeNumbers) {
  EXPECT_EQ(progress_plain(huge_view()),
            "zsluice: pipe: 100% of 16384.0 PiB, 16384.0 PiB passed in 106751d 23:47:16,"
            " 16384.0 PiB/s now, 16384.0 PiB/s on average, >99 days left, buffer 100% full,"
            " snapshot 18446744073709551615 of 18446744073709551615 (0%),"
            " \"tank/data@auto-2026-11-21\", object 18446744073709551615,"
            " 18446744073709551615 records\n");
}

TEST(StateText, AnswersASignal) {
  EXPECT_EQ(state_text(package_view()),
            "zsluice: pipe: 1153433600 bytes (1.1 GiB) passed in 12.3 s, 85.3 MiB/s now,"
            " 80 MiB/s on average\n"
            "  62% of 1.7 GiB, 0:07:13 left\n"
            "  1183842304 bytes (1.1 GiB) read, buffer 45% full (29 MiB of 64 MiB)\n"
            "  snapshot 3 of 12 (40%), \"tank/data@auto-2026-11-21\", object 1234,"
            " 98765 records\n");
}

TEST(StateText, OfUncheckedDataIsShort) {
  ProgressView view = empty_view();
  view.state.any_data = true;
  view.state.bytes_in = 1;
  EXPECT_EQ(state_text(view),
            "zsluice: pipe: 0 bytes passed in 0.0 s, 0 B/s now, 0 B/s on average\n"
            "  1 byte read, buffer 0% full (0 B of 64 MiB)\n");
}

TEST(Progress, OfARunWithoutABufferSaysNothingOfOne) {
  ProgressView view = single_view();
  view.command = "join";
  view.state.buffer_bytes = 0;
  view.state.buffered_bytes = 0;
  EXPECT_EQ(progress_line(view, 50), " 62% [=====>    ] 1.1 GiB  85.3 MiB/s  ETA 0:07:13");
  EXPECT_EQ(progress_plain(view),
            "zsluice: join: 62% of 1.7 GiB, 1.1 GiB passed in 12.3 s, 85.3 MiB/s now,"
            " 80 MiB/s on average, 0:07:13 left, \"tank/data@auto-2026-11-21\", object 1234,"
            " 98765 records\n");
  EXPECT_EQ(state_text(view),
            "zsluice: join: 1153433600 bytes (1.1 GiB) passed in 12.3 s, 85.3 MiB/s now,"
            " 80 MiB/s on average\n"
            "  62% of 1.7 GiB, 0:07:13 left\n"
            "  1183842304 bytes (1.1 GiB) read\n"
            "  \"tank/data@auto-2026-11-21\", object 1234, 98765 records\n");
  EXPECT_EQ(nlohmann::json::parse(progress_json(view, "now"))["buffer_fill"], nullptr);
}

TEST(SummaryText, OfAWholeStream) {
  EXPECT_EQ(summary_text(package_view(), "whole"),
            "zsluice: pipe: stdin: whole: 98765 records, 1153433600 bytes (1.1 GiB) passed in"
            " 12.3 s, average 80 MiB/s, buffer peak 87% (56 MiB of 64 MiB)\n");
}

TEST(SummaryText, OfUncheckedDataAndOfFailures) {
  ProgressView view = empty_view();
  EXPECT_EQ(summary_text(view, ""),
            "zsluice: pipe: stdin: 0 records, 0 bytes passed in 0.0 s, average 0 B/s,"
            " buffer peak 0% (0 B of 64 MiB)\n");
  view.state.any_data = true;
  EXPECT_EQ(summary_text(view, "unchecked"),
            "zsluice: pipe: stdin: unchecked: 0 bytes passed in 0.0 s, average 0 B/s,"
            " buffer peak 0% (0 B of 64 MiB)\n");
}

TEST(ProgressJson, HoldsEveryKeyInOrder) {
  EXPECT_EQ(progress_json(package_view(), "2026-11-21T09:30:00Z"),
            R"({"schema":"zsluice.progress/1","ts":"2026-11-21T09:30:00Z",)"
            R"("elapsed_seconds":12.345,"bytes_in":1183842304,"bytes_out":1153433600,)"
            R"("rate":89428960,"average_rate":83886080,"buffer_fill":0.453,"records":98765,)"
            R"("substreams":3,"substreams_planned":12,"snapshot":"tank/data@auto-2026-11-21",)"
            R"("toguid":"18446744073709551615","snapshot_pct":40.0,"object":1234,)"
            R"("size":1845493760,"pct":62.5,"eta_seconds":433})"
            "\n");
}

TEST(ProgressJson, SaysNullForWhatIsNotKnown) {
  EXPECT_EQ(progress_json(empty_view(), "t"),
            R"({"schema":"zsluice.progress/1","ts":"t","elapsed_seconds":0.000,"bytes_in":0,)"
            R"("bytes_out":0,"rate":0,"average_rate":0,"buffer_fill":0.000,"records":0,)"
            R"("substreams":0,"substreams_planned":null,"snapshot":null,"toguid":null,)"
            R"("snapshot_pct":null,"object":null,"size":null,"pct":null,"eta_seconds":null})"
            "\n");
}

TEST(ProgressJson, IsOneLineOfAsciiForAnyName) {
  ProgressView view = huge_view();
  const std::string name = "p\x1b[2J\n\"\\\x7f\xc3\xbc\xff@";
  view.state.snapshot = name;
  const std::string text = progress_json(view, "t");
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  for (const char c : text.substr(0, text.size() - 1)) {
    ASSERT_TRUE(c >= ' ' && c <= '~') << text;
  }
  const json object = json::parse(text);
  EXPECT_EQ(object["snapshot"], "p\x1b[2J\n\"\\\x7f\xc3\xbc\xef\xbf\xbd@");
  EXPECT_EQ(object["snapshot_hex"], "701b5b324a0a225c7fc3bcff40");
  EXPECT_EQ(object["bytes_in"], kMax);
  EXPECT_EQ(object["pct"], 100.0);
  EXPECT_EQ(object["buffer_fill"], 1.0);
  EXPECT_EQ(object["eta_seconds"], 8'640'000);
}

TEST(ProgressView, OfAPlan) {
  pipeline::PipeState state;
  state.snapshot = "p@b";
  state.substreams = 2;
  state.bytes_out = 10;
  const RateMeter meter{TimePoint{}};
  const SizePlan plan{100, {{"p@a", 60}, {"p@b", 40}}};
  EXPECT_EQ(make_view(state, meter, plan, std::nullopt).size_bytes, 100U);
  EXPECT_EQ(make_view(state, meter, plan, 200).size_bytes, 200U) << "the user knows better";
  EXPECT_EQ(make_view(state, meter, plan, 0).size_bytes, std::nullopt);
  pipeline::PipeState sized = state;
  sized.size_bytes = 150;
  EXPECT_EQ(make_view(sized, meter, plan, {}).size_bytes, 150U) << "no estimate";
  EXPECT_EQ(make_view(sized, meter, plan, 200).size_bytes, 200U);
  EXPECT_EQ(make_view(state, meter, plan, {}).snapshots, 2U);
  EXPECT_EQ(make_view(state, meter, plan, {}).snapshot_bytes, 40U);
  state.substreams = 3;
  EXPECT_EQ(make_view(state, meter, plan, {}).snapshots, std::nullopt) << "more than planned";
  EXPECT_EQ(make_view(state, meter, SizePlan{}, {}).snapshot_bytes, std::nullopt);
}

TEST(ProgressView, TheTimeLeftIsThatOfWhatIsMissing) {
  pipeline::PipeState state;
  state.bytes_out = 4000;
  RateMeter meter{TimePoint{}};
  meter.sample(TimePoint(seconds(4)), 4000);
  EXPECT_EQ(make_view(state, meter, {}, 10'000).time_left, seconds(6));
  EXPECT_EQ(make_view(state, meter, {}, 4000).time_left, std::nullopt) << "the estimate was low";
  EXPECT_EQ(make_view(state, meter, {}, {}).time_left, std::nullopt);
}

TEST(ProgressView, SharesAreExactAndBounded) {
  EXPECT_EQ(permille_of(0, 0), 0U);
  EXPECT_EQ(permille_of(5, 0), 0U);
  EXPECT_EQ(permille_of(1, 3), 333U);
  EXPECT_EQ(permille_of(kMax - 1, kMax), 999U);
  EXPECT_EQ(permille_of(kMax, kMax), 1000U);
  EXPECT_EQ(permille_of(kMax, 1), 1000U);
  ProgressView view;
  view.snapshot_bytes = 10;
  view.state.substream_offset = 50;
  view.state.bytes_in = 40;
  EXPECT_EQ(snapshot_permille(view), 0U) << "a beginning that was not read yet";
}

}  // namespace
}  // namespace zsluice::cli
