// SPDX-License-Identifier: BSD-2-Clause
// PacedWriter: output for a thread that makes the bytes itself (`join`), no faster than a rate, and
// with an ear for all else meanwhile, as `pipe` has it: a reader that has gone, a rate that
// changes, signals, whoever watches the run.
//
// write() returns when the bytes have left, or never will. It gives the backend one piece at a
// time, as long as the token bucket allows, and waits in the backend until the piece is taken or
// something is due. In between, while its thread makes more bytes, nothing of this happens, but
// nothing is lost: a signal is found by the next call.
#pragma once

#include "io/backend.hpp"
#include "io/fd.hpp"
#include "io/sink.hpp"
#include "io/stop_signals.hpp"
#include "pipeline/join.hpp"
#include "pipeline/outcome.hpp"
#include "pipeline/pipe.hpp"
#include "pipeline/pipe_state.hpp"
#include "zsluice/base/token_bucket.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace zsluice::pipeline {

// `signals` and `rate` may be null; all but `output` is borrowed.
struct PacedEnds {
  io::Backend& backend;
  io::Fd output;
  io::StopSignals* signals = nullptr;
  RateSource* rate = nullptr;
  std::optional<std::uint64_t> burst_bytes{};
};

class PacedWriter final : public io::ByteSink, public JoinObserver {
 public:
  // A pipe is made as long as is allowed: the fewer turns, the less each costs.
  PacedWriter(PacedEnds ends, PipeObserver& observer);
  ~PacedWriter() override;

  void write(ByteSpan bytes) override;
  void flush() override {}
  // After a signal EINTR; that is no failure of the output.
  [[nodiscard]] const std::optional<io::SysError>& error() const override { return error_; }
  [[nodiscard]] std::uint64_t written() const override { return written_; }

  void on_read(const PipeState& read) override;

  // Waits so long, but not when nothing more will be written.
  void pause(Duration longest);

  // Tells the observer of the end, and closes the output, so that its reader sees the end: a file
  // may report only now that its bytes could not be kept.
  void close();

  // Why nothing more should be made, if there is a reason: a signal, a reader that has gone. No
  // failure where everything had been written.
  [[nodiscard]] std::optional<Failure> stopped() const;

 private:
  void start_write();
  void wait(std::optional<TimePoint> deadline);
  [[nodiscard]] std::optional<TimePoint> next_deadline();
  void on_completion(const io::Completion& completion);
  void on_written(std::int32_t result);
  void on_wake();
  void look_at_the_clock();
  void heed_the_end();
  void give_up(int error);
  void release();
  [[nodiscard]] PipeState state() const;
  [[nodiscard]] std::optional<int> signal() const {
    return ends_.signals != nullptr ? ends_.signals->received() : std::nullopt;
  }

  PacedEnds ends_;
  PipeObserver& observer_;
  TokenBucket bucket_;
  TimePoint started_;
  TimePoint now_;  // of this turn
  PipeState read_;
  std::string snapshot_;  // its name
  ByteSpan left_;         // of what is to be written
  std::array<std::byte, sizeof(std::uint64_t)> wake_count_{};
  std::optional<io::SysError> error_;
  std::uint64_t written_ = 0;
  bool writing_ = false;
  bool woken_ = false;
  bool reader_gone_ = false;
};

}  // namespace zsluice::pipeline
