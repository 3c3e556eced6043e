// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/begin_payload.hpp"

#include "zsluice/nvlist/keys.hpp"
#include "zsluice/nvlist/walk.hpp"

#include <array>

namespace zsluice::drr {
namespace {

using nvlist::DataType;
using nvlist::Error;
using nvlist::Event;
using nvlist::KeyRule;
using nvlist::KeyTracker;
using nvlist::Reader;

enum class TopKey : std::uint8_t {
  redact_snaps,
  redact_from_snaps,
  resume_object,
  resume_offset,
  crypt_keydata,
};
constexpr std::array<KeyRule, 5> kTopRules{{
    {"redact_snaps", DataType::uint64_array},
    {"redact_from_snaps", DataType::uint64_array},
    {"resume_object", DataType::uint64},
    {"resume_offset", DataType::uint64},
    {"crypt_keydata", DataType::nvlist},
}};
constexpr std::uint32_t kResumeBits = 0b01100;  // of resume_object and resume_offset

// In the order of CryptKey.
constexpr std::array<KeyRule, kCryptKeys> kCryptRules{{
    {"DSL_CRYPTO_SUITE", DataType::uint64},
    {"DSL_CRYPTO_GUID", DataType::uint64},
    {"DSL_CRYPTO_VERSION", DataType::uint64},
    {"DSL_CRYPTO_MASTER_KEY_1", DataType::uint8_array, 32},
    {"DSL_CRYPTO_HMAC_KEY_1", DataType::uint8_array, 64},
    {"DSL_CRYPTO_IV", DataType::uint8_array, 12},
    {"DSL_CRYPTO_MAC", DataType::uint8_array, 16},
    {"portable_mac", DataType::uint8_array, 32},
    {"keyformat", DataType::uint64},
    {"pbkdf2iters", DataType::uint64},
    {"pbkdf2salt", DataType::uint64},
    {"mdn_checksum", DataType::uint64},
    {"mdn_compress", DataType::uint64},
    {"mdn_nlevels", DataType::uint64},
    {"mdn_blksz", DataType::uint64},
    {"mdn_indblkshift", DataType::uint64},
    {"mdn_nblkptr", DataType::uint64},
    {"mdn_maxblkid", DataType::uint64},
    {"to_ivset_guid", DataType::uint64},
    {"from_ivset_guid", DataType::uint64},
}};

// Where the number of a key goes; null for those that are arrays.
std::uint64_t* number_of(CryptKeydata& crypt, CryptKey key) {
  switch (key) {
    case CryptKey::suite:
      return &crypt.suite;
    case CryptKey::key_guid:
      return &crypt.key_guid;
    case CryptKey::version:
      return &crypt.version;
    case CryptKey::key_format:
      return &crypt.key_format;
    case CryptKey::pbkdf2_iterations:
      return &crypt.pbkdf2_iterations;
    case CryptKey::pbkdf2_salt:
      return &crypt.pbkdf2_salt;
    case CryptKey::mdn_checksum:
      return &crypt.mdn_checksum;
    case CryptKey::mdn_compress:
      return &crypt.mdn_compress;
    case CryptKey::mdn_nlevels:
      return &crypt.mdn_nlevels;
    case CryptKey::mdn_blksz:
      return &crypt.mdn_blksz;
    case CryptKey::mdn_indblkshift:
      return &crypt.mdn_indblkshift;
    case CryptKey::mdn_nblkptr:
      return &crypt.mdn_nblkptr;
    case CryptKey::mdn_maxblkid:
      return &crypt.mdn_maxblkid;
    case CryptKey::to_ivset_guid:
      return &crypt.to_ivset_guid;
    case CryptKey::from_ivset_guid:
      return &crypt.from_ivset_guid;
    case CryptKey::master_key:
    case CryptKey::hmac_key:
    case CryptKey::iv:
    case CryptKey::mac:
    case CryptKey::portable_mac:
      break;
  }
  return nullptr;
}

// Collects into a BeginPayload while the list is walked once, in whatever order its keys come.
class Decoder {
 public:
  explicit Decoder(const Reader& reader) : reader_(reader) {}

  Result<BeginPayload, Error> decode() {
    const auto done =
        nvlist::for_each_pair(reader_, [this](const Event& pair) { return take_top(pair); });
    if (!done) return Unexpected{done.error()};
    // Receivers want both halves of a resume point; one alone resumes nothing.
    const std::uint32_t resume_bits = top_keys_.present() & kResumeBits;
    if (resume_bits == kResumeBits) out_.resume = resume_;
    out_.encoding = reader_.encoding();
    out_.producer_order = reader_.producer_order();
    out_.packed_bytes = reader_.consumed();
    out_.unknown_keys = top_keys_.unknown_keys() + crypt_keys_.unknown_keys();
    out_.malformed_keys = top_keys_.malformed_keys() + crypt_keys_.malformed_keys();
    if (resume_bits != 0 && resume_bits != kResumeBits) ++out_.malformed_keys;
    return out_;
  }

 private:
  // KeyTracker has seen to the types, so the values below are there.
  Result<void, Error> take_top(const Event& pair) {
    const auto key = top_keys_.match(pair);
    if (!key) return Unexpected{key.error()};
    if (!*key) return {};
    switch (static_cast<TopKey>(**key)) {
      case TopKey::redact_snaps:
        out_.redact_snaps = pair.value.count();
        break;
      case TopKey::redact_from_snaps:
        out_.redact_from_snaps = pair.value.count();
        break;
      case TopKey::resume_object:
        resume_.object = *pair.value.as_u64();
        break;
      case TopKey::resume_offset:
        resume_.offset = *pair.value.as_u64();
        break;
      case TopKey::crypt_keydata:
        return take_crypt(pair);
    }
    return {};
  }

  Result<void, Error> take_crypt(const Event& pair) {
    CryptKeydata& crypt = out_.crypt.emplace();
    const auto done =
        nvlist::for_each_pair_of(reader_, pair, [&](const Event& inner) -> Result<void, Error> {
          const auto key = crypt_keys_.match(inner);
          if (!key) return Unexpected{key.error()};
          if (!*key) return {};
          std::uint64_t* number = number_of(crypt, static_cast<CryptKey>(**key));
          if (number != nullptr) *number = *inner.value.as_u64();
          return {};
        });
    crypt.present = crypt_keys_.present();
    crypt.malformed = crypt_keys_.malformed();
    return done;
  }

  Reader reader_;
  KeyTracker top_keys_{kTopRules};
  KeyTracker crypt_keys_{kCryptRules};
  ResumePoint resume_;
  BeginPayload out_;
};

}  // namespace

// The kernel unpacks these lists, so its depth is the limit.
Result<BeginPayload, Error> decode_begin_payload(ByteSpan payload) {
  const auto reader = Reader::open(payload, nvlist::kKernelDepthMax);
  if (!reader) return Unexpected{reader.error()};
  return Decoder(*reader).decode();
}

std::string_view suite_name(std::uint64_t suite) {
  constexpr std::array<std::string_view, kSuiteLast + 1> kNames{
      "inherit",     "on",          "off",         "aes-128-ccm", "aes-192-ccm",
      "aes-256-ccm", "aes-128-gcm", "aes-192-gcm", "aes-256-gcm"};
  return suite < kNames.size() ? kNames[suite] : "unknown";
}

std::string_view key_format_name(std::uint64_t key_format) {
  constexpr std::array<std::string_view, 4> kNames{"none", "raw", "hex", "passphrase"};
  return key_format < kNames.size() ? kNames[key_format] : "unknown";
}

}  // namespace zsluice::drr
