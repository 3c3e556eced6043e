// SPDX-License-Identifier: BSD-2-Clause
// SegmentCutter: decides where a stream is cut into segments, and says of each where the stream
// stands at its start and end. Pure, and it never sees the bytes: the caller, who has had them
// checked and still holds them, tells it of each record, and makes a segment of the bytes between
// two cuts.
//
// It is an ear beside whatever reads the stream anyway (Gate, Walk, a loop of one's own), so that
// bytes come in once and are checked once:
//
//     case Step::record:     cut = cutter.on_record(record_met(parser)); break;
//     case Step::payload:    if (parser.payload_bytes_left() == 0)
//                              cutter.on_payload_end(parser.running_sum());
//                            break;
//     case Step::stream_end: cut = cutter.on_stream_end(); break;
//     case Step::fault:      cut = cutter.cut_rest(); break;    a valid prefix of the stream
//
// running_sum() has to be that of the payload: behind add_payload_sum(), where others sum it.
//
// Cuts fall between records. A segment is as long as whole records fit into the target; a record
// that is longer is a segment of its own. A cut is told when the header behind it has been checked,
// so all of the segment is proven (DESIGN.md §4). Where the cuts fall depends on the stream and the
// target alone, not on how the bytes came.
//
// A record without a checksum proves nothing before it, so there is no cut there; where one would
// have to be, is_too_long() says so, and nothing more comes. `split` refuses such streams as `pipe`
// does.
//
// A store whose last segment does not end the stream is continued by taking that segment apart: the
// caller checks it, and feeds its raw bytes again to a parser and a cutter that start where it
// starts. What comes out is what the uninterrupted run would have made (FORMAT.md §6).
#pragma once

#include "zsluice/drr/parser.hpp"
#include "zsluice/store/position.hpp"
#include "zsluice/store/segment.hpp"
#include "zsluice/store/substream.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace zsluice::storage {

// What the cutter needs to know of a record whose header was accepted. The view is used during the
// call only.
struct RecordMet {
  drr::RecordView record;
  drr::Role role{};
  std::uint64_t payload_bytes = 0;
  std::uint64_t offset = 0;  // of the record, in the stream
  std::uint64_t proven = 0;  // every byte of the stream below it is: the watermark
  checksum::Fletcher4 sum;   // the running sum behind the header
};

// After Step::record; the parser was given the stream from its first byte.
[[nodiscard]] RecordMet record_met(const drr::Parser& parser);

// A finished segment: the bytes of the stream from start.offset up to end.offset.
struct Cut {
  std::uint64_t sequence = 0;
  std::uint64_t target_bytes = 0;
  Position start;
  Position end;
  std::optional<Places> places;
  // Whose BEGIN stands in it, in order. They take less memory than the segment itself.
  std::vector<Substream> substreams;
  bool is_last = false;

  [[nodiscard]] std::uint64_t raw_bytes() const { return end.offset - start.offset; }
};

// The header that says so. `segment_bytes` of the settings is the cutter's target. The payload, and
// what the chain adds, are still to be filled in (set_payload(), SegmentChain::append()).
[[nodiscard]] SegmentHeader header_of(const Cut& cut, const StoreSettings& settings);
// `raw` and `stored` are the same bytes with Codec::none, and then hashed once.
void set_payload(SegmentHeader& header, Codec codec, ByteSpan raw, ByteSpan stored);
// Needed besides when the header is to get an HMAC. False when libcrypto did not compute it. Both
// may be done ahead, by any thread.
[[nodiscard]] bool set_digests(SegmentHeader& header, ByteSpan raw, ByteSpan stored);

class SegmentCutter {
 public:
  // `target_bytes`: 1 to kSegmentTargetBytesMax; what users may ask for is narrower.
  explicit SegmentCutter(std::uint64_t target_bytes);
  // Starts where `open` starts, the last segment of a store that is continued, and makes the one
  // that takes its place, with the same target. Its records, which have been checked, are to be
  // told first (parser_at()). Not for one that ends the stream.
  [[nodiscard]] static SegmentCutter reopened(const SegmentHeader& open);

  // At most one segment ends with each event. Behind the cut that ends the stream, or cut_rest(),
  // nothing may follow.
  [[nodiscard]] std::optional<Cut> on_record(const RecordMet& met);
  void on_payload_end(const checksum::Fletcher4& sum);
  [[nodiscard]] std::optional<Cut> on_stream_end();
  // The stream was cut short or is damaged: what is proven of the open segment, up to a record's
  // end. The last record counts when nothing of it is unproven: an END, or one without a payload.
  // Of a segment that was reopened, never less than it was: then there is no cut.
  [[nodiscard]] std::optional<Cut> cut_rest();

  // Where the open segment starts: the caller needs the bytes from there on.
  [[nodiscard]] std::uint64_t open_from() const { return start_.offset; }
  // The open segment cannot be cut where it must be: before a record without a checksum, or because
  // of a BEGIN that fits in no segment. No cut will come any more.
  [[nodiscard]] bool is_too_long() const { return too_long_; }

 private:
  void settle();
  [[nodiscard]] Cut cut_here();

  std::uint64_t target_bytes_;
  std::uint64_t sequence_ = 0;
  Position start_;  // of the open segment
  PositionTracker tracker_;
  std::vector<Substream> substreams_;       // of the open segment
  std::optional<Substream> met_substream_;  // if the record met last begins one
  std::uint64_t not_below_ = 0;             // the end of the segment that was reopened
  std::uint64_t proven_ = 0;                // by a header, or by the store that is continued
  std::uint64_t payload_left_ = 0;          // of the record met last; all of it, or nothing
  bool too_long_ = false;
  bool ended_ = false;
};

}  // namespace zsluice::storage
