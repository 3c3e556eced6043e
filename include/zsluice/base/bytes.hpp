// SPDX-License-Identifier: BSD-2-Clause
// Borrowed memory. A span never owns: who hands one out says how long it lives.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace zsluice {

using ByteSpan = std::span<const std::byte>;
using MutableByteSpan = std::span<std::byte>;

// The bytes of a text, without its terminator.
[[nodiscard]] inline ByteSpan bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// Bytes seen as text, whatever they hold. Foreign text is escaped before it is shown (escape.hpp).
[[nodiscard]] inline std::string_view text_of(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Takes up to `count` bytes from the front of `input`, which is advanced past them.
inline ByteSpan take_prefix(ByteSpan& input, std::size_t count) {
  const ByteSpan prefix = input.first(count < input.size() ? count : input.size());
  input = input.subspan(prefix.size());
  return prefix;
}

}  // namespace zsluice
