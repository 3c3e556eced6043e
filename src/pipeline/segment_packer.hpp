// SPDX-License-Identifier: BSD-2-Clause
// SegmentPacker: what of a segment's file depends on its bytes alone: the payload, compressed where
// that pays, and its hashes. Pure; each thread has one of its own.
//
// Compression::automatic decides for each segment. Where BEGIN says that the stream is raw, nothing
// but the headers can shrink: when they are less than 5 % of the segment, nothing is tried. (Raw
// streams of small records do shrink.) All others are probed: 64 KiB of the segment, taken from
// four places, are compressed, and the whole only when that saves at least 5 %. So an encrypted
// stream of ordinary records costs nothing. The choice depends on the segment's bytes and positions
// alone: the same stream gives the same store, by however many threads.
#pragma once

#include "pipeline/segment_buffer.hpp"
#include "zsluice/store/codec.hpp"
#include "zsluice/store/cutter.hpp"
#include "zsluice/store/segment.hpp"

#include <optional>
#include <vector>

namespace zsluice::pipeline {

struct PackedSegment {
  storage::Cut cut;
  SegmentBuffer bytes;            // raw, then as it is stored
  storage::SegmentHeader header;  // but for what the chain adds
  bool has_digests = true;        // false: libcrypto did not compute what an HMAC needs
};

class SegmentPacker {
 public:
  // `with_digests`: what an HMAC needs.
  SegmentPacker(const storage::StoreSettings& settings, bool with_digests);

  // `segment` has its cut and its raw bytes.
  void pack(PackedSegment& segment);

 private:
  [[nodiscard]] storage::Codec compress(const storage::Cut& cut, ByteSpan raw);
  [[nodiscard]] bool probe(ByteSpan raw);

  storage::StoreSettings settings_;
  bool with_digests_;
  std::optional<storage::Compressor> compressor_;  // none with `off`
  SegmentBuffer frame_;                            // changes places with what it was made from
  std::vector<std::byte> sample_;
};

}  // namespace zsluice::pipeline
