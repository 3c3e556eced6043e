// SPDX-License-Identifier: BSD-2-Clause
// XXH3-128 as bytes: the canonical form, the high half first, each half big-endian.
#pragma once

#include "zsluice/base/wire_int.hpp"
#include "zsluice/checksum/xxh3.hpp"

#include <cstddef>
#include <cstdint>

namespace zsluice::storage {

[[nodiscard]] inline checksum::Xxh3Digest hash_at(const std::byte* bytes) {
  return {.high = load<std::uint64_t>(bytes, ByteOrder::big),
          .low = load<std::uint64_t>(bytes + 8, ByteOrder::big)};
}

inline void put_hash(std::byte* to, const checksum::Xxh3Digest& hash) {
  store(to, hash.high, ByteOrder::big);
  store(to + 8, hash.low, ByteOrder::big);
}

}  // namespace zsluice::storage
