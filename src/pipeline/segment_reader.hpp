// SPDX-License-Identifier: BSD-2-Clause
// SegmentReader: reads a store's segments one after another, and believes each only when all that
// can be checked without its records has been: header hash, place, chain, HMAC, length, payload
// hash and digest, frame, raw hash. The records are the caller's business, who reads them anyway.
//
// Memory: the stored and the raw payload of one segment, and the file as well where a command gave
// it. No length is used before the header's hash is right.
#pragma once

#include "io/store_files.hpp"
#include "pipeline/store_failure.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/checksum/hmac_sha256.hpp"
#include "zsluice/store/codec.hpp"
#include "zsluice/store/segment_check.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace zsluice::pipeline {

struct SegmentReaderOptions {
  std::string key;       // for HMACs; empty: none
  bool no_auth = false;  // read segments that have HMACs without a key
  // Of the store; absent: the first segment says which it is.
  std::optional<checksum::Xxh3Digest> store_id;
  std::optional<std::uint64_t> segment_bytes{};  // its target; the same
};

// Valid until the next one is read.
struct ReadSegment {
  storage::SegmentHeader header;
  ByteSpan raw;
};

class SegmentReader {
 public:
  SegmentReader(SegmentReaderOptions options, io::StoreFiles& files);

  // next() then reads the segment with this number. Its neighbour before it is only looked at: the
  // chain from there on is checked if its header is one of this store, else from the next one on.
  void start_at(std::uint64_t sequence);
  // next() then reads the segment behind this one, to which it must be linked.
  void start_behind(const storage::SegmentHeader& header);
  // Goes on to this number. Of the segments before it only the headers are read, and each must be
  // linked to the one before; last() is then that of the last one.
  [[nodiscard]] std::optional<StoreFailure> link_to(std::uint64_t sequence);

  // The segment that belongs here. missing_segment stands for any file that is not there: whether
  // others follow is not looked at.
  [[nodiscard]] Result<ReadSegment, StoreFailure> next();

  // The same of its header alone, and the length of its file.
  [[nodiscard]] Result<storage::SegmentHeader, StoreFailure> next_header();

  [[nodiscard]] std::uint64_t next_sequence() const { return sequence_; }
  [[nodiscard]] const std::optional<storage::SegmentHeader>& last() const { return last_; }
  // Where the next segment begins in the stream.
  [[nodiscard]] std::uint64_t offset() const { return last_ ? last_->end.offset : 0; }

  // A failure that names the segment that belongs here.
  [[nodiscard]] StoreFailure failure_of(StoreFailureCode code) const;
  // One of a segment whose header was believed.
  [[nodiscard]] static StoreFailure bad_segment(const storage::SegmentHeader& header,
                                                const storage::SegmentError& error);

 private:
  using Done = std::optional<StoreFailure>;
  [[nodiscard]] Result<std::unique_ptr<io::StoredFile>, StoreFailure> open_next();
  [[nodiscard]] Result<storage::SegmentHeader, StoreFailure> read_header(
      const io::StoredFile& file);
  [[nodiscard]] Result<void, storage::SegmentError> link(const storage::SegmentHeader& header);
  [[nodiscard]] static Done check_length(const io::StoredFile& file,
                                         const storage::SegmentHeader& header);
  [[nodiscard]] Done read_payload(const io::StoredFile& file, const storage::SegmentHeader& header);
  [[nodiscard]] Done check_key(const storage::SegmentHeader& header);
  [[nodiscard]] Done judged(const storage::SegmentHeader& header,
                            const Result<void, storage::SegmentError>& checked) const;
  [[nodiscard]] StoreFailure unreadable(const io::SysError& error) const;

  SegmentReaderOptions options_;
  io::StoreFiles& files_;
  std::optional<checksum::HmacSha256> mac_;
  std::optional<storage::SegmentChain> chain_;
  storage::Decompressor decompressor_;
  std::uint64_t sequence_ = 0;
  bool is_unlinked_ = false;  // nothing is known of the segment before the next one
  std::optional<storage::SegmentHeader> last_;
  std::vector<std::byte> stored_;
  std::vector<std::byte> raw_;
};

}  // namespace zsluice::pipeline
