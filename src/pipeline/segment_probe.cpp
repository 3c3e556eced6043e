// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/segment_probe.hpp"

#include "pipeline/open_failure.hpp"
#include "pipeline/stored_pieces.hpp"
#include "zsluice/store/segment_name.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace zsluice::pipeline {

using storage::SegmentError;
using storage::SegmentErrorCode;
using storage::SegmentErrorKind;
using storage::SegmentHeader;

namespace {

bool is_plain(const SegmentHeader& header) {
  return header.codec == storage::Codec::none;
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
  if (segment.error.code == SegmentErrorCode::hmac_unavailable) {
    segment.code = StoreFailureCode::no_digest;
  }
  return false;
}

void SegmentProbe::check(ProbedSegment& segment) {
  const auto file = files_.open(storage::segment_name(segment.sequence));
  if (!file) {
    segment.code = code_of_open(file.error());
    segment.system = file.error();
    return;
  }
  check_file(**file, segment);
  // What was met before it was proven.
  if (!segment.has_records) segment.begun = {};
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
  storage::PayloadHashes hashes(mac_.has_value());
  storage::RecordCheck records(header, &segment.begun);
  if (!read_stored(file, hashes, records, segment)) return;
  if (!noted(hashes.check_stored(header), segment)) return;
  if (!is_plain(header) && !unpack(records, segment)) return;
  segment.has_records = noted(records.finish(), segment);
  segment.ends_in_begin = segment.has_records && records.ends_in_begin();
}

bool SegmentProbe::read_stored(const io::StoredFile& file,
                               storage::PayloadHashes& hashes,
                               storage::RecordCheck& records,
                               ProbedSegment& segment) {
  const bool keeps_all = !is_plain(*segment.header);
  const auto bytes = static_cast<std::size_t>(segment.header->stored_bytes);
  const std::size_t needed = keeps_all ? bytes : std::min(bytes, kStoredPieceBytes);
  // Never smaller: what it grows by is filled with zeros.
  if (stored_.size() < needed) stored_.resize(needed);
  const auto read = read_pieces(
      file, bytes,
      [&](std::size_t done, std::size_t size) {
        return MutableByteSpan(stored_).subspan(keeps_all ? done : 0, size);
      },
      [&](ByteSpan piece) {
        hashes.update(piece);
        if (!keeps_all) records.update(piece);
      });
  if (read) return true;
  segment.code = code_of_read(read.error());
  segment.system = read.error();
  return false;
}

bool SegmentProbe::unpack(storage::RecordCheck& records, ProbedSegment& segment) {
  const SegmentHeader& header = *segment.header;
  raw_.resize(static_cast<std::size_t>(header.raw_bytes));
  const ByteSpan stored = ByteSpan(stored_).first(static_cast<std::size_t>(header.stored_bytes));
  if (!noted(decompressor_.decompress(stored, raw_), segment)) return false;
  storage::PayloadHashes hashes(mac_.has_value());
  for (ByteSpan left = raw_; !left.empty();) {
    const ByteSpan piece = left.first(std::min(left.size(), kStoredPieceBytes));
    hashes.update(piece);
    records.update(piece);
    left = left.subspan(piece.size());
  }
  return noted(hashes.check_raw(header), segment);
}

}  // namespace zsluice::pipeline
