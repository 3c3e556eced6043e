// SPDX-License-Identifier: BSD-2-Clause
// How bytes come into a run and leave it; pipe.cpp says when.
#include "pipeline/pipe_operations.hpp"
#include "pipeline/pipe_run.hpp"

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

namespace zsluice::pipeline {
namespace {

// One write is long enough to be cheap and short enough that its blocks come back soon.
constexpr std::uint64_t kWriteBytesMax = std::uint64_t{1} << 20;

bool is_trailing(const Failure& failure) {
  return std::holds_alternative<TrailingBytes>(failure);
}

}  // namespace

BufferLevel PipeRun::level() const {
  return {.bytes = buffer_.size(),
          .ready = gate_.releasable() - written_,
          .capacity = options_.buffer_bytes,
          .full = is_full_,
          .ended = input_ended_ || failure_ || gate_.closed()};
}

// --- in ---

bool PipeRun::read_some() {
  if (reading_ || awaits_input_ || input_ended_ || failure_ || signal_ != 0 || is_full_) {
    return false;
  }
  if (!read_pause_.is_over(now_)) return false;
  // After the end of the stream nothing is kept: what still comes is only counted.
  if (!output_open_) {
    buffer_.discard_all();
    buffer_.stop_holding();
  }
  const std::uint64_t bytes_max = flow_.readable(level(), now_);
  if (bytes_max == 0) return false;
  return buffer_.has_hold() ? read_by_hold(bytes_max) : read_by_copy(bytes_max);
}

bool PipeRun::read_by_hold(std::uint64_t bytes_max) {
  const bool was_ready = std::exchange(input_is_ready_, false);
  const std::int32_t result = buffer_.take_held(input_, bytes_max);
  if (result > 0) {
    check(buffer_.taken());
    // What says what the stream is stays a copy.
    gate_.fed_begin() ? buffer_.keep_copy() : buffer_.keep_held();
    has_held_ = true;
    on_checked();
    return true;
  }
  if (result == 0) {
    on_input_end();
    return true;
  }
  if (result == -ENOBUFS) {
    if (should_copy_ahead()) return read_beside_hold(bytes_max, was_ready);
    input_is_ready_ = was_ready;
    return false;
  }
  if (result == -EAGAIN) {
    // An input that is ready and gives no references: only a read tells its end.
    if (was_ready) return read_beside_hold(bytes_max, true);
    on_input_empty();
    return false;
  }
  // What the kernel refuses, a filter for tee(2) say, may still be read.
  buffer_.stop_holding();
  return true;
}

// The hold is full: while the reader is fast and there is something for it, it is waited for.
bool PipeRun::should_copy_ahead() {
  if (!buffer_.is_holding() || everything_written()) return true;
  return read_ahead_.should_copy();
}

bool PipeRun::read_beside_hold(std::uint64_t bytes_max, bool is_ready) {
  const MutableByteSpan room = buffer_.reserve();
  if (room.empty()) {
    on_no_room();
    return true;
  }
  const iovec vector{room.data(),
                     static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), bytes_max))};
  const std::int32_t result = input_.read(std::span(&vector, 1), is_ready);
  if (result == -EAGAIN) {
    (void)buffer_.commit(0);
    await_input();
    return false;
  }
  on_read(result);
  return true;
}

// Awaits it, unless a pause comes first: then it is tried again.
void PipeRun::on_input_empty() {
  const TimePoint now = ends_.backend.now();
  read_pause_.on_empty(now);
  if (read_pause_.is_over(now)) await_input();
}

void PipeRun::await_input() {
  ends_.backend.await(kAwaitInput, ends_.input, io::Readiness::readable);
  awaits_input_ = true;
}

bool PipeRun::read_by_copy(std::uint64_t bytes_max) {
  const MutableByteSpan room = buffer_.reserve();
  if (room.empty()) {
    on_no_room();
    return true;
  }
  read_room_ = static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), bytes_max));
  ends_.backend.read(kRead, ends_.input, room.first(read_room_));
  reading_ = true;
  return false;
}

void PipeRun::on_no_room() {
  is_full_ = true;
  flow_.on_full();
  if (writing_ || !everything_written()) return;  // room will come back
  // Whole blocks on both sides of what is held, and one to read on; and what is set aside for the
  // hold, whether there is one or not.
  const std::uint64_t beside =
      4 * pool_.block_bytes() + (options_.buffer_bytes - pool_.capacity_bytes());
  failure_.set(
      BufferTooSmall{.needed_bytes = std::max(kBufferBytesMin, gate_.bytes_to_hold() + beside),
                     .buffer_bytes = options_.buffer_bytes});
  close_output();
}

void PipeRun::on_read_operation(std::int32_t result) {
  reading_ = false;
  on_read(result);
  const bool is_short = result > 0 && static_cast<std::size_t>(result) < read_room_;
  if (is_short) read_pause_.on_empty(now_);
}

void PipeRun::on_read(std::int32_t result) {
  if (result <= 0) {
    (void)buffer_.commit(0);
    return result == 0 ? on_input_end() : on_read_error(result);
  }
  check(buffer_.commit(static_cast<std::size_t>(result)));
  on_checked();
}

void PipeRun::on_read_error(std::int32_t result) {
  failure_.set(IoFailure{IoSide::input, {io::SysOperation::read, -result}, bytes_in_});
}

void PipeRun::on_input_end() {
  input_ended_ = true;
  gate_.finish();
  on_checked();
}

void PipeRun::check(ByteSpan bytes) {
  bytes_in_ += bytes.size();
  flow_.on_read(bytes.size(), now_);
  read_pause_.on_read(bytes.size());
  last_moved_ = now_;
  gate_.feed(bytes);
}

void PipeRun::on_checked() {
  buffered_max_ = std::max(buffered_max_, buffer_.size());
  pool_.withhold(static_cast<std::size_t>(gate_.copied_bytes()));
  // What follows the stream matters only once the stream itself has been delivered.
  const bool is_about_the_rest = gate_.failure() && is_trailing(*gate_.failure());
  if (gate_.failure() && !is_about_the_rest) failure_.set(*gate_.failure());
  say_what_is_new();
}

// --- out ---

bool PipeRun::write_some() {
  if (writing_ || awaits_output_ || !output_open_ || everything_written()) return false;
  const std::uint64_t allowed = std::min(flow_.writable(level(), now_), kWriteBytesMax);
  if (allowed == 0) return false;
  if (buffer_.head_way() == PassBuffer::Way::write) {
    ends_.backend.write(kWrite, ends_.output.get(), buffer_.gather(allowed));
    writing_ = true;
    return false;
  }
  const std::int32_t result = buffer_.splice(static_cast<std::size_t>(allowed));
  if (result == -EAGAIN) {
    ends_.backend.await(kAwaitOutput, ends_.output.get(), io::Readiness::writable);
    awaits_output_ = true;
    return false;
  }
  if (result < 0) {
    on_write_error(result);
    return false;
  }
  on_write(result);
  return true;
}

// What a write took has left the buffer already when it was spliced.
void PipeRun::on_write(std::int32_t result) {
  if (result < 0) return on_write_error(result);
  const auto bytes = static_cast<std::uint64_t>(result);
  written_ += bytes;
  flow_.on_written(bytes, gate_.releasable() - written_, now_);
  last_moved_ = now_;
  is_full_ = false;
}

void PipeRun::on_write_error(std::int32_t result) {
  failure_.set(IoFailure{IoSide::output, {io::SysOperation::write, -result}, written_});
  close_output();
}

}  // namespace zsluice::pipeline
