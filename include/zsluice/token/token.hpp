// SPDX-License-Identifier: BSD-2-Clause
// Resume tokens (`receive_resume_token`), FORMAT.md §E: what a receiver says it has, and from where
// `zfs send -t` is to go on.
//
//     1-<checksum>-<length>-<hex digits of zlib(packed nvlist)>
//
// A token is not authenticated: whoever holds the receiving end can make one. So nothing in it is
// believed here: the text is bounded before it is read, the unpacked size before it is allocated,
// and what OpenZFS might read in another way than this decoder is an error, not a guess: a key that
// stands twice, a known key of another type, fields too many, digits that are none. Bytes behind
// the compressed data or behind the list are errors as well, since no receiver writes any.
//
// Pure: everything is returned by value, and nothing borrows from the text.
#pragma once

#include "zsluice/base/result.hpp"
#include "zsluice/base/wire_int.hpp"
#include "zsluice/nvlist/reader.hpp"
#include "zsluice/nvlist/value.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zsluice::token {

// Of the packed list. Real tokens have a few hundred bytes; each redaction snapshot adds eight.
inline constexpr std::size_t kPackedBytesMax = std::size_t{1} << 20;
// Of the text: hex of what zlib can at worst make of that, and the three fields before it.
inline constexpr std::size_t kTextBytesMax = 2 * (kPackedBytesMax + 4096) + 64;

struct Token {
  std::optional<std::uint64_t> fromguid{};  // absent: the stream is a full one
  std::uint64_t object = 0;
  std::uint64_t offset = 0;  // bytes within the object
  // What the receiver has read, summed over all its attempts; no position in any stream (§F.6).
  std::uint64_t bytes = 0;
  std::uint64_t toguid = 0;
  std::string toname{};  // "pool/fs@snap" as the sender called it; foreign text
  bool large_block_ok = false;
  bool embed_ok = false;
  bool compress_ok = false;
  bool raw_ok = false;
  bool saved_ok = false;
  // Guids of snapshots; absent when the stream is not redacted.
  std::optional<std::vector<std::uint64_t>> redact_snaps{};
  std::optional<std::vector<std::uint64_t>> book_redact_snaps{};

  friend bool operator==(const Token&, const Token&) = default;
};

struct DecodedToken {
  Token token{};
  nvlist::Encoding encoding{};
  ByteOrder producer_order{};  // of the checksum, and of the integers of a native list
  std::size_t packed_bytes = 0;
  std::vector<std::string> unknown_keys{};  // foreign text; OpenZFS passes over them
};

enum class ErrorCode : std::uint8_t {
  empty,
  text_too_long,        // found: bytes, limit: kTextBytesMax
  malformed,            // not four fields between three '-'; found: fields
  bad_number,           // a field is not digits alone, or too many; found: which, from 1
  unsupported_version,  // found: the version; 1 is the only one there is
  length_too_large,     // found: the packed size it claims, limit: kPackedBytesMax
  bad_digit,            // found: where in the text something other than a hex digit stands
  odd_digits,           // found: how many hex digits there are
  checksum_mismatch,    // limit: as stated, found: computed, in the order the list names or little
  bad_compression,      // zlib cannot read it, it ends early, or something follows it
  wrong_length,         // limit: as stated, found: of the unpacked data (one more is as far as it
                        // is counted)
  bad_nvlist,           // nvlist: why
  nested_list,          // tokens are flat; found: offset of the pair in the packed list
  wrong_type,           // `key` is there, with another type than receivers give it
  names_not_unique,     // found: the list's flags; libnvpair looks nothing up in such a list
  missing_key,          // `key`
  bytes_behind_list,    // limit: of the unpacked data, found: of the list in it
};

struct Error {
  ErrorCode code{};
  std::uint64_t found = 0;
  std::uint64_t limit = 0;
  nvlist::Error nvlist{};
  std::string_view key{};  // a name of ours, static
};

// `text`: without white space around it. Bounded in time and memory for any input. Hex digits may
// be of either case, and the numbers but the version may begin with zeros; libzfs reads them so.
[[nodiscard]] Result<DecodedToken, Error> decode(std::string_view text);

// A token as a receiver of the given byte order writes it: native, in the order of FORMAT.md §E.
// Another zlib may compress it to other bytes, which every decoder takes as well. nullopt when the
// packed list would be larger than kPackedBytesMax (redaction snapshots are all that can be many)
// or `toname` holds a NUL.
[[nodiscard]] std::optional<std::string> encode(const Token& token, ByteOrder order = kHostOrder);

// The keys as receivers write them, for messages and JSON: "object", "largeblockok", …
namespace key {
inline constexpr std::string_view kFromguid = "fromguid";
inline constexpr std::string_view kObject = "object";
inline constexpr std::string_view kOffset = "offset";
inline constexpr std::string_view kBytes = "bytes";
inline constexpr std::string_view kToguid = "toguid";
inline constexpr std::string_view kToname = "toname";
inline constexpr std::string_view kLargeBlockOk = "largeblockok";
inline constexpr std::string_view kEmbedOk = "embedok";
inline constexpr std::string_view kCompressOk = "compressok";
inline constexpr std::string_view kRawOk = "rawok";
inline constexpr std::string_view kSavedOk = "savedok";
inline constexpr std::string_view kRedactSnaps = "redact_snaps";
inline constexpr std::string_view kBookRedactSnaps = "book_redact_snaps";
}  // namespace key

}  // namespace zsluice::token
