// SPDX-License-Identifier: BSD-2-Clause
#include "cli/user_command.hpp"

#include "cli/errno_text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <random>
#include <thread>
#include <utility>

namespace zsluice::cli {

pipeline::CommandOptions command_options(const std::string& text,
                                         std::function<void(const pipeline::FailedTry&)> on_fail) {
  pipeline::CommandOptions options;
  options.command.text = text;
  options.seed = std::random_device()();
  options.sleep = [](Duration pause) { std::this_thread::sleep_for(pause); };
  options.on_fail = std::move(on_fail);
  return options;
}

std::string command_end_text(const io::SysError& error) {
  switch (error.error) {
    case EIO:
      return error.status < 0 ? fmt::format("the command was ended by signal {}", -error.status)
                              : fmt::format("the command failed with exit status {}", error.status);
    case EPIPE:
      return "the command succeeded without reading all of it";
    case ENODATA:
      return "the command succeeded and gave nothing";
    default:
      return fmt::format("the command could not be started: {}", errno_text(error.error));
  }
}

std::string failed_try_text(std::string_view command,
                            std::string_view source,
                            const pipeline::FailedTry& failed) {
  const std::chrono::duration<double> pause = failed.pause;
  return fmt::format("zsluice: {}: {}: {}: {}; try {} of {} in {:.1f} seconds\n", command, source,
                     failed.name, command_end_text(failed.error), failed.number + 1,
                     pipeline::kCommandTries, pause.count());
}

}  // namespace zsluice::cli
