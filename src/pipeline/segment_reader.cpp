// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/segment_reader.hpp"

#include "pipeline/open_failure.hpp"
#include "pipeline/store_contents.hpp"
#include "pipeline/stored_pieces.hpp"
#include "zsluice/store/segment_name.hpp"

#include <array>
#include <utility>

namespace zsluice::pipeline {

using storage::SegmentError;
using storage::SegmentErrorCode;
using storage::SegmentHeader;

SegmentReader::SegmentReader(SegmentReaderOptions options, io::StoreFiles& files)
    : options_(std::move(options)), files_(files) {
  if (!options_.key.empty()) mac_.emplace(bytes_of(options_.key));
  if (options_.store_id) chain_.emplace(*options_.store_id);
}

StoreFailure SegmentReader::failure_of(StoreFailureCode code) const {
  StoreFailure failure;
  failure.code = code;
  if (sequence_ < storage::kSegmentsMax) failure.name = storage::segment_name(sequence_);
  failure.segments = sequence_;
  failure.sequence = sequence_;
  failure.begin = offset();
  return failure;
}

StoreFailure SegmentReader::unreadable(const io::SysError& error) const {
  StoreFailure failure = failure_of(code_of_read(error));
  failure.system = error;
  return failure;
}

StoreFailure SegmentReader::bad_segment(const SegmentHeader& header, const SegmentError& error) {
  StoreFailure failure;
  failure.code = StoreFailureCode::bad_segment;
  failure.name = storage::segment_name(header.sequence);
  failure.segments = header.sequence;
  failure.sequence = header.sequence;
  failure.begin = header.start.offset;
  failure.end = header.end.offset;
  failure.segment = error;
  return failure;
}

void SegmentReader::start_at(std::uint64_t sequence) {
  sequence_ = sequence;
  last_.reset();
  const auto store_id = chain_ ? std::optional(chain_->store_id()) : options_.store_id;
  chain_.reset();
  if (store_id) chain_.emplace(*store_id);
  is_unlinked_ = sequence > 0;
  if (!is_unlinked_) return;
  const auto before = peek_header(files_, sequence - 1);
  if (!before || !check_place(*before, sequence - 1)) return;
  if (mac_ && !check_header_hmac(*before, *mac_)) return;
  if (store_id && *store_id != before->store_id) return;
  start_behind(*before);
}

void SegmentReader::start_behind(const SegmentHeader& header) {
  sequence_ = header.sequence + 1;
  chain_.emplace(header);
  last_ = header;
  is_unlinked_ = false;
}

SegmentReader::Done SegmentReader::link_to(std::uint64_t sequence) {
  while (sequence_ < sequence) {
    const auto file = open_next();
    if (!file) return file.error();
    const auto header = read_header(**file);
    if (!header) return header.error();
    last_ = *header;
    ++sequence_;
  }
  return std::nullopt;
}

Result<std::unique_ptr<io::StoredFile>, StoreFailure> SegmentReader::open_next() {
  if (sequence_ >= storage::kSegmentsMax) {
    return Unexpected{failure_of(StoreFailureCode::missing_segment)};
  }
  auto file = files_.open(storage::segment_name(sequence_));
  if (file) return std::move(*file);
  const bool is_missing = code_of_open(file.error()) == StoreFailureCode::missing_segment;
  return Unexpected{is_missing ? failure_of(StoreFailureCode::missing_segment)
                               : unreadable(file.error())};
}

Result<SegmentHeader, StoreFailure> SegmentReader::next_header() {
  const auto file = open_next();
  if (!file) return Unexpected{file.error()};
  auto header = read_header(**file);
  if (!header) return header;
  if (auto failure = check_length(**file, *header)) return Unexpected{*std::move(failure)};
  last_ = *header;
  ++sequence_;
  return header;
}

Result<ReadSegment, StoreFailure> SegmentReader::next() {
  const auto file = open_next();
  if (!file) return Unexpected{file.error()};
  const auto header = read_header(**file);
  if (!header) return Unexpected{header.error()};
  if (auto failure = read_payload(**file, *header)) return Unexpected{std::move(*failure)};
  if (header->codec == storage::Codec::none) {
    last_ = *header;
    ++sequence_;
    return ReadSegment{*header, stored_};
  }
  raw_.resize(static_cast<std::size_t>(header->raw_bytes));
  if (const auto decoded = decompressor_.decompress(stored_, raw_); !decoded) {
    return Unexpected{bad_segment(*header, decoded.error())};
  }
  const auto checked = check_raw(*header, raw_, mac_.has_value());
  if (auto failure = judged(*header, checked)) return Unexpected{*std::move(failure)};
  last_ = *header;
  ++sequence_;
  return ReadSegment{*header, raw_};
}

Result<SegmentHeader, StoreFailure> SegmentReader::read_header(const io::StoredFile& file) {
  std::array<std::byte, storage::kSegmentHeaderBytesMax> bytes{};
  const auto count = file.read_at(0, bytes);
  if (!count) return Unexpected{unreadable(count.error())};
  const auto header = storage::decode_segment_header(ByteSpan(bytes).first(*count));
  if (!header) {
    StoreFailure failure = failure_of(StoreFailureCode::bad_segment);
    failure.segment = header.error();
    return Unexpected{failure};
  }
  if (const auto linked = link(*header); !linked) {
    // It speaks of another place than the one it stands at.
    StoreFailure failure = failure_of(StoreFailureCode::bad_segment);
    failure.segment = linked.error();
    return Unexpected{failure};
  }
  if (auto failure = check_key(*header)) return Unexpected{*std::move(failure)};
  return *header;
}

Result<void, SegmentError> SegmentReader::link(const SegmentHeader& header) {
  if (!chain_) chain_.emplace(header.store_id);
  if (auto placed = check_place(header, sequence_); !placed) return placed;
  if (header.store_id != chain_->store_id()) return chain_->check(header);
  const std::uint64_t target = header.settings.segment_bytes;
  if (options_.segment_bytes.value_or(target) != target) {
    SegmentError error;
    error.code = SegmentErrorCode::wrong_settings;
    error.expected = *options_.segment_bytes;
    error.found = target;
    return Unexpected{error};
  }
  if (!is_unlinked_) return chain_->check(header);
  chain_->skip_to(header);
  is_unlinked_ = false;
  return {};
}

SegmentReader::Done SegmentReader::check_length(const io::StoredFile& file,
                                                const SegmentHeader& header) {
  const std::uint64_t there = file.bytes() - storage::kSegmentHeaderBytes;
  if (file.bytes() >= storage::kSegmentHeaderBytes && there == header.stored_bytes) {
    return std::nullopt;
  }
  SegmentError error;
  error.code = SegmentErrorCode::wrong_stored_size;
  error.expected = header.stored_bytes;
  error.found = file.bytes() < storage::kSegmentHeaderBytes ? 0 : there;
  return bad_segment(header, error);
}

SegmentReader::Done SegmentReader::read_payload(const io::StoredFile& file,
                                                const SegmentHeader& header) {
  if (auto failure = check_length(file, header)) return failure;
  stored_.resize(static_cast<std::size_t>(header.stored_bytes));
  storage::PayloadHashes hashes(mac_.has_value());
  const auto read = read_pieces(
      file, stored_.size(),
      [&](std::size_t done, std::size_t size) {
        return MutableByteSpan(stored_).subspan(done, size);
      },
      [&](ByteSpan piece) { hashes.update(piece); });
  if (!read) return unreadable(read.error());
  return judged(header, hashes.check_stored(header));
}

SegmentReader::Done SegmentReader::check_key(const SegmentHeader& header) {
  if (!mac_) {
    if (!header.hmac || options_.no_auth) return std::nullopt;
    return failure_of(StoreFailureCode::key_needed);
  }
  return judged(header, check_header_hmac(header, *mac_));
}

SegmentReader::Done SegmentReader::judged(const SegmentHeader& header,
                                          const Result<void, SegmentError>& checked) const {
  if (checked) return std::nullopt;
  if (checked.error().code == SegmentErrorCode::hmac_unavailable) {
    return failure_of(StoreFailureCode::no_digest);
  }
  return bad_segment(header, checked.error());
}

}  // namespace zsluice::pipeline
