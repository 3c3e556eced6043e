// SPDX-License-Identifier: BSD-2-Clause
// How every command ends its output: what could not be written must not look like success.
#pragma once

#include "cli/options.hpp"
#include "cli/output.hpp"

#include <string_view>

namespace zsluice::cli {

// Writes what is pending of both; when `out` failed, now or before, says so on `err` in the words
// of failure_text.hpp. `command` is empty where none was given. Gives `status`, the first cause, or
// else 7 for output that failed.
[[nodiscard]] int finish_output(
    TextOutput& out, TextOutput& err, std::string_view command, LogFormat log_format, int status);

}  // namespace zsluice::cli
