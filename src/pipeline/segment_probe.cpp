// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/segment_probe.hpp"

#include "pipeline/open_failure.hpp"
#include "zsluice/drr/format.hpp"
#include "zsluice/drr/record.hpp"
#include "zsluice/store/segment_name.hpp"

#include <array>
#include <utility>

namespace zsluice::pipeline {

using storage::SegmentError;
using storage::SegmentErrorCode;
using storage::SegmentErrorKind;
using storage::SegmentHeader;

namespace {

// Whether the BEGIN of `last` is the segment's last record. The records are right.
bool is_at_end(const storage::Substream& last, const SegmentHeader& header, ByteSpan raw) {
  if (!is_in_substream(header.end.framing)) return false;
  const auto at = static_cast<std::size_t>(last.begin_at - header.start.offset);
  const drr::RecordView begin(raw.subspan(at).data(), header.end.order);
  const auto payload = drr::payload_bytes(begin);
  return payload && last.begin_at + drr::kRecordBytes + *payload == header.end.offset;
}

}  // namespace

bool ProbedSegment::has_place() const {
  if (!header) return false;
  if (!code || *code == StoreFailureCode::unreadable) return true;
  if (*code != StoreFailureCode::bad_segment) return false;
  // Its payload is wrong, which says nothing against the header.
  return kind_of(error.code) == SegmentErrorKind::payload ||
         error.code == SegmentErrorCode::wrong_digest ||
         error.code == SegmentErrorCode::records_damaged;
}

SegmentProbe::SegmentProbe(ProbeOptions options, io::StoreFiles& files)
    : options_(std::move(options)), files_(files) {
  if (!options_.key.empty()) mac_.emplace(bytes_of(options_.key));
}

bool SegmentProbe::noted(const Result<void, SegmentError>& checked, ProbedSegment& segment) {
  if (checked) return true;
  segment.error = checked.error();
  segment.code = StoreFailureCode::bad_segment;
  if (segment.error.code == SegmentErrorCode::wrong_key) {
    segment.code = StoreFailureCode::wrong_key;
  } else if (segment.error.code == SegmentErrorCode::hmac_unavailable) {
    segment.code = StoreFailureCode::no_digest;
  }
  return false;
}

void SegmentProbe::check(ProbedSegment& segment) {
  const auto file = files_.open(storage::segment_name(segment.sequence));
  if (file) return check_file(**file, segment);
  segment.code = code_of_open(file.error());
  segment.system = file.error();
}

void SegmentProbe::check_file(const io::StoredFile& file, ProbedSegment& segment) {
  std::array<std::byte, storage::kSegmentHeaderBytesMax> bytes{};
  const auto count = file.read_at(0, bytes);
  if (!count) {
    segment.code = code_of_read(count.error());
    segment.system = count.error();
    return;
  }
  const auto header = storage::decode_segment_header(ByteSpan(bytes).first(*count));
  if (!header) {
    (void)noted(Unexpected{header.error()}, segment);
    return;
  }
  segment.header = *header;
  if (!noted(check_place(*header, segment.sequence), segment)) return;
  if (!check_key(segment) || !check_length(file, segment) || options_.is_quick) return;
  if (!options_.is_listing || header->substreams_begun() > 0) check_stored(file, segment);
}

bool SegmentProbe::check_key(ProbedSegment& segment) {
  if (mac_) return noted(check_header_hmac(*segment.header, *mac_), segment);
  if (!segment.header->hmac || options_.no_auth) return true;
  segment.code = StoreFailureCode::key_needed;
  return false;
}

bool SegmentProbe::check_length(const io::StoredFile& file, ProbedSegment& segment) const {
  const std::uint64_t expected = segment.header->stored_bytes;
  const std::uint64_t bytes = file.bytes();
  const std::uint64_t there =
      bytes < storage::kSegmentHeaderBytes ? 0 : bytes - storage::kSegmentHeaderBytes;
  if (there == expected) return true;
  SegmentError error;
  error.code = SegmentErrorCode::wrong_stored_size;
  error.expected = expected;
  error.found = there;
  return noted(Unexpected{error}, segment);
}

void SegmentProbe::check_stored(const io::StoredFile& file, ProbedSegment& segment) {
  const SegmentHeader& header = *segment.header;
  stored_.resize(static_cast<std::size_t>(header.stored_bytes));
  const auto count = file.read_at(storage::kSegmentHeaderBytes, stored_);
  if (!count) {
    segment.code = code_of_read(count.error());
    segment.system = count.error();
    return;
  }
  const ByteSpan stored = ByteSpan(stored_).first(*count);
  if (!noted(check_payload(header, stored), segment)) return;
  if (mac_ && !noted(check_digest(header, stored), segment)) return;
  check_contents(segment);
}

void SegmentProbe::check_contents(ProbedSegment& segment) {
  const SegmentHeader& header = *segment.header;
  ByteSpan raw = stored_;
  if (header.codec != storage::Codec::none) {
    raw_.resize(static_cast<std::size_t>(header.raw_bytes));
    if (!noted(decompressor_.decompress(stored_, raw_), segment)) return;
    raw = raw_;
    if (!noted(check_raw(header, raw), segment)) return;
    if (mac_ && !noted(check_raw_digest(header, raw), segment)) return;
  }
  segment.has_records = noted(check_records(header, raw, &segment.begun), segment);
  if (!segment.has_records) segment.begun.clear();
  segment.ends_in_begin = !segment.begun.empty() && is_at_end(segment.begun.back(), header, raw);
}

}  // namespace zsluice::pipeline
