// SPDX-License-Identifier: BSD-2-Clause
// A pipe on a scripted kernel with a clock of its own: nothing sleeps.
#pragma once

#include "pipeline/pipe.hpp"
#include "pipeline/pipe_fixture.hpp"
#include "support/sim_backend.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

namespace zsluice::pipeline {

inline constexpr int kSimInput = 1000;

struct SimRun {
  PipeReport report;
  std::vector<PipeState> states;
  test::Bytes output;
  std::vector<test::SimMoment> reads;
  std::vector<test::SimMoment> writes;
  TimePoint end;
  std::uint64_t waits = 0;

  template <class Kind>
  [[nodiscard]] const Kind* failed_with() const {
    return report.failure ? std::get_if<Kind>(&*report.failure) : nullptr;
  }
};

struct SimExtras {
  RateSource* rate = nullptr;
  bool input_is_pipe = false;  // to those who ask the descriptor
  std::vector<TimePoint> states_due{};
};

inline SimRun simulate(const test::SimScript& script,
                       const PipeOptions& options = {},
                       const SimExtras& extras = {}) {
  io::Fd output(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  const Ends pipe = extras.input_is_pipe ? make_pipe() : Ends{};
  const int input = extras.input_is_pipe ? pipe.read_end.get() : kSimInput;
  test::SimBackend backend(script, input, output.get());
  Remarks remarks;
  remarks.states_due = extras.states_due;
  SimRun run;
  run.report = run_pipe(
      options,
      {.backend = backend, .input = input, .output = std::move(output), .rate = extras.rate},
      remarks);
  run.states = remarks.states;
  run.output = backend.output();
  run.reads = backend.reads();
  run.writes = backend.writes();
  run.end = backend.now();
  run.waits = backend.waits();
  EXPECT_EQ(run.report.bytes_out, backend.bytes_written());
  if (!script.keeps_output || script.zeros_after > 0) return run;
  EXPECT_LE(run.output.size(), script.input.size());
  EXPECT_TRUE(std::equal(run.output.begin(), run.output.end(), script.input.begin()))
      << "not a prefix";
  return run;
}

}  // namespace zsluice::pipeline
