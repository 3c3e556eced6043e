// SPDX-License-Identifier: BSD-2-Clause
// Feeds a source to a Walk or to ProvenRecords, and tells a bad disk from a bad stream.
#pragma once

#include "io/source.hpp"
#include "pipeline/outcome.hpp"

#include <optional>

namespace zsluice::pipeline {

// Reads until the end, or until nothing more can be judged. Does not finish() the reader.
template <class Reader>
[[nodiscard]] std::optional<io::SourceError> read_all(io::ByteSource& source, Reader& reader) {
  while (!reader.is_over()) {
    const Result<io::Window, io::SourceError> window = source.next();
    if (!window) return window.error();
    if (window->bytes().empty()) break;
    reader.feed(window->bytes());
  }
  return std::nullopt;
}

// The verdict when reading is over. Bytes that could not be read appear as zeros in a mapped file:
// a read error therefore outranks what the stream seems to say.
template <class Reader>
[[nodiscard]] std::optional<Failure> judge_reading(const io::ByteSource& source,
                                                   const std::optional<io::SourceError>& error,
                                                   Reader& reader) {
  const std::optional<io::SourceError> late = source.fault();
  const std::optional<io::SourceError>& first = late ? late : error;
  if (first) {
    reader.abandon();
    return IoFailure{IoSide::input, first->cause, first->offset, first->file_shrank};
  }
  reader.finish();
  return reader.failure();
}

}  // namespace zsluice::pipeline
