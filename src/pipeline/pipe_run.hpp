// SPDX-License-Identifier: BSD-2-Clause
// One run of `zsluice pipe`: what it keeps, for pipe.cpp (the loop) and pipe_moves.cpp (how bytes
// come in and go out).
//
// Each turn: write what may be written, read what there is room for, and when neither moved
// anything at once, sleep in the backend until something is ready or due, or an input that flows in
// little pieces has had a moment to gather (ReadPause). On the copy path reads
// and writes are operations of the backend; on the hold path they are direct calls that never
// block, and the backend only tells when to try again.
#pragma once

#include "io/block_pool.hpp"
#include "io/channel.hpp"
#include "pipeline/pass_buffer.hpp"
#include "pipeline/pipe.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace zsluice::pipeline {

class PipeRun {
 public:
  // `input_capacity_bytes`: what the input holds between the sender and us.
  PipeRun(const PipeOptions& options,
          PipeEnds& ends,
          PipeObserver& observer,
          io::BlockPool& pool,
          std::uint64_t input_capacity_bytes);

  [[nodiscard]] PipeReport run();

 private:
  // --- pipe.cpp: the loop ---
  void start();
  void wait(bool has_moved);
  [[nodiscard]] std::optional<TimePoint> next_deadline();
  void on_completion(const io::Completion& completion);
  void on_signal();
  void look_at_the_clock();
  void look_for_a_stall();
  void settle();
  void close_output();
  void abort_write();
  void say_what_is_new();
  [[nodiscard]] PipeState state() const;
  [[nodiscard]] PipeReport report();
  [[nodiscard]] bool is_finished() const;
  [[nodiscard]] bool everything_written() const { return written_ == gate_.releasable(); }

  // --- pipe_moves.cpp: each says whether something has changed at once, so that there may be more
  // to do before anything is waited for ---
  [[nodiscard]] bool read_some();
  [[nodiscard]] bool read_by_hold(std::uint64_t bytes_max);
  [[nodiscard]] bool read_beside_hold(std::uint64_t bytes_max, bool is_ready);
  [[nodiscard]] bool read_by_copy(std::uint64_t bytes_max);
  [[nodiscard]] bool should_copy_ahead();
  void on_input_empty();
  void await_input();
  [[nodiscard]] bool write_some();
  void on_read_operation(std::int32_t result);
  void on_read(std::int32_t result);
  void on_write(std::int32_t result);
  void on_read_error(std::int32_t result);
  void on_write_error(std::int32_t result);
  void on_input_end();
  void check(ByteSpan bytes);
  void on_checked();
  void on_no_room();
  [[nodiscard]] BufferLevel level() const;

  const PipeOptions& options_;
  PipeEnds& ends_;
  PipeObserver& observer_;
  io::BlockPool& pool_;
  io::Channel input_;  // for direct reads on the hold path
  PassBuffer buffer_;
  Gate gate_;
  Flow flow_;
  ReadAhead read_ahead_;
  ReadPause read_pause_;
  FirstFailure failure_;

  TimePoint started_;
  TimePoint now_;         // of this turn
  TimePoint last_moved_;  // when a byte last came or went
  std::uint64_t bytes_in_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t buffered_max_ = 0;
  std::size_t read_room_ = 0;  // of the read in flight
  std::uint64_t said_features_ = 0;
  unsigned turns_unwatched_ = 0;
  bool said_any_data_ = false;
  bool has_held_ = false;

  // Operations in flight.
  bool reading_ = false;
  bool writing_ = false;
  bool awaits_input_ = false;
  bool awaits_output_ = false;

  bool input_is_ready_ = false;  // the backend has just said so
  bool is_full_ = false;         // no room for a read, until something has been written
  bool input_ended_ = false;
  bool reader_gone_ = false;
  bool output_open_ = true;
  int signal_ = 0;  // once it is one: nothing more is written
};

}  // namespace zsluice::pipeline
