// SPDX-License-Identifier: BSD-2-Clause
// The PATH argument of commands that read: "-" or nothing is stdin.
#pragma once

#include "cli/output.hpp"
#include "io/source.hpp"
#include "zsluice/base/result.hpp"

#include <memory>
#include <string>

namespace zsluice::cli {

struct OpenedInput {
  std::unique_ptr<io::ByteSource> source;
  std::string name;  // "stdin", or the path escaped for messages
};

struct OpenFailure {
  int exit_status = 0;
  std::string message;  // whole, with the command's name and a newline
};

// Refuses a terminal and a directory.
[[nodiscard]] Result<OpenedInput, OpenFailure> open_input(const std::string& path,
                                                          std::string_view command,
                                                          const Streams& streams,
                                                          const io::SourceOptions& options);

}  // namespace zsluice::cli
