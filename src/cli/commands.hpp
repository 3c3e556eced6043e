// SPDX-License-Identifier: BSD-2-Clause
// The commands: each is a function of its options and three descriptors, and gives an exit status.
#pragma once

#include "cli/options.hpp"
#include "cli/output.hpp"

namespace zsluice::cli {

[[nodiscard]] int run_command(const VerifyCommand& command, const Streams& streams);
[[nodiscard]] int run_command(const InspectCommand& command, const Streams& streams);
[[nodiscard]] int run_command(const PipeCommand& command, const Streams& streams);
[[nodiscard]] int run_command(const TokenCommand& command, const Streams& streams);
[[nodiscard]] int run_command(const ResumeCommand& command, const Streams& streams);
[[nodiscard]] int run_command(const SplitCommand& command, const Streams& streams);
[[nodiscard]] int run_command(const JoinCommand& command, const Streams& streams);

}  // namespace zsluice::cli
