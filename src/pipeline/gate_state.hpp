// SPDX-License-Identifier: BSD-2-Clause
// What a gate knows of a stream, for those who watch the run.
#pragma once

#include "pipeline/gate.hpp"
#include "pipeline/pipe_state.hpp"

namespace zsluice::pipeline {

// Without times and bytes. Its name is the gate's: valid until more is fed.
[[nodiscard]] inline PipeState state_of(const Gate& gate) {
  PipeState state;
  state.records = gate.records();
  state.substreams = gate.substreams();
  state.snapshot = gate.snapshot();
  state.toguid = gate.toguid();
  state.substream_offset = gate.substream_offset();
  state.object = gate.object();
  state.is_package = gate.is_package();
  state.any_data = gate.passes_any_data();
  return state;
}

}  // namespace zsluice::pipeline
