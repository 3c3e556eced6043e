// SPDX-License-Identifier: BSD-2-Clause
// `zsluice pipe`: input → buffer → output, verified between (DESIGN.md §3, the copy path of §7).
//
//   input ─read─▶ PassBuffer ─(same bytes, in cache)─▶ Gate
//                     │                                  │ releasable()
//                     └── write or splice, up to there ◀─┘──▶ output
//                               │
//                               └ Flow: rates and marks
//
// Two paths with the same bytes. Hold path: both ends are pipes; the buffer keeps references to the
// input's pages and the only copy is the one that is checked. Copy path: anything else, and what
// the hold has no room for.
//
// One thread; one read and one write in flight. A full buffer stops the reading, which is all the
// back-pressure there is. The output is closed as soon as nothing more will ever pass.
#pragma once

#include "io/backend.hpp"
#include "io/fd.hpp"
#include "io/signals.hpp"
#include "pipeline/flow.hpp"
#include "pipeline/gate.hpp"
#include "pipeline/outcome.hpp"
#include "pipeline/pipe_state.hpp"

#include <cstdint>
#include <optional>

namespace zsluice::pipeline {

// Two of the largest records, with room to read on (DESIGN.md §2.5).
inline constexpr std::uint64_t kBufferBytesMin = std::uint64_t{34} << 20;

struct PipeOptions {
  GateOptions gate{};
  std::uint64_t buffer_bytes = kBufferBytesMin;
  FlowOptions flow{};
  bool allow_hold = true;                   // references to pages, where both ends are pipes
  std::optional<Duration> stall_timeout{};  // give up when nothing has moved for so long
};

// The limit for the output, where it changes while the stream runs. Calls must not block.
class RateSource {
 public:
  RateSource() = default;
  RateSource(const RateSource&) = delete;
  RateSource& operator=(const RateSource&) = delete;
  virtual ~RateSource() = default;

  // The limit that holds now; and when to ask again, at the latest.
  [[nodiscard]] virtual Rate rate(TimePoint now) = 0;
  [[nodiscard]] virtual std::optional<TimePoint> next_look() const = 0;
  // SIGHUP: look again at once, where there is something to look at. Else it ends the run.
  [[nodiscard]] virtual bool can_reload() const = 0;
  virtual void reload() = 0;
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

  // When on_state() is to be called next; nothing: not at all.
  [[nodiscard]] virtual std::optional<TimePoint> next_state() const { return std::nullopt; }
  virtual void on_state(const PipeState& /*state*/) {}
  // The run is about to end; what was shown last may have been long ago.
  virtual void on_end(const PipeState& /*state*/) {}
  // SIGUSR1: the user asks.
  virtual void on_state_wanted(const PipeState& /*state*/) {}
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
  bool held = false;      // on the hold path, as far as it went
  Duration elapsed{};
  std::uint64_t buffered_bytes_max = 0;
};

// The descriptors of one run. `output` is closed by the run, so that the reader sees the end as
// early as there is one; `input` is borrowed. `signals` and `rate` may be null.
struct PipeEnds {
  io::Backend& backend;
  int input = -1;
  io::Fd output;
  io::Signals* signals = nullptr;
  RateSource* rate = nullptr;
};

[[nodiscard]] PipeReport run_pipe(const PipeOptions& options,
                                  PipeEnds ends,
                                  PipeObserver& observer);

}  // namespace zsluice::pipeline
