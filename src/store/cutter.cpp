// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/store/cutter.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <utility>

namespace zsluice::storage {

RecordMet record_met(const drr::Parser& parser) {
  return {.record = parser.record(),
          .role = parser.role(),
          .payload_bytes = parser.record_payload_bytes(),
          .offset = parser.consumed() - drr::kRecordBytes,
          .proven = parser.watermark(),
          .sum = parser.running_sum()};
}

SegmentHeader header_of(const Cut& cut, const StoreSettings& settings) {
  ZSLUICE_CHECK(settings.segment_bytes == cut.target_bytes);
  SegmentHeader header;
  header.is_last = cut.is_last;
  header.sequence = cut.sequence;
  header.raw_bytes = cut.raw_bytes();
  header.start = cut.start;
  header.end = cut.end;
  header.places = cut.places;
  header.settings = settings;
  return header;
}

void set_payload(SegmentHeader& header, Codec codec, ByteSpan raw, ByteSpan stored) {
  header.codec = codec;
  header.stored_bytes = stored.size();
  header.payload_hash = checksum::xxh3(stored);
  header.raw_hash = codec == Codec::none ? header.payload_hash : checksum::xxh3(raw);
}

bool set_digests(SegmentHeader& header, ByteSpan raw, ByteSpan stored) {
  const std::optional<checksum::Sha256Digest> digest = checksum::sha256(stored);
  const std::optional<checksum::Sha256Digest> raw_digest =
      header.codec == Codec::none ? digest : checksum::sha256(raw);
  if (!digest || !raw_digest) return false;
  header.payload_digest = *digest;
  header.raw_digest = *raw_digest;
  return true;
}

SegmentCutter::SegmentCutter(std::uint64_t target_bytes) : target_bytes_(target_bytes) {
  ZSLUICE_CHECK(target_bytes > 0 && target_bytes <= kSegmentTargetBytesMax);
}

SegmentCutter SegmentCutter::reopened(const SegmentHeader& open) {
  ZSLUICE_CHECK(!open.is_last);
  SegmentCutter cutter(open.settings.segment_bytes);
  cutter.sequence_ = open.sequence;
  cutter.start_ = open.start;
  cutter.tracker_ = PositionTracker(open.start);
  // So what was proven once stays so, although the header that proved it is not in the store.
  cutter.proven_ = open.end.offset;
  cutter.not_below_ = open.end.offset;
  return cutter;
}

std::optional<Cut> SegmentCutter::on_record(const RecordMet& met) {
  ZSLUICE_CHECK(!ended_ && payload_left_ == 0);
  settle();
  const Position& here = tracker_.at();
  ZSLUICE_CHECK(here.offset == met.offset);
  proven_ = std::max(proven_, met.proven);

  const std::uint64_t open_bytes = here.offset - start_.offset;
  const std::uint64_t record_bytes = drr::kRecordBytes + met.payload_bytes;
  const bool is_full =
      open_bytes > 0 && (open_bytes > target_bytes_ || record_bytes > target_bytes_ - open_bytes);
  too_long_ = too_long_ || record_bytes > kRawBytesMax || (is_full && proven_ < here.offset);
  std::optional<Cut> cut;
  if (is_full && !too_long_) cut = cut_here();

  tracker_.meet(met.record, met.role, met.payload_bytes, met.sum);
  payload_left_ = met.payload_bytes;
  if (met.role == drr::Role::substream_begin) {
    met_substream_ = substream_of(met.record, met.offset);
  }
  return cut;
}

void SegmentCutter::on_payload_end(const checksum::Fletcher4& sum) {
  ZSLUICE_CHECK(!ended_);
  tracker_.payload_end(sum);
  payload_left_ = 0;
}

std::optional<Cut> SegmentCutter::on_stream_end() {
  ZSLUICE_CHECK(!ended_ && payload_left_ == 0);
  settle();
  ended_ = true;
  if (too_long_) return std::nullopt;
  return cut_here();
}

std::optional<Cut> SegmentCutter::cut_rest() {
  ZSLUICE_CHECK(!ended_);
  ended_ = true;
  if (too_long_ || proven_ < tracker_.at().offset) return std::nullopt;
  if (payload_left_ == 0 && tracker_.met_end() <= proven_) settle();
  if (tracker_.at().offset == start_.offset || tracker_.at().offset < not_below_) {
    return std::nullopt;
  }
  return cut_here();
}

void SegmentCutter::settle() {
  tracker_.settle();
  if (met_substream_) substreams_.push_back(std::move(*met_substream_));
  met_substream_.reset();
}

Cut SegmentCutter::cut_here() {
  Cut cut = {.sequence = sequence_,
             .target_bytes = target_bytes_,
             .start = start_,
             .end = tracker_.at(),
             .places = tracker_.places(),
             .substreams = std::move(substreams_),
             .is_last = tracker_.at().framing == Framing::outside};
  ++sequence_;
  start_ = cut.end;
  substreams_.clear();
  tracker_.forget_places();
  return cut;
}

}  // namespace zsluice::storage
