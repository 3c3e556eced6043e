// SPDX-License-Identifier: BSD-2-Clause
// Is a segment what its header says, and does it belong where it stands? Each question apart, so
// that a segment is judged without its neighbours, in any order, on any thread.
//
//     decode_segment_header   the header alone                  reads 768 bytes
//     check_place             whether it is the one its name says
//     check_header_hmac       the header alone, keyed
//     check_payload           the stored bytes                  hashes them
//     check_raw               the bytes that were decoded       hashes them
//     check_records           the records: what the sender summed    (needs the raw payload)
//     check_link              two headers side by side
//
// XXH3 and Fletcher-4 detect accidents. Whoever can write a store can make all of these agree, but
// for the HMAC.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/checksum/hmac_sha256.hpp"
#include "zsluice/checksum/xxh3.hpp"
#include "zsluice/store/segment.hpp"
#include "zsluice/store/segment_error.hpp"
#include "zsluice/store/substream.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace zsluice::storage {

// Whether the header stands where that number belongs: in its file.
[[nodiscard]] Result<void, SegmentError> check_place(const SegmentHeader& header,
                                                     std::uint64_t number);

// What a key is: all bytes of a file, a newline at its end included.
inline constexpr std::size_t kKeyBytesMin = 32;
inline constexpr std::size_t kKeyBytesMax = 1024;

// Of the key that `mac` holds; nothing when libcrypto did not compute it.
[[nodiscard]] std::optional<KeyId> key_id_of(checksum::HmacSha256& mac);

// `mac` holds the key and nothing of a message. A segment without an HMAC fails: who has a key
// wants proof. The payload is authentic when its digest is the header's, too: `with_digest` below.
[[nodiscard]] Result<void, SegmentError> check_header_hmac(const SegmentHeader& header,
                                                           checksum::HmacSha256& mac);

// The length and the hash of a payload that comes in pieces; with `with_digest` the digest as well,
// which only a segment with an HMAC has.
class PayloadHashes {
 public:
  explicit PayloadHashes(bool with_digest);

  void update(ByteSpan piece);
  // All of it was what is stored behind the header; or what a codec gave back. One of the two,
  // once.
  [[nodiscard]] Result<void, SegmentError> check_stored(const SegmentHeader& header);
  [[nodiscard]] Result<void, SegmentError> check_raw(const SegmentHeader& header);

 private:
  [[nodiscard]] Result<void, SegmentError> check_digest(const SegmentHeader& header,
                                                        const checksum::Sha256Digest& expected,
                                                        std::size_t at);

  std::uint64_t bytes_ = 0;
  checksum::Xxh3 hash_;
  std::optional<checksum::Sha256> digest_;
};

// The same of one that is there as a whole.
[[nodiscard]] Result<void, SegmentError> check_payload(const SegmentHeader& header,
                                                       ByteSpan stored,
                                                       bool with_digest = false);
[[nodiscard]] Result<void, SegmentError> check_raw(const SegmentHeader& header,
                                                   ByteSpan raw,
                                                   bool with_digest = false);

// Reads the records of the raw payload with drr::Parser, from the position at the start to that at
// the end: their checksums and framing, every number of the waypoint, and in segment 0 the store
// id. It needs no neighbour; errors name the record's offset in the payload. With `begun`, the
// substreams whose BEGIN is met are appended, and mean nothing after an error. In pieces:
// record_check.hpp.
[[nodiscard]] Result<void, SegmentError> check_records(const SegmentHeader& header,
                                                       ByteSpan raw,
                                                       std::vector<Substream>* begun = nullptr);

// Whether `next` is the segment behind `previous`.
[[nodiscard]] Result<void, SegmentError> check_link(const SegmentHeader& previous,
                                                    const SegmentHeader& next);

// One segment after another, in order: for a writer, who makes the chain, and for a reader, who
// follows it.
class SegmentChain {
 public:
  // A writer: an empty store. A reader: the store that the manifest names.
  explicit SegmentChain(const checksum::Xxh3Digest& store_id) : store_id_(store_id) {}
  // Behind a segment that is there already.
  explicit SegmentChain(const SegmentHeader& last) : store_id_(last.store_id), last_(last) {}

  // The reader's: `next` is the segment that belongs here. On an error nothing changes, so another
  // copy of it can be tried.
  [[nodiscard]] Result<void, SegmentError> check(const SegmentHeader& next);
  // Goes on behind `next` whatever stands before it: for who names one bad segment and looks at the
  // rest.
  void skip_to(const SegmentHeader& next) { last_ = next; }

  // The writer's: makes `next`, whose payload is known, the segment that belongs here: fills in
  // store id, previous hash, key id, HMAC and hashes. With `mac`, which holds the key,
  // set_digests() has been called for it. Whatever takes time for a payload can so be done
  // ahead, by other threads; only this is done in order. hmac_unavailable, or what check_limits()
  // and check_link() say of a caller's mistake; then neither `next` nor the chain has changed.
  [[nodiscard]] Result<EncodedSegmentHeader, SegmentError> append(
      SegmentHeader& next, checksum::HmacSha256* mac = nullptr);

  [[nodiscard]] const checksum::Xxh3Digest& store_id() const { return store_id_; }
  [[nodiscard]] const std::optional<SegmentHeader>& last() const { return last_; }
  [[nodiscard]] std::uint64_t next_sequence() const { return last_ ? last_->sequence + 1 : 0; }

 private:
  checksum::Xxh3Digest store_id_;
  std::optional<SegmentHeader> last_;
};

// The id of the store that holds a stream: the hash of its BEGIN and that one's payload (packages
// of the same names differ only there). `raw` is of the first segment, which a parser has accepted;
// or any more or less of the stream that holds both.
[[nodiscard]] checksum::Xxh3Digest store_id_of(ByteSpan raw);

}  // namespace zsluice::storage
