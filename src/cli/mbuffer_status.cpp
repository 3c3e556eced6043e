// SPDX-License-Identifier: BSD-2-Clause
#include "cli/mbuffer_status.hpp"

#include "cli/rate_meter.hpp"
#include "cli/wide_ratio.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace zsluice::cli {
namespace {

constexpr std::array<std::string_view, 6> kUnits = {"ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
constexpr unsigned kUnitBits = 10;
// mbuffer keeps a unit up to four digits: 9765 ki, then 10.0 Mi.
constexpr std::uint64_t kUnitCountMax = 10240;
constexpr std::uint64_t kTenthsOfThreeDigits = 1000;

enum class Fraction : std::uint8_t { kept, whole_ki };

// Four columns of number and the unit: " 9.0 ki", "99.4 Mi", " 124 Mi".
std::string amount(std::uint64_t bytes, Fraction fraction) {
  std::size_t unit = 0;
  unsigned shift = kUnitBits;
  while (unit + 1 < kUnits.size() && bytes >> shift >= kUnitCountMax) {
    ++unit;
    shift += kUnitBits;
  }
  const std::uint64_t unit_bytes = std::uint64_t{1} << shift;
  if (unit == 0 && fraction == Fraction::whole_ki) bytes -= bytes % unit_bytes;
  const std::uint64_t tenths = rounded_ratio(bytes, 10, unit_bytes);
  if (tenths < kTenthsOfThreeDigits) {
    return fmt::format("{:2}.{} {}", tenths / 10, tenths % 10, kUnits[unit]);
  }
  return fmt::format("{:4} {}", rounded_ratio(bytes, 1, unit_bytes), kUnits[unit]);
}

std::string rate(std::uint64_t bytes_per_second) {
  return amount(bytes_per_second, Fraction::kept) + "B/s";
}

std::string time_text(Duration time) {
  constexpr std::uint64_t kNanosecondsPerTenth = 100'000'000;
  const std::uint64_t tenths =
      rounded_ratio(static_cast<std::uint64_t>(time.count()), 1, kNanosecondsPerTenth);
  const std::uint64_t seconds = tenths / 10;
  const std::uint64_t minutes = seconds / 60;
  if (minutes == 0) return fmt::format("{:2}.{}sec", seconds, tenths % 10);
  const std::string rest = fmt::format("min {:02}.{}sec", seconds % 60, tenths % 10);
  if (minutes < 60) return fmt::format("{:2}{}", minutes, rest);
  return fmt::format("{}h {:02}{}", minutes / 60, minutes % 60, rest);
}

}  // namespace

std::string mbuffer_status_line(const pipeline::PipeState& state, const MbufferRates& rates) {
  const std::uint64_t full =
      state.buffer_bytes == 0 ? 0 : whole_ratio(state.buffered_bytes, 100, state.buffer_bytes);
  return fmt::format("\rin @ {}, out @ {}, {}B total, buffer {:3}% full",
                     rate(rates.in_bytes_per_second), rate(rates.out_bytes_per_second),
                     amount(state.bytes_out, Fraction::whole_ki),
                     std::min<std::uint64_t>(full, 100));
}

std::string mbuffer_summary(const pipeline::PipeState& state, bool follows_line) {
  const Duration elapsed = elapsed_between(state.started, state.now);
  return fmt::format("{}summary: {}Byte in {} - average of {}\n", follows_line ? "\n" : "",
                     amount(state.bytes_out, Fraction::whole_ki), time_text(elapsed),
                     rate(average_rate(state.bytes_out, elapsed)));
}

}  // namespace zsluice::cli
