// SPDX-License-Identifier: BSD-2-Clause
// The lines of a store's manifest: JSON in one fixed form, each with a hash of its own
// (src/store/FORMAT.md §8). Every line can be made again from the segments. What the lines
// must say one after another is ManifestReader's business.
//
// Lines are not only JSON: members stand in one order, without blanks, so that the same numbers are
// always the same bytes. Anything else is refused, and decoding needs no parser of JSON.
#pragma once

#include "zsluice/base/result.hpp"
#include "zsluice/checksum/hmac_sha256.hpp"
#include "zsluice/checksum/xxh3.hpp"
#include "zsluice/store/segment.hpp"
#include "zsluice/store/substream.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace zsluice::storage {

inline constexpr std::uint32_t kManifestVersion = 1;
// With its newline. The longest that can be written, a substream's, has some 1000.
inline constexpr std::size_t kManifestLineBytesMax = 4096;
inline constexpr std::size_t kCreatedByBytesMax = 64;
// What may stand behind the last line that is on disk for good: a writer syncs the manifest before
// a line would make it more.
inline constexpr std::size_t kManifestUnsyncedBytesMax = 64 << 10;

// The first line: what the store was made with, so that it can be continued alike.
struct StoreLine {
  checksum::Xxh3Digest store_id;
  StoreSettings settings;
  bool is_authenticated = false;  // every segment, and the closing line, has an HMAC
  std::string created_by;         // program and version: printable ASCII without " and backslash

  friend bool operator==(const StoreLine&, const StoreLine&) = default;
};

// One for each substream whose BEGIN stands in a segment, in order, before the segment's own line.
struct SubstreamLine {
  std::uint64_t sequence = 0;  // of the segment
  Substream substream;

  friend bool operator==(const SubstreamLine&, const SubstreamLine&) = default;
};

struct SegmentLine {
  std::uint64_t sequence = 0;
  std::uint64_t offset = 0;  // in the stream
  std::uint64_t raw_bytes = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t substreams = 0;  // begun in it: so many lines are before this one
  bool is_last = false;          // the stream ends with it
  checksum::Xxh3Digest payload_hash;
  checksum::Xxh3Digest content_hash;
  checksum::Xxh3Digest header_hash;

  friend bool operator==(const SegmentLine&, const SegmentLine&) = default;
};

// The closing line: the store is whole.
struct EndLine {
  std::uint64_t segments = 0;
  std::uint64_t raw_bytes = 0;
  std::uint64_t stored_bytes = 0;
  checksum::Xxh3Digest chain;  // content_hash of the last segment: the end of the chain
  std::optional<checksum::HmacSha256Digest> hmac;

  friend bool operator==(const EndLine&, const EndLine&) = default;
};

// Of a type whose name begins with "x-", for whoever wants to note something, or with "z-", for
// later versions of this program. Not looked into.
struct ExtraLine {
  std::string text;  // as it stands, without its newline

  friend bool operator==(const ExtraLine&, const ExtraLine&) = default;
};

using ManifestLine = std::variant<StoreLine, SubstreamLine, SegmentLine, EndLine, ExtraLine>;

enum class LineError : std::uint8_t {
  too_long,         // more than kManifestLineBytesMax
  wrong_hash,       // no hash at its end, or not that of the line
  unknown_version,  // of the store
  malformed,        // the hash is right, but it is no line of this version
};

[[nodiscard]] SegmentLine line_of(const SegmentHeader& header);
[[nodiscard]] StoreLine store_line_of(const SegmentHeader& first, std::string created_by);
// Whether the line is that of the store which `first`, the header of segment 0, belongs to. Who
// writes it is not in the headers.
[[nodiscard]] bool describes(const StoreLine& line, const SegmentHeader& first);

// With the newline.
[[nodiscard]] std::string encode_line(const StoreLine& line);
[[nodiscard]] std::string encode_line(const SubstreamLine& line);
[[nodiscard]] std::string encode_line(const SegmentLine& line);
[[nodiscard]] std::string encode_line(const EndLine& line);

// `line` is without its newline.
[[nodiscard]] Result<ManifestLine, LineError> decode_line(std::string_view line);

// The HMAC of a closing line, over a label and all of the line before it. False when libcrypto did
// not compute it. `mac` holds the key and nothing of a message.
[[nodiscard]] bool authenticate(EndLine& line, checksum::HmacSha256& mac);
// Whether the line has one and it is that of the key.
[[nodiscard]] bool is_authentic(const EndLine& line, checksum::HmacSha256& mac);

}  // namespace zsluice::storage
