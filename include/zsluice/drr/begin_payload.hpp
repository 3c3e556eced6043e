// SPDX-License-Identifier: BSD-2-Clause
// BeginPayload: what the nvlist after a substream's BEGIN says (FORMAT.md §D.5), as plain numbers.
// It owns nothing and borrows nothing.
//
// A damaged list is an error. A key that is not known, or holds another type than it should, is
// counted and otherwise as if absent: whether that matters is for the caller's rules.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/base/wire_int.hpp"
#include "zsluice/nvlist/reader.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace zsluice::drr {

struct ResumePoint {
  std::uint64_t object{};
  std::uint64_t offset{};
  friend bool operator==(const ResumePoint&, const ResumePoint&) = default;
};

// The keys of crypt_keydata, in the order OpenZFS sends them.
enum class CryptKey : std::uint8_t {
  suite,
  key_guid,
  version,
  master_key,
  hmac_key,
  iv,
  mac,
  portable_mac,
  key_format,
  pbkdf2_iterations,
  pbkdf2_salt,
  mdn_checksum,
  mdn_compress,
  mdn_nlevels,
  mdn_blksz,
  mdn_indblkshift,
  mdn_nblkptr,
  mdn_maxblkid,
  to_ivset_guid,
  from_ivset_guid,
};
inline constexpr std::size_t kCryptKeys = 20;

// The wrapped keys themselves stay in the stream: here only whether they are there.
struct CryptKeydata {
  std::uint64_t suite{};
  std::uint64_t key_guid{};
  std::uint64_t version{};
  std::uint64_t key_format{};
  std::uint64_t pbkdf2_iterations{};
  std::uint64_t pbkdf2_salt{};
  // Shape of the meta-dnode.
  std::uint64_t mdn_checksum{};
  std::uint64_t mdn_compress{};
  std::uint64_t mdn_nlevels{};
  std::uint64_t mdn_blksz{};
  std::uint64_t mdn_indblkshift{};
  std::uint64_t mdn_nblkptr{};
  std::uint64_t mdn_maxblkid{};
  std::uint64_t to_ivset_guid{};    // 0 or absent on pools with errata 4
  std::uint64_t from_ivset_guid{};  // 0 in full streams

  std::uint32_t present{};    // bit per CryptKey: there, with the right type and length
  std::uint32_t malformed{};  // bit per CryptKey: there, but of another type or length

  [[nodiscard]] bool has(CryptKey key) const { return (present & bit(key)) != 0; }
  [[nodiscard]] bool has_malformed(CryptKey key) const { return (malformed & bit(key)) != 0; }
  [[nodiscard]] static constexpr std::uint32_t bit(CryptKey key) {
    return std::uint32_t{1} << static_cast<unsigned>(key);
  }
  friend bool operator==(const CryptKeydata&, const CryptKeydata&) = default;
};
inline constexpr std::uint32_t kAllCryptKeys = (std::uint32_t{1} << kCryptKeys) - 1;

// Encryption suites that encrypt. 0 (inherit), 1 (on) and 2 (off) never name one in a stream.
inline constexpr std::uint64_t kSuiteFirst = 3;  // aes-128-ccm
inline constexpr std::uint64_t kSuiteLast = 8;   // aes-256-gcm

struct BeginPayload {
  std::optional<ResumePoint> resume;  // both keys or nothing
  // How many snapshots redact_snaps and redact_from_snaps name; nullopt when the key is absent.
  std::optional<std::uint32_t> redact_snaps;
  std::optional<std::uint32_t> redact_from_snaps;
  std::optional<CryptKeydata> crypt;

  nvlist::Encoding encoding{};
  ByteOrder producer_order{};  // of the integers of a native list; informative for XDR
  std::size_t packed_bytes{};  // up to the end marker; the rest of the payload is padding
  std::uint32_t unknown_keys{};
  std::uint32_t malformed_keys{};  // known keys of another type, or one half of a resume point
};

// Decodes the payload of a BEGIN. Known keys that stand twice are an error (duplicate_name), since
// receivers may disagree on which counts.
[[nodiscard]] Result<BeginPayload, nvlist::Error> decode_begin_payload(ByteSpan payload);

// Whether what these keys protect is encrypted at all.
[[nodiscard]] constexpr bool is_encrypted(const CryptKeydata& crypt) {
  return crypt.suite >= kSuiteFirst && crypt.suite <= kSuiteLast;
}

// "aes-256-gcm", "passphrase", …; "unknown" for numbers without a name.
[[nodiscard]] std::string_view suite_name(std::uint64_t suite);
[[nodiscard]] std::string_view key_format_name(std::uint64_t key_format);

}  // namespace zsluice::drr
