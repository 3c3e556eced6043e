// SPDX-License-Identifier: BSD-2-Clause
// A command of the user's, run by /bin/sh: bytes into its stdin, or out of its stdout. All calls
// block, until the command has ended. They may be made from several threads.
//
// The command inherits the environment, with some variables set, and stderr; no other descriptor
// of this process. What it prints where nobody takes it goes to stderr, so that nothing mixes with
// data. It is given SIGPIPE and SIGXFSZ back, which this process ignores (signals.hpp); those that
// have a handler here get their default effects by themselves.
//
// Errors are those of SysOperation::run:
//
//     the command                                           the call gives
//     exits with 0, all of its input read                   success
//     exits with anything else, wherever it stands          EIO, status
//     is ended by a signal                                  EIO, -signal
//     exits with 0, input left in the pipe or not taken     EPIPE
//     cannot be found by the shell, is no program           EIO, 127 or 126: the shell's own words
//     has no /bin/sh to run it                              EIO, 127
//     finds no memory, process or descriptor to start       what the system said
//     never ends                                            never returns
//
// When this process is killed, the command sees the end of its input where it was: it can tell by
// the size that it was told.
#pragma once

#include "io/fd.hpp"
#include "io/sys_error.hpp"
#include "zsluice/base/bytes.hpp"

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace zsluice::io {

struct ShellCommand {
  std::string text;  // as `sh -c` takes it
};

using EnvironmentVariables = std::vector<std::pair<std::string, std::string>>;  // name, value

// The next piece of what a command reads, valid until the next call; empty: no more.
using NextInput = std::function<Result<ByteSpan, SysError>()>;

// An error of `next` is passed on, and ends the shell by SIGKILL before it could take a part for
// the whole (children of the shell see the end of their input). The process must
// ignore_write_signals().
[[nodiscard]] Result<void, SysError> feed_command(const ShellCommand& command,
                                                  const EnvironmentVariables& variables,
                                                  const NextInput& next);

// A child that is waited for once.
class Child {
 public:
  Child() = default;
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
  Child& operator=(Child&& other) noexcept {
    std::swap(pid_, other.pid_);
    return *this;
  }
  // One that nobody waited for is not wanted any more.
  ~Child() { kill(); }

  [[nodiscard]] Result<void, SysError> wait();
  void kill();

 private:
  pid_t pid_ = 0;
};

// What a command prints; its stdin is /dev/null. An object that goes before finish() ends the
// command.
class CommandOutput {
 public:
  [[nodiscard]] static Result<CommandOutput, SysError> start(const ShellCommand& command,
                                                             const EnvironmentVariables& variables);

  // How many bytes were read: fewer than `into` holds only at the end of the output.
  [[nodiscard]] Result<std::size_t, SysError> read(MutableByteSpan into);
  // When read() has come to the end: how the command ended.
  [[nodiscard]] Result<void, SysError> finish();

 private:
  CommandOutput(Child child, Fd output) : child_(std::move(child)), output_(std::move(output)) {}

  Child child_;
  Fd output_;  // closed first: a command that still prints is told so
};

}  // namespace zsluice::io
