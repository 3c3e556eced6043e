// SPDX-License-Identifier: BSD-2-Clause
// a · b / c without overflow, for numbers that are shown: percentages, rates, remaining time. What
// does not fit 64 bits is the largest number that does.
#pragma once

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

}  // namespace zsluice::cli
