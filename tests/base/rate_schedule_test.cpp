// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/base/rate_schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace zsluice {

inline void PrintTo(const RateScheduleError& error, std::ostream* out) {
  *out << "fault " << static_cast<int>(error.fault) << " at " << error.offset << " of "
       << error.size << ", rate " << static_cast<int>(error.rate);
}

namespace {

using Fault = RateScheduleFault;
using Parsed = Result<RateSchedule, RateScheduleError>;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = kKiB * 1024;

constexpr std::array<std::string_view, kDaysPerWeek> kDays = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr unsigned kSun = 0;
constexpr unsigned kMon = 1;
constexpr unsigned kWed = 3;
constexpr unsigned kSat = 6;

constexpr MinuteOfWeek at(unsigned day, unsigned hour, unsigned minute) {
  return day * kMinutesPerDay + hour * 60 + minute;
}

RateSchedule parsed(std::string_view text) {
  const Parsed schedule = parse_rate_schedule(text);
  EXPECT_TRUE(schedule) << text;
  return schedule ? *schedule : RateSchedule();
}

RateScheduleError error_of(const Parsed& schedule) {
  EXPECT_FALSE(schedule);
  return schedule ? RateScheduleError{} : schedule.error();
}

TEST(RateSchedule, IsWithoutALimitByDefault) {
  EXPECT_TRUE(RateSchedule().rate_at(0).is_unlimited());
  EXPECT_EQ(RateSchedule().minutes_until_change(0), std::nullopt);
}

TEST(RateSchedule, OneRateRulesAlways) {
  const struct {
    std::string_view text;
    std::uint64_t bytes_per_second;
  } cases[] = {
      {"20M", 20 * kMiB},
      {"20 MiB/s", 20 * kMiB},
      {"30Mbit", 30 * kMiB / 8},
      {" 20M\n", 20 * kMiB},
      {"666", 666},
      {"off", 0},
      {"unlimited", 0},
      {"0", 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const RateSchedule schedule = parsed(c.text);
    for (const MinuteOfWeek minute : {0U, 1U, 5000U, kMinutesPerWeek - 1}) {
      EXPECT_EQ(schedule.rate_at(minute), Rate{c.bytes_per_second});
      EXPECT_EQ(schedule.minutes_until_change(minute), std::nullopt);
    }
  }
}

TEST(RateSchedule, EntriesWithoutADayRuleEveryDay) {
  const RateSchedule schedule = parsed("08:00,2M 23:30,off");
  for (unsigned day = 0; day < kDaysPerWeek; ++day) {
    SCOPED_TRACE(day);
    EXPECT_EQ(schedule.rate_at(at(day, 0, 0)), Rate{});
    EXPECT_EQ(schedule.rate_at(at(day, 7, 59)), Rate{});
    EXPECT_EQ(schedule.rate_at(at(day, 8, 0)), Rate{2 * kMiB});
    EXPECT_EQ(schedule.rate_at(at(day, 23, 29)), Rate{2 * kMiB});
    EXPECT_EQ(schedule.rate_at(at(day, 23, 30)), Rate{});
    EXPECT_EQ(schedule.minutes_until_change(at(day, 7, 59)), 1U);
    EXPECT_EQ(schedule.minutes_until_change(at(day, 8, 0)), 15 * 60 + 30U);
    EXPECT_EQ(schedule.minutes_until_change(at(day, 23, 30)), 8 * 60 + 30U);
  }
}

TEST(RateSchedule, EntriesOfADayRuleUntilTheNextOneRoundTheWeek) {
  const RateSchedule schedule = parsed("Mon-10:20,666K Wed-08:00,1M Sun-08:00,off");
  EXPECT_EQ(schedule.rate_at(at(kSun, 7, 59)), Rate{kMiB});  // since Wednesday
  EXPECT_EQ(schedule.rate_at(at(kSun, 8, 0)), Rate{});
  EXPECT_EQ(schedule.rate_at(at(kMon, 10, 19)), Rate{});
  EXPECT_EQ(schedule.rate_at(at(kMon, 10, 20)), Rate{666 * kKiB});
  EXPECT_EQ(schedule.rate_at(at(kWed, 7, 59)), Rate{666 * kKiB});
  EXPECT_EQ(schedule.rate_at(at(kSat, 23, 59)), Rate{kMiB});
  EXPECT_EQ(schedule.minutes_until_change(at(kSat, 23, 59)), 8 * 60 + 1U);
  EXPECT_EQ(schedule.rate_at(kMinutesPerWeek + at(kSun, 8, 0)), Rate{});
  EXPECT_EQ(schedule.minutes_until_change(kMinutesPerWeek + at(kSun, 7, 59)), 1U);
}

TEST(RateSchedule, TheOrderOfTheTextDoesNotMatter) {
  EXPECT_EQ(parsed("Sun-08:00,off Mon-10:20,666K Wed-08:00,1M"),
            parsed("Wed-08:00,1M Sun-08:00,off Mon-10:20,666K"));
}

TEST(RateSchedule, OfTwoEntriesForAMinuteTheLaterInTheTextWins) {
  EXPECT_EQ(parsed("08:00,1M 20:00,off 08:00,2M"), parsed("08:00,2M 20:00,off"));
  EXPECT_EQ(parsed("08:00,1M Sun-08:00,off").rate_at(at(kSun, 9, 0)), Rate{});
  EXPECT_EQ(parsed("08:00,1M Sun-08:00,off").rate_at(at(kMon, 9, 0)), Rate{kMiB});
  EXPECT_EQ(parsed("Sun-08:00,off 08:00,1M"), parsed("1M"));
}

TEST(RateSchedule, ChangesThatChangeNothingAreNone) {
  EXPECT_EQ(parsed("08:00,2M"), parsed("2M"));
  EXPECT_EQ(parsed("Mon-08:00,2M Tue-09:00,2048K"), parsed("2M"));
  const RateSchedule schedule = parsed("06:00,1M 12:00,1M 18:00,off");
  EXPECT_EQ(schedule, parsed("06:00,1M 18:00,off"));
  EXPECT_EQ(schedule.minutes_until_change(at(kMon, 6, 0)), 12 * 60U);
  // As Saturday ended, so Sunday begins.
  EXPECT_EQ(parsed("Sun-00:00,1M Mon-12:00,off Sat-12:00,1M").minutes_until_change(at(kSat, 12, 0)),
            2 * kMinutesPerDay);
}

TEST(RateSchedule, ReadsDaysInEverySpelling) {
  for (unsigned day = 0; day < kDaysPerWeek; ++day) {
    const std::string name(kDays[day]);
    std::string upper = name;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
    for (const std::string& spelling : {name, name.substr(0, 3), upper, upper.substr(0, 3)}) {
      const RateSchedule schedule = parsed(spelling + "-10:20,1M " + spelling + "-10:21,off");
      EXPECT_EQ(schedule.rate_at(at(day, 10, 20)), Rate{kMiB}) << spelling;
      EXPECT_EQ(schedule.minutes_until_change(at(day, 10, 21)), kMinutesPerWeek - 1) << spelling;
    }
  }
}

TEST(RateSchedule, ReadsEverySeparator) {
  const RateSchedule expected = parsed("08:00,2M 23:30,off");
  EXPECT_EQ(parsed("08:00,2M;23:30,off"), expected);
  EXPECT_EQ(parsed(" \t08:00,2M \t\r\n ; 23:30,off;\n"), expected);
}

// --- what is refused -----------------------------------------------------------------------------

struct Refused {
  std::string_view text;
  Fault fault;
  std::string_view entry;  // where in the text
};

TEST(ParseRateSchedule, SaysWhichEntryIsWrongAndHow) {
  const Refused cases[] = {
      {"", Fault::empty, ""},
      {" \t\r\n;; ", Fault::empty, " \t\r\n;; "},
      {"08:00", Fault::missing_comma, "08:00"},
      {"8:00", Fault::missing_comma, "8:00"},
      {"25:00", Fault::missing_comma, "25:00"},
      {"Mon-", Fault::missing_comma, "Mon-"},
      {"Mon-10:20", Fault::missing_comma, "Mon-10:20"},
      {" 08:00 2M 23:30 off", Fault::missing_comma, "08:00"},
      {"08:00,2M 23:30", Fault::missing_comma, "23:30"},
      {"2M 08:00,off", Fault::missing_comma, "2M"},
      {"08:00,2 MiB/s", Fault::missing_comma, "MiB/s"},
      {"08:00 ,2M", Fault::missing_comma, "08:00"},
      {"08:00,2M,3M", Fault::extra_comma, "08:00,2M,3M"},
      {"08:00,2M,23:30,off", Fault::extra_comma, "08:00,2M,23:30,off"},
      {"08:00,1,5M", Fault::extra_comma, "08:00,1,5M"},
      {",,", Fault::extra_comma, ",,"},
      {"bad-10:20,1M", Fault::bad_weekday, "bad-10:20,1M"},
      {"-10:20,1M", Fault::bad_weekday, "-10:20,1M"},
      {"Mo-10:20,1M", Fault::bad_weekday, "Mo-10:20,1M"},
      {"Mond-10:20,1M", Fault::bad_weekday, "Mond-10:20,1M"},
      {"Mondays-10:20,1M", Fault::bad_weekday, "Mondays-10:20,1M"},
      {"10:20-11:00,1M", Fault::bad_weekday, "10:20-11:00,1M"},
      {"08:00,1M Mon-,1M", Fault::bad_time, "Mon-,1M"},
      {"Mon--10:20,1M", Fault::bad_time, "Mon--10:20,1M"},
      {"Mon-Fri-10:20,1M", Fault::bad_time, "Mon-Fri-10:20,1M"},
      {",1M", Fault::bad_time, ",1M"},
      {"1,5M", Fault::bad_time, "1,5M"},
      {"8:00,1M", Fault::bad_time, "8:00,1M"},
      {"08:0,1M", Fault::bad_time, "08:0,1M"},
      {"0800,1M", Fault::bad_time, "0800,1M"},
      {"08.00,1M", Fault::bad_time, "08.00,1M"},
      {"08:00:00,1M", Fault::bad_time, "08:00:00,1M"},
      {"+8:00,1M", Fault::bad_time, "+8:00,1M"},
      {"08:+5,1M", Fault::bad_time, "08:+5,1M"},
      {"24:00,1M", Fault::bad_time, "24:00,1M"},
      {"25:00,1M", Fault::bad_time, "25:00,1M"},
      {"08:60,1M", Fault::bad_time, "08:60,1M"},
      {"99:99,1M", Fault::bad_time, "99:99,1M"},
      {"08:00,1M \xD9\xA0\xD9\xA8:00,1M", Fault::bad_time, "\xD9\xA0\xD9\xA8:00,1M"},
      {"1M:2M", Fault::rate_pair, "1M:2M"},
      {" 512k:off ", Fault::rate_pair, "512k:off"},
      {"100:200", Fault::rate_pair, "100:200"},
      {"08:00,1M 10:20,1M:2M", Fault::rate_pair, "10:20,1M:2M"},
      {"Mon-10:20,off:1M", Fault::rate_pair, "Mon-10:20,off:1M"},
  };
  for (const Refused& c : cases) {
    SCOPED_TRACE(c.text);
    const RateScheduleError error = error_of(parse_rate_schedule(c.text));
    EXPECT_EQ(error.fault, c.fault);
    EXPECT_EQ(c.text.substr(error.offset, error.size), c.entry);
  }
}

TEST(ParseRateSchedule, SaysWhyARateIsNone) {
  const struct {
    std::string_view text;
    SizeError rate;
    std::string_view entry;
  } cases[] = {
      {"-1", SizeError::negative, "-1"},
      {"-20M", SizeError::negative, "-20M"},
      {"08:00,-2M", SizeError::negative, "08:00,-2M"},
      {"Mon-08:00,-2M", SizeError::negative, "Mon-08:00,-2M"},
      {"08:00,", SizeError::empty, "08:00,"},
      {"08:00,2M 23:30,of", SizeError::malformed, "23:30,of"},
      {"nonsense", SizeError::malformed, "nonsense"},
      {"10M 20M", SizeError::unknown_unit, "10M 20M"},
      {"1M:", SizeError::unknown_unit, "1M:"},
      {":1M", SizeError::malformed, ":1M"},
      {"1M:2M:3M", SizeError::unknown_unit, "1M:2M:3M"},
      {"20MBps", SizeError::unknown_unit, "20MBps"},
      {"0.5", SizeError::too_small, "0.5"},
      {"99999999P", SizeError::too_big, "99999999P"},
      {"08:00,7bit", SizeError::too_small, "08:00,7bit"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const RateScheduleError error = error_of(parse_rate_schedule(c.text));
    EXPECT_EQ(error.fault, Fault::bad_rate);
    EXPECT_EQ(error.rate, c.rate);
    EXPECT_EQ(c.text.substr(error.offset, error.size), c.entry);
  }
}

TEST(ParseRateSchedule, RefusesControlCharactersWhereverTheyStand) {
  constexpr std::string_view kGood = "08:00,2M Mon-23:30,off";
  ASSERT_TRUE(parse_rate_schedule(kGood));
  for (const char hostile : {'\0', '\x1b', '\x7f', '\v', '\f', '\x80', '\xff', '-', ':', ','}) {
    for (std::size_t position = 0; position <= kGood.size(); ++position) {
      std::string text(kGood);
      text.insert(position, 1, hostile);
      SCOPED_TRACE(position);
      EXPECT_FALSE(parse_rate_schedule(text));
      EXPECT_FALSE(parse_rate_file(text));
    }
  }
  EXPECT_FALSE(parse_rate_schedule(std::string_view("20M\0", 4)));
  EXPECT_FALSE(parse_rate_schedule(std::string_view("\0", 1)));
}

TEST(ParseRateSchedule, IsBounded) {
  std::string entries;
  for (std::size_t i = 0; i < kRateEntriesMax; ++i)
    entries += "08:00,1M ";
  EXPECT_TRUE(parse_rate_schedule(entries));
  const std::size_t offset = entries.size();
  entries += "09:00,1M";
  EXPECT_EQ(error_of(parse_rate_schedule(entries)),
            (RateScheduleError{.fault = Fault::too_many_entries, .offset = offset, .size = 8}));

  std::string padded = "20M" + std::string(kRateTextBytesMax - 3, ' ');
  EXPECT_TRUE(parse_rate_schedule(padded));
  EXPECT_TRUE(parse_rate_file(padded));
  padded += ' ';
  const RateScheduleError too_long{.fault = Fault::too_long, .size = kRateTextBytesMax + 1};
  EXPECT_EQ(error_of(parse_rate_schedule(padded)), too_long);
  EXPECT_EQ(error_of(parse_rate_file(padded)), too_long);

  for (const char c : {'9', ',', ':', '-', 'x', '#', '\0'}) {
    EXPECT_FALSE(parse_rate_schedule(std::string(kRateTextBytesMax, c)));
    EXPECT_FALSE(parse_rate_file(std::string(kRateTextBytesMax, c)));
    EXPECT_FALSE(parse_rate_schedule("08:00," + std::string(kRateTextBytesMax / 2, c)));
  }
}

// --- files ---------------------------------------------------------------------------------------

TEST(ParseRateFile, ReadsLinesCommentsAndBlankLines) {
  EXPECT_EQ(*parse_rate_file("# the line at home, 20 Mbit\n"
                             "\n"
                             "08:00,2M   # office hours\r\n"
                             "23:30,off  Sun-08:00,off#all day\n"
                             "\t # 09:00,1M\n"),
            parsed("08:00,2M 23:30,off Sun-08:00,off"));
  EXPECT_EQ(*parse_rate_file("# nothing, but a rate\n20M\n"), parsed("20M"));
  EXPECT_EQ(*parse_rate_file("20 MiB/s # all day"), parsed("20M"));
  EXPECT_EQ(*parse_rate_file("off\n"), RateSchedule());
}

TEST(ParseRateFile, AFileWithoutAnEntryDoesNotLiftTheLimit) {
  for (const std::string_view text : {"", "\n", "# 20M", "# 20M\n\n  \t\n", "#\n#"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(error_of(parse_rate_file(text)),
              (RateScheduleError{.fault = Fault::empty, .size = text.size()}));
  }
}

TEST(ParseRateFile, ErrorsSayWhereInTheFile) {
  constexpr std::string_view kText = "# comment, with a comma\n08:00,2M # one\n25:00,off\n";
  EXPECT_EQ(error_of(parse_rate_file(kText)),
            (RateScheduleError{.fault = Fault::bad_time, .offset = kText.find("25"), .size = 9}));
  EXPECT_EQ(
      error_of(parse_rate_file("10M\n20M\n")),
      (RateScheduleError{.fault = Fault::bad_rate, .size = 7, .rate = SizeError::unknown_unit}));
  EXPECT_EQ(error_of(parse_rate_schedule("20M # all day")).fault, Fault::bad_rate);  // no file
}

// --- against a model -----------------------------------------------------------------------------

// The rate of every minute, by walking through two weeks and taking up each entry on the way.
using Week = std::vector<Rate>;

struct Timetable {
  std::string text;
  std::vector<std::optional<Rate>> entries{kMinutesPerWeek};  // by minute

  Week walked() const {
    Week week(kMinutesPerWeek);
    Rate ruling;
    for (unsigned i = 0; i < 2 * kMinutesPerWeek; ++i) {
      const unsigned minute = i % kMinutesPerWeek;
      ruling = entries[minute].value_or(ruling);
      week[minute] = ruling;
    }
    return week;
  }
};

std::string two_digits(unsigned number) {
  return std::string(number < 10 ? "0" : "") + std::to_string(number);
}

// Few different times and rates, so that entries meet.
Timetable draw_timetable(std::mt19937_64& random) {
  Timetable table;
  const unsigned count = static_cast<unsigned>(random() % 12) + 1;
  for (unsigned i = 0; i < count; ++i) {
    const unsigned minute = random() % 2 == 0 ? static_cast<unsigned>(random() % 4) * 360
                                              : static_cast<unsigned>(random() % kMinutesPerDay);
    const Rate rate{random() % 4 * kKiB};
    const bool every_day = random() % 2 == 0;
    const unsigned only_day = static_cast<unsigned>(random() % kDaysPerWeek);
    if (!every_day) {
      table.text += std::string(kDays[only_day].substr(0, random() % 2 == 0 ? 3 : 9)) + "-";
    }
    table.text += two_digits(minute / 60) + ":" + two_digits(minute % 60) + "," +
                  (rate.is_unlimited() ? "off" : std::to_string(rate.bytes_per_second)) + " ";
    for (unsigned day = 0; day < kDaysPerWeek; ++day) {
      if (every_day || day == only_day) table.entries[day * kMinutesPerDay + minute] = rate;
    }
  }
  return table;
}

// From each minute, by going on until the rate is another one.
std::vector<std::optional<unsigned>> changes_of(const Week& week) {
  std::vector<std::optional<unsigned>> until(kMinutesPerWeek);
  for (unsigned i = 2 * kMinutesPerWeek; i-- > 0;) {
    const unsigned minute = i % kMinutesPerWeek;
    const unsigned next = (minute + 1) % kMinutesPerWeek;
    if (week[next] != week[minute]) {
      until[minute] = 1;
    } else if (until[next]) {
      until[minute] = *until[next] + 1;
    }
  }
  return until;
}

TEST(RateSchedule, AgreesWithAModelThatWalksEveryMinuteOfTheWeek) {
  constexpr std::uint64_t kSeed = 20261125;
  SCOPED_TRACE(kSeed);
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 200; ++i) {
    const Timetable table = draw_timetable(random);
    SCOPED_TRACE(table.text);
    const RateSchedule schedule = parsed(table.text);
    const Week week = table.walked();
    const auto until = changes_of(week);
    for (MinuteOfWeek minute = 0; minute < kMinutesPerWeek; ++minute) {
      // A macro for each minute would cost more than all the rest.
      if (schedule.rate_at(minute) != week[minute] ||
          schedule.minutes_until_change(minute) != until[minute]) {
        FAIL() << "at minute " << minute;
      }
    }
  }
}

}  // namespace
}  // namespace zsluice
