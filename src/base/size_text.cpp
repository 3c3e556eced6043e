// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/base/size_text.hpp"

#include "zsluice/base/number_text.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <limits>

namespace zsluice {
namespace {

__extension__ using Uint128 = unsigned __int128;

constexpr std::string_view kUnitLetters = "KMGTP";
constexpr unsigned kUnitBits = 10;  // each unit is 2^10 of the one before
constexpr unsigned kUnitsMax = 5;
// 10^18 fits 64 bits, and 10^18 · 2^50 fits 128: the fraction is exact.
constexpr std::size_t kFractionDigitsMax = 18;
constexpr unsigned kBitsPerByteLog2 = 3;

// whole + fraction / fraction_scale, as written.
struct Decimal {
  std::uint64_t whole = 0;
  std::uint64_t fraction = 0;
  std::uint64_t fraction_scale = 1;
};

// The C library's tolower() and isdigit() ask the locale.
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return lower(a) == b; });
}

std::string_view take_digits(std::string_view& rest) {
  std::size_t count = 0;
  while (count < rest.size() && is_digit(rest[count])) {
    ++count;
  }
  const std::string_view digits = rest.substr(0, count);
  rest.remove_prefix(count);
  return digits;
}

Result<Decimal, SizeError> take_decimal(std::string_view& rest) {
  if (rest.empty()) return Unexpected{SizeError::empty};
  if (rest.front() == '-') return Unexpected{SizeError::negative};

  Decimal number;
  const std::string_view whole = take_digits(rest);
  if (!whole.empty()) {
    const Result<std::uint64_t, NumberError> parsed = parse_u64(whole);
    if (!parsed) return Unexpected{SizeError::too_big};
    number.whole = *parsed;
  }
  if (!rest.starts_with('.')) {
    if (whole.empty()) return Unexpected{SizeError::malformed};
    return number;
  }
  rest.remove_prefix(1);
  const std::string_view fraction = take_digits(rest);
  if (fraction.empty() || fraction.size() > kFractionDigitsMax) {
    return Unexpected{SizeError::malformed};
  }
  for (const char digit : fraction) {
    number.fraction = number.fraction * 10 + static_cast<std::uint64_t>(digit - '0');
    number.fraction_scale *= 10;
  }
  return number;
}

// Takes `K`, `Ki` and so on, and answers with the power of two; without a letter it is 2^0.
unsigned take_unit_shift(std::string_view& rest) {
  if (rest.empty()) return 0;
  for (unsigned unit = 0; unit < kUnitsMax; ++unit) {
    if (lower(rest.front()) != lower(kUnitLetters[unit])) continue;
    rest.remove_prefix(1);
    if (!rest.empty() && lower(rest.front()) == 'i') rest.remove_prefix(1);
    return (unit + 1) * kUnitBits;
  }
  return 0;
}

struct ParsedUnit {
  unsigned shift = 0;
  bool counts_bits = false;
};

enum class UnitKind : std::uint8_t { size, rate };

// What follows the number, all of it.
Result<ParsedUnit, SizeError> parse_unit(std::string_view rest, UnitKind kind) {
  const bool is_rate = kind == UnitKind::rate;
  const bool per_second =
      is_rate && rest.size() >= 2 && equals_ignoring_case(rest.substr(rest.size() - 2), "/s");
  if (per_second) rest.remove_suffix(2);
  // One blank may stand before the unit, since that is how the printer writes it.
  if (rest.size() > 1 && rest.front() == ' ') rest.remove_prefix(1);

  ParsedUnit unit;
  unit.shift = take_unit_shift(rest);
  if (rest.empty() || equals_ignoring_case(rest, "b")) return unit;

  const bool is_bps = !per_second && rest.front() == 'b' && equals_ignoring_case(rest, "bps");
  unit.counts_bits = is_rate && (is_bps || equals_ignoring_case(rest, "bit"));
  if (!unit.counts_bits) return Unexpected{SizeError::unknown_unit};
  return unit;
}

Result<std::uint64_t, SizeError> parse(std::string_view text, UnitKind kind) {
  const Result<Decimal, SizeError> number = take_decimal(text);
  if (!number) return Unexpected{number.error()};
  const Result<ParsedUnit, SizeError> unit = parse_unit(text, kind);
  if (!unit) return Unexpected{unit.error()};

  Uint128 bytes = (Uint128{number->whole} << unit->shift) +
                  (Uint128{number->fraction} << unit->shift) / number->fraction_scale;
  if (unit->counts_bits) bytes >>= kBitsPerByteLog2;
  if (bytes > std::numeric_limits<std::uint64_t>::max()) return Unexpected{SizeError::too_big};
  const bool is_zero = number->whole == 0 && number->fraction == 0;
  if (bytes == 0 && !is_zero) return Unexpected{SizeError::too_small};
  return static_cast<std::uint64_t>(bytes);
}

void append_unit(std::string& text, unsigned unit) {
  text += ' ';
  if (unit > 0) {
    text += kUnitLetters[unit - 1];
    text += 'i';
  }
  text += 'B';
}

std::string format_exact(std::uint64_t bytes) {
  const auto zeros = bytes == 0 ? 0U : static_cast<unsigned>(std::countr_zero(bytes));
  const unsigned unit = std::min(zeros / kUnitBits, kUnitsMax);
  std::string text = std::to_string(bytes >> (unit * kUnitBits));
  append_unit(text, unit);
  return text;
}

std::string format_rounded(std::uint64_t bytes) {
  const auto width = static_cast<unsigned>(std::bit_width(bytes | 1));
  unsigned unit = std::min((width - 1) / kUnitBits, kUnitsMax);
  const std::uint64_t unit_bytes = std::uint64_t{1} << (unit * kUnitBits);
  std::uint64_t whole = bytes / unit_bytes;
  const std::uint64_t remainder = bytes % unit_bytes;
  std::uint64_t tenths = (remainder * 10 + unit_bytes / 2) / unit_bytes;
  if (tenths == 10) {
    tenths = 0;
    ++whole;
  }
  if (whole == 1024 && unit < kUnitsMax) {  // 1023.96 KiB is 1.0 MiB
    whole = 1;
    ++unit;
  }
  std::string text = std::to_string(whole);
  if (remainder != 0) {
    text += '.';
    text += static_cast<char>('0' + tenths);
  }
  append_unit(text, unit);
  return text;
}

}  // namespace

Result<std::uint64_t, SizeError> parse_size(std::string_view text) {
  return parse(text, UnitKind::size);
}

Result<Rate, SizeError> parse_rate(std::string_view text) {
  if (equals_ignoring_case(text, "off") || equals_ignoring_case(text, "unlimited")) return Rate{};
  const Result<std::uint64_t, SizeError> bytes_per_second = parse(text, UnitKind::rate);
  if (!bytes_per_second) return Unexpected{bytes_per_second.error()};
  return Rate{.bytes_per_second = *bytes_per_second};
}

std::string format_size(std::uint64_t bytes, SizeForm form) {
  return form == SizeForm::exact ? format_exact(bytes) : format_rounded(bytes);
}

std::string format_rate(std::uint64_t bytes_per_second, SizeForm form) {
  return format_size(bytes_per_second, form) + "/s";
}

std::string format_rate(Rate limit, SizeForm form) {
  return limit.is_unlimited() ? "unlimited" : format_rate(limit.bytes_per_second, form);
}

}  // namespace zsluice
