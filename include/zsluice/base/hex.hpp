// SPDX-License-Identifier: BSD-2-Clause
// Bytes as hexadecimal digits: two for each byte, the high one first, lower case.
#pragma once

#include "zsluice/base/bytes.hpp"

#include <optional>
#include <string>

namespace zsluice {

void append_hex(std::string& text, ByteSpan bytes);
[[nodiscard]] std::string hex_text(ByteSpan bytes);

// 0 to 15. Nothing for any other letter, also of upper case: what is read back is what we wrote.
[[nodiscard]] std::optional<unsigned> hex_digit_value(char digit);

}  // namespace zsluice
