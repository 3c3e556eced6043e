// SPDX-License-Identifier: BSD-2-Clause
// pv(1)'s command line, read as a `pipe`. Flags that would change the data, or that speak to
// another pv, are refused; those that only change its looks may be taken without effect.
#pragma once

#include "cli/options.hpp"
#include "cli/personality.hpp"

#include <span>
#include <string_view>

namespace zsluice::cli {

// `arguments`: without the program's own name. Help and version come as a HelpCommand with their
// text.
[[nodiscard]] Result<Command, UsageError> parse_pv(std::span<const std::string_view> arguments,
                                                   const Surroundings& surroundings);

}  // namespace zsluice::cli
