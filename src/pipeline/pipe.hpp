// SPDX-License-Identifier: BSD-2-Clause
// `zsluice pipe`: input → buffer → output, verified between (DESIGN.md §3, the copy path of §7).
//
//   input ─read─▶ BlockQueue ─(same bytes, in cache)─▶ Gate
//                     │                                  │ releasable()
//                     └────────── write, up to there ◀───┘──▶ output
//
// One thread; one read and one write in flight. A full buffer stops the reading, which is all the
// back-pressure there is. The output is closed as soon as nothing more will ever pass.
#pragma once

#include "io/backend.hpp"
#include "io/fd.hpp"
#include "io/signals.hpp"
#include "pipeline/gate.hpp"
#include "pipeline/outcome.hpp"

#include <cstdint>
#include <optional>

namespace zsluice::pipeline {

// Two of the largest records, with room to read on (DESIGN.md §2.5).
inline constexpr std::uint64_t kBufferBytesMin = std::uint64_t{34} << 20;

struct PipeOptions {
  GateOptions gate{};
  std::uint64_t buffer_bytes = kBufferBytesMin;
};

// What is said while the stream runs. Calls must not block.
class PipeObserver {
 public:
  PipeObserver() = default;
  PipeObserver(const PipeObserver&) = delete;
  PipeObserver& operator=(const PipeObserver&) = delete;
  virtual ~PipeObserver() = default;

  virtual void on_unknown_features(std::uint64_t bits) = 0;
  virtual void on_any_data() = 0;
  // Once per turn of the loop: a chance to write out what was said.
  virtual void on_turn() = 0;
};

struct PipeReport {
  std::optional<Failure> failure;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t records = 0;
  std::uint64_t substreams = 0;
  std::uint64_t streams = 0;  // whole ones
  std::uint64_t records_unproven = 0;
  bool any_data = false;  // the input was no stream and passed untouched
};

// The descriptors of one run. `output` is closed by the run, so that the reader sees the end as
// early as there is one; `input` is borrowed. `signals` may be null.
struct PipeEnds {
  io::Backend& backend;
  int input = -1;
  io::Fd output;
  io::Signals* signals = nullptr;
};

[[nodiscard]] PipeReport run_pipe(const PipeOptions& options,
                                  PipeEnds ends,
                                  PipeObserver& observer);

}  // namespace zsluice::pipeline
