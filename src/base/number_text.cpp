// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/base/number_text.hpp"

#include <charconv>
#include <system_error>

namespace zsluice {

Result<std::uint64_t, NumberError> parse_u64(std::string_view text) {
  if (text.empty()) return Unexpected{NumberError::empty};
  if (text.front() == '-') return Unexpected{NumberError::negative};

  const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
  if (is_hex) text.remove_prefix(2);

  // from_chars knows no locale and takes neither sign nor blank for an unsigned type. It reports a
  // number that is too big after reading all its digits, so junk behind one is malformed first.
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const std::from_chars_result read = std::from_chars(text.data(), end, value, is_hex ? 16 : 10);
  if (read.ec == std::errc::invalid_argument || read.ptr != end) {
    return Unexpected{NumberError::malformed};
  }
  if (read.ec == std::errc::result_out_of_range) return Unexpected{NumberError::too_big};
  return value;
}

}  // namespace zsluice
