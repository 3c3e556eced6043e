// SPDX-License-Identifier: BSD-2-Clause
// Which rate rules when: what --rate and --rate-file take. A text is either one rate
// (size_text.hpp) or a timetable of the form rclone uses:
//
//   20M                          the same at all times; `off` for no limit
//   08:00,2M 23:30,off           every day
//   Mon-08:00,2M Fri-18:30,off   on one day: Sun Mon Tue Wed Thu Fri Sat, or written out
//
// Entries are separated by blanks, tabs, line ends or semicolons, and may come in any order; times
// have two digits for the hour (00 to 23) and two for the minute; days may be in upper or lower
// case. An entry rules from its minute on until the next one, on whichever day that is: before the
// first entry of the week the last one still rules, as Saturday is followed by Sunday.
//
// Of two entries for the same minute the one further on in the text wins, so a day can be an
// exception from the rule before it: `08:00,2M Sun-08:00,off`.
//
// Unlike there: a number without a unit is bytes, not KiB; a pair of rates for the two directions
// (`1M:2M`) is refused, since here is one direction; and the week wraps by time, not by the order
// of the text.
//
// The text comes from outside: all of it is bounded, and errors say where. They throw nothing.
#pragma once

#include "zsluice/base/result.hpp"
#include "zsluice/base/size_text.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace zsluice {

// Minutes since Sunday 00:00 local time.
using MinuteOfWeek = unsigned;

inline constexpr unsigned kDaysPerWeek = 7;
inline constexpr unsigned kMinutesPerDay = 24 * 60;
inline constexpr unsigned kMinutesPerWeek = kDaysPerWeek * kMinutesPerDay;

// As many as there are minutes to change at.
inline constexpr std::size_t kRateEntriesMax = kMinutesPerWeek;
// Room for that many entries and a comment on each. Who reads a file need not read more than one
// byte beyond it.
inline constexpr std::size_t kRateTextBytesMax = std::size_t{1} << 20;

enum class RateScheduleFault : std::uint8_t {
  empty,             // nothing but blanks, and comments in a file
  too_long,          // more than kRateTextBytesMax
  too_many_entries,  // more than kRateEntriesMax
  missing_comma,     // an entry is not TIME,RATE: a time without a rate, or a rate among entries
  extra_comma,       // an entry has more than one comma: the blank behind it is missing
  bad_weekday,       // what stands before the minus sign is no day
  bad_time,          // not HH:MM from 00:00 to 23:59
  bad_rate,          // `rate` says why
  rate_pair,         // a rate for each direction, 1M:2M
};

// `offset` and `size` mark the entry in the text as it was given, or the whole text where it is not
// about one. What they mark is foreign: escape it before it is shown.
struct RateScheduleError {
  RateScheduleFault fault = RateScheduleFault::empty;
  std::size_t offset = 0;
  std::size_t size = 0;
  SizeError rate = SizeError::malformed;  // of bad_rate; else without meaning

  friend bool operator==(const RateScheduleError&, const RateScheduleError&) = default;
};

// From `start` on, until another change.
struct RateChange {
  MinuteOfWeek start = 0;
  Rate rate;

  friend bool operator==(const RateChange&, const RateChange&) = default;
};

class RateSchedule {
 public:
  RateSchedule() = default;  // no limit

  // The same rate at all times.
  explicit RateSchedule(Rate rate) : always_(rate) {}

  // Any order; of those with the same start the last one counts. Starts are minutes of a week.
  explicit RateSchedule(std::vector<RateChange> changes);

  // Minutes beyond the week are counted on into the next one.
  [[nodiscard]] Rate rate_at(MinuteOfWeek minute) const;

  // How far off the next minute is that has another rate: 1 to kMinutesPerWeek - 1. Nothing when
  // the rate is always the same.
  [[nodiscard]] std::optional<unsigned> minutes_until_change(MinuteOfWeek minute) const;

  friend bool operator==(const RateSchedule&, const RateSchedule&) = default;

 private:
  Rate always_;  // without changes
  // By start, each to another rate than the one before it, the first than the last.
  std::vector<RateChange> changes_;
};

// The argument of --rate.
[[nodiscard]] Result<RateSchedule, RateScheduleError> parse_rate_schedule(std::string_view text);

// The content of a --rate-file: the same over any number of lines, with comments from `#` to the
// end of the line. A file without an entry is an error: it may be in the middle of being written,
// and that must not lift the limit.
[[nodiscard]] Result<RateSchedule, RateScheduleError> parse_rate_file(std::string_view text);

}  // namespace zsluice
