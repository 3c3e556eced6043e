// SPDX-License-Identifier: BSD-2-Clause
// What a store that is continued gives to the stream that is made (zsluice/resume/stitch.hpp): not
// all of it, but what the Stitcher must see, found by the headers' waypoints:
//
//     the package's BEGIN   the substream's BEGIN   its OBJECT_RANGE   segment j …… the last one
//     └───── read, and what lies between left out by skip_partial() ─┘ └── read record by record
//
// All that stands before segment j comes before the point where the continuation goes on; it is the
// last one of which the headers can tell that.
#pragma once

#include "pipeline/outcome.hpp"
#include "pipeline/proven_records.hpp"
#include "pipeline/segment_reader.hpp"
#include "pipeline/store_opening.hpp"
#include "zsluice/drr/stream_checker.hpp"
#include "zsluice/resume/stitch.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace zsluice::pipeline {

struct ReadingPlace {
  storage::SegmentHeader segment;  // j
  bool has_object = false;         // the OBJECT of the point's object stands before it
};

// A segment that takes its bytes again, and the one before it.
struct ReopenedPlace {
  storage::SegmentHeader segment;
  std::optional<storage::SegmentHeader> before;
};

class KeptPart {
 public:
  KeptPart(const OpenedStore& opened, const std::string& key, io::StoreFiles& files);

  // Bisection over headers.
  [[nodiscard]] Result<ReadingPlace, StoreFailure> find(drr::ResumePoint point);

  // Tells `head` of the BEGINs and what else stands before the segment, and the stitcher of what is
  // left out.
  [[nodiscard]] std::optional<Failure> read_head(const ReadingPlace& place,
                                                 resume::Stitcher& stitcher,
                                                 RecordSink& head);
  // All records from the start of the segment on. The sink may stop it; that is no failure here.
  [[nodiscard]] std::optional<Failure> read_rest(const ReadingPlace& place,
                                                 const drr::CheckerOptions& options,
                                                 RecordSink& sink);

  // During read_rest(): the segment that starts there with the record that is handed over.
  [[nodiscard]] std::optional<ReopenedPlace> place_at(std::uint64_t offset) const;

 private:
  using Header = Result<storage::SegmentHeader, StoreFailure>;
  using Done = std::optional<Failure>;

  [[nodiscard]] Header header(std::uint64_t sequence);
  // The last one in [first, last] for which `holds` does; it does for all before that. `first` - 1
  // stands for none.
  template <class Holds>
  [[nodiscard]] Result<std::uint64_t, StoreFailure> last_with(std::uint64_t first, Holds holds);
  [[nodiscard]] StoreFailure no_record_there(std::uint64_t offset);
  // The segment that holds a place of the stream, and what of it lies from there on: a record's
  // header at least.
  [[nodiscard]] Result<ByteSpan, StoreFailure> bytes_at(std::uint64_t offset);
  // `bytes` of the record there, which have been handed over.
  [[nodiscard]] Done hand_over(std::uint64_t offset,
                               std::optional<drr::Role> role,
                               RecordSink& sink,
                               std::uint64_t& bytes);
  // From the record at `at` on, to where none announces objects any more, or `end`.
  [[nodiscard]] Done hand_over_heads(std::uint64_t& at, std::uint64_t end, RecordSink& head);

  const OpenedStore& opened_;
  SegmentReader reader_;
  // Read last, and the two before: a record is handed over when the next one has been read.
  std::array<std::optional<storage::SegmentHeader>, 3> read_;
};

}  // namespace zsluice::pipeline
