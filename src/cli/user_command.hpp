// SPDX-License-Identifier: BSD-2-Clause
// Commands of the user's that `--filter` and `--fetch` run: how they are run, and how they ended,
// in words.
#pragma once

#include "pipeline/command_retry.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace zsluice::cli {

// With real pauses, drawn from the system's randomness.
[[nodiscard]] pipeline::CommandOptions command_options(
    const std::string& text, std::function<void(const pipeline::FailedTry&)> on_fail);

// "the command failed with exit status 3"; of an error of SysOperation::run.
[[nodiscard]] std::string command_end_text(const io::SysError& error);

// With head and newline. `source`: escaped.
[[nodiscard]] std::string failed_try_text(std::string_view command,
                                          std::string_view source,
                                          const pipeline::FailedTry& failed);

}  // namespace zsluice::cli
