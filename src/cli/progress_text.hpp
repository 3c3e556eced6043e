// SPDX-License-Identifier: BSD-2-Clause
// Progress as sentences, for logs and for those who ask. All of them are lines of printable ASCII
// with a newline at the end, the first one beginning with "zsluice: pipe: ", or the name of another
// command; they may be passed to log_text() (cli/log.hpp).
#pragma once

#include "cli/progress_view.hpp"

#include <string>
#include <string_view>

namespace zsluice::cli {

// One line: the facts of progress_line.
[[nodiscard]] std::string progress_plain(const ProgressView& view);

// The answer to SIGUSR1, on several lines.
[[nodiscard]] std::string state_text(const ProgressView& view);

// The last line of a run. `verdict`: "whole", "unchecked"; empty when a failure says more.
[[nodiscard]] std::string summary_text(const ProgressView& view, std::string_view verdict);

// "snapshot 3 of 12 (40%)", as far as it is known.
[[nodiscard]] std::string snapshot_number_text(const ProgressView& view);

}  // namespace zsluice::cli
