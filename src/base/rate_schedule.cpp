// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/base/rate_schedule.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <utility>

namespace zsluice {
namespace {

constexpr std::string_view kSeparators = " \t\r\n;";
constexpr std::size_t kShortWeekdayLetters = 3;
constexpr std::array<std::string_view, kDaysPerWeek> kWeekdays = {
    "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};

using Fault = RateScheduleFault;

// A piece of the text, which remembers where it stands.
struct Entry {
  std::string_view text;
  std::size_t offset = 0;
};

Unexpected<RateScheduleError> failure(Fault fault, const Entry& entry) {
  return {{.fault = fault, .offset = entry.offset, .size = entry.text.size()}};
}

// The next entry at or behind `from`; empty at the end of the text.
Entry next_entry(std::string_view text, std::size_t from) {
  const std::size_t begin = std::min(text.find_first_not_of(kSeparators, from), text.size());
  const std::size_t end = std::min(text.find_first_of(kSeparators, begin), text.size());
  return {.text = text.substr(begin, end - begin), .offset = begin};
}

// The text without separators at either end.
Entry trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(kSeparators), text.size());
  const std::size_t end = text.find_last_not_of(kSeparators) + 1;  // npos + 1 is 0
  if (end <= begin) return {.text = {}, .offset = begin};
  return {.text = text.substr(begin, end - begin), .offset = begin};
}

// The C library's tolower() asks the locale.
bool is_weekday(std::string_view text, std::string_view lower_case) {
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) {
                      return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
                    });
}

// Sunday is 0.
std::optional<unsigned> parse_weekday(std::string_view text) {
  for (unsigned day = 0; day < kDaysPerWeek; ++day) {
    const std::string_view name = kWeekdays[day];
    if (is_weekday(text, name) || is_weekday(text, name.substr(0, kShortWeekdayLetters))) {
      return day;
    }
  }
  return std::nullopt;
}

// Two digits, below `limit`.
std::optional<unsigned> parse_two_digits(std::string_view text, unsigned limit) {
  unsigned number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  return number < limit ? std::optional(number) : std::nullopt;
}

// HH:MM, as minutes of the day.
std::optional<unsigned> parse_time(std::string_view text) {
  if (text.size() != std::string_view("HH:MM").size() || text[2] != ':') return std::nullopt;
  const std::optional<unsigned> hour = parse_two_digits(text.substr(0, 2), 24);
  const std::optional<unsigned> minute = parse_two_digits(text.substr(3), 60);
  if (!hour || !minute) return std::nullopt;
  return *hour * 60 + *minute;
}

bool is_rate_pair(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon != std::string_view::npos && parse_rate(text.substr(0, colon)) &&
         parse_rate(text.substr(colon + 1));
}

// `text` is the entry's rate, or all of the entry.
Result<Rate, RateScheduleError> rate_of(std::string_view text, const Entry& entry) {
  const Result<Rate, SizeError> rate = parse_rate(text);
  if (rate) return *rate;
  if (is_rate_pair(text)) return failure(Fault::rate_pair, entry);
  Unexpected<RateScheduleError> bad = failure(Fault::bad_rate, entry);
  bad.error.rate = rate.error();
  return bad;
}

// [DAY-]HH:MM, put to every minute of the week that it names.
Result<std::vector<MinuteOfWeek>, RateScheduleError> starts_of(std::string_view when,
                                                               const Entry& entry) {
  unsigned first_day = 0;
  unsigned last_day = kDaysPerWeek - 1;
  if (const std::size_t minus = when.find('-'); minus != std::string_view::npos) {
    const std::optional<unsigned> day = parse_weekday(when.substr(0, minus));
    if (!day) return failure(Fault::bad_weekday, entry);
    first_day = last_day = *day;
    when.remove_prefix(minus + 1);
  }
  const std::optional<unsigned> minute = parse_time(when);
  if (!minute) return failure(Fault::bad_time, entry);
  std::vector<MinuteOfWeek> starts;
  for (unsigned day = first_day; day <= last_day; ++day) {
    starts.push_back(day * kMinutesPerDay + *minute);
  }
  return starts;
}

Result<void, RateScheduleError> add_changes(const Entry& entry, std::vector<RateChange>& changes) {
  const std::size_t comma = entry.text.find(',');
  if (comma == std::string_view::npos) return failure(Fault::missing_comma, entry);
  if (entry.text.find(',', comma + 1) != std::string_view::npos) {
    return failure(Fault::extra_comma, entry);
  }
  const auto starts = starts_of(entry.text.substr(0, comma), entry);
  if (!starts) return Unexpected{starts.error()};
  const auto rate = rate_of(entry.text.substr(comma + 1), entry);
  if (!rate) return Unexpected{rate.error()};
  for (const MinuteOfWeek start : *starts) {
    changes.push_back({.start = start, .rate = *rate});
  }
  return {};
}

// Without any comma: was a timetable meant? Told by a day, or by something like a time, in front.
// `10:20` alone could also be a pair of rates; as such it would be a few bytes per second.
bool looks_like_time(std::string_view text) {
  const std::size_t minus = text.find('-');
  if (minus != std::string_view::npos) return parse_weekday(text.substr(0, minus)).has_value();
  const std::size_t colon = text.find(':');
  return colon <= 2 && text.size() == colon + 3 && parse_two_digits(text.substr(0, colon), 100) &&
         parse_two_digits(text.substr(colon + 1), 100);
}

Result<RateSchedule, RateScheduleError> parse_single(const Entry& all) {
  Entry first = next_entry(all.text, 0);
  first.offset += all.offset;
  if (looks_like_time(first.text)) return failure(Fault::missing_comma, first);
  const auto rate = rate_of(all.text, all);
  if (!rate) return Unexpected{rate.error()};
  return RateSchedule(*rate);
}

}  // namespace

RateSchedule::RateSchedule(std::vector<RateChange> changes) {
  for (RateChange& change : changes) {
    change.start %= kMinutesPerWeek;
  }
  std::stable_sort(changes.begin(), changes.end(),
                   [](const RateChange& a, const RateChange& b) { return a.start < b.start; });
  for (const RateChange& change : changes) {
    if (!changes_.empty() && changes_.back().start == change.start) changes_.pop_back();
    changes_.push_back(change);
  }
  if (changes_.empty()) return;
  always_ = changes_.back().rate;
  Rate before = always_;
  const auto changes_nothing = [&before](const RateChange& change) {
    return std::exchange(before, change.rate) == change.rate;
  };
  changes_.erase(std::remove_if(changes_.begin(), changes_.end(), changes_nothing), changes_.end());
  if (!changes_.empty()) always_ = {};
}

Rate RateSchedule::rate_at(MinuteOfWeek minute) const {
  if (changes_.empty()) return always_;
  const auto next =
      std::upper_bound(changes_.begin(), changes_.end(), minute % kMinutesPerWeek,
                       [](MinuteOfWeek at, const RateChange& change) { return at < change.start; });
  return next == changes_.begin() ? changes_.back().rate : std::prev(next)->rate;
}

std::optional<unsigned> RateSchedule::minutes_until_change(MinuteOfWeek minute) const {
  if (changes_.empty()) return std::nullopt;
  const MinuteOfWeek now = minute % kMinutesPerWeek;
  const auto next =
      std::upper_bound(changes_.begin(), changes_.end(), now,
                       [](MinuteOfWeek at, const RateChange& change) { return at < change.start; });
  if (next == changes_.end()) return changes_.front().start + kMinutesPerWeek - now;
  return next->start - now;
}

Result<RateSchedule, RateScheduleError> parse_rate_schedule(std::string_view text) {
  if (text.size() > kRateTextBytesMax) return failure(Fault::too_long, {.text = text});
  const Entry all = trimmed(text);
  if (all.text.empty()) return failure(Fault::empty, {.text = text});
  if (all.text.find(',') == std::string_view::npos) return parse_single(all);

  std::vector<RateChange> changes;
  std::size_t entries = 0;
  for (Entry entry = next_entry(text, 0); !entry.text.empty();
       entry = next_entry(text, entry.offset + entry.text.size())) {
    if (++entries > kRateEntriesMax) return failure(Fault::too_many_entries, entry);
    const auto added = add_changes(entry, changes);
    if (!added) return Unexpected{added.error()};
  }
  return RateSchedule(std::move(changes));
}

Result<RateSchedule, RateScheduleError> parse_rate_file(std::string_view text) {
  if (text.size() > kRateTextBytesMax) return failure(Fault::too_long, {.text = text});
  // Blanks in place of comments: offsets stay those of the file.
  std::string entries(text);
  for (std::size_t begin = entries.find('#'); begin != std::string::npos;
       begin = entries.find('#', begin)) {
    const std::size_t end = std::min(entries.find('\n', begin), entries.size());
    std::fill(entries.begin() + static_cast<std::ptrdiff_t>(begin),
              entries.begin() + static_cast<std::ptrdiff_t>(end), ' ');
  }
  return parse_rate_schedule(entries);
}

}  // namespace zsluice
