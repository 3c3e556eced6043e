// SPDX-License-Identifier: BSD-2-Clause
// What a pipe, or another run that passes a stream, is doing, for those who watch it: numbers only,
// words are made in cli.
#pragma once

#include "zsluice/base/time.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace zsluice::pipeline {

struct PipeState {
  TimePoint now{};
  TimePoint started{};
  std::uint64_t bytes_in = 0;        // read and checked
  std::uint64_t bytes_out = 0;       // taken by the reader
  std::uint64_t buffered_bytes = 0;  // read and not yet taken, what waits for its proof included
  std::uint64_t buffer_bytes = 0;    // room for them; 0 where there is no buffer
  std::uint64_t records = 0;         // read, over all streams
  std::uint64_t substreams = 0;      // begun, the current one included
  // The current substream. Its name is the one in its BEGIN: foreign text, to be escaped; valid
  // during the call that hands out this state. Empty before the first BEGIN has been proven.
  std::string_view snapshot;
  std::uint64_t toguid = 0;
  std::uint64_t substream_offset = 0;       // of its BEGIN in the input
  std::optional<std::uint64_t> object;      // of the record last read, where its type names one
  std::optional<std::uint64_t> size_bytes;  // of the whole stream, where it is known
  bool is_package = false;
  bool any_data = false;  // the input is no stream and passes unchecked
};

}  // namespace zsluice::pipeline
