// SPDX-License-Identifier: BSD-2-Clause
// Sizes and rates as text: the one parser and the one printer, for every option and every message.
//
//   size  NUMBER [K|M|G|T|P [i]] [B]              64K  1.5M  2GiB  2gb  0.5t  "64 KiB"  1048576
//   rate  off | unlimited | 0
//         size [/s]                               10M  10MiB/s
//         NUMBER [K|M|G|T|P [i]] bit [/s] | bps   30Mbit  30Mbit/s  30Mbps
//
// All units are powers of 1024, bits too: one rule for every option, and the one that users of zfs,
// mbuffer and syncoid assume. (A line sold as 30 Mbit/s means 30 000 000; 30Mbit here is 4.9 %
// more.) Upper and lower case mean the same, so `Mb` is mebibytes: bits must be spelled out. The
// exception is `bps`, which takes a small b only: `MBps` is read as bytes by some and as bits by
// others, and is refused rather than guessed.
//
// Arithmetic is exact: a fraction of a byte is cut off, never rounded up, and no locale or floating
// point is involved.
#pragma once

#include "zsluice/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace zsluice {

enum class SizeError : std::uint8_t {
  empty,
  negative,      // starts with a minus sign
  malformed,     // does not start with a number of at most 18 digits after the point
  unknown_unit,  // what follows the number is no unit of a size or rate
  too_small,     // more than nothing, but less than a byte: never silently zero, which means "off"
  too_big,       // 2^64 bytes or more
};

// Bytes. Zero is a size; whether it is a sensible one is for the option to say.
[[nodiscard]] Result<std::uint64_t, SizeError> parse_size(std::string_view text);

// A limit on a flow of bytes.
struct Rate {
  std::uint64_t bytes_per_second = 0;  // 0: no limit

  [[nodiscard]] bool is_unlimited() const { return bytes_per_second == 0; }
  friend bool operator==(const Rate&, const Rate&) = default;
};

[[nodiscard]] Result<Rate, SizeError> parse_rate(std::string_view text);

enum class SizeForm : std::uint8_t {
  rounded,  // at most one decimal, to the nearest: 1.5 MiB; a decimal is left out only when exact
  exact,    // the largest unit that leaves no fraction: 1536 KiB; parse_size gives the same bytes
};

[[nodiscard]] std::string format_size(std::uint64_t bytes, SizeForm form = SizeForm::rounded);

// A measured rate: 0 is `0 B/s`.
[[nodiscard]] std::string format_rate(std::uint64_t bytes_per_second,
                                      SizeForm form = SizeForm::rounded);
// A limit: 0 is `unlimited`.
[[nodiscard]] std::string format_rate(Rate limit, SizeForm form = SizeForm::rounded);

}  // namespace zsluice
