// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/store_seek.hpp"

#include <algorithm>

namespace zsluice::pipeline {

using storage::kNowhere;
using storage::Place;
using storage::Position;
using storage::SegmentHeader;

namespace {

Place offset_key(const Position& at) {
  return {.object = at.offset};
}
Place begins_key(const Position& at) {
  return {.object = at.substreams};
}
// Behind a substream's END, too: the number, then whether it is over.
Place substream_key(const Position& at) {
  return {.object = at.substreams, .offset = is_in_substream(at.framing) ? 0U : 1U};
}
// Within a substream:
Place object_key(const Position& at) {
  return {.object = at.object};
}
Place write_key(const Position& at) {
  return at.write;
}

// Whether data of the object has been met: what stands between OBJECT and data is over.
bool has_data_of(const Position& at, std::uint64_t object) {
  return at.write_at != kNowhere && at.write.object == object;
}

// Where a block of dnodes is announced before its data, what is missing at (object, 0) may begin
// with the block (resume::FoundPoint::needs_block). Not if data of it stands before the object.
bool may_need_block(const Position& before_object, drr::ResumePoint point) {
  const std::uint64_t block = drr::dnode_block_of(point.object);
  const bool has_earlier =
      before_object.object_at != kNowhere && drr::dnode_block_of(before_object.object) == block;
  const bool has_data = before_object.write_at != kNowhere &&
                        drr::dnode_block_of(before_object.write.object) == block;
  return point.offset == 0 && has_earlier && !has_data;
}

class ResumeSpans {
 public:
  ResumeSpans(StoreSeek& seek, const SegmentHeader& begin, drr::ResumePoint point)
      : seek_(seek), begin_(begin), point_(point) {}

  // Nothing: the places cannot be told.
  [[nodiscard]] std::optional<std::vector<SegmentSpan>> find();

 private:
  [[nodiscard]] std::uint64_t preamble_end(std::uint64_t from, std::uint64_t to) const;

  StoreSeek& seek_;
  const SegmentHeader& begin_;
  drr::ResumePoint point_;
};

std::optional<std::vector<SegmentSpan>> ResumeSpans::find() {
  const std::uint64_t begin = begin_.sequence;
  const auto last_inside = seek_.last_below(begin + 1, seek_.segments(), substream_key,
                                            {.object = begin_.end.substreams, .offset = 1});
  if (!last_inside) return std::nullopt;
  const std::uint64_t end = last_inside->sequence + 1;
  auto object = seek_.last_below(begin + 1, end, object_key, {.object = point_.object});
  if (object && may_need_block(object->start, point_)) {
    object = seek_.last_below(begin + 1, end, object_key,
                              {.object = point_.object - point_.object % drr::kDnodeSlotsPerBlock});
  }
  const auto write = seek_.last_below(begin + 1, end, write_key,
                                      {.object = point_.object, .offset = point_.offset});
  // Data may come without an OBJECT.
  if (object && (!write || write->sequence < object->sequence)) object = write;
  std::vector<SegmentSpan> spans;
  add_span(spans, {begin, begin});
  std::uint64_t object_in = begin;
  if (object) {
    object_in = object->sequence;
    if (object->start.object_range_at != kNowhere) {
      const std::uint64_t range_in = seek_.holding(object->start.object_range_at);
      add_span(spans, {range_in, range_in});
    }
  }
  std::uint64_t data_in = object_in;
  if (write && has_data_of(write->start, point_.object)) {
    data_in = std::max(data_in, seek_.holding(write->start.write_at));
  }
  add_span(spans, {object_in, preamble_end(object_in, data_in)});
  add_span(spans, {data_in, seek_.segments() - 1});
  return spans;
}

// The last segment that must be read from the one with the OBJECT on. All up to `to`, if one is in
// doubt.
std::uint64_t ResumeSpans::preamble_end(std::uint64_t from, std::uint64_t to) const {
  for (std::uint64_t at = from; at < to; ++at) {
    const auto header = at == begin_.sequence ? std::optional(begin_) : seek_.header_at(at);
    if (!header) return to;
    if (has_data_of(header->end, point_.object)) return at;
  }
  return to;
}

}  // namespace

// A header from the middle of [first, end), from which the end is taken that has none: none is
// tried again in vain.
std::optional<SegmentHeader> StoreSeek::middle_of(std::uint64_t first, std::uint64_t& end) const {
  while (first < end) {
    const std::uint64_t middle = first + (end - first) / 2;
    if (auto header = first_header_(middle, end)) return header;
    end = middle;
  }
  return std::nullopt;
}

std::optional<SegmentHeader> StoreSeek::last_below(std::uint64_t first,
                                                   std::uint64_t end,
                                                   PositionKey key,
                                                   const Place& bound) {
  std::optional<SegmentHeader> below;
  std::optional<Place> below_key;
  std::optional<Place> above_key;
  while (first < end) {
    const auto header = middle_of(first, end);
    if (!header) break;
    const Place at = key(header->start);
    if ((below_key && at < *below_key) || (above_key && *above_key < at)) is_ascending_ = false;
    if (at < bound) {
      below = header;
      below_key = at;
      first = header->sequence + 1;
    } else {
      above_key = at;
      end = header->sequence;
    }
  }
  return below;
}

std::uint64_t StoreSeek::behind(const SegmentHeader& header) const {
  return std::min(header.sequence + 1, segments_ - 1);
}

std::uint64_t StoreSeek::holding(std::uint64_t offset) {
  const auto header = last_below(0, segments_, offset_key, {.object = offset + 1});
  if (!header) return 0;
  return offset < header->end.offset ? header->sequence : behind(*header);
}

std::uint64_t StoreSeek::begin_of(std::uint64_t substream) {
  const auto header = last_below(0, segments_, begins_key, {.object = substream});
  if (!header) return 0;
  return substream <= header->end.substreams ? header->sequence : behind(*header);
}

bool is_of_package(const SegmentHeader& header) {
  const auto is_package = [](storage::Framing framing) {
    return framing == storage::Framing::package_header || framing == storage::Framing::package ||
           framing == storage::Framing::package_substream;
  };
  return is_package(header.start.framing) || is_package(header.end.framing);
}

void add_span(std::vector<SegmentSpan>& spans, SegmentSpan span) {
  if (!spans.empty()) {
    span.first = std::max(span.first, spans.back().last + 1);
    if (span.first > span.last) return;
    if (span.first == spans.back().last + 1) {
      spans.back().last = span.last;
      return;
    }
  }
  spans.push_back(span);
}

std::vector<SegmentSpan> spans_to_resume(StoreSeek& seek,
                                         const SegmentHeader& begin,
                                         drr::ResumePoint point) {
  auto spans = ResumeSpans(seek, begin, point).find();
  if (spans && seek.is_ascending()) return *std::move(spans);
  return {{begin.sequence, seek.segments() - 1}};
}

}  // namespace zsluice::pipeline
