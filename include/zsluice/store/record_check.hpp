// SPDX-License-Identifier: BSD-2-Clause
// RecordCheck: check_records() (segment_check.hpp) of a raw payload that comes in pieces, so that
// it need not be in memory as a whole. Any chopping gives the same verdict.
//
//     RecordCheck check(header, &begun);
//     while (there is more) check.update(piece);
//     const auto checked = check.finish();
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/checksum/xxh3.hpp"
#include "zsluice/drr/parser.hpp"
#include "zsluice/store/position.hpp"
#include "zsluice/store/segment.hpp"
#include "zsluice/store/segment_error.hpp"
#include "zsluice/store/substream.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace zsluice::storage {

class RecordCheck {
 public:
  // `header` stays where it is. With `begun`, the substreams whose BEGIN is met are appended, no
  // more than the header counts, and mean nothing after an error.
  explicit RecordCheck(const SegmentHeader& header, std::vector<Substream>* begun = nullptr);
  explicit RecordCheck(SegmentHeader&&, std::vector<Substream>* = nullptr) = delete;
  RecordCheck(const RecordCheck&) = delete;
  RecordCheck& operator=(const RecordCheck&) = delete;
  ~RecordCheck() = default;

  // More of the raw payload. What follows an error is not looked at.
  void update(ByteSpan raw);

  // The payload has ended. To be called once.
  [[nodiscard]] Result<void, SegmentError> finish();
  // After finish() found nothing wrong: the BEGIN of a substream is the last record.
  [[nodiscard]] bool ends_in_begin() const;

 private:
  void take(drr::Step step);
  void take_record();

  const SegmentHeader& header_;
  std::vector<Substream>* begun_;
  drr::Parser parser_;
  PositionTracker tracker_;
  std::optional<checksum::Xxh3> id_;  // of the stream's first record, while that goes on
  std::optional<checksum::Xxh3Digest> store_id_;
  std::uint64_t bytes_ = 0;
  std::uint64_t begun_count_ = 0;
  std::uint64_t begin_end_ = 0;  // where the last substream's BEGIN ends, in the stream
  bool is_wrong_ = false;        // the parser's current record, or what follows it
  bool is_over_ = false;         // the stream has ended
};

}  // namespace zsluice::storage
