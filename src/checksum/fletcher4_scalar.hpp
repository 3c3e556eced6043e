// SPDX-License-Identifier: BSD-2-Clause
// Fletcher-4 word by word: the specification of the SIMD kernels, and the fastest way through the
// few words at a record's end.
#pragma once

#include "zsluice/checksum/fletcher4.hpp"

#include <cstddef>

namespace zsluice::checksum {

// Inlined by force: a call would pass the state through memory, written in words and read back as
// vectors, which a CPU cannot forward from its store buffer (a dozen cycles per record).
template <ByteOrder order>
[[nodiscard, gnu::always_inline]] inline Fletcher4 fletcher4_words(Fletcher4 state,
                                                                   const std::byte* bytes,
                                                                   std::size_t words) {
  // Scalars, not `state` itself: it has an address, and clang 14 captures no structured bindings.
  std::uint64_t a = state.a;
  std::uint64_t b = state.b;
  std::uint64_t c = state.c;
  std::uint64_t d = state.d;
  const auto add = [&](const std::byte* word) {
    a += load<std::uint32_t>(word, order);
    b += a;
    c += b;
    d += c;
  };
  for (; words >= 4; words -= 4, bytes += 16) {  // the loop's own instructions would cost a quarter
    add(bytes);
    add(bytes + 4);
    add(bytes + 8);
    add(bytes + 12);
  }
  for (; words > 0; --words, bytes += 4) {
    add(bytes);
  }
  return {a, b, c, d};
}

[[nodiscard, gnu::always_inline]] inline Fletcher4 fletcher4_scalar(const Fletcher4& state,
                                                                    const std::byte* bytes,
                                                                    std::size_t words,
                                                                    ByteOrder order) {
  return order == ByteOrder::little ? fletcher4_words<ByteOrder::little>(state, bytes, words)
                                    : fletcher4_words<ByteOrder::big>(state, bytes, words);
}

}  // namespace zsluice::checksum
