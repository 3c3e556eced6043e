// SPDX-License-Identifier: BSD-2-Clause
// mbuffer(1)'s command line, read as a `pipe`. Flags without a meaning here are taken and ignored;
// refused are those whose loss would lose data. Its configuration files are not read.
#pragma once

#include "cli/options.hpp"
#include "cli/personality.hpp"

#include <span>
#include <string_view>

namespace zsluice::cli {

// `arguments`: without the program's own name. Help and version come as a HelpCommand with their
// text.
[[nodiscard]] Result<Command, UsageError> parse_mbuffer(std::span<const std::string_view> arguments,
                                                        const Surroundings& surroundings);

}  // namespace zsluice::cli
