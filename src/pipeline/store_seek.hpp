// SPDX-License-Identifier: BSD-2-Clause
// Where in a store something stands, found by bisection over the segments' headers: 20 of them for
// 10 TiB. Pure: whoever calls hands in a way to get a header.
//
// Headers that are missing or cannot be believed are passed over, so that damage elsewhere is no
// hindrance. What lies among them is not found: the answer is then a segment before them, from
// which on nothing is skipped.
#pragma once

#include "zsluice/drr/begin_payload.hpp"
#include "zsluice/store/segment.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace zsluice::pipeline {

// Of the segments [first, end), of which there is one at least, the first header that can be
// believed; nothing if none can. It must not take longer for a wide gap than for a narrow one: how
// many segments there are is what a manifest says.
using FirstHeader =
    std::function<std::optional<storage::SegmentHeader>(std::uint64_t first, std::uint64_t end)>;

// What a position is compared by: it must grow from segment to segment.
using PositionKey = storage::Place (*)(const storage::Position&);

class StoreSeek {
 public:
  StoreSeek(FirstHeader first_header, std::uint64_t segments)
      : first_header_(std::move(first_header)), segments_(segments) {}

  [[nodiscard]] std::uint64_t segments() const { return segments_; }
  [[nodiscard]] std::optional<storage::SegmentHeader> header_at(std::uint64_t sequence) const {
    return first_header_(sequence, sequence + 1);
  }

  // Of the segments [first, end) the last one that starts below `bound`.
  [[nodiscard]] std::optional<storage::SegmentHeader> last_below(std::uint64_t first,
                                                                 std::uint64_t end,
                                                                 PositionKey key,
                                                                 const storage::Place& bound);
  // The number of the segment that holds this stream offset; when its header cannot be believed,
  // of the first one like that where it must be.
  [[nodiscard]] std::uint64_t holding(std::uint64_t offset);
  // The same for the BEGIN of the substream with this number, from 1.
  [[nodiscard]] std::uint64_t begin_of(std::uint64_t substream);

  // Every key that was looked at was in order. If not, nothing that was found means anything.
  [[nodiscard]] bool is_ascending() const { return is_ascending_; }

 private:
  [[nodiscard]] std::optional<storage::SegmentHeader> middle_of(std::uint64_t first,
                                                                std::uint64_t& end) const;
  [[nodiscard]] std::uint64_t behind(const storage::SegmentHeader& header) const;

  FirstHeader first_header_;
  std::uint64_t segments_;
  bool is_ascending_ = true;
};

// Whether the segment holds a part of a package, as far as its ends tell: not if it holds all of
// it.
[[nodiscard]] bool is_of_package(const storage::SegmentHeader& header);

// Segments that follow one another.
struct SegmentSpan {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  friend bool operator==(const SegmentSpan&, const SegmentSpan&) = default;
};

// Appends, but for what is there already; spans that touch become one.
void add_span(std::vector<SegmentSpan>& spans, SegmentSpan span);

// What must be read of a substream so that it can be resumed at a point: the segment with its
// BEGIN, those with the OBJECT_RANGE and the OBJECT of the point's object and what stands between
// OBJECT and data, and everything from the last WRITE before the point on; from the block of dnodes
// on where the point may need that. `begin`: of the segment with the BEGIN, the last one in it.
// When in doubt: everything from there on.
[[nodiscard]] std::vector<SegmentSpan> spans_to_resume(StoreSeek& seek,
                                                       const storage::SegmentHeader& begin,
                                                       drr::ResumePoint point);

}  // namespace zsluice::pipeline
