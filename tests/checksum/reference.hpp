// SPDX-License-Identifier: BSD-2-Clause
// Fletcher-4 as FORMAT.md §C.1 puts it, one word at a time, and bytes to feed it with.
#pragma once

#include "zsluice/checksum/fletcher4.hpp"

#include <cstdint>
#include <ostream>
#include <random>
#include <vector>

namespace zsluice::checksum {

inline void PrintTo(const Fletcher4& sum, std::ostream* out) {
  *out << std::hex << '(' << sum.a << ", " << sum.b << ", " << sum.c << ", " << sum.d << ')';
}

inline Fletcher4 naive(Fletcher4 state, ByteSpan range, ByteOrder order) {
  for (; range.size() >= 4; range = range.subspan(4)) {
    std::uint64_t word = 0;
    for (unsigned i = 0; i < 4; ++i) {
      const unsigned shift = 8 * (order == ByteOrder::little ? i : 3 - i);
      word |= std::to_integer<std::uint64_t>(range[i]) << shift;
    }
    state.a += word;
    state.b += state.a;
    state.c += state.b;
    state.d += state.c;
  }
  return state;
}

inline std::vector<std::byte> random_bytes(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> bytes(count);
  for (std::byte& byte : bytes)
    byte = static_cast<std::byte>(random());
  return bytes;
}

inline Fletcher4 random_state(std::mt19937_64& random) {
  Fletcher4 state;
  state.a = random();
  state.b = random();
  state.c = random();
  state.d = random();
  return state;
}

}  // namespace zsluice::checksum
