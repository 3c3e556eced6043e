// SPDX-License-Identifier: BSD-2-Clause
#include "cli/run.hpp"

#include "cli/commands.hpp"
#include "cli/errno_text.hpp"
#include "cli/exit_status.hpp"
#include "cli/finish_output.hpp"
#include "cli/options.hpp"
#include "cli/version.hpp"
#include "io/signals.hpp"
#include "io/standard_fds.hpp"
#include "zsluice/base/escape.hpp"

#include <exception>
#include <string>

namespace zsluice::cli {
namespace {

int say(const std::string& text, const Streams& streams) {
  TextOutput out(streams.out);
  TextOutput err(streams.err);
  out.write(text);
  return finish_output(out, err, {}, LogFormat::text, kExitWhole);
}

int run_command(const HelpCommand& command, const Streams& streams) {
  return say(command.text, streams);
}

int run_command(const VersionCommand& /*command*/, const Streams& streams) {
  return say("zsluice " + std::string(kVersion) + "\n", streams);
}

int refuse_usage(const UsageError& error, const Streams& streams) {
  const std::string prefix = "zsluice: " + (error.command.empty() ? "" : error.command + ": ");
  const std::string command = error.command.empty() ? "" : error.command + " ";
  TextOutput err(streams.err);
  err.write(prefix + error.message + "\n  `zsluice " + command + "--help` lists the options.\n");
  return kExitUsage;
}

}  // namespace

int run(std::span<const std::string_view> arguments, const Streams& streams) {
  io::ignore_write_signals();
  const Result<Command, UsageError> command = parse_command_line(arguments);
  if (!command) return refuse_usage(command.error(), streams);
  // The overloads of commands.hpp and of this file.
  return std::visit([&](const auto& chosen) { return run_command(chosen, streams); }, *command);
}

int run_process(std::span<const std::string_view> arguments) {
  try {
    const auto standard = io::keep_standard_descriptors_open();
    if (!standard) {
      TextOutput err(2);
      err.write("zsluice: /dev/null cannot be opened in place of a closed standard descriptor: " +
                errno_text(standard.error().error) + '\n');
      return kExitLocalIo;
    }
    return run(arguments, Streams{});
  } catch (const std::exception& bug) {
    TextOutput err(2);
    err.write("zsluice: internal error: " + escaped(bug.what()) + "\n");
    return kExitInternal;
  }
}

}  // namespace zsluice::cli
