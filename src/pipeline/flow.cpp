// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/flow.hpp"

#include <algorithm>

namespace zsluice::pipeline {
namespace {

// `bytes` is at least `percent` of `capacity`, to the byte; neither product can overflow.
bool reaches(std::uint64_t bytes, std::uint64_t capacity, unsigned percent) {
  return bytes >= capacity / 100 * percent + capacity % 100 * percent / 100;
}

}  // namespace

void ReadAhead::look(std::uint64_t written, bool has_waiting, TimePoint now) {
  const bool is_over = now - window_start_ >= kWindow;
  if (has_waiting && !is_over) return;
  is_slow_ = has_waiting && written - written_at_start_ < kFastBytes;
  window_start_ = now;
  written_at_start_ = written;
}

void ReadPause::on_empty(TimePoint now) {
  const bool flows = found_empty_ && now - *found_empty_ < kFlowing;
  const bool is_little = bytes_read_ > 0 && bytes_read_ <= little_bytes_;
  if (flows && is_little) until_ = now + kPause;
  found_empty_ = now;
  bytes_read_ = 0;
}

Flow::Flow(const FlowOptions& options, TimePoint now)
    : options_(options),
      output_(options.output_rate, options.burst_bytes, now),
      input_(options.input_rate, options.burst_bytes, now),
      writes_(options.start_at_percent == 0) {}

std::uint64_t Flow::writable(const BufferLevel& level, TimePoint now) {
  if (options_.start_at_percent > 0) {
    const bool lifted = level.full || level.ended;
    if (lifted || reaches(level.bytes, level.capacity, options_.start_at_percent)) {
      writes_ = true;
    }
  }
  if (!writes_ || level.ready == 0) return 0;
  return std::min(level.ready, output_.available(now));
}

std::uint64_t Flow::readable(const BufferLevel& level, TimePoint now) {
  const bool is_drained =
      !reaches(level.bytes, level.capacity, options_.drain_to_percent) || level.ready == 0;
  if (!reads_ && is_drained) reads_ = true;
  return reads_ ? input_.available(now) : 0;
}

void Flow::on_written(std::uint64_t bytes, std::uint64_t ready_left, TimePoint now) {
  output_.take(bytes, now);
  if (ready_left == 0) writes_ = options_.start_at_percent == 0;
}

void Flow::on_full() {
  if (options_.drain_to_percent < 100) reads_ = false;
}

std::optional<TimePoint> Flow::next(TimePoint now) {
  const std::optional<TimePoint> output = output_.next(now);
  const std::optional<TimePoint> input = input_.next(now);
  if (!output || !input) return output ? output : input;
  return std::min(*output, *input);
}

}  // namespace zsluice::pipeline
