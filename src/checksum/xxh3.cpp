// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/checksum/xxh3.hpp"

#if defined(ZSLUICE_XXHASH_DISPATCH)
#include <xxh_x86dispatch.h>  // renames the functions of <xxhash.h> to the dispatching ones
#else
#include <xxhash.h>
#endif

#include <new>

namespace zsluice::checksum {
namespace {

Xxh3Digest digest_of(const XXH128_hash_t& hash) {
  return {.high = hash.high64, .low = hash.low64};
}

}  // namespace

// The calls below report an error for null arguments only, hence the ignored results.

Xxh3Digest xxh3(ByteSpan bytes) {
  return digest_of(XXH3_128bits(bytes.data(), bytes.size()));
}

Xxh3::Xxh3() : state_(XXH3_createState()) {
  if (state_ == nullptr) throw std::bad_alloc();
  reset();
}

void Xxh3::reset() {
  static_cast<void>(XXH3_128bits_reset(state_.get()));
}

void Xxh3::update(ByteSpan piece) {
  if (piece.empty()) return;
  static_cast<void>(XXH3_128bits_update(state_.get(), piece.data(), piece.size()));
}

Xxh3Digest Xxh3::digest() const {
  return digest_of(XXH3_128bits_digest(state_.get()));
}

void Xxh3::Free::operator()(XXH3_state_s* state) const {
  static_cast<void>(XXH3_freeState(state));
}

}  // namespace zsluice::checksum
