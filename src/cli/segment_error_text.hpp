// SPDX-License-Identifier: BSD-2-Clause
// What is wrong with one segment, as a sentence and as a code.
#pragma once

#include "zsluice/store/segment_error.hpp"

#include <string>
#include <string_view>

namespace zsluice::cli {

// Goes on behind "segment 5 (…): ". Without newline; several lines where hashes are shown.
[[nodiscard]] std::string segment_error_line(const storage::SegmentError& error);

// For machines, the same from release to release.
[[nodiscard]] std::string_view segment_error_code(storage::SegmentErrorCode code);

}  // namespace zsluice::cli
