// SPDX-License-Identifier: BSD-2-Clause
// SegmentPacker: what of a segment's file depends on its bytes alone: the payload, compressed where
// that pays, and its hashes. Pure; each thread has one of its own.
//
// Compression::automatic decides for each segment from a probe: 64 KiB of it, taken from four
// places, are compressed, and the whole only when that saves at least 5 %. The flags of BEGIN are
// not asked. They say how the blocks are stored, which is not the question: raw streams of small
// records do shrink, by their headers, and streams that call themselves plain may hold what never
// shrinks. So an encrypted stream of ordinary records costs the probe, less than 1 % of a 16 MiB
// segment. The choice depends on the segment's bytes alone: the same stream gives the same store,
// by however many threads.
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
  [[nodiscard]] storage::Codec compress(ByteSpan raw);
  [[nodiscard]] bool probe(ByteSpan raw);

  storage::StoreSettings settings_;
  bool with_digests_;
  std::optional<storage::Compressor> compressor_;  // none with `off`
  SegmentBuffer frame_;                            // changes places with what it was made from
  std::vector<std::byte> sample_;
};

}  // namespace zsluice::pipeline
