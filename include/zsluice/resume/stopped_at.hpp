// SPDX-License-Identifier: BSD-2-Clause
// StoppedAt: where a stream stops that was cut off or damaged, as the resume token that a receiver
// of its proven bytes would have. From that token `zfs send -t` goes on.
//
// OpenZFS 2.1's rule, which is safe for every receiver: the token names the last WRITE or
// WRITE_EMBEDDED that counted, and a record counts when its payload and the header behind it are
// there (and, here, proven). Before the first one it is (1, 0), or the stream's own point when it
// is itself a resumed one. Newer receivers also count OBJECTs: their tokens ask for a little less.
//
// Offsets are bytes from the start of the input.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/drr/begin_collector.hpp"
#include "zsluice/drr/begin_payload.hpp"
#include "zsluice/drr/parser.hpp"
#include "zsluice/nvlist/reader.hpp"
#include "zsluice/token/token.hpp"

#include <cstdint>
#include <optional>

namespace zsluice::resume {

enum class StopKind : std::uint8_t {
  token,               // it stops inside a substream: `token` continues it
  whole,               // nothing is missing
  nothing_proven,      // BEGIN, its nvlist and the header behind them are not all there and proven:
                       // a receiver keeps nothing
  between_substreams,  // of a package: what is there is complete, and no token asks for the rest
  bad_begin_nvlist,    // no receiver takes it: `nvlist` says why
  no_own_point,        // the same: it says that it is a resumed one, but not from where
  too_many_redactions,  // more than kRedactionsMax snapshots
};

struct Stopped {
  StopKind kind = StopKind::nothing_proven;
  // With StopKind::token. `bytes` is what a receiver of this stream alone would say; when it has
  // received parts before (`is_resumed`), it has added those, which nothing here tells.
  token::Token token;
  ByteOrder order = kHostOrder;  // of BEGIN: senders of another one do not read the token
  bool is_resumed = false;
  // Of the record that the token names: what lies behind it will be sent again. Of the first record
  // behind BEGIN when none counted.
  std::uint64_t record_offset = 0;
  std::uint64_t substream_offset = 0;
  bool in_package = false;
  std::uint64_t substreams_complete = 0;  // before this one
  nvlist::Error nvlist{};
};

class StoppedAt {
 public:
  // In each of the token's two lists.
  static constexpr std::uint32_t kRedactionsMax = 32768;

  // For each step of a Parser (or a StreamChecker's parser) up to the first fault.
  void take(drr::Step step, const drr::Parser& parser);
  // What was taken so far is proven by other means, such as the sum at a segment's end: the last
  // record counts as if the header behind it were there. What follows may be taken from a later
  // place of the same substream, if no WRITE lies between.
  void settle();

  // When the input has ended, or is at fault.
  [[nodiscard]] const Stopped& stopped() const { return stopped_; }

 private:
  // The last WRITE or WRITE_EMBEDDED.
  struct Mark {
    drr::ResumePoint point;
    std::uint64_t stream_offset = 0;
    std::uint64_t read_to = 0;  // what had been read when the receiver wrote it down
  };

  void take_record(const drr::Parser& parser);
  void take_begin(const drr::Parser& parser);
  void take_body(const drr::Parser& parser);
  void flush_last();
  void read_begin();
  void read_payload();
  void prove();

  Stopped stopped_;
  drr::BeginCollector begin_;
  bool collecting_ = false;  // BEGIN's payload
  bool begin_read_ = false;
  bool is_inside_ = false;    // of a substream
  std::optional<Mark> last_;  // complete once the next header is there
  bool last_waits_ = false;   // it is a WRITE that a record of another kind has yet to flush
  std::uint64_t previous_end_ = 0;
  bool previous_flushes_ = false;
};

}  // namespace zsluice::resume
