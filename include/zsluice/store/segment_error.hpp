// SPDX-License-Identifier: BSD-2-Clause
// What is wrong with a segment, in numbers. The sentence is made once, at the edge (cli).
#pragma once

#include "zsluice/checksum/xxh3.hpp"

#include <cstdint>

namespace zsluice::storage {

// In brackets: what `at`, `expected` and `found` of the error are, where they mean something.
enum class SegmentErrorCode : std::uint8_t {
  // The header cannot be believed.
  truncated_header,  // the file ends in it [expected: its length, found: bytes there]
  not_a_segment,     // no magic [found: the first 8 bytes, big-endian]
  header_damaged,    // [expected_hash, found_hash: computed; zero when nothing says where it ends]
  unknown_version,   // undamaged, and of another version [expected, found]
  // It is undamaged and says what no header may: its writer is faulty, or hostile.
  wrong_header_size,
  unknown_flags,
  unknown_codec,
  bad_settings,  // target, compression or level
  nonzero_reserved,
  bad_sequence,
  bad_raw_size,     // [expected: the limit]
  bad_stored_size,  // [expected: the limit]
  bad_position,
  bad_counts,      // records and bytes do not go together
  over_target,     // longer than the target, and more than one record [expected, found]
  bad_raw_hash,    // the payload is stored as it is, and yet has two hashes
  bad_places,      // there without their flag
  bad_hmac_field,  // HMAC, key id or digest are there without their flag
  bad_previous,    // the first segment names one before it
  bad_end,         // the last one does not end the stream, or another one does
  // The payload.
  wrong_stored_size,   // [expected, found: bytes there]
  payload_damaged,     // [expected_hash, found_hash]
  not_a_frame,         // not one zstd frame and nothing else
  wrong_content_size,  // the frame says it holds another number of bytes [expected, found]
  undecodable,         // a frame that libzstd refuses
  raw_damaged,         // it decodes to other bytes [expected_hash, found_hash]
  // Its records, which a writer checks before it makes a segment of them [at: in the raw payload].
  records_damaged,
  wrong_waypoint,  // the header says other things of them than they are
  wrong_store_id,  // of the first segment: its BEGIN is another [expected_hash, found_hash]
  // With a key.
  not_authenticated,   // it has no HMAC
  wrong_key,           // it was made with another key than this one
  wrong_hmac,          // made with this key, and changed since
  wrong_digest,        // the header is authentic; the payload is not the one it names
  wrong_chain_digest,  // it is authentic, and follows another segment than the one before it
  hmac_unavailable,    // libcrypto did not compute it
  // Beside its neighbour (or in the first place).
  foreign,         // of another stream [expected_hash, found_hash: store ids]
  misplaced,       // another number than its place has [expected, found: sequence numbers]
  after_last,      // the segment before it ends the stream
  missing,         // there is no file; only who opens files can say it [expected]
  wrong_settings,  // made with another target [expected, found]
  wrong_offset,    // [expected, found: stream offsets]
  wrong_position,  // the stream stands elsewhere, or its sums differ
  broken_chain,    // it follows another segment than this one [expected_hash, found_hash]
};

enum class SegmentErrorKind : std::uint8_t { header, contents, payload, records, key, link };
[[nodiscard]] SegmentErrorKind kind_of(SegmentErrorCode code);

struct SegmentError {
  SegmentErrorCode code{};
  std::uint64_t at = 0;  // of the field, from the start of the segment
  std::uint64_t expected = 0;
  std::uint64_t found = 0;
  checksum::Xxh3Digest expected_hash;
  checksum::Xxh3Digest found_hash;

  friend bool operator==(const SegmentError&, const SegmentError&) = default;
};

}  // namespace zsluice::storage
