// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/segment_packer.hpp"

namespace zsluice::pipeline {
namespace {

using storage::Compression;

constexpr std::size_t kSamples = 4;
constexpr std::size_t kSampleBytes = 16 << 10;
// A segment that is not much longer than the probe is simply tried.
constexpr std::size_t kProbedBytesMin = 4 * kSamples * kSampleBytes;
// Less than one part in so many is not worth decompressing it.
constexpr std::size_t kSavingsMin = 20;

bool pays(std::size_t raw_bytes, std::size_t stored_bytes) {
  return stored_bytes <= raw_bytes - raw_bytes / kSavingsMin;
}

}  // namespace

SegmentPacker::SegmentPacker(const storage::StoreSettings& settings)
    : compression_(settings.compression) {
  if (compression_ != Compression::off) compressor_.emplace(settings.level);
}

bool SegmentPacker::probe(ByteSpan raw) {
  if (raw.size() < kProbedBytesMin) return true;
  sample_.clear();
  const std::size_t step = (raw.size() - kSampleBytes) / (kSamples - 1);
  for (std::size_t i = 0; i < kSamples; ++i) {
    const ByteSpan piece = raw.subspan(i * step, kSampleBytes);
    sample_.insert(sample_.end(), piece.begin(), piece.end());
  }
  if (frame_.size() < sample_.size()) frame_.resize(sample_.size());
  const auto bytes = compressor_->compress(sample_, MutableByteSpan(frame_).first(sample_.size()));
  return bytes && pays(sample_.size(), *bytes);
}

PackedSegment SegmentPacker::pack(ByteSpan raw) {
  const PackedSegment as_it_is = {.codec = storage::Codec::none, .stored = raw};
  if (!compressor_ || raw.empty()) return as_it_is;
  if (compression_ == Compression::automatic && !probe(raw)) return as_it_is;
  if (frame_.size() < raw.size()) frame_.resize(raw.size());
  const auto bytes = compressor_->compress(raw, MutableByteSpan(frame_).first(raw.size()));
  if (!bytes) return as_it_is;
  if (compression_ == Compression::automatic && !pays(raw.size(), *bytes)) return as_it_is;
  return {.codec = storage::Codec::zstd, .stored = ByteSpan(frame_).first(*bytes)};
}

}  // namespace zsluice::pipeline
