// SPDX-License-Identifier: BSD-2-Clause
// The tool as a function of its arguments and three descriptors.
#pragma once

#include "cli/options.hpp"
#include "cli/output.hpp"

#include <span>
#include <string_view>

namespace zsluice::cli {

// `arguments`: without the program's own name. Gives the exit status. Changes nothing of the
// process but SIGPIPE and SIGXFSZ, which are ignored; `pipe` closes streams.out when its stream
// ends.
[[nodiscard]] int run(std::span<const std::string_view> arguments,
                      const Streams& streams,
                      Personality personality = Personality::own);

// For main(): makes sure that descriptors 0 to 2 are open, then runs with them. A bug that throws
// ends here, as exit status 1.
[[nodiscard]] int run_process(std::string_view program,
                              std::span<const std::string_view> arguments);

}  // namespace zsluice::cli
