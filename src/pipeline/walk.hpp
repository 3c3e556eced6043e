// SPDX-License-Identifier: BSD-2-Clause
// Walk: reads whole inputs for `verify` and `inspect`: every stream in them, every substream, every
// record; what it meets it counts and tells an observer. Pure: bytes are arguments.
//
//   bytes ─▶ StreamChecker ─▶ SubstreamCounter ─▶ WalkObserver
//                         └─▶ BlockCheck (optional)
#pragma once

#include "pipeline/outcome.hpp"
#include "pipeline/seen_streams.hpp"
#include "pipeline/trailing.hpp"
#include "zsluice/drr/begin_collector.hpp"
#include "zsluice/drr/block_check.hpp"
#include "zsluice/drr/piece_walker.hpp"
#include "zsluice/drr/record_search.hpp"
#include "zsluice/drr/stream_checker.hpp"
#include "zsluice/drr/summary.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace zsluice::pipeline {

struct WalkOptions {
  drr::CheckerOptions checker{};
  bool check_blocks = false;
  bool keep_going = false;    // behind a damage, go on where the framing still stands
  bool tell_records = false;  // call WalkObserver::on_record
};

// One stream: a substream of its own, or a package.
struct StreamTotals {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t records_total = 0;
  drr::TypeCounts types{};
  std::uint64_t substreams = 0;
  std::uint64_t records_unproven = 0;
  bool is_package = false;
  bool is_repeated = false;  // the same stream stood in the input before
  bool is_whole = false;
};

// Spans and views are valid during the call only.
class WalkObserver {
 public:
  WalkObserver() = default;
  WalkObserver(const WalkObserver&) = delete;
  WalkObserver& operator=(const WalkObserver&) = delete;
  virtual ~WalkObserver() = default;

  // A package's header has been proven. `nvlist` may be empty.
  virtual void on_package(const drr::BeginRecord& begin, ByteSpan nvlist) = 0;
  // A substream's BEGIN has been proven by the record after it.
  virtual void on_substream_begin(const drr::SubstreamSummary& summary) = 0;
  // Its END was met (summary.complete), or it was cut short.
  virtual void on_substream_end(const drr::SubstreamSummary& summary) = 0;
  virtual void on_stream_end(const StreamTotals& totals) = 0;
  // Each damage; there is more than one only with keep_going. Where the framing was lost, the range
  // ends where the next record was found.
  virtual void on_damage(const drr::Fault& fault) = 0;
  // A WRITE whose payload is not what its block's checksum says.
  virtual void on_block_mismatch(const drr::RecordNote& record) = 0;
  // Only with tell_records. Of each piece of a payload: on_payload, after its record.
  virtual void on_record(const drr::Parser& parser) = 0;
  virtual void on_payload(const drr::Parser& /*parser*/) {}
};

class Walk {
 public:
  Walk(const WalkOptions& options, WalkObserver& observer)
      : options_(options), observer_(observer), checker_(options.checker) {}

  // The next bytes. `summed`: payload pieces in them, in order, whose sums are known already
  // (parallel verification); only with ParserOptions::sum_payloads == false. A piece that is not
  // among them is summed here.
  void feed(ByteSpan bytes, std::span<const drr::PayloadPiece> summed = {});
  void finish();
  // Reading failed: what was met until then is told as cut short, without a judgement on it.
  void abandon() { end_stream(false); }

  // Nothing that follows can be judged any more: reading on is of no use.
  [[nodiscard]] bool is_over() const { return phase_ == Phase::lost; }

  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_.get(); }
  [[nodiscard]] std::uint64_t bytes() const { return fed_; }
  [[nodiscard]] std::uint64_t streams() const { return streams_; }
  [[nodiscard]] std::uint64_t substreams() const { return substreams_; }
  [[nodiscard]] std::uint64_t records() const { return records_; }
  [[nodiscard]] std::uint64_t records_unproven() const { return records_unproven_; }
  [[nodiscard]] std::uint64_t damages() const { return damages_; }
  [[nodiscard]] std::uint64_t unknown_features() const { return unknown_features_; }
  [[nodiscard]] const drr::BlockCounts& blocks() const { return block_check_.counts(); }
  // Where the framing was lost: nothing behind it could be judged.
  [[nodiscard]] std::optional<std::uint64_t> lost_at() const { return lost_at_; }

 private:
  enum class Phase : std::uint8_t {
    stream,
    searching,  // behind a damage that destroyed the framing: for the next record
    trailing,
    lost,
  };

  void on_step(drr::Step step);
  void on_record();
  void on_begin();
  void on_begin_proven();
  void on_identity_known();
  void count_record();
  void on_payload();
  void sum_payload();
  [[nodiscard]] checksum::Fletcher4 sum_of(ByteSpan piece);
  void on_stream_end();
  void on_fault();
  void start_search(const drr::Fault& fault);
  void start_gap(const drr::Fault& fault);
  void search(ByteSpan& bytes);
  [[nodiscard]] bool may_follow(const drr::RecordView& begin) const;
  [[nodiscard]] bool resume();
  void give_up(const drr::Fault& fault);
  void end_substream();
  void end_stream(bool is_whole);

  WalkOptions options_;
  WalkObserver& observer_;
  drr::StreamChecker checker_;
  drr::BeginCollector collector_;
  drr::SubstreamCounter counter_;
  drr::BlockCheck block_check_;
  SeenStreams seen_;
  TrailingCounter trailing_;
  std::optional<drr::RecordSearch> search_;
  FirstFailure failure_;
  Phase phase_ = Phase::stream;
  StreamTotals totals_;
  std::array<std::byte, drr::kRecordBytes> first_begin_{};

  bool in_stream_ = false;
  bool in_gap_ = false;  // behind a whole stream, searching for another one
  bool in_substream_ = false;
  bool begin_pending_ = false;  // a BEGIN of either kind waits for its proof
  bool checking_block_ = false;

  std::span<const drr::PayloadPiece> summed_;
  checksum::Fletcher4Range payload_range_;
  checksum::Fletcher4 payload_sum_;
  bool sum_by_range_ = false;

  std::uint64_t fed_ = 0;
  std::uint64_t streams_ = 0;        // whole ones
  std::uint64_t streams_ended_ = 0;  // whole ones, and damaged ones of which the END was met
  std::uint64_t substreams_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t records_unproven_ = 0;
  std::uint64_t damages_ = 0;
  std::uint64_t damages_before_stream_ = 0;
  std::uint64_t unknown_features_ = 0;
  std::optional<std::uint64_t> lost_at_;
};

}  // namespace zsluice::pipeline
