// SPDX-License-Identifier: BSD-2-Clause
#include "cli/pv_status.hpp"

#include "cli/rate_meter.hpp"
#include "cli/utc_text.hpp"
#include "cli/wide_ratio.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace zsluice::cli {
namespace {

using pipeline::PipeState;

constexpr std::uint64_t kSecondsPerHour = 3600;
constexpr std::uint64_t kSecondsPerDay = 86400;
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
// An arrival further off than that is not worth telling (a size that has underflowed, say).
constexpr std::uint64_t kEtaSecondsMax = 100'000 * kSecondsPerHour;
constexpr std::uint64_t kDateFromSeconds = 6 * kSecondsPerHour;  // -I names the day from here on
constexpr std::uint64_t kPercentMax = 99'999;
constexpr std::uint64_t kDotsMax = 256;
constexpr std::string_view kBlankEta = "           ";  // as wide as "ETA 0:00:00"

// Four columns of number, three digits of them, and three of unit: "2.71GiB", " 341MiB", "0.00 B".
std::string amount(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 7> kUnits = {" B",  "KiB", "MiB", "GiB",
                                                      "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  while (unit + 1 < kUnits.size() && bytes >> (10 * unit) >= 1024) {
    ++unit;
  }
  const std::uint64_t unit_bytes = std::uint64_t{1} << (10 * unit);
  const std::uint64_t hundredths = rounded_ratio(bytes, 100, unit_bytes);
  if (hundredths < 1000) {
    return fmt::format("{}.{:02}{}", hundredths / 100, hundredths % 100, kUnits[unit]);
  }
  const std::uint64_t tenths = rounded_ratio(bytes, 10, unit_bytes);
  if (tenths < 1000) return fmt::format("{}.{}{}", tenths / 10, tenths % 10, kUnits[unit]);
  return fmt::format("{:4}{}", std::max<std::uint64_t>(bytes / unit_bytes, 100), kUnits[unit]);
}

std::string bracketed_rate(std::uint64_t bytes_per_second) {
  return '[' + amount(bytes_per_second) + "/s]";
}

std::string hours_text(std::uint64_t seconds) {
  return fmt::format("{}:{:02}:{:02}", seconds / kSecondsPerHour, seconds / 60 % 60, seconds % 60);
}

std::string eta_text(std::uint64_t seconds) {
  if (seconds < kSecondsPerDay) return "ETA " + hours_text(seconds);
  return fmt::format("ETA {}:{:02}:{:02}:{:02}", seconds / kSecondsPerDay,
                     seconds / kSecondsPerHour % 24, seconds / 60 % 60, seconds % 60);
}

// A terminal's columns, if each character takes one.
std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string known_bar(std::uint64_t percent, std::size_t columns) {
  const std::string end = fmt::format("] {:2}%", percent);
  if (columns < end.size() + 1) return {};
  const std::size_t inner = columns - end.size() - 1;
  const std::uint64_t reached = percent * inner / 100;
  const std::size_t tail =
      static_cast<std::size_t>(std::min<std::uint64_t>(reached == 0 ? 0 : reached - 1, inner));
  std::string bar = '[' + std::string(tail, '=');
  if (tail < inner) bar += '>' + std::string(inner - tail - 1, ' ');
  return bar + end;
}

// Of unknown size: something that moves to and fro, one place each step.
std::string moving_bar(std::uint64_t step, std::size_t columns) {
  constexpr std::string_view kMark = "<=>";
  if (columns < kMark.size() + 2) return {};
  const std::size_t room = columns - kMark.size() - 2;
  std::size_t place = 0;
  if (room > 0) {
    place = static_cast<std::size_t>(step % (2 * room));
    place = std::min(place, 2 * room - place);
  }
  return '[' + std::string(place, ' ') + std::string(kMark) + std::string(room - place, ' ') + ']';
}

class Line {
 public:
  Line(const PvFormat& format, const PipeState& state, const PvMoment& moment)
      : format_(format),
        state_(state),
        moment_(moment),
        elapsed_(static_cast<std::uint64_t>(elapsed_between(state.started, state.now).count())) {}

  [[nodiscard]] std::string numeric() const {
    const std::string time = format_.timer ? seconds_text() + ' ' : "";
    return time + std::to_string(format_.bytes ? state_.bytes_out : percent()) + '\n';
  }

  [[nodiscard]] std::string visual() const {
    const std::string pattern = format_.format.empty() ? pattern_of_switches() : format_.format;
    std::string before_bar;
    std::string after_bar;
    bool has_bar = false;
    for (std::size_t at = 0; at < pattern.size();) {
      std::string& into = has_bar ? after_bar : before_bar;
      const bool is_bar = pattern.compare(at, 2, "%p") == 0;
      if (is_bar) {
        has_bar = true;
        at += 2;
      } else {
        append_next(pattern, at, into);
      }
    }
    if (!has_bar) return before_bar;
    const std::size_t columns = format_.columns.value_or(moment_.columns);
    const std::size_t taken = columns_of(before_bar) + columns_of(after_bar);
    return before_bar + bar(columns - std::min(columns, taken)) + after_bar;
  }

 private:
  [[nodiscard]] bool knows_size() const { return format_.size_bytes.value_or(0) > 0; }

  [[nodiscard]] std::string pattern_of_switches() const {
    std::string pattern;
    const auto add = [&](bool wanted, std::string_view item) {
      if (!wanted) return;
      if (!pattern.empty()) pattern += ' ';
      pattern += item;
    };
    add(!format_.name.empty(), "%N");
    add(format_.bytes, "%b");
    add(format_.buffer_percent, "%T");
    add(format_.timer, "%t");
    add(format_.rate, "%r");
    add(format_.average_rate, "%a");
    add(format_.progress, "%p");
    add(format_.eta && knows_size(), "%e");
    add(format_.fineta && knows_size(), "%I");
    add(format_.last_written.has_value(), fmt::format("%{}A", format_.last_written.value_or(0)));
    return pattern;
  }

  // One `%x`, or one character that stands for itself. Unknown ones stand for themselves.
  void append_next(std::string_view pattern, std::size_t& at, std::string& into) const {
    if (pattern[at] != '%' || at + 1 == pattern.size()) {
      into += pattern[at++];
      return;
    }
    std::size_t letter = at + 1;
    std::uint64_t count = 0;
    while (letter + 1 < pattern.size() && pattern[letter] >= '0' && pattern[letter] <= '9') {
      const auto digit = static_cast<std::uint64_t>(pattern[letter] - '0');
      count = std::min(count * 10 + digit, kDotsMax);
      ++letter;
    }
    const bool has_count = letter > at + 1;
    if (pattern[letter] == 'A') {
      into += std::string(static_cast<std::size_t>(count), '.');
    } else if (const auto text = has_count ? std::nullopt : item(pattern[letter])) {
      into += *text;
    } else {
      into += pattern.substr(at, letter + 1 - at);
    }
    at = letter + 1;
  }

  [[nodiscard]] std::optional<std::string> item(char letter) const {
    switch (letter) {
      case 't':
        return hours_text(elapsed_ / kNanosecondsPerSecond);
      case 'e':
        return eta();
      case 'I':
        return fineta();
      case 'r':
        return bracketed_rate(moment_.is_last ? average() : moment_.bytes_per_second);
      case 'a':
        return bracketed_rate(average());
      case 'b':
        return amount(state_.bytes_out);
      case 'T':
        return fmt::format("{{{:3}%}}", fill_percent());
      case 'N':
        return fmt::format("{:>9}:", format_.name);
      case '%':
        return "%";
      default:
        return std::nullopt;
    }
  }

  [[nodiscard]] std::string bar(std::size_t columns) const {
    if (knows_size()) return known_bar(percent(), columns);
    const auto interval = std::chrono::nanoseconds(format_.interval).count();
    const auto step = static_cast<std::uint64_t>(std::max<std::int64_t>(interval, 1));
    return moving_bar(elapsed_ / step, columns);
  }

  [[nodiscard]] std::uint64_t percent() const {
    if (!knows_size()) return 0;
    return std::min(whole_ratio(state_.bytes_out, 100, *format_.size_bytes), kPercentMax);
  }

  [[nodiscard]] std::uint64_t fill_percent() const {
    if (state_.buffer_bytes == 0) return 0;
    return std::min<std::uint64_t>(whole_ratio(state_.buffered_bytes, 100, state_.buffer_bytes),
                                   100);
  }

  [[nodiscard]] std::uint64_t average() const {
    return average_rate(state_.bytes_out, Duration(elapsed_));
  }

  // What is left, at the pace so far; nothing while there is no pace.
  [[nodiscard]] std::uint64_t seconds_left() const {
    if (!knows_size() || state_.bytes_out == 0) return 0;
    const std::uint64_t left =
        *format_.size_bytes - std::min(*format_.size_bytes, state_.bytes_out);
    const std::uint64_t time_left = whole_ratio(left, elapsed_, state_.bytes_out);
    return std::min(time_left / kNanosecondsPerSecond, kEtaSecondsMax);
  }

  // Blanks of the same width where there is nothing to tell, so that the bar keeps its place.
  [[nodiscard]] std::string eta() const {
    if (!knows_size() || state_.bytes_out == 0) return std::string(kBlankEta);
    std::string text = eta_text(seconds_left());
    return moment_.is_last ? std::string(text.size(), ' ') : text;
  }

  [[nodiscard]] std::string fineta() const {
    if (!knows_size()) return {};
    const std::uint64_t left = seconds_left();
    const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(moment_.local_seconds, 0));
    const std::string date = utc_text(now + left);  // 2026-11-21T09:30:00Z
    if (date.empty()) return {};
    const std::string time = date.substr(11, 8);
    return left < kDateFromSeconds ? "ETA " + time : "ETA " + date.substr(0, 10) + ' ' + time;
  }

  [[nodiscard]] std::string seconds_text() const {
    constexpr std::uint64_t kNanosecondsPerFraction = 100'000;
    return fmt::format("{}.{:04}", elapsed_ / kNanosecondsPerSecond,
                       elapsed_ % kNanosecondsPerSecond / kNanosecondsPerFraction);
  }

  const PvFormat& format_;
  const PipeState& state_;
  const PvMoment& moment_;
  std::uint64_t elapsed_;  // nanoseconds
};

}  // namespace

std::string pv_line(const PvFormat& format, const PipeState& state, const PvMoment& moment) {
  const Line line(format, state, moment);
  if (format.numeric) return line.numeric();
  return line.visual() + (moment.is_last ? "\r\n" : "\r");
}

}  // namespace zsluice::cli
