// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/segment_packer.hpp"

#include "zsluice/drr/format.hpp"

#include <utility>

namespace zsluice::pipeline {
namespace {

using storage::Codec;
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

// Ciphertext does not shrink, headers do.
bool is_hopeless(const storage::Cut& cut, std::size_t raw_bytes) {
  const auto is_raw = [](const storage::Position& at) {
    return is_in_substream(at.framing) && (at.features & drr::feature::kRaw) != 0;
  };
  const std::uint64_t records = cut.end.records - cut.start.records;
  return is_raw(cut.start) && is_raw(cut.end) && cut.start.substreams == cut.end.substreams &&
         records < raw_bytes / kSavingsMin / drr::kRecordBytes;
}

}  // namespace

SegmentPacker::SegmentPacker(const storage::StoreSettings& settings, bool with_digests)
    : settings_(settings), with_digests_(with_digests) {
  if (settings.compression != Compression::off) compressor_.emplace(settings.level);
}

bool SegmentPacker::probe(ByteSpan raw) {
  if (raw.size() < kProbedBytesMin) return true;
  sample_.clear();
  const std::size_t step = (raw.size() - kSampleBytes) / (kSamples - 1);
  for (std::size_t i = 0; i < kSamples; ++i) {
    const ByteSpan piece = raw.subspan(i * step, kSampleBytes);
    sample_.insert(sample_.end(), piece.begin(), piece.end());
  }
  const auto bytes = compressor_->compress(sample_, frame_.room(sample_.size()));
  return bytes && pays(sample_.size(), *bytes);
}

// Codec::zstd: into frame_.
storage::Codec SegmentPacker::compress(const storage::Cut& cut, ByteSpan raw) {
  if (!compressor_ || raw.empty()) return Codec::none;
  const bool is_automatic = settings_.compression == Compression::automatic;
  if (is_automatic && (is_hopeless(cut, raw.size()) || !probe(raw))) return Codec::none;
  const auto bytes = compressor_->compress(raw, frame_.room(raw.size()));
  if (!bytes || (is_automatic && !pays(raw.size(), *bytes))) return Codec::none;
  frame_.resize(*bytes);
  return Codec::zstd;
}

void SegmentPacker::pack(PackedSegment& segment) {
  const ByteSpan raw = segment.bytes.payload();
  const Codec codec = compress(segment.cut, raw);
  const ByteSpan stored = codec == Codec::zstd ? frame_.payload() : raw;
  segment.header = header_of(segment.cut, settings_);
  set_payload(segment.header, codec, raw, stored);
  if (with_digests_) segment.has_digests = set_digests(segment.header, raw, stored);
  if (codec == Codec::none) return;
  std::swap(segment.bytes, frame_);
  frame_.resize(0);
}

}  // namespace zsluice::pipeline
