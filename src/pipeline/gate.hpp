// SPDX-License-Identifier: BSD-2-Clause
// Gate: decides how far a stream may pass. Pure: `pipe` feeds it the bytes it has read and forwards
// what lies below releasable(). The promises of DESIGN.md §2.1 to §2.4 are kept here:
//
//   bytes in ─▶ StreamChecker ─▶ watermark ─┐
//                   │ BEGIN + nvlist        ├─▶ releasable()
//                   └─▶ Policy ─▶ judged ───┘
//
// Nothing of a BEGIN leaves before it is proven and judged; of a package, nothing leaves before the
// first substream's BEGIN is. END is proven by its own checksums, so it leaves only when the stream
// is whole. After a failure releasable() stands still.
#pragma once

#include "pipeline/outcome.hpp"
#include "pipeline/seen_streams.hpp"
#include "pipeline/trailing.hpp"
#include "zsluice/drr/begin_collector.hpp"
#include "zsluice/drr/policy.hpp"
#include "zsluice/drr/stream_checker.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace zsluice::pipeline {

struct GateOptions {
  drr::CheckerOptions checker{};
  drr::PolicyOptions policy{};
  bool allow_unproven = false;  // pass records that carry no checksum of their own
  bool any_data = false;        // an input that is no stream passes untouched
  bool concatenated = false;    // several streams one after another pass
  bool trailing_data = false;   // whatever follows a whole stream passes, unchecked unless a stream
};

// An ear for who does more with a stream than let it pass (`split`, `join`), so that its bytes are
// read and checked once. It is told of what the gate did not refuse, right after the gate has
// judged it. The parser is valid during the call.
class GateObserver {
 public:
  GateObserver() = default;
  GateObserver(const GateObserver&) = delete;
  GateObserver& operator=(const GateObserver&) = delete;
  virtual ~GateObserver() = default;

  virtual void on_record(const drr::Parser& parser) = 0;
  virtual void on_payload(const drr::Parser& parser) = 0;
  virtual void on_stream_end() = 0;
};

class Gate {
 public:
  // `observer` may be null; it outlives the gate.
  explicit Gate(const GateOptions& options, GateObserver* observer = nullptr)
      : options_(options),
        observer_(observer),
        checker_(options.checker),
        policy_(options.policy) {}

  // From a place in mid-stream. What is before it has been judged; offsets are those of the stream.
  Gate(const GateOptions& options, const drr::StreamPlace& place, GateObserver* observer = nullptr)
      : options_(options),
        observer_(observer),
        checker_(place, options.checker),
        policy_(options.policy),
        fed_(place.offset),
        releasable_(place.offset),
        begin_may_follow_(false),
        identity_complete_(true) {}

  // The next bytes of the input; all are taken.
  void feed(ByteSpan bytes);
  // The input has ended.
  void finish();
  // What was fed below `offset` is proven by other means, such as the sum at a segment's end. It
  // passes if it has been judged.
  void trust(std::uint64_t offset);

  // Bytes from the start of the input that may be forwarded. Never falls.
  [[nodiscard]] std::uint64_t releasable() const { return releasable_; }
  // Nothing that is still to come will ever be forwarded.
  [[nodiscard]] bool closed() const { return failure_ || phase_ == Phase::after_end; }
  // A stream came to its end and all of it may be forwarded.
  [[nodiscard]] bool delivered() const { return !failure_ && phase_ == Phase::after_end; }
  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_.get(); }

  // Whether the bytes fed last are, or may be, part of a BEGIN or its nvlist: the part of a stream
  // that says what it is must leave as the very bytes that were checked.
  [[nodiscard]] bool fed_begin() const { return fed_begin_; }

  // Memory for BEGIN payloads that is held beside the stream's own bytes.
  [[nodiscard]] std::uint64_t copied_bytes() const { return collector_.memory_bytes(); }
  // What must be held, copies included, until the record now being read is proven.
  [[nodiscard]] std::uint64_t bytes_to_hold() const;

  // --- what a report says ---
  [[nodiscard]] std::uint64_t records() const { return records_; }
  [[nodiscard]] std::uint64_t substreams() const { return substreams_; }
  [[nodiscard]] std::uint64_t streams() const { return streams_; }
  [[nodiscard]] std::uint64_t records_unproven() const { return records_unproven_; }
  // The current substream: `toname` of its BEGIN once that is proven (foreign text), empty before.
  [[nodiscard]] std::string_view snapshot() const { return {snapshot_.data(), snapshot_bytes_}; }
  [[nodiscard]] std::uint64_t toguid() const { return toguid_; }
  [[nodiscard]] std::uint64_t substream_offset() const { return substream_offset_; }
  [[nodiscard]] bool is_package() const { return checker_.parser().in_package(); }
  // Of the record last read, where its type names one.
  [[nodiscard]] std::optional<std::uint64_t> object() const;
  // Feature bits met that have no known meaning.
  [[nodiscard]] std::uint64_t unknown_features() const { return unknown_features_; }
  // The input is no stream and passes as it is (any_data).
  [[nodiscard]] bool passes_any_data() const { return phase_ == Phase::any_data; }

 private:
  enum class Phase : std::uint8_t {
    stream,     // reading a stream, or about to
    after_end,  // the stream is over: what comes now is too much
    any_data,   // no stream at all: everything passes
  };

  void on_step(drr::Step step);
  void tell(drr::Step step);
  void on_record();
  void on_begin();
  void on_begin_proven();
  void note_substream();
  void refuse_repeated();
  void on_proof();
  void on_stream_end();
  void on_fault();
  void judge_held();
  void release_to(std::uint64_t offset);
  void fail(Failure failure) { failure_.set(std::move(failure)); }

  GateOptions options_;
  GateObserver* observer_;
  drr::StreamChecker checker_;
  drr::Policy policy_;
  drr::BeginCollector collector_;
  SeenStreams seen_;
  FirstFailure failure_;
  Phase phase_ = Phase::stream;

  std::uint64_t fed_ = 0;
  std::uint64_t releasable_ = 0;
  std::uint64_t stream_start_ = 0;
  bool begin_may_follow_ = true;  // the next bytes are, or may be, a BEGIN or its nvlist
  bool fed_begin_ = false;
  bool begin_held_ = false;         // a BEGIN waits for its proof and judgement
  bool identity_complete_ = false;  // the first substream's BEGIN has been judged

  std::uint64_t records_ = 0;
  std::uint64_t substreams_ = 0;
  std::uint64_t streams_ = 0;
  std::uint64_t records_unproven_ = 0;
  std::uint64_t unknown_features_ = 0;

  std::array<char, drr::kToNameBytes> snapshot_{};
  std::size_t snapshot_bytes_ = 0;
  std::uint64_t toguid_ = 0;
  std::uint64_t substream_offset_ = 0;

  std::array<std::byte, drr::kRecordBytes> first_begin_{};  // of the last stream
  TrailingCounter trailing_;
};

}  // namespace zsluice::pipeline
