// SPDX-License-Identifier: BSD-2-Clause
// The text of a token, taken apart and put together (FORMAT.md §E). What its bytes mean is decode's
// and encode's.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/base/wire_int.hpp"
#include "zsluice/token/token.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zsluice::token {

struct TextForm {
  std::uint64_t checksum = 0;  // of `compressed`
  std::size_t packed_bytes = 0;
  std::vector<std::byte> compressed{};
};

// Nothing is allocated before the text and the size it claims are within their limits. Neither the
// checksum nor the size is compared with the data.
[[nodiscard]] Result<TextForm, Error> read_text(std::string_view text);

[[nodiscard]] std::string write_text(const TextForm& form);

// What a host of that byte order writes for these bytes: the first word of their Fletcher-4.
[[nodiscard]] std::uint64_t checksum_of(ByteSpan compressed, ByteOrder order);

}  // namespace zsluice::token
