// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/paced_writer.hpp"

#include "io/hold.hpp"
#include "pipeline/pipe_operations.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

namespace zsluice::pipeline {
namespace {

// Where no rate makes it shorter: long enough to be cheap.
constexpr std::uint64_t kPieceBytesMax = std::uint64_t{1} << 20;

std::optional<TimePoint> earlier(std::optional<TimePoint> one, std::optional<TimePoint> other) {
  if (!one || !other) return one ? one : other;
  return std::min(*one, *other);
}

}  // namespace

PacedWriter::PacedWriter(PacedEnds ends, PipeObserver& observer)
    : ends_(std::move(ends)),
      observer_(observer),
      bucket_({}, ends_.burst_bytes, ends_.backend.now()),
      started_(ends_.backend.now()),
      now_(started_) {
  (void)io::grow_pipe(ends_.output.get());
  ends_.backend.watch(kWatch, ends_.output.get());
  if (ends_.signals != nullptr) {
    ends_.backend.read(kSignal, ends_.signals->wake_fd(), wake_count_);
  }
  if (ends_.rate != nullptr) bucket_.set_rate(ends_.rate->rate(now_), now_);
}

PacedWriter::~PacedWriter() {
  if (ends_.output) release();
}

void PacedWriter::write(ByteSpan bytes) {
  if (error_) return;
  left_ = bytes;
  now_ = ends_.backend.now();
  heed_the_end();
  while (!left_.empty()) {
    start_write();
    wait(next_deadline());
    heed_the_end();
  }
}

void PacedWriter::on_read(const PipeState& read) {
  read_ = read;
  snapshot_ = read.snapshot;
  read_.snapshot = snapshot_;
  if (!error_) wait(ends_.backend.now());
}

void PacedWriter::pause(Duration longest) {
  now_ = ends_.backend.now();
  const TimePoint end = now_ + longest;
  while (now_ < end && !error_ && !stopped()) {
    wait(earlier(next_deadline(), end));
  }
}

std::optional<Failure> PacedWriter::stopped() const {
  if (const std::optional<int> number = signal()) return Signalled{*number};
  if (!reader_gone_) return std::nullopt;
  return IoFailure{IoSide::output, {io::SysOperation::write, EPIPE}, written_};
}

void PacedWriter::close() {
  if (!ends_.output) return;
  now_ = ends_.backend.now();
  observer_.on_end(state());
  release();
  if (::close(ends_.output.release()) != 0 && errno != EINTR && !error_) {
    error_ = io::SysError{io::SysOperation::write, errno};
  }
}

void PacedWriter::start_write() {
  if (writing_) return;
  const auto bytes = static_cast<std::size_t>(
      std::min<std::uint64_t>({left_.size(), kPieceBytesMax, bucket_.available(now_)}));
  if (bytes == 0) return;
  const std::array piece{left_.first(bytes)};
  ends_.backend.write(kWrite, ends_.output.get(), piece);
  writing_ = true;
}

void PacedWriter::wait(std::optional<TimePoint> deadline) {
  const auto completions = ends_.backend.wait(deadline);
  now_ = ends_.backend.now();
  for (const io::Completion& completion : completions) {
    on_completion(completion);
  }
  if (std::exchange(woken_, false)) on_wake();
  look_at_the_clock();
  observer_.on_turn();
}

// What is due next; nothing while only the reader is waited for.
std::optional<TimePoint> PacedWriter::next_deadline() {
  std::optional<TimePoint> deadline = observer_.next_state();
  if (ends_.rate != nullptr) deadline = earlier(deadline, ends_.rate->next_look());
  return writing_ ? deadline : earlier(deadline, bucket_.next(now_));
}

void PacedWriter::on_completion(const io::Completion& completion) {
  if (completion.op == kWrite) on_written(completion.result);
  if (completion.op == kWatch && completion.result != -ECANCELED) reader_gone_ = true;
  if (completion.op == kSignal && completion.result > 0) woken_ = true;
}

void PacedWriter::on_written(std::int32_t result) {
  writing_ = false;
  if (result < 0) {
    if (result != -ECANCELED) give_up(-result);
    return;
  }
  const auto bytes = static_cast<std::size_t>(result);
  bucket_.take(bytes, now_);
  written_ += bytes;
  left_ = left_.subspan(std::min(bytes, left_.size()));
}

void PacedWriter::on_wake() {
  ends_.backend.read(kSignal, ends_.signals->wake_fd(), wake_count_);
  if (ends_.signals->take_wish(SIGHUP) && ends_.rate != nullptr) {
    ends_.rate->reload();
    bucket_.set_rate(ends_.rate->rate(now_), now_);
  }
  if (ends_.signals->take_wish(SIGUSR1)) observer_.on_state_wanted(state());
}

void PacedWriter::look_at_the_clock() {
  if (ends_.rate != nullptr) {
    const std::optional<TimePoint> next = ends_.rate->next_look();
    if (next && *next <= now_) bucket_.set_rate(ends_.rate->rate(now_), now_);
  }
  if (const auto next = observer_.next_state(); next && *next <= now_) observer_.on_state(state());
}

// A signal, or a reader that has gone, matters only to bytes that are still to be written: when all
// of them have left, the stream was delivered.
void PacedWriter::heed_the_end() {
  if (left_.empty() || error_) return;
  if (signal()) {
    give_up(EINTR);
  } else if (reader_gone_) {
    give_up(EPIPE);
  }
}

// Ends a piece that is still in flight; what has moved of it is counted, since it has left.
void PacedWriter::give_up(int error) {
  if (!error_) error_ = io::SysError{io::SysOperation::write, error};
  if (writing_) {
    ends_.backend.release(ends_.output.get());
    for (const io::Completion& completion : ends_.backend.wait(ends_.backend.now())) {
      on_completion(completion);
    }
  }
  left_ = {};
}

void PacedWriter::release() {
  ends_.backend.release(ends_.output.get());
  if (ends_.signals != nullptr) ends_.backend.release(ends_.signals->wake_fd());
}

PipeState PacedWriter::state() const {
  PipeState state = read_;
  state.now = now_;
  state.started = started_;
  state.bytes_out = written_;
  return state;
}

}  // namespace zsluice::pipeline
