// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/pipe.hpp"

#include "io/block_pool.hpp"
#include "pipeline/block_queue.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace zsluice::pipeline {
namespace {

constexpr io::OpId kRead = 1;
constexpr io::OpId kWrite = 2;
constexpr io::OpId kWatch = 3;
constexpr io::OpId kSignal = 4;

// One write is long enough to be cheap and short enough that its blocks come back soon.
constexpr std::uint64_t kWriteBytesMax = std::uint64_t{1} << 20;

bool is_trailing(const Failure& failure) {
  return std::holds_alternative<TrailingBytes>(failure);
}

class PipeRun {
 public:
  PipeRun(const PipeOptions& options, PipeEnds& ends, PipeObserver& observer, io::BlockPool& pool)
      : ends_(ends), observer_(observer), pool_(pool), queue_(pool), gate_(options.gate) {}

  PipeReport run();

 private:
  void start_read();
  void start_write();
  void on_completion(const io::Completion& completion);
  void on_read(std::int32_t result);
  void on_write(std::int32_t result);
  void settle();
  void say_what_is_new();
  void abort_write();
  void close_output();
  [[nodiscard]] bool everything_written() const { return written_ == gate_.releasable(); }
  [[nodiscard]] bool is_finished() const;

  PipeEnds& ends_;
  PipeObserver& observer_;
  io::BlockPool& pool_;
  BlockQueue queue_;
  Gate gate_;
  FirstFailure failure_;

  std::uint64_t bytes_in_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t said_features_ = 0;
  bool said_any_data_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool input_ended_ = false;
  bool reader_gone_ = false;
  bool output_open_ = true;
  int signal_ = 0;  // once it is one: nothing more is written
};

PipeReport PipeRun::run() {
  ends_.backend.watch(kWatch, ends_.output.get());
  if (ends_.signals != nullptr) {
    ends_.backend.read(kSignal, ends_.signals->fd(), ends_.signals->buffer());
  }
  while (!is_finished()) {
    start_write();
    start_read();
    if (is_finished()) break;
    for (const io::Completion& completion : ends_.backend.wait(std::nullopt)) {
      on_completion(completion);
    }
    settle();
    observer_.on_turn();
  }
  abort_write();
  close_output();
  ends_.backend.release(ends_.input);
  if (ends_.signals != nullptr) ends_.backend.release(ends_.signals->fd());
  if (signal_ != 0) failure_.set(Signalled{signal_, gate_.delivered() && everything_written()});
  if (gate_.failure()) failure_.set(*gate_.failure());
  return {.failure = failure_.get(),
          .bytes_in = bytes_in_,
          .bytes_out = written_,
          .records = gate_.records(),
          .substreams = gate_.substreams(),
          .streams = gate_.streams(),
          .records_unproven = gate_.records_unproven(),
          .any_data = gate_.passes_any_data()};
}

bool PipeRun::is_finished() const {
  if (signal_ != 0) return true;
  return !output_open_ && !writing_ && (failure_ || input_ended_);
}

void PipeRun::start_read() {
  if (reading_ || input_ended_ || failure_ || signal_ != 0) return;
  // After the end of the stream nothing is kept: what still comes is only counted.
  if (!output_open_) queue_.consume(queue_.size());
  const MutableByteSpan room = queue_.reserve();
  if (!room.empty()) {
    ends_.backend.read(kRead, ends_.input, room);
    reading_ = true;
    return;
  }
  if (writing_ || !everything_written()) return;  // blocks will come back
  // Whole blocks on both sides of what is held, and one to read on.
  failure_.set(BufferTooSmall{
      .needed_bytes = std::max(kBufferBytesMin, gate_.bytes_to_hold() + 4 * pool_.block_bytes()),
      .buffer_bytes = pool_.capacity_bytes()});
  close_output();
}

void PipeRun::start_write() {
  if (writing_ || !output_open_ || everything_written()) return;
  const std::uint64_t ready = std::min(gate_.releasable() - written_, kWriteBytesMax);
  ends_.backend.write(kWrite, ends_.output.get(), queue_.gather(ready));
  writing_ = true;
}

void PipeRun::on_completion(const io::Completion& completion) {
  switch (completion.op) {
    case kRead:
      on_read(completion.result);
      break;
    case kWrite:
      on_write(completion.result);
      break;
    case kWatch:
      reader_gone_ = reader_gone_ || completion.result != -ECANCELED;
      break;
    case kSignal:
      if (completion.result > 0) {
        signal_ = ends_.signals->received();
      }
      break;
    default:
      break;
  }
}

void PipeRun::on_read(std::int32_t result) {
  reading_ = false;
  if (result < 0) {
    (void)queue_.commit(0);
    failure_.set(IoFailure{IoSide::input, {io::SysOperation::read, -result}, bytes_in_});
    return;
  }
  const ByteSpan bytes = queue_.commit(static_cast<std::size_t>(result));
  bytes_in_ += bytes.size();
  if (bytes.empty()) {
    input_ended_ = true;
    gate_.finish();
  } else {
    gate_.feed(bytes);
  }
  pool_.withhold(static_cast<std::size_t>(gate_.copied_bytes()));
  // What follows the stream matters only once the stream itself has been delivered.
  const bool is_about_the_rest = gate_.failure() && is_trailing(*gate_.failure());
  if (gate_.failure() && !is_about_the_rest) failure_.set(*gate_.failure());
  say_what_is_new();
}

void PipeRun::on_write(std::int32_t result) {
  writing_ = false;
  if (result < 0) {
    failure_.set(IoFailure{IoSide::output, {io::SysOperation::write, -result}, written_});
    close_output();
    return;
  }
  written_ += static_cast<std::uint64_t>(result);
  queue_.consume(static_cast<std::uint64_t>(result));
}

// After each turn: whether the output has had its last byte.
void PipeRun::settle() {
  if (!output_open_ || writing_) return;
  const bool nothing_to_come = gate_.closed() || input_ended_ || failure_;
  if (everything_written() && nothing_to_come) return close_output();
  if (reader_gone_) {
    failure_.set(IoFailure{IoSide::output, {io::SysOperation::write, EPIPE}, written_});
    close_output();
  }
}

// Ends a write that is still in flight; what it had moved is counted, since it has left.
void PipeRun::abort_write() {
  if (!writing_) return;
  ends_.backend.release(ends_.output.get());
  for (const io::Completion& completion : ends_.backend.wait(ends_.backend.now())) {
    if (completion.op == kWrite && completion.result > 0) on_write(completion.result);
  }
}

void PipeRun::close_output() {
  if (!output_open_) return;
  output_open_ = false;
  ends_.backend.release(ends_.output.get());
  // A file may report only now that its bytes could not be kept.
  if (::close(ends_.output.release()) != 0 && errno != EINTR) {
    failure_.set(IoFailure{IoSide::output, {io::SysOperation::write, errno}, written_});
  }
}

void PipeRun::say_what_is_new() {
  if (gate_.unknown_features() != said_features_) {
    observer_.on_unknown_features(gate_.unknown_features() & ~said_features_);
    said_features_ = gate_.unknown_features();
  }
  if (gate_.passes_any_data() && !said_any_data_) {
    said_any_data_ = true;
    observer_.on_any_data();
  }
}

}  // namespace

PipeReport run_pipe(const PipeOptions& options, PipeEnds ends, PipeObserver& observer) {
  const auto pool = io::BlockPool::create(static_cast<std::size_t>(options.buffer_bytes));
  if (!pool) {
    PipeReport report;
    report.failure = IoFailure{IoSide::input, pool.error(), 0};
    return report;
  }
  return PipeRun(options, ends, observer, **pool).run();
}

}  // namespace zsluice::pipeline
