// SPDX-License-Identifier: BSD-2-Clause
// HMAC-SHA-256 (RFC 2104): proof that whoever wrote bytes held a key. What Fletcher-4 and XXH3 are
// not: a defence against those who can change both the bytes and their checksum.
#pragma once

#include "zsluice/base/bytes.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>

// Declared by <openssl/types.h>, which stays private to hmac_sha256.cpp.
struct evp_mac_ctx_st;  // NOLINT(readability-identifier-naming)
struct evp_md_ctx_st;   // NOLINT(readability-identifier-naming)

namespace zsluice::checksum {

inline constexpr std::size_t kHmacSha256Bytes = 32;
using HmacSha256Digest = std::array<std::byte, kHmacSha256Bytes>;
using Sha256Digest = std::array<std::byte, 32>;

// One message after another under one key: update for each piece, finish, update… The key is copied
// into libcrypto's memory, which wipes it when the object goes. A moved-from object may only be
// destroyed or assigned to.
class HmacSha256 {
 public:
  explicit HmacSha256(ByteSpan key);

  void update(ByteSpan piece);
  // Of everything since construction, the last finish() or reset(); the next message begins. None
  // if libcrypto does not offer the digest or had no memory.
  [[nodiscard]] std::optional<HmacSha256Digest> finish();
  // Forgets what was given of a message.
  void reset();

 private:
  struct Free {
    void operator()(evp_mac_ctx_st* context) const;
  };
  std::unique_ptr<evp_mac_ctx_st, Free> context_;
  bool working_ = false;
};

// SHA-256 without a key: what an HMAC over a header says of the bytes behind it.
[[nodiscard]] std::optional<Sha256Digest> sha256(ByteSpan message);

// The same of a message that comes in pieces: update for each, finish, once. A moved-from object
// may only be destroyed or assigned to.
class Sha256 {
 public:
  Sha256();

  void update(ByteSpan piece);
  // None if libcrypto does not offer the digest or had no memory.
  [[nodiscard]] std::optional<Sha256Digest> finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
  bool working_ = false;
};

[[nodiscard]] std::optional<HmacSha256Digest> hmac_sha256(ByteSpan key, ByteSpan message);

// In a time that depends on the lengths only: how long a comparison takes must not tell how much of
// a forged digest was right.
[[nodiscard]] bool equal_in_constant_time(ByteSpan one, ByteSpan other);

}  // namespace zsluice::checksum
