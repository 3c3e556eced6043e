// SPDX-License-Identifier: BSD-2-Clause
// Resume tokens for tests, good ones and bad ones (FORMAT.md §E). Shares no code with the module
// `token` and needs no zlib, so that each checks the other.
#pragma once

#include "support/nvlist_builder.hpp"
#include "zsluice/base/bytes.hpp"
#include "zsluice/base/wire_int.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace zsluice::test {

struct TokenText {
  std::string version = "1";
  std::string checksum{};
  std::string length{};
  std::string digits{};

  [[nodiscard]] std::string text() const {
    return version + "-" + checksum + "-" + length + "-" + digits;
  }
};

[[nodiscard]] TokenText token_parts(std::string_view text);

// The sum is right for `compressed`, whatever that is.
[[nodiscard]] TokenText token_of(const Bytes& compressed, std::size_t length, ByteOrder order);
// A right token in all but the list, which is the caller's.
[[nodiscard]] TokenText token_around(ByteSpan packed, ByteOrder order);

// In zlib's format, by stored blocks.
[[nodiscard]] Bytes zlib_stored(ByteSpan bytes);
// Data that unpacks to zeros without an end, 158 for each of its own bytes.
[[nodiscard]] Bytes zlib_bomb(std::size_t compressed_bytes);

[[nodiscard]] std::string hex_of(ByteSpan bytes);
[[nodiscard]] Bytes bytes_of_hex(std::string_view digits);

// A real token, and what OpenZFS printed of it (`zfs send -nvt`): "object" → "0x1", "rawok" → "1".
struct CorpusToken {
  std::string name;  // "g256_raw_full.cut108908"
  std::string text;
  std::map<std::string, std::string, std::less<>> printed;
};
[[nodiscard]] const std::vector<CorpusToken>& corpus_tokens();

}  // namespace zsluice::test
