// SPDX-License-Identifier: BSD-2-Clause
// SegmentPacker: raw payloads of segments to stored ones, compressed where that pays. Pure.
//
// Compression::automatic decides for each segment from a probe: 64 KiB of it, taken from four
// places, are compressed, and the whole only when that saves at least 5 %. The flags of BEGIN are
// not asked. They say how the blocks are stored, which is not the question: raw streams of small
// records do shrink, by their headers, and streams that call themselves plain may hold what never
// shrinks. So an encrypted stream of ordinary records costs the probe, less than 1 % of a 16 MiB
// segment. The choice depends on the segment's bytes alone: the same stream gives the same store.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/store/codec.hpp"
#include "zsluice/store/segment.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace zsluice::pipeline {

struct PackedSegment {
  storage::Codec codec = storage::Codec::none;
  ByteSpan stored;  // of `raw`, or of the packer until its next call
};

class SegmentPacker {
 public:
  explicit SegmentPacker(const storage::StoreSettings& settings);

  [[nodiscard]] PackedSegment pack(ByteSpan raw);

 private:
  [[nodiscard]] bool probe(ByteSpan raw);

  storage::Compression compression_;
  std::optional<storage::Compressor> compressor_;  // none with `off`
  std::vector<std::byte> frame_;
  std::vector<std::byte> sample_;
};

}  // namespace zsluice::pipeline
