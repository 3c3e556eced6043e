// SPDX-License-Identifier: BSD-2-Clause
// What is said of a stream that was made of a partial one and its continuation, when neither was
// refused.
#pragma once

#include "pipeline/outcome.hpp"
#include "zsluice/resume/stitch.hpp"

#include <optional>
#include <utility>
#include <variant>

namespace zsluice::pipeline {

// `failure`: of reading the continuation. That bytes follow it is the lesser matter where it did
// not make the stream whole.
[[nodiscard]] inline std::optional<Failure> judge_stitched(const resume::Stitcher& stitcher,
                                                           std::optional<Failure> failure) {
  const bool is_unfinished = stitcher.is_done() && stitcher.is_in_package();
  if (is_unfinished && (!failure || std::holds_alternative<TrailingBytes>(*failure))) {
    return UnfinishedPackage{};
  }
  if (!failure && !stitcher.is_done()) return InputChanged{};
  return failure;
}

}  // namespace zsluice::pipeline
