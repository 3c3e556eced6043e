// SPDX-License-Identifier: BSD-2-Clause
#include "cli/run.hpp"

#include "cli/commands.hpp"
#include "cli/errno_text.hpp"
#include "cli/exit_status.hpp"
#include "cli/finish_output.hpp"
#include "cli/mbuffer_options.hpp"
#include "cli/options.hpp"
#include "cli/personality.hpp"
#include "cli/pv_options.hpp"
#include "cli/version.hpp"
#include "io/signals.hpp"
#include "io/standard_fds.hpp"
#include "zsluice/base/escape.hpp"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <new>
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

int refuse_usage(const UsageError& error, Personality personality, const Streams& streams) {
  const std::string name(name_of(personality));
  const bool has_command = personality == Personality::own && !error.command.empty();
  const std::string prefix = name + ": " + (has_command ? error.command + ": " : "");
  const std::string command = name + (has_command ? " " + error.command : "");
  TextOutput err(streams.err);
  err.write(prefix + error.message + "\n  `" + command + " --help` lists the options.\n");
  return kExitUsage;
}

Surroundings surroundings() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  // Read before any thread is started, and never set by this program.
  const char* const raw = std::getenv("ZSLUICE_REQUIRE_RAW");  // NOLINT(concurrency-mt-unsafe)
  return {.physical_memory_bytes =
              pages > 0 && page_bytes > 0
                  ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes)
                  : 0,
          .require_raw = raw != nullptr && std::string_view(raw) == "1"};
}

Result<Command, UsageError> parse_as(Personality personality,
                                     std::span<const std::string_view> arguments) {
  switch (personality) {
    case Personality::own:
      break;
    case Personality::mbuffer:
      return parse_mbuffer(arguments, surroundings());
    case Personality::pv:
      return parse_pv(arguments, surroundings());
  }
  return parse_command_line(arguments);
}

}  // namespace

int run(std::span<const std::string_view> arguments,
        const Streams& streams,
        Personality personality) {
  io::ignore_write_signals();
  const Result<Command, UsageError> command = parse_as(personality, arguments);
  if (!command) return refuse_usage(command.error(), personality, streams);
  // The overloads of commands.hpp and of this file.
  return std::visit([&](const auto& chosen) { return run_command(chosen, streams); }, *command);
}

int run_process(std::string_view program, std::span<const std::string_view> arguments) {
  try {
    const auto standard = io::keep_standard_descriptors_open();
    if (!standard) {
      TextOutput err(2);
      err.write("zsluice: /dev/null cannot be opened in place of a closed standard descriptor: " +
                errno_text(standard.error().error) + '\n');
      return kExitLocalIo;
    }
    return run(arguments, Streams{}, personality_of(program));
  } catch (const std::bad_alloc&) {
    TextOutput err(2);
    err.write("zsluice: out of memory\n");
    return kExitLocalIo;
  } catch (const std::exception& bug) {
    TextOutput err(2);
    err.write("zsluice: internal error: " + escaped(bug.what()) + "\n");
    return kExitInternal;
  }
}

}  // namespace zsluice::cli
