// SPDX-License-Identifier: BSD-2-Clause
// SegmentProbe: checks one segment of a store in every way that needs no neighbour. Each thread
// has a probe of its own.
//
// Memory: a piece of the payload, of a compressed one the stored and the raw payload; the file as
// well where a command gave it; and the names of the substreams that begin in the segment. No
// length is used before the header's hash is right.
#pragma once

#include "io/store_files.hpp"
#include "pipeline/store_failure.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/checksum/hmac_sha256.hpp"
#include "zsluice/store/codec.hpp"
#include "zsluice/store/record_check.hpp"
#include "zsluice/store/segment_check.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zsluice::pipeline {

struct ProbeOptions {
  std::string key{};        // for HMACs; empty: none
  bool no_auth = false;     // segments that have HMACs will do without a key
  bool is_quick = false;    // header and length only
  bool is_listing = false;  // the payload only of segments in which substreams begin
};

struct ProbedSegment {
  std::uint64_t sequence = 0;
  std::optional<storage::SegmentHeader> header;  // if it can be decoded, whatever else is wrong
  // What is wrong with it by itself: unreadable, fetch_failed, missing_segment, bad_segment,
  // key_needed, wrong_key, no_digest.
  std::optional<StoreFailureCode> code;
  storage::SegmentError error;            // of bad_segment
  std::optional<io::SysError> system;     // of unreadable and fetch_failed
  bool has_records = false;               // they were read, and are right
  std::vector<storage::Substream> begun;  // then: whose BEGIN stands in it,
  bool ends_in_begin = false;             // and the last one's BEGIN is the last record

  // Whether what the header says of its place in the stream can be believed.
  [[nodiscard]] bool has_place() const;
};

class SegmentProbe {
 public:
  SegmentProbe(ProbeOptions options, io::StoreFiles& files);

  // Fills in all but the sequence.
  void check(ProbedSegment& segment);

 private:
  void check_file(const io::StoredFile& file, ProbedSegment& segment);
  [[nodiscard]] bool check_key(ProbedSegment& segment);
  [[nodiscard]] bool check_length(const io::StoredFile& file, ProbedSegment& segment) const;
  void check_stored(const io::StoredFile& file, ProbedSegment& segment);
  // False, and the error noted, when it cannot be read. A plain payload's records are checked, too.
  [[nodiscard]] bool read_stored(const io::StoredFile& file,
                                 storage::PayloadHashes& hashes,
                                 storage::RecordCheck& records,
                                 ProbedSegment& segment);
  // A compressed one's. False, and the error noted, when it is not what was packed.
  [[nodiscard]] bool unpack(storage::RecordCheck& records, ProbedSegment& segment);
  // False, and the error noted, when that was found.
  [[nodiscard]] static bool noted(const Result<void, storage::SegmentError>& checked,
                                  ProbedSegment& segment);

  ProbeOptions options_;
  io::StoreFiles& files_;
  std::optional<checksum::HmacSha256> mac_;
  storage::Decompressor decompressor_;
  std::vector<std::byte> stored_;  // a piece of it, or a compressed one
  std::vector<std::byte> raw_;
};

}  // namespace zsluice::pipeline
