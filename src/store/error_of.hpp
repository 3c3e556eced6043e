// SPDX-License-Identifier: BSD-2-Clause
// SegmentErrors in one expression.
#pragma once

#include "zsluice/store/segment_error.hpp"

#include <cstdint>

namespace zsluice::storage {

[[nodiscard]] inline SegmentError error_of(SegmentErrorCode code,
                                           std::uint64_t at,
                                           std::uint64_t expected = 0,
                                           std::uint64_t found = 0) {
  return {.code = code,
          .at = at,
          .expected = expected,
          .found = found,
          .expected_hash = {},
          .found_hash = {}};
}

[[nodiscard]] inline SegmentError error_of(SegmentErrorCode code,
                                           std::uint64_t at,
                                           const checksum::Xxh3Digest& expected,
                                           const checksum::Xxh3Digest& found) {
  SegmentError error = error_of(code, at);
  error.expected_hash = expected;
  error.found_hash = found;
  return error;
}

}  // namespace zsluice::storage
