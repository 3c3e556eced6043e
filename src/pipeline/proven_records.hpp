// SPDX-License-Identifier: BSD-2-Clause
// ProvenRecords: bytes in, whole records out, each only when a checksum that covers all of it has
// been checked: for commands that put records into another stream. Pure: bytes are arguments.
//
// Holds one record at a time, at most kPayloadBytesMax or --max-header bytes of it.
//
// What is fed must not change while feed() runs: a byte is summed first and copied then. So no
// mapped file, which others may write to: whoever recomputes checksums would make the change good.
#pragma once

#include "pipeline/outcome.hpp"
#include "pipeline/trailing.hpp"
#include "zsluice/base/bytes.hpp"
#include "zsluice/drr/stream_checker.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace zsluice::pipeline {

// The views are valid during the call they are handed to.
struct ProvenRecord {
  drr::Role role{};
  drr::RecordView header;
  ByteSpan payload;
  std::uint64_t stream_offset = 0;  // of the header, in the input
};

class RecordSink {
 public:
  RecordSink() = default;
  RecordSink(const RecordSink&) = delete;
  RecordSink& operator=(const RecordSink&) = delete;
  virtual ~RecordSink() = default;

  // The next record. False: no more are wanted.
  [[nodiscard]] virtual bool take(const ProvenRecord& record) = 0;
};

// What is done with bytes behind the end of the first stream.
enum class AfterEnd : std::uint8_t {
  next_stream,  // they are the next one
  drain,        // they are counted, and are a failure
};

class ProvenRecords {
 public:
  ProvenRecords(const drr::CheckerOptions& options,
                RecordSink& sink,
                AfterEnd after_end = AfterEnd::next_stream)
      : checker_(options), sink_(sink), after_end_(after_end) {}
  // From a place in mid-stream; offsets are those of the stream.
  ProvenRecords(const drr::CheckerOptions& options, const drr::StreamPlace& place, RecordSink& sink)
      : checker_(place, options), sink_(sink), after_end_(AfterEnd::next_stream) {}

  void feed(ByteSpan bytes);
  // The input has ended: a failure unless it ended where a stream may, or the sink had enough.
  void finish();
  // All that was fed is proven by other means, such as the sum at a segment's end: the record that
  // waits is handed over if it is whole.
  void settle();
  // Reading failed: the record that waits is not proven any more.
  void abandon() { is_pending_ = false; }

  // Nothing more will be taken: a failure, or the sink has had enough.
  [[nodiscard]] bool is_over() const { return is_done_ || failure_; }
  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_.get(); }
  [[nodiscard]] const drr::StreamChecker& checker() const { return checker_; }

 private:
  void on_step(drr::Step step);
  void on_record();
  void hand_over();

  drr::StreamChecker checker_;
  RecordSink& sink_;
  AfterEnd after_end_;
  bool is_draining_ = false;
  TrailingCounter trailing_;
  std::array<std::byte, drr::kRecordBytes> first_{};  // the stream's BEGIN
  FirstFailure failure_;
  bool is_done_ = false;

  // The record that waits for its proof.
  bool is_pending_ = false;
  drr::Role role_{};
  ByteOrder order_ = kHostOrder;
  std::uint64_t stream_offset_ = 0;
  std::array<std::byte, drr::kRecordBytes> header_{};
  std::vector<std::byte> payload_;
};

}  // namespace zsluice::pipeline
