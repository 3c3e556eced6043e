// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/checksum/hmac_sha256.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <utility>

namespace zsluice::checksum {
namespace {

struct FreeMac {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
};

const unsigned char* unsigned_of(ByteSpan bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

HmacSha256::HmacSha256(ByteSpan key) {
  const std::unique_ptr<EVP_MAC, FreeMac> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  if (mac != nullptr) context_.reset(EVP_MAC_CTX_new(mac.get()));
  if (context_ == nullptr) return;
  std::array<char, 7> digest = {"SHA256"};
  const std::array<OSSL_PARAM, 2> parameters = {
      OSSL_PARAM_construct_utf8_string("digest", digest.data(), 0), OSSL_PARAM_construct_end()};
  // A null key would mean the one that was there before.
  constexpr unsigned char kNoKey = 0;
  const unsigned char* bytes = key.empty() ? &kNoKey : unsigned_of(key);
  working_ = EVP_MAC_init(context_.get(), bytes, key.size(), parameters.data()) == 1;
}

void HmacSha256::update(ByteSpan piece) {
  if (piece.empty()) return;
  working_ = working_ && EVP_MAC_update(context_.get(), unsigned_of(piece), piece.size()) == 1;
}

std::optional<HmacSha256Digest> HmacSha256::finish() {
  HmacSha256Digest digest;
  std::size_t bytes = 0;
  const bool done = working_ &&
                    EVP_MAC_final(context_.get(), reinterpret_cast<unsigned char*>(digest.data()),
                                  &bytes, digest.size()) == 1 &&
                    bytes == digest.size();
  if (!done) return std::nullopt;
  reset();
  return digest;
}

void HmacSha256::reset() {
  working_ = working_ && EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1;
}

void HmacSha256::Free::operator()(evp_mac_ctx_st* context) const {
  EVP_MAC_CTX_free(context);
}

std::optional<Sha256Digest> sha256(ByteSpan message) {
  Sha256Digest digest;
  std::size_t bytes = 0;
  if (EVP_Q_digest(nullptr, "SHA256", nullptr, message.data(), message.size(),
                   reinterpret_cast<unsigned char*>(digest.data()), &bytes) != 1) {
    return std::nullopt;
  }
  return digest;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  working_ = context_ != nullptr && EVP_DigestInit_ex2(context_.get(), EVP_sha256(), nullptr) == 1;
}

void Sha256::update(ByteSpan piece) {
  working_ = working_ && EVP_DigestUpdate(context_.get(), piece.data(), piece.size()) == 1;
}

std::optional<Sha256Digest> Sha256::finish() {
  Sha256Digest digest;
  unsigned bytes = 0;
  const bool done =
      std::exchange(working_, false) &&
      EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), &bytes) ==
          1;
  if (!done) return std::nullopt;
  return digest;
}

void Sha256::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

std::optional<HmacSha256Digest> hmac_sha256(ByteSpan key, ByteSpan message) {
  HmacSha256 mac(key);
  mac.update(message);
  return mac.finish();
}

bool equal_in_constant_time(ByteSpan one, ByteSpan other) {
  return one.size() == other.size() &&
         (one.empty() || CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0);
}

}  // namespace zsluice::checksum
