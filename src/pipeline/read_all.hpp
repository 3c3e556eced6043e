// SPDX-License-Identifier: BSD-2-Clause
// Feeds a source to a Walk, and tells a bad disk from a bad stream.
#pragma once

#include "io/source.hpp"
#include "pipeline/walk.hpp"

#include <optional>

namespace zsluice::pipeline {

// Reads until the end, or until nothing more can be judged. Does not finish() the walk.
[[nodiscard]] inline std::optional<io::SourceError> read_all(io::ByteSource& source, Walk& walk) {
  while (!walk.is_over()) {
    const Result<io::Window, io::SourceError> window = source.next();
    if (!window) return window.error();
    if (window->bytes().empty()) break;
    walk.feed(window->bytes());
  }
  return std::nullopt;
}

// The verdict when reading is over. Bytes that could not be read appear as zeros in a mapped file:
// a read error therefore outranks what the stream seems to say.
[[nodiscard]] inline std::optional<Failure> judge_reading(
    const io::ByteSource& source, const std::optional<io::SourceError>& error, Walk& walk) {
  const std::optional<io::SourceError> late = source.fault();
  const std::optional<io::SourceError>& first = late ? late : error;
  if (first) {
    walk.abandon();
    return IoFailure{IoSide::input, first->cause, first->offset, first->file_shrank};
  }
  walk.finish();
  return walk.failure();
}

}  // namespace zsluice::pipeline
