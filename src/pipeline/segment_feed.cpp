// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/segment_feed.hpp"

#include <iterator>
#include <utility>
#include <variant>

namespace zsluice::pipeline {
namespace {

using storage::SegmentError;
using storage::SegmentErrorCode;
using storage::SegmentHeader;

bool leads_to(const drr::Parser& parser, const storage::Position& end) {
  return parser.consumed() == end.offset && parser.payload_bytes_left() == 0 &&
         (!is_summing(end.framing) || parser.running_sum() == end.sum);
}

StoreFailure bad_segment(const SegmentHeader& header, SegmentErrorCode code, std::uint64_t at) {
  SegmentError error;
  error.code = code;
  error.at = at;
  return SegmentReader::bad_segment(header, error);
}

SegmentReaderOptions of_store(SegmentReaderOptions options,
                              const std::optional<StoreIdentity>& identity) {
  if (identity) options.store_id = identity->store_id;
  return options;
}

}  // namespace

SegmentFeed::SegmentFeed(const SegmentReaderOptions& options,
                         StoreHeaders& headers,
                         io::StoreFiles& files)
    : headers_(headers),
      segments_(of_store(options, headers.identity()), files),
      has_key_(!options.key.empty()) {}

void SegmentFeed::link_from(std::uint64_t sequence) {
  links_.clear();
  if (has_key_) link_from_ = sequence;
}

std::optional<StoreFailure> SegmentFeed::link_to(std::uint64_t sequence) {
  if (!link_from_ || sequence <= *link_from_) {
    segments_.start_at(sequence);
    return std::nullopt;
  }
  const auto behind = links_.lower_bound(sequence);
  if (behind == links_.begin()) {
    segments_.start_at(*link_from_);
  } else {
    segments_.start_behind(std::prev(behind)->second);
  }
  if (const auto failure = segments_.link_to(sequence)) return placed(*failure);
  links_.emplace(sequence - 1, *segments_.last());
  return std::nullopt;
}

StoreFailure SegmentFeed::placed(StoreFailure failure) {
  if (!failure.end) headers_.add_place(failure);
  return failure;
}

std::optional<Failure> SegmentFeed::feed(const SegmentSpan& span, SpanReader& reader) {
  if (auto failure = link_to(span.first)) return failure;
  for (std::uint64_t at = span.first; at <= span.last; ++at) {
    const auto segment = segments_.next();
    if (!segment) {
      if (at > span.first) reader.settle();
      return placed(segment.error());
    }
    if (auto failure = check_target(segment->header)) return failure;
    if (at == span.first) reader.start_at(stream_place(segment->header.start));
    if (auto failure = feed_one(*segment, reader)) return failure;
    if (reader.is_over()) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Failure> SegmentFeed::feed_one(const ReadSegment& segment, SpanReader& reader) {
  const SegmentHeader& header = segment.header;
  reader.feed(segment.raw);
  if (const auto& failure = reader.failure()) {
    const auto* const fault = std::get_if<drr::Fault>(&*failure);
    if (fault == nullptr || drr::kind_of(fault->code) != drr::FaultKind::damaged) return failure;
    return bad_segment(header, SegmentErrorCode::records_damaged,
                       fault->begin - header.start.offset);
  }
  if (reader.is_over() || leads_to(reader.parser(), header.end)) return std::nullopt;
  return bad_segment(header, SegmentErrorCode::wrong_waypoint, header.raw_bytes);
}

// What the chain does not tell of the first segment of a span, when the one before it is no help:
// the same stream, cut in another way.
std::optional<StoreFailure> SegmentFeed::check_target(const SegmentHeader& header) const {
  const auto& identity = headers_.identity();
  if (!identity || header.settings.segment_bytes == identity->segment_bytes) return std::nullopt;
  SegmentError error;
  error.code = SegmentErrorCode::wrong_settings;
  error.expected = identity->segment_bytes;
  error.found = header.settings.segment_bytes;
  return SegmentReader::bad_segment(header, error);
}

}  // namespace zsluice::pipeline
