// SPDX-License-Identifier: BSD-2-Clause
// check_records(): the records of one segment, read from a place in mid-stream.
#include "store/error_of.hpp"
#include "zsluice/store/cutter.hpp"
#include "zsluice/store/segment_check.hpp"

#include <algorithm>

namespace zsluice::storage {
namespace {

using drr::Step;

// A BEGIN payload was within its writer's --max-header, whatever that was; here the segment bounds
// it.
constexpr drr::ParserOptions kOptions = {.limits = {.begin_payload_bytes = kRawBytesMax},
                                         .sum_payloads = true};

class RecordWalk {
 public:
  RecordWalk(const Position& start, std::vector<Substream>* begun)
      : parser_(parser_at(start, kOptions)), tracker_(start), begun_(begun) {}

  // To the end of the payload. False when something is no record that belongs there, or the end is
  // not one of a record; then at() is the record met last, or else the place of what follows it.
  bool run(ByteSpan raw) {
    for (Step step = parser_.next(raw); step != Step::need_input; step = parser_.next(raw)) {
      if (step == Step::fault) return false;
      if (step == Step::stream_end) return raw.empty();
      take(step);
    }
    const bool is_whole = parser_.payload_bytes_left() == 0;
    if (is_whole) tracker_.settle();
    return is_whole && tracker_.at().offset == parser_.consumed();
  }

  // After run() was true: the position and the places at the end.
  PositionTracker& end() {
    tracker_.settle();
    return tracker_;
  }
  // After run() was false: the stream offset of what is wrong.
  [[nodiscard]] std::uint64_t wrong_at() const {
    return std::max(tracker_.at().offset, parser_.current().stream_offset);
  }

 private:
  void take(Step step) {
    if (step == Step::payload) {
      if (parser_.payload_bytes_left() == 0) tracker_.payload_end(parser_.running_sum());
      return;
    }
    tracker_.settle();
    const RecordMet met = record_met(parser_);
    tracker_.meet(met.record, met.role, met.payload_bytes, met.sum);
    if (begun_ != nullptr && met.role == drr::Role::substream_begin) {
      begun_->push_back(substream_of(met.record, met.offset));
    }
  }

  drr::Parser parser_;
  PositionTracker tracker_;
  std::vector<Substream>* begun_;
};

// Whether something can be read from there at all; headers that were decoded always can.
bool is_readable(const SegmentHeader& header, ByteSpan raw) {
  return raw.size() == header.raw_bytes && !raw.empty() &&
         (header.start.framing != Framing::outside || header.start == Position{});
}

}  // namespace

Result<void, SegmentError> check_records(const SegmentHeader& header,
                                         ByteSpan raw,
                                         std::vector<Substream>* begun) {
  using enum SegmentErrorCode;
  if (!is_readable(header, raw)) {
    return Unexpected{error_of(records_damaged, raw.size(), header.raw_bytes, raw.size())};
  }
  RecordWalk walk(header.start, begun);
  if (!walk.run(raw)) {
    return Unexpected{error_of(records_damaged, walk.wrong_at() - header.start.offset)};
  }
  const PositionTracker& end = walk.end();
  if (end.at() != header.end || end.places() != header.places) {
    return Unexpected{error_of(wrong_waypoint, raw.size())};
  }
  if (header.start != Position{}) return {};
  const checksum::Xxh3Digest store_id = store_id_of(raw);
  if (store_id == header.store_id) return {};
  return Unexpected{error_of(wrong_store_id, 0, header.store_id, store_id)};
}

}  // namespace zsluice::storage
