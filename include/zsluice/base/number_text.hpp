// SPDX-License-Identifier: BSD-2-Clause
// Whole numbers as people type them into options: guids (--expect-toguid) and counts. `zfs get
// guid` prints decimal, stream dumps print hex, so both are read. Sizes and rates: size_text.hpp.
#pragma once

#include "zsluice/base/result.hpp"

#include <cstdint>
#include <string_view>

namespace zsluice {

enum class NumberError : std::uint8_t {
  empty,
  negative,   // starts with a minus sign
  malformed,  // anything but digits: signs, blanks, separators, hex without 0x
  too_big,    // needs more than 64 bits
};

// Decimal, or hex after `0x` or `0X`. Leading zeros stay decimal (there is no octal). Hex without
// its prefix is refused rather than guessed: a guid whose hex digits are all 0–9 would be read as a
// different number.
[[nodiscard]] Result<std::uint64_t, NumberError> parse_u64(std::string_view text);

}  // namespace zsluice
