// SPDX-License-Identifier: BSD-2-Clause
// Which stored stream a receiver's token asks for, and whether one that is there will do.
//
// toguid and fromguid name the snapshots, but not how they were sent: raw or not, compressed or
// not. A receiver keeps what it has in the form of its first stream, so a stored stream of another
// form does not continue it, and is refused although a receiver might take it.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/drr/begin_payload.hpp"
#include "zsluice/drr/format.hpp"
#include "zsluice/drr/record.hpp"
#include "zsluice/nvlist/reader.hpp"
#include "zsluice/token/token.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace zsluice::resume {

// The part of a token that decides.
struct Target {
  std::uint64_t toguid = 0;
  std::uint64_t fromguid = 0;  // 0: a full stream
  drr::ResumePoint point{};
  bool raw = false;
  bool compressed = false;
  bool large_blocks = false;
  bool embedded = false;
  // As the token has them; a stream of other redactions holds other blocks.
  std::optional<std::vector<std::uint64_t>> redact_snaps{};
  std::optional<std::vector<std::uint64_t>> book_redact_snaps{};
};
[[nodiscard]] Target target_of(const token::Token& token);

// Bits that say how blocks are sent: a stream and its continuation must agree on them. Of the
// others the continuation may have fewer, since `zfs send` finds them out anew.
inline constexpr std::uint64_t kFormFeatures =
    drr::feature::kRaw | drr::feature::kCompressed | drr::feature::kLargeBlocks |
    drr::feature::kEmbedData | drr::feature::kRedacted | drr::feature::kDedup;

// Why a stream is not made (exit status 5).
enum class RefusalCode : std::uint8_t {
  unknown_snapshot,  // no substream with this toguid; wanted. When two streams are stitched, found:
                     // that of the first one's last substream, 0 when it has none
  other_origin,      // the snapshot is there, but from another fromguid; wanted, found
  // The form differs: `wanted` is what the token says, `found` what the stream is (0 or 1).
  raw_differs,
  compressed_differs,
  large_blocks_differ,
  embedded_differs,
  redacted_differs,  // not by their flag: by their lists of snapshots
  deduplicated,      // its records refer to others that would not be sent
  bad_begin_nvlist,  // `nvlist` says why
  no_own_point,      // it says that it is a resumed one, but not from where
  before_own_point,  // a resumed stream that starts behind the point; wanted, found: objects,
                     // wanted_offset, found_offset
  saved_before,      // one of `zfs send --saved`, without data at the point; wanted, wanted_offset
  // When two streams are stitched:
  not_a_continuation,  // the second one is no resumed stream
  other_byte_order,
  other_features,   // bits that the first one lacks, or has and must not; found
  other_key,        // encrypted with another key; wanted, found: key guids
  other_beginning,  // encrypted: not the IV sets or the MAC of the same snapshot
  gap,              // the second one starts behind what the first one has; wanted: object,
                    // wanted_offset; found, found_offset: where the first one ends
  out_of_order,     // the first one's records are not in the order in which they are sent
  other_order,      // the first one's sender goes object by object, the second one's does not
  nothing_missing,  // the first one is whole
  brings_less,      // the second one lacks what the first one has behind the point; wanted,
                    // wanted_offset: from where on it brings something; found, found_offset: what
                    // it lacks
};

struct Refusal {
  RefusalCode code{};
  std::uint64_t wanted = 0;
  std::uint64_t found = 0;
  std::uint64_t wanted_offset = 0;
  std::uint64_t found_offset = 0;
  nvlist::Error nvlist{};
};

// Why a substream with the target's guids does not continue what the receiver has; nullopt: it
// does. `payload`: all that follows BEGIN.
[[nodiscard]] std::optional<Refusal> refusal_of(const Target& target,
                                                const drr::RecordView& begin,
                                                ByteSpan payload);

// `one` lies before `other` in every stream that holds both.
[[nodiscard]] constexpr bool is_before(drr::ResumePoint one, drr::ResumePoint other) {
  return one.object != other.object ? one.object < other.object : one.offset < other.offset;
}

}  // namespace zsluice::resume
