// SPDX-License-Identifier: BSD-2-Clause
// What `inspect` says of a stream as a whole, summed over its substreams: a fixed number of words,
// so that a package of thousands of substreams costs what one does. The words are shared by the
// text (inspect_text.hpp) and the JSON (inspect_json.hpp), so that both say the same.
#pragma once

#include "zsluice/drr/package_header.hpp"
#include "zsluice/drr/summary.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zsluice::cli {

// Fewer rounds than OpenZFS demands of new keys: a passphrase is guessed faster than it should be.
inline constexpr std::uint64_t kPbkdf2IterationsAdvised = 100000;
inline constexpr std::uint64_t kKeyFormatPassphrase = 3;

// The keys of a substream that is raw and really encrypted; null for all others.
[[nodiscard]] const drr::CryptKeydata* encryption_of(const drr::SubstreamSummary& substream);
// It calls itself raw, but the nvlist that would prove it is cut off or unreadable.
[[nodiscard]] bool is_encryption_unknown(const drr::SubstreamSummary& substream);
[[nodiscard]] bool has_weak_key(const drr::CryptKeydata& crypt);

struct StreamFacts {
  bool is_package = false;
  bool saved = false;
  std::uint64_t features = 0;  // of all BEGINs, the package's included
  std::uint64_t substreams = 0;
  std::uint64_t encrypted = 0;  // of them: raw and really encrypted
  std::uint64_t unjudged = 0;   // of them: is_encryption_unknown()
  std::uint64_t incremental = 0;
  std::uint64_t volumes = 0;
  std::uint64_t logical_bytes = 0;
  std::uint64_t records_unproven = 0;
  std::uint64_t block_bytes_max = 0;
  decltype(drr::SubstreamSummary::write_sizes) write_sizes{};
  decltype(drr::SubstreamSummary::compression) compression{};
  decltype(drr::SubstreamSummary::types) types{};  // without the package's own framing
  std::uint64_t weak_keys = 0;                     // substreams whose passphrase is badly stretched
  std::uint64_t passphrases = 0;                   // substreams whose key comes from a passphrase
  std::optional<drr::PackageFacts> package;        // its texts are gone: counts only

  void add(const drr::SubstreamSummary& substream);
  // Payload of the records that hold blocks.
  [[nodiscard]] std::uint64_t stored_bytes() const;
};

// "full" or "incremental", and what else holds: "resumed", "saved", "redacted", "dedup", "clone".
[[nodiscard]] std::vector<std::string_view> kinds_of(const drr::SubstreamSummary& substream);
// "pool/fs" and "snap" of "pool/fs@snap"; the second empty without '@'.
struct SnapshotName {
  std::string_view dataset;
  std::string_view snapshot;
};
[[nodiscard]] SnapshotName split_name(std::string_view toname);

// What a stranger who holds the stream can read without a key, and what he cannot.
struct Exposure {
  struct Item {
    std::string_view code;  // for machines
    std::string text;
  };
  bool everything = false;  // something in it is not encrypted
  std::vector<Item> readable;
  std::vector<Item> hidden;
};
[[nodiscard]] Exposure exposure_of(const StreamFacts& facts);

}  // namespace zsluice::cli
