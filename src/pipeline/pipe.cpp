// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/pipe.hpp"

#include "pipeline/gate_state.hpp"
#include "pipeline/pipe_operations.hpp"
#include "pipeline/pipe_run.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace zsluice::pipeline {
namespace {

// While bytes move by direct calls, the backend (signals, a reader that has gone) is asked so
// seldom that it costs nothing and so often that nobody notices.
constexpr unsigned kTurnsUnwatched = 16;

std::optional<TimePoint> earlier(std::optional<TimePoint> one, std::optional<TimePoint> other) {
  if (!one || !other) return one ? one : other;
  return std::min(*one, *other);
}

// The hold counts in the buffer.
std::uint64_t pool_bytes(const PipeOptions& options, bool has_hold) {
  return has_hold ? options.buffer_bytes - io::kHoldBytesMax : options.buffer_bytes;
}

}  // namespace

PipeRun::PipeRun(const PipeOptions& options,
                 PipeEnds& ends,
                 PipeObserver& observer,
                 io::BlockPool& pool,
                 std::uint64_t input_capacity_bytes)
    : options_(options),
      ends_(ends),
      observer_(observer),
      pool_(pool),
      input_(ends.input, {}),
      buffer_(pool, options.allow_hold ? io::Hold::create(ends.input, ends.output.get()) : nullptr),
      gate_(options.gate),
      flow_(options.flow, ends.backend.now()),
      read_pause_(input_capacity_bytes),
      started_(ends.backend.now()),
      now_(started_),
      last_moved_(started_) {}

PipeReport PipeRun::run() {
  start();
  while (!is_finished()) {
    const bool has_written = write_some();
    const bool has_read = read_some();
    settle();
    if (is_finished()) break;
    wait(has_written || has_read);
    settle();
    observer_.on_turn();
  }
  observer_.on_end(state());
  abort_write();
  close_output();
  ends_.backend.release(ends_.input);
  if (ends_.signals != nullptr) ends_.backend.release(ends_.signals->fd());
  if (signal_ != 0) failure_.set(Signalled{signal_, gate_.delivered() && everything_written()});
  if (gate_.failure()) failure_.set(*gate_.failure());
  return report();
}

void PipeRun::start() {
  ends_.backend.watch(kWatch, ends_.output.get());
  if (ends_.signals != nullptr) {
    ends_.backend.read(kSignal, ends_.signals->fd(), ends_.signals->buffer());
  }
  if (ends_.rate != nullptr) flow_.set_output_rate(ends_.rate->rate(now_), now_);
  look_at_the_clock();
}

bool PipeRun::is_finished() const {
  if (signal_ != 0) return true;
  return !output_open_ && !writing_ && (failure_ || input_ended_);
}

void PipeRun::wait(bool has_moved) {
  if (has_moved && ++turns_unwatched_ < kTurnsUnwatched) return;
  turns_unwatched_ = 0;
  const auto completions = ends_.backend.wait(has_moved ? ends_.backend.now() : next_deadline());
  // What has come has come now, not when the wait began.
  now_ = ends_.backend.now();
  for (const io::Completion& completion : completions) {
    on_completion(completion);
  }
  look_at_the_clock();
  if (completions.empty()) look_for_a_stall();
}

// What is due next; nothing when only the other ends can bring something new.
std::optional<TimePoint> PipeRun::next_deadline() {
  std::optional<TimePoint> deadline = observer_.next_state();
  if (ends_.rate != nullptr) deadline = earlier(deadline, ends_.rate->next_look());
  if (options_.stall_timeout && output_open_) {
    deadline = earlier(deadline, last_moved_ + *options_.stall_timeout);
  }
  const bool is_held_back = !writing_ && !awaits_output_ && !everything_written();
  const bool is_not_read = !reading_ && !awaits_input_ && !input_ended_;
  if (is_held_back || is_not_read) deadline = earlier(deadline, flow_.next(now_));
  if (is_not_read && !is_full_ && !read_pause_.is_over(now_)) {
    deadline = earlier(deadline, read_pause_.until());
  }
  const bool waits_for_hold = is_not_read && buffer_.is_holding() && !is_full_;
  if (waits_for_hold && !read_ahead_.should_copy()) {
    deadline = earlier(deadline, read_ahead_.next());
  }
  return deadline;
}

void PipeRun::look_at_the_clock() {
  read_ahead_.look(written_, !everything_written(), now_);
  if (ends_.rate != nullptr) {
    const std::optional<TimePoint> next = ends_.rate->next_look();
    if (next && *next <= now_) flow_.set_output_rate(ends_.rate->rate(now_), now_);
  }
  if (const auto next = observer_.next_state(); next && *next <= now_) observer_.on_state(state());
}

// Only when nobody had anything for us: a process that was itself stopped finds bytes waiting.
void PipeRun::look_for_a_stall() {
  if (!options_.stall_timeout || !output_open_) return;
  const bool waits_for_output = writing_ || awaits_output_;
  // Our own rate holds bytes back: nobody is to blame.
  const bool is_held_back = !waits_for_output && !everything_written();
  if (is_held_back && flow_.has_output_rate()) last_moved_ = now_;
  // Nor where nobody was asked: we may have been stopped in a pause of our own.
  if (!waits_for_output && !reading_ && !awaits_input_) return;
  if (now_ - last_moved_ < *options_.stall_timeout) return;
  failure_.set(Stalled{*options_.stall_timeout, waits_for_output});
  abort_write();
  close_output();
}

void PipeRun::on_completion(const io::Completion& completion) {
  switch (completion.op) {
    case kRead:
      on_read_operation(completion.result);
      break;
    case kWrite:
      writing_ = false;
      if (completion.result > 0) buffer_.consume(static_cast<std::uint64_t>(completion.result));
      on_write(completion.result);
      break;
    case kWatch:
      reader_gone_ = reader_gone_ || completion.result != -ECANCELED;
      break;
    case kSignal:
      if (completion.result > 0) on_signal();
      break;
    case kAwaitInput:
      awaits_input_ = false;
      input_is_ready_ = true;
      break;
    case kAwaitOutput:
      awaits_output_ = false;
      break;
    default:
      break;
  }
}

void PipeRun::on_signal() {
  const int received = ends_.signals->received();
  const bool is_to_reload = received == SIGHUP && ends_.rate != nullptr && ends_.rate->can_reload();
  if (received != SIGUSR1 && !is_to_reload) {
    signal_ = received;
    return;
  }
  ends_.backend.read(kSignal, ends_.signals->fd(), ends_.signals->buffer());
  now_ = ends_.backend.now();
  if (is_to_reload) {
    ends_.rate->reload();
    flow_.set_output_rate(ends_.rate->rate(now_), now_);
  } else {
    observer_.on_state_wanted(state());
  }
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
    if (completion.op != kWrite) continue;
    writing_ = false;
    if (completion.result > 0) on_completion(completion);
  }
}

void PipeRun::close_output() {
  if (!output_open_) return;
  output_open_ = false;
  is_full_ = false;
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

PipeState PipeRun::state() const {
  PipeState state = state_of(gate_);
  state.now = now_;
  state.started = started_;
  state.bytes_in = bytes_in_;
  state.bytes_out = written_;
  state.buffered_bytes = buffer_.size();
  state.buffer_bytes = options_.buffer_bytes;
  return state;
}

PipeReport PipeRun::report() {
  return {.failure = failure_.get(),
          .bytes_in = bytes_in_,
          .bytes_out = written_,
          .records = gate_.records(),
          .substreams = gate_.substreams(),
          .streams = gate_.streams(),
          .records_unproven = gate_.records_unproven(),
          .any_data = gate_.passes_any_data(),
          .held = has_held_,
          .elapsed = ends_.backend.now() - started_,
          .buffered_bytes_max = buffered_max_};
}

PipeReport run_pipe(const PipeOptions& options, PipeEnds ends, PipeObserver& observer) {
  const std::uint64_t input_capacity_bytes = io::grow_pipe(ends.input).value_or(0);
  io::grow_pipe(ends.output.get());
  const bool may_hold = options.allow_hold && io::Hold::fits(ends.input, ends.output.get());
  const auto pool = io::BlockPool::create(static_cast<std::size_t>(pool_bytes(options, may_hold)));
  if (!pool) {
    PipeReport report;
    report.failure = IoFailure{IoSide::input, pool.error(), 0};
    return report;
  }
  return PipeRun(options, ends, observer, **pool, input_capacity_bytes).run();
}

}  // namespace zsluice::pipeline
