// SPDX-License-Identifier: BSD-2-Clause
// XXH3-128 of xxHash, the hash of segments and pieces: fast, good against accidents, and no defence
// against whoever can write both data and hash.
#pragma once

#include "zsluice/base/bytes.hpp"

#include <cstdint>
#include <memory>

// Declared by <xxhash.h>, which stays private to xxh3.cpp.
struct XXH3_state_s;  // NOLINT(readability-identifier-naming)

namespace zsluice::checksum {

// The numeric halves. As bytes and as hex the canonical form has `high` first, big-endian.
struct Xxh3Digest {
  std::uint64_t high{};
  std::uint64_t low{};

  friend bool operator==(const Xxh3Digest&, const Xxh3Digest&) = default;
};

// The hash of bytes that are all there. Does not allocate.
[[nodiscard]] Xxh3Digest xxh3(ByteSpan bytes);

// The hash of bytes that arrive in pieces; any chopping gives the same digest.
//
// The state is allocated once, by the constructor (std::bad_alloc), and used again after reset().
// It cannot lie in the object itself: its size belongs to the shared library, not to the header
// that was there at build time. A moved-from object may only be destroyed or assigned to.
class Xxh3 {
 public:
  Xxh3();

  void reset();
  void update(ByteSpan piece);
  // Of everything since construction or reset(). More may follow.
  [[nodiscard]] Xxh3Digest digest() const;

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
};

}  // namespace zsluice::checksum
