// SPDX-License-Identifier: BSD-2-Clause
// a · b / c without overflow, for numbers that are shown: percentages, rates, remaining time. What
// does not fit 64 bits is the largest number that does.
#pragma once

#include "zsluice/base/time.hpp"

#include <cstdint>
#include <limits>

namespace zsluice::cli {

__extension__ using WideProduct = unsigned __int128;

namespace wide_ratio_detail {
[[nodiscard]] constexpr std::uint64_t saturated(WideProduct number) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  return number > kMax ? kMax : static_cast<std::uint64_t>(number);
}
}  // namespace wide_ratio_detail

// Rounded down. `divisor` is not 0.
[[nodiscard]] constexpr std::uint64_t whole_ratio(std::uint64_t number,
                                                  std::uint64_t factor,
                                                  std::uint64_t divisor) {
  return wide_ratio_detail::saturated(WideProduct{number} * factor / divisor);
}

// To the nearest. `divisor` is not 0.
[[nodiscard]] constexpr std::uint64_t rounded_ratio(std::uint64_t number,
                                                    std::uint64_t factor,
                                                    std::uint64_t divisor) {
  return wide_ratio_detail::saturated((WideProduct{number} * factor + divisor / 2) / divisor);
}

// 0 when the time has gone backwards.
[[nodiscard]] constexpr std::uint64_t nanoseconds_between(TimePoint from, TimePoint to) {
  return to <= from ? 0 : static_cast<std::uint64_t>((to - from).count());
}

// An average; 0 over no time.
[[nodiscard]] constexpr std::uint64_t per_second(std::uint64_t bytes, std::uint64_t nanoseconds) {
  constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
  return nanoseconds == 0 ? 0 : whole_ratio(bytes, kNanosecondsPerSecond, nanoseconds);
}

}  // namespace zsluice::cli
