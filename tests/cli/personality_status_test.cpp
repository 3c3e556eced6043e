// SPDX-License-Identifier: BSD-2-Clause
// The status lines of mbuffer and pv. Their form was taken from what the real ones print (mbuffer
// 20230301, pv 1.6.20), most expected texts too.
#include "cli/mbuffer_status.hpp"
#include "cli/pv_status.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdint>
#include <regex>
#include <string>
#include <string_view>

namespace zsluice::cli {
namespace {

using pipeline::PipeState;
using std::chrono::milliseconds;

constexpr std::uint64_t kKiB = std::uint64_t{1} << 10;
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

PipeState state_after(milliseconds elapsed, std::uint64_t bytes_out) {
  PipeState state;
  state.started = TimePoint(std::chrono::hours(3));
  state.now = state.started + elapsed;
  state.bytes_in = bytes_out;
  state.bytes_out = bytes_out;
  state.buffer_bytes = 64 * kMiB;
  return state;
}

// --- mbuffer ---

TEST(MbufferStatusLine, IsMbuffers) {
  PipeState state = state_after(milliseconds(500), 2260 * kMiB);
  EXPECT_EQ(mbuffer_status_line(state, {3166 * kMiB, 3166 * kMiB}),
            "\rin @ 3166 MiB/s, out @ 3166 MiB/s, 2260 MiB total, buffer   0% full");
  state = state_after(milliseconds(500), 13 * kKiB);
  state.buffered_bytes = state.buffer_bytes;
  EXPECT_EQ(mbuffer_status_line(state, {1482 * kKiB, 19046}),
            "\rin @ 1482 kiB/s, out @ 18.6 kiB/s, 13.0 kiB total, buffer 100% full");
  state = state_after(milliseconds(700), 0);
  state.buffered_bytes = state.buffer_bytes / 2;
  EXPECT_EQ(mbuffer_status_line(state, {124 * kMiB, 0}),
            "\rin @  124 MiB/s, out @  0.0 kiB/s,  0.0 kiB total, buffer  50% full");
}

TEST(MbufferStatusLine, OutlivesAbsurdNumbers) {
  PipeState state = state_after(milliseconds(1), UINT64_MAX);
  state.buffered_bytes = UINT64_MAX;
  state.buffer_bytes = 1;
  EXPECT_EQ(mbuffer_status_line(state, {UINT64_MAX, UINT64_MAX}),
            "\rin @ 16.0 EiB/s, out @ 16.0 EiB/s, 16.0 EiB total, buffer 100% full");
  state.buffer_bytes = 0;
  EXPECT_THAT(mbuffer_status_line(state, {}), testing::EndsWith("buffer   0% full"));
}

struct SummaryRow {
  std::uint64_t bytes;
  std::int64_t elapsed_ms;
  std::string_view expected;
};

TEST(MbufferSummary, IsMbuffers) {
  const SummaryRow table[] = {
      {0, 3, "summary:  0.0 kiByte in  0.0sec - average of  0.0 kiB/s\n"},
      {1500, 0, "summary:  1.0 kiByte in  0.0sec - average of  0.0 kiB/s\n"},
      {9000, 8, "summary:  8.0 kiByte in  0.0sec - average of 1099 kiB/s\n"},
      {102000, 100, "summary: 99.0 kiByte in  0.1sec - average of  996 kiB/s\n"},
      {1000000, 1000, "summary:  976 kiByte in  1.0sec - average of  977 kiB/s\n"},
      {10000000, 1000, "summary: 9765 kiByte in  1.0sec - average of 9766 kiB/s\n"},
      {10485760, 1000, "summary: 10.0 MiByte in  1.0sec - average of 10.0 MiB/s\n"},
      {104800000, 10000, "summary: 99.9 MiByte in 10.0sec - average of 10234 kiB/s\n"},
      {500000000, 1000, "summary:  477 MiByte in  1.0sec - average of  477 MiB/s\n"},
      {300 * kMiB, 3000, "summary:  300 MiByte in  3.0sec - average of  100 MiB/s\n"},
      {3079 * kMiB, 978, "summary: 3079 MiByte in  1.0sec - average of 3148 MiB/s\n"},
      {9216 * kKiB, 64200, "summary: 9216 kiByte in  1min 04.2sec - average of  144 kiB/s\n"},
      {9216 * kKiB, 4271500, "summary: 9216 kiByte in 1h 11min 11.5sec - average of  2.2 kiB/s\n"},
      {9216 * kKiB, 128772200,
       "summary: 9216 kiByte in 35h 46min 12.2sec - average of  0.1 kiB/s\n"},
  };
  for (const SummaryRow& row : table) {
    const PipeState state = state_after(milliseconds(row.elapsed_ms), row.bytes);
    EXPECT_EQ(mbuffer_summary(state, false), row.expected);
    EXPECT_EQ(mbuffer_summary(state, true), '\n' + std::string(row.expected));
  }
}

// --- pv ---

PvFormat switches(std::string_view letters) {
  PvFormat format;
  for (const char letter : letters) {
    format.progress |= letter == 'p';
    format.timer |= letter == 't';
    format.eta |= letter == 'e';
    format.fineta |= letter == 'I';
    format.rate |= letter == 'r';
    format.average_rate |= letter == 'a';
    format.bytes |= letter == 'b';
    format.buffer_percent |= letter == 'T';
  }
  return format;
}

constexpr std::int64_t kWallSeconds = 1795318325;  // 2026-11-22 03:32:05

PvMoment moment_with(std::uint64_t bytes_per_second) {
  PvMoment moment;
  moment.bytes_per_second = bytes_per_second;
  moment.local_seconds = kWallSeconds;
  return moment;
}

PvMoment last_moment() {
  PvMoment moment = moment_with(0);
  moment.is_last = true;
  return moment;
}

TEST(PvLine, OfKnownSizeIsPvs) {
  PvFormat format = switches("pterb");
  format.size_bytes = 200 * kMiB;
  EXPECT_EQ(pv_line(format, state_after(milliseconds(1050), 40 * kMiB), moment_with(40 * kMiB)),
            "40.0MiB 0:00:01 [40.0MiB/s] [=====>                            ] 20% ETA 0:00:04\r");
  EXPECT_EQ(pv_line(format, state_after(milliseconds(3158), 120 * kMiB), last_moment()),
            " 120MiB 0:00:03 [38.0MiB/s] [===================>              ] 60%            \r\n");
  format.size_bytes = 120 * kMiB;
  format.columns = 100;
  EXPECT_EQ(pv_line(format, state_after(milliseconds(3000), 120 * kMiB), moment_with(42 * kMiB)),
            " 120MiB 0:00:03 [42.0MiB/s] "
            "[====================================================>] 100% ETA 0:00:00\r");
}

TEST(PvLine, OfUnknownSizeMovesItsBar) {
  const PvFormat format = switches("pterb");
  EXPECT_EQ(pv_line(format, state_after(milliseconds(500), 40 * kMiB), moment_with(39 * kMiB)),
            "40.0MiB 0:00:00 [39.0MiB/s] [<=>                                               ]\r");
  EXPECT_EQ(pv_line(format, state_after(milliseconds(2100), 120 * kMiB), moment_with(39 * kMiB)),
            " 120MiB 0:00:02 [39.0MiB/s] [  <=>                                             ]\r");
}

TEST(PvLine, BarIsAsWideAsWhatIsLeft) {
  struct BarRow {
    unsigned columns;
    unsigned percent;
    std::string_view expected;
  };
  const BarRow table[] = {
      {50, 0, "[>                                           ]  0%\r"},
      {50, 5, "[=>                                          ]  5%\r"},
      {50, 10, "[===>                                        ] 10%\r"},
      {50, 50, "[=====================>                      ] 50%\r"},
      {50, 99, "[==========================================> ] 99%\r"},
      {50, 100, "[==========================================>] 100%\r"},
      {50, 101, "[==========================================>] 101%\r"},
      {20, 150, "[=============] 150%\r"},
      {8, 50, "[> ] 50%\r"},
      {6, 50, "[] 50%\r"},
      {5, 50, "\r"},
  };
  for (const BarRow& row : table) {
    PvFormat format = switches("p");
    format.size_bytes = 100 * kKiB;
    format.columns = row.columns;
    EXPECT_EQ(pv_line(format, state_after(milliseconds(1000), row.percent * kKiB), {}),
              row.expected);
  }
}

TEST(PvLine, MovingBarTurnsAround) {
  PvFormat format = switches("p");
  const std::string_view expected[] = {"[<=>  ]\r", "[ <=> ]\r", "[  <=>]\r",
                                       "[ <=> ]\r", "[<=>  ]\r", "[ <=> ]\r"};
  format.columns = 7;
  format.interval = milliseconds(100);
  milliseconds elapsed{0};
  for (const std::string_view line : expected) {
    EXPECT_EQ(pv_line(format, state_after(elapsed, 1), {}), line);
    elapsed += format.interval;
  }
  format.columns = 5;
  EXPECT_EQ(pv_line(format, state_after(elapsed, 1), {}), "[<=>]\r");
  format.columns = 4;
  EXPECT_EQ(pv_line(format, state_after(elapsed, 1), {}), "\r");
}

TEST(PvLine, AmountsHaveThreeDigits) {
  const std::pair<std::uint64_t, std::string_view> table[] = {
      {0, "0.00 B\r"},          {1, "1.00 B\r"},         {10, "10.0 B\r"},
      {99, "99.0 B\r"},         {100, " 100 B\r"},       {1000, "1000 B\r"},
      {1023, "1023 B\r"},       {1024, "1.00KiB\r"},     {10000, "9.77KiB\r"},
      {10240, "10.0KiB\r"},     {99999, "97.7KiB\r"},    {102399, " 100KiB\r"},
      {102400, " 100KiB\r"},    {999999, " 976KiB\r"},   {1048575, "1023KiB\r"},
      {1048576, "1.00MiB\r"},   {10000000, "9.54MiB\r"}, {1073741823, "1023MiB\r"},
      {UINT64_MAX, "16.0EiB\r"}};
  for (const auto& [bytes, expected] : table) {
    EXPECT_EQ(pv_line(switches("b"), state_after(milliseconds(1), bytes), {}), expected) << bytes;
  }
}

TEST(PvLine, TellsTheTimeAsPvDoes) {
  PvFormat format = switches("teI");
  format.size_bytes = 100 * kMiB;
  struct TimeRow {
    std::int64_t elapsed_s;
    std::string_view expected;
  };
  const TimeRow table[] = {
      {82, "0:01:22 ETA 0:13:49 ETA 03:45:54\r"},
      {6173, "1:42:53 ETA 17:20:15 ETA 2026-11-22 20:52:20\r"},
      {103137, "28:38:57 ETA 12:01:40:29 ETA 2026-12-04 05:12:34\r"},
      {415215, "115:20:15 ETA 48:14:11:25 ETA 2027-01-09 17:43:30\r"},
  };
  for (const TimeRow& row : table) {
    EXPECT_EQ(
        pv_line(format, state_after(std::chrono::seconds(row.elapsed_s), 9 * kMiB), moment_with(0)),
        row.expected);
  }
}

// A size that has underflowed, as in syncoid's command lines.
TEST(PvLine, OutlivesAbsurdNumbers) {
  PvFormat format = switches("pterabI");
  format.size_bytes = 18446744073170717728U;
  EXPECT_EQ(pv_line(format, state_after(std::chrono::hours(1), 3), moment_with(UINT64_MAX)),
            "3.00 B 1:00:00 [16.0EiB/s] [0.00 B/s]  ETA 4166:16:00:00 ETA 2038-04-19 19:32:05\r");
  format.size_bytes = 1;
  EXPECT_THAT(pv_line(format, state_after(milliseconds(0), UINT64_MAX), moment_with(0)),
              testing::HasSubstr("] 99999% ETA 0:00:00"));
  format = switches("TN");
  PipeState state = state_after(milliseconds(0), 0);
  state.buffered_bytes = UINT64_MAX;
  state.buffer_bytes = 1;
  EXPECT_EQ(pv_line(format, state, {}), "{100%}\r");
}

TEST(PvLine, NumbersAreOneALine) {
  PvFormat format;
  format.numeric = true;
  const PipeState state = state_after(milliseconds(1011), 40 * kMiB);
  EXPECT_EQ(pv_line(format, state, {}), "0\n");
  format.size_bytes = 120 * kMiB;
  EXPECT_EQ(pv_line(format, state, {}), "33\n");
  EXPECT_EQ(pv_line(format, state, last_moment()), "33\n");
  format.timer = true;
  EXPECT_EQ(pv_line(format, state, {}), "1.0110 33\n");
  format.bytes = true;
  EXPECT_EQ(pv_line(format, state, {}), "1.0110 41943040\n");
}

TEST(PvLine, FollowsAFormatOfOnesOwn) {
  PvFormat format;
  format.name = "foo";
  format.columns = 30;
  const PipeState state = state_after(milliseconds(1000), 50 * kKiB);
  const std::pair<std::string_view, std::string_view> table[] = {
      {"%b %% %x %5A %N", "50.0KiB % %x .....       foo:\r"},
      {"%b%", "50.0KiB%\r"},
      {"%12b|%zz", "%12b|%zz\r"},
      {"%p|", "[ <=>                       ]|\r"},
      {"%T %t %r %a", "{  0%} 0:00:01 [0.00 B/s] [50.0KiB/s]\r"},
  };
  for (const auto& [pattern, expected] : table) {
    format.format = pattern;
    EXPECT_EQ(pv_line(format, state, {}), expected) << pattern;
  }
  format.size_bytes = 100 * kKiB;
  format.format = "x%py";
  EXPECT_EQ(pv_line(format, state, {}), "x[==========>           ] 50%y\r");
  format.format = "%p %p";
  EXPECT_EQ(pv_line(format, state, {}), "[==========>            ] 50% \r");
}

// --- what bzfs reads back (its progress_reporter.py): after the first colon a number of bytes with
// its unit, then whatever, up to the last "/s" and its bracket, then a tail in which a first "ETA"
// tells the time left if a second "ETA" or "FIN" follows. A line that ends in a carriage return is
// not the last one.

struct ReadBack {
  double bytes = 0;
  std::uint64_t seconds_left = 0;
  std::string tail;
  bool is_last = false;
};

double bytes_of(const std::smatch& amount) {
  static constexpr std::string_view kUnits = "KMGTPE";
  const std::string unit = amount[2];
  const std::size_t power = unit.empty() ? 0 : kUnits.find(unit) + 1;
  return std::stod(amount[1]) * std::pow(1024.0, static_cast<double>(power));
}

ReadBack read_back(const std::string& line) {
  static const std::regex amount_pattern(R"((\d+\.?\d*)\s*([KMGTPE]?)i?B([^]*))");
  static const std::regex time_left_pattern(
      R"(ETA\s*(?:(\d+)[+:])?(\d\d?):(\d\d):(\d\d).*(?:ETA|FIN).*)");
  ReadBack result;
  result.is_last = line.back() != '\r';
  std::string rest = line.substr(line.find(':') + 1);
  rest = rest.substr(rest.find_first_not_of(' '));
  rest.erase(rest.find_last_not_of("\r\n") + 1);
  std::smatch amount;
  if (!std::regex_match(rest, amount, amount_pattern)) return result;
  result.bytes = bytes_of(amount);
  result.tail = amount[3];
  const std::size_t rates_end = result.tail.rfind("/s]");
  if (rates_end != std::string::npos) result.tail = result.tail.substr(rates_end + 4);
  std::smatch left;
  if (std::regex_search(result.tail, left, time_left_pattern)) {
    const std::string days = left[1];
    result.seconds_left = (days.empty() ? 0 : std::stoull(days) * 86400) +
                          std::stoull(left[2]) * 3600 + std::stoull(left[3]) * 60 +
                          std::stoull(left[4]);
  }
  return result;
}

class BzfsReadsBack : public testing::Test {
 protected:
  BzfsReadsBack() {
    format_.name = "125 GiB";
    format_.size_bytes = 125 * kGiB;
    format_.columns = 120;
  }
  PvFormat format_ = switches("pteIrab");
};

TEST_F(BzfsReadsBack, ALineOnTheWay) {
  const std::string line =
      pv_line(format_, state_after(std::chrono::seconds(754), 55 * kGiB), moment_with(170 * kMiB));
  EXPECT_EQ(line,
            "  125 GiB: 55.0GiB 0:12:34 [ 170MiB/s] [74.7MiB/s] "
            "[===============>                      ] 44% ETA 0:15:59 ETA 03:48:04\r");
  const ReadBack read = read_back(line);
  EXPECT_DOUBLE_EQ(read.bytes, 55.0 * static_cast<double>(kGiB));
  EXPECT_EQ(read.seconds_left, 15 * 60 + 59);
  EXPECT_EQ(read.tail, "[===============>                      ] 44% ETA 0:15:59 ETA 03:48:04");
  EXPECT_FALSE(read.is_last);
}

TEST_F(BzfsReadsBack, ALineWithDays) {
  format_.name = "98 GiB/ 0 B/  98 GiB";
  const std::string line =
      pv_line(format_, state_after(std::chrono::hours(12), 20 * kGiB), moment_with(185 * kMiB));
  const ReadBack read = read_back(line);
  EXPECT_DOUBLE_EQ(read.bytes, 20.0 * static_cast<double>(kGiB));
  EXPECT_EQ(read.seconds_left, 63 * 3600);
  EXPECT_THAT(read.tail, testing::EndsWith("] 16% ETA 2:15:00:00 ETA 2026-11-24 18:32:05"));
}

TEST_F(BzfsReadsBack, TheFirstLine) {
  const ReadBack read =
      read_back(pv_line(format_, state_after(milliseconds(0), 0), moment_with(0)));
  EXPECT_DOUBLE_EQ(read.bytes, 0);
  EXPECT_EQ(read.seconds_left, 0);
  EXPECT_THAT(read.tail, testing::EndsWith("]  0%             ETA 03:32:05"));
}

TEST_F(BzfsReadsBack, TheLastLine) {
  const std::string line =
      pv_line(format_, state_after(std::chrono::seconds(759), 125 * kGiB), last_moment());
  EXPECT_EQ(line,
            "  125 GiB:  125GiB 0:12:39 [ 168MiB/s] [ 168MiB/s] "
            "[====================================>] 100%             ETA 03:32:05\r\n");
  const ReadBack read = read_back(line);
  EXPECT_DOUBLE_EQ(read.bytes, 125.0 * static_cast<double>(kGiB));
  EXPECT_EQ(read.seconds_left, 0);
  EXPECT_TRUE(read.is_last);
}

TEST_F(BzfsReadsBack, AStreamOfUnknownSize) {
  format_.size_bytes.reset();
  const ReadBack read =
      read_back(pv_line(format_, state_after(std::chrono::seconds(8), 800), moment_with(100)));
  EXPECT_DOUBLE_EQ(read.bytes, 800);
  EXPECT_EQ(read.seconds_left, 0);
}

}  // namespace
}  // namespace zsluice::cli
