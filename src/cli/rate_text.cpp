// SPDX-License-Identifier: BSD-2-Clause
#include "cli/rate_text.hpp"

#include "zsluice/base/escape.hpp"

namespace zsluice::cli {
namespace {

// As much of an entry as is worth repeating.
constexpr std::size_t kEntryBytesMax = 64;

std::string_view reason(RateScheduleFault fault) {
  switch (fault) {
    case RateScheduleFault::empty:
      return "there is no rate";
    case RateScheduleFault::too_long:
      return "it is longer than 1 MiB";
    case RateScheduleFault::too_many_entries:
      return "there are more entries than minutes in a week";
    case RateScheduleFault::missing_comma:
      return "is not TIME,RATE (such as 08:00,2M)";
    case RateScheduleFault::extra_comma:
      return "has more than one comma: entries are separated by blanks";
    case RateScheduleFault::bad_weekday:
      return "does not begin with a day (such as Mon-08:00,2M)";
    case RateScheduleFault::bad_time:
      return "has no time from 00:00 to 23:59";
    case RateScheduleFault::bad_rate:
      return "is not a rate (such as 20M, 512K/s, 30Mbit, off)";
    case RateScheduleFault::rate_pair:
      return "has a rate for each direction: there is only one";
  }
  return {};
}

bool is_about_an_entry(RateScheduleFault fault) {
  return fault != RateScheduleFault::empty && fault != RateScheduleFault::too_long &&
         fault != RateScheduleFault::too_many_entries;
}

}  // namespace

std::string rate_error_text(std::string_view text, const RateScheduleError& error) {
  std::string why(reason(error.fault));
  if (!is_about_an_entry(error.fault)) return why;
  const std::string_view entry = text.substr(error.offset, error.size);
  return '"' + escaped(entry.substr(0, kEntryBytesMax)) +
         (entry.size() > kEntryBytesMax ? "…" : "") + "\" " + why;
}

}  // namespace zsluice::cli
