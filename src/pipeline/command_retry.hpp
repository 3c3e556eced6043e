// SPDX-License-Identifier: BSD-2-Clause
// Commands of the user's that store or fetch one file each, tried again when they fail: a network
// that is gone for a moment must not end a run of hours.
//
// kCommandTries tries, with pauses between them as Backoff gives them. Not tried again: a command
// that the shell does not find or may not run (127, 126), which no pause mends; whatever is not the
// command's failure; and nothing any more once the user wants an end, who may have ended the
// command as well (Ctrl-C).
#pragma once

#include "io/shell_command.hpp"
#include "zsluice/base/backoff.hpp"
#include "zsluice/base/time.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace zsluice::pipeline {

inline constexpr unsigned kCommandTries = 5;
inline constexpr BackoffOptions kCommandBackoff{.first = std::chrono::seconds(1),
                                                .cap = std::chrono::seconds(30)};

// One that is followed by another.
struct FailedTry {
  std::string name;  // of the file
  io::SysError error;
  unsigned number = 0;  // from 1
  Duration pause{};
};

struct CommandOptions {
  io::ShellCommand command;
  std::uint64_t seed = 0;                         // of the pauses
  std::function<void(Duration)> sleep;            // waits, but not when is_stopped()
  std::function<bool()> is_stopped;               // an end is wanted; may be empty
  std::function<void(const FailedTry&)> on_fail;  // before each pause; may be empty
};

// One Backoff for each file; may be called from several threads when the functions may.
class CommandRetry {
 public:
  // `name`: of the file. `tries`: at most.
  CommandRetry(const CommandOptions& options, std::string name, unsigned tries)
      : options_(options),
        name_(std::move(name)),
        tries_(tries),
        backoff_(kCommandBackoff, options.seed) {}

  // After a failure: false when there shall be no other try, else the pause is over.
  [[nodiscard]] bool goes_on(const io::SysError& error);

 private:
  const CommandOptions& options_;
  std::string name_;
  unsigned tries_;
  unsigned failed_ = 0;
  Backoff backoff_;
};

}  // namespace zsluice::pipeline
