// SPDX-License-Identifier: BSD-2-Clause
// Flow: how much may be read and written now, besides what the gate says. Pure; it is told the
// time and the fill of the buffer.
//
//   rates       token buckets for either side (base/token_bucket.hpp)
//   start mark  nothing is written before the buffer has been filled so far, nor when it has run
//               empty until it is again, so that a slow start-stop device gets long writes
//   drain mark  a full buffer is not read into again before it has been drained so far
//
// Marks never stand in the way of the end: an input that has ended, a buffer that is full and an
// output that has nothing to write lift them.
#pragma once

#include "zsluice/base/token_bucket.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace zsluice::pipeline {

struct FlowOptions {
  Rate output_rate{};
  Rate input_rate{};
  std::optional<std::uint64_t> burst_bytes{};
  unsigned start_at_percent = 0;
  unsigned drain_to_percent = 100;
};

struct BufferLevel {
  std::uint64_t bytes = 0;  // in the buffer
  std::uint64_t ready = 0;  // of these, what may be written
  std::uint64_t capacity = 0;
  bool full = false;   // there is no room for a read
  bool ended = false;  // nothing more will come in
};

// Whether a buffer that holds references (io/hold.hpp) and has no room for more should copy ahead,
// or wait. Copying ahead is what the buffer is for: a slow reader's pauses, and the sender's. But a
// reader that takes bytes faster than a network does needs no buffer, and copying for it would
// only cost. So what counts is how fast the reader has been while bytes were waiting for it.
class ReadAhead {
 public:
  // A reader that takes less in this time than the bytes below is slow: 400 MiB/s. The time is
  // longer than a busy machine keeps a process from running.
  static constexpr Duration kWindow = std::chrono::milliseconds(50);
  static constexpr std::uint64_t kFastBytes = std::uint64_t{20} << 20;

  // `written` bytes have left up to now; whether more are waiting.
  void look(std::uint64_t written, bool has_waiting, TimePoint now);
  [[nodiscard]] bool should_copy() const { return is_slow_; }
  // When to look again while nothing moves.
  [[nodiscard]] TimePoint next() const { return window_start_ + kWindow; }

 private:
  TimePoint window_start_{};
  std::uint64_t written_at_start_ = 0;
  bool is_slow_ = false;
};

// A sender that writes little at a time, and finds us waiting each time, must wake us for each of
// its writes: for both sides that costs more than the bytes themselves. So a pipe that flows and
// has been found empty is left alone for a moment, with nobody waiting, and bytes gather. A pipe
// that brings something now and then is waited for at once. The end of a stream that flows may be
// seen a pause later.
class ReadPause {
 public:
  static constexpr Duration kPause = std::chrono::microseconds(50);
  // Found empty again within this time, it flows. Not much more than what a pause really takes,
  // which with a timer's slack is twice as long: else it would gather nothing.
  static constexpr Duration kFlowing = std::chrono::microseconds(200);
  // What the fastest sender may bring during a pause: it must not find the pipe full.
  static constexpr std::uint64_t kRoomBytes = std::uint64_t{512} << 10;

  // `capacity_bytes`: what the input pipe holds; 0 where it is none. Without the room above there
  // are no pauses.
  explicit ReadPause(std::uint64_t capacity_bytes)
      : little_bytes_(capacity_bytes - std::min(capacity_bytes, kRoomBytes)) {}

  void on_read(std::uint64_t bytes) { bytes_read_ += bytes; }
  // There was nothing more to read: a pause may begin.
  void on_empty(TimePoint now);
  [[nodiscard]] bool is_over(TimePoint now) const { return now >= until_; }
  [[nodiscard]] TimePoint until() const { return until_; }

 private:
  std::uint64_t little_bytes_;    // at a time
  std::uint64_t bytes_read_ = 0;  // since it was last found empty
  std::optional<TimePoint> found_empty_;
  TimePoint until_{};
};

class Flow {
 public:
  Flow(const FlowOptions& options, TimePoint now);

  void set_output_rate(Rate rate, TimePoint now) { output_.set_rate(rate, now); }

  // Bytes that may be written, or read, now; at most what is ready.
  [[nodiscard]] std::uint64_t writable(const BufferLevel& level, TimePoint now);
  [[nodiscard]] std::uint64_t readable(const BufferLevel& level, TimePoint now);
  // `ready_left`: how much of what may be written is still there.
  void on_written(std::uint64_t bytes, std::uint64_t ready_left, TimePoint now);
  void on_read(std::uint64_t bytes, TimePoint now) { input_.take(bytes, now); }

  // There was no room for a read.
  void on_full();

  [[nodiscard]] bool has_output_rate() const { return !output_.rate().is_unlimited(); }
  // When a rate that says 0 now will say more.
  [[nodiscard]] std::optional<TimePoint> next(TimePoint now);

 private:
  FlowOptions options_;
  TokenBucket output_;
  TokenBucket input_;
  bool writes_ = true;  // beyond the start mark
  bool reads_ = true;   // not waiting for the drain mark
};

}  // namespace zsluice::pipeline
