// SPDX-License-Identifier: BSD-2-Clause
// Splitting: a stream's bytes, as they come, into segments: for `split`, which starts a store, and
// for `split --continue`, which goes on in one. Holds the bytes of the open segment; what happens
// to them: split.hpp.
#pragma once

#include "pipeline/gate.hpp"
#include "pipeline/outcome.hpp"
#include "pipeline/segment_buffer.hpp"
#include "pipeline/store_writer.hpp"
#include "zsluice/store/cutter.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace zsluice::pipeline {

// Tells a cutter what the gate reads.
class CutterEar final : public GateObserver {
 public:
  explicit CutterEar(storage::SegmentCutter cutter) : cutter_(std::move(cutter)) {}

  void on_record(const drr::Parser& parser) override {
    keep(cutter_.on_record(storage::record_met(parser)));
  }
  void on_payload(const drr::Parser& parser) override {
    if (parser.payload_bytes_left() == 0) cutter_.on_payload_end(parser.running_sum());
  }
  void on_stream_end() override {
    has_ended_ = true;
    keep(cutter_.on_stream_end());
  }

  // What is proven of a stream that has not ended.
  void cut_rest() {
    if (!std::exchange(has_ended_, true)) keep(cutter_.cut_rest());
  }

  // Cuts that were not stored yet, in order.
  [[nodiscard]] std::vector<storage::Cut>& cuts() { return cuts_; }

 private:
  void keep(const std::optional<storage::Cut>& cut) {
    if (cut) cuts_.push_back(*cut);
  }

  storage::SegmentCutter cutter_;
  bool has_ended_ = false;
  std::vector<storage::Cut> cuts_;
};

// How much of a store that is continued is given up at most for a token that is not its own, and
// how much is held until nothing is: a segment, and of small ones this much.
[[nodiscard]] constexpr std::uint64_t given_up_bytes_max(std::uint64_t segment_bytes) {
  return std::max(segment_bytes, std::uint64_t{1} << 20);
}

class Splitting {
 public:
  // Once the stream has been read to its end, StoreWriterOptions::is_stopped is not asked any more.
  Splitting(const GateOptions& gate, const StoreWriterOptions& store, io::StoreFiles& files);
  // Goes on where the segment `open` starts, which takes the bytes of it again first. Until
  // start_storing() nothing is written.
  Splitting(const GateOptions& gate, const storage::SegmentHeader& open, StoreWriter writer);

  void feed(ByteSpan bytes);
  // Nothing comes for a while: what has been cut is stored now. False when reading on is no use.
  bool settle();
  void finish() {
    gate_.finish();
    end();
  }
  void abandon() { end(); }
  // From now on what is cut is stored, but not before it makes the store longer than `bytes`: what
  // it takes the place of may be all that ever comes. So cuts of up to given_up_bytes_max() are
  // held.
  void start_storing_beyond(std::uint64_t bytes);
  // All that was fed has been proven by other means.
  void trust() { gate_.trust(held_from_ + held_.size()); }
  // Ends the stream here, and leaves a store alone that would not become longer than `bytes`.
  void end_beyond(std::uint64_t bytes);

  [[nodiscard]] bool is_over() const { return failure_ || gate_.failure(); }
  [[nodiscard]] const std::optional<Failure>& failure() const {
    if (failure_) return failure_;
    return gate_.failure() ? gate_.failure() : unpublished_;
  }
  // Why proven bytes are in no segment.
  [[nodiscard]] const std::optional<Failure>& not_stored() const { return failure_; }
  [[nodiscard]] const Gate& gate() const { return gate_; }
  [[nodiscard]] const StoreWriter& writer() const { return writer_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  void end();
  [[nodiscard]] bool is_held_back();
  void store_cuts();
  [[nodiscard]] SegmentBuffer take_out(const storage::Cut& cut);
  [[nodiscard]] StoreWriterOptions unless_delivered(StoreWriterOptions options);

  CutterEar ear_;
  Gate gate_;
  StoreWriter writer_;
  bool may_store_ = true;
  std::uint64_t given_up_max_ = 0;
  std::optional<std::uint64_t> beyond_;  // see start_storing_beyond()
  std::optional<Failure> failure_;
  std::optional<Failure> unpublished_;  // why the manifest was not
  std::size_t held_bytes_;              // that are usually held at most
  SegmentBuffer held_;                  // from held_from_ on: what is in no segment yet
  std::uint64_t held_from_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace zsluice::pipeline
