// SPDX-License-Identifier: BSD-2-Clause
#include "token/text_form.hpp"

#include "zsluice/base/hex.hpp"
#include "zsluice/checksum/fletcher4.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <system_error>

namespace zsluice::token {
namespace {

constexpr char kSeparator = '-';
constexpr std::size_t kFields = 4;
constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kHexDigitsMax = 16;  // of a 64-bit number

Unexpected<Error> failed(ErrorCode code, std::uint64_t found, std::uint64_t limit = 0) {
  return Unexpected{Error{.code = code, .found = found, .limit = limit}};
}

// Digits and nothing else: from_chars takes no sign and no blank for unsigned numbers, and no
// prefix.
std::optional<std::uint64_t> number_in(std::string_view field, int base) {
  std::uint64_t value = 0;
  const char* end = field.data() + field.size();
  const auto [parsed_to, fault] = std::from_chars(field.data(), end, value, base);
  if (fault != std::errc() || parsed_to != end) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> decimal_in(std::string_view field) {
  if (field.size() > 1 && field.front() == '0') return std::nullopt;
  return number_in(field, 10);
}

std::optional<std::uint64_t> hex_in(std::string_view field) {
  if (field.size() > kHexDigitsMax) return std::nullopt;
  return number_in(field, 16);
}

std::optional<unsigned> digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a') + 10;
  if (digit >= 'A' && digit <= 'F') return static_cast<unsigned>(digit - 'A') + 10;
  return std::nullopt;
}

// `digits` begins at `offset` in the text. libzfs drops an odd digit at the end; here it is an
// error, since a text that lost one must not pass.
Result<std::vector<std::byte>, Error> bytes_in(std::string_view digits, std::size_t offset) {
  std::vector<std::byte> bytes;
  bytes.reserve(digits.size() / 2);
  unsigned high = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const auto value = digit_value(digits[i]);
    if (!value) return failed(ErrorCode::bad_digit, offset + i);
    if (i % 2 == 0) {
      high = *value;
    } else {
      bytes.push_back(static_cast<std::byte>(high * 16 + *value));
    }
  }
  if (digits.size() % 2 != 0) return failed(ErrorCode::odd_digits, digits.size());
  return bytes;
}

}  // namespace

Result<TextForm, Error> read_text(std::string_view text) {
  if (text.size() > kTextBytesMax) {
    return failed(ErrorCode::text_too_long, text.size(), kTextBytesMax);
  }
  // `zfs get` prints "-" for a dataset that has none.
  if (text.empty() || text == "-") return failed(ErrorCode::empty, 0);
  // libzfs takes what stands behind the last separator for the data: of five fields it would pass
  // over one.
  const auto separators = std::count(text.begin(), text.end(), kSeparator);
  const std::size_t fields = static_cast<std::size_t>(separators) + 1;
  if (fields != kFields) return failed(ErrorCode::malformed, fields);

  std::array<std::string_view, kFields - 1> numbers;
  std::string_view rest = text;
  for (std::string_view& number : numbers) {
    number = rest.substr(0, rest.find(kSeparator));
    rest.remove_prefix(number.size() + 1);
  }
  const auto version = decimal_in(numbers[0]);
  if (!version) return failed(ErrorCode::bad_number, 1);
  if (*version != kVersion) return failed(ErrorCode::unsupported_version, *version);
  const auto checksum = hex_in(numbers[1]);
  if (!checksum) return failed(ErrorCode::bad_number, 2);
  const auto packed_bytes = hex_in(numbers[2]);
  if (!packed_bytes) return failed(ErrorCode::bad_number, 3);
  if (*packed_bytes > kPackedBytesMax) {
    return failed(ErrorCode::length_too_large, *packed_bytes, kPackedBytesMax);
  }
  auto compressed = bytes_in(rest, text.size() - rest.size());
  if (!compressed) return Unexpected{compressed.error()};
  return TextForm{.checksum = *checksum,
                  .packed_bytes = static_cast<std::size_t>(*packed_bytes),
                  .compressed = *std::move(compressed)};
}

std::string write_text(const TextForm& form) {
  std::string text;
  const auto append_number = [&text](std::uint64_t number) {
    std::array<char, kHexDigitsMax> digits{};
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
    text.append(digits.data(), written.ptr);
    text += kSeparator;
  };
  append_number(kVersion);
  append_number(form.checksum);
  append_number(form.packed_bytes);
  text.reserve(text.size() + 2 * form.compressed.size());
  append_hex(text, form.compressed);
  return text;
}

std::uint64_t checksum_of(ByteSpan compressed, ByteOrder order) {
  return checksum::fletcher4({}, compressed, order).a;
}

}  // namespace zsluice::token
