// SPDX-License-Identifier: BSD-2-Clause
// Integers as they lie in foreign bytes: unaligned, and in an order that is not the host's. All
// access goes through memcpy, since a misaligned load is undefined and the order is data.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace zsluice {

enum class ByteOrder : std::uint8_t { little, big };

inline constexpr ByteOrder kHostOrder =
    std::endian::native == std::endian::little ? ByteOrder::little : ByteOrder::big;

[[nodiscard]] constexpr ByteOrder opposite(ByteOrder order) {
  return order == ByteOrder::little ? ByteOrder::big : ByteOrder::little;
}

// std::byteswap is C++23.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T byteswapped(T value) {
  if constexpr (sizeof(T) == 1) {
    return value;
  } else if constexpr (sizeof(T) == 2) {
    return __builtin_bswap16(value);
  } else if constexpr (sizeof(T) == 4) {
    return __builtin_bswap32(value);
  } else {
    static_assert(sizeof(T) == 8);
    return __builtin_bswap64(value);
  }
}

// Reads a T at `from`, which must have sizeof(T) readable bytes.
template <std::unsigned_integral T>
[[nodiscard]] inline T load(const std::byte* from, ByteOrder order) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return order == kHostOrder ? value : byteswapped(value);
}

// Writes a T at `to`, which must have room for sizeof(T) bytes.
template <std::unsigned_integral T>
inline void store(std::byte* to, T value, ByteOrder order) {
  const T wire = order == kHostOrder ? value : byteswapped(value);
  std::memcpy(to, &wire, sizeof(wire));
}

}  // namespace zsluice
