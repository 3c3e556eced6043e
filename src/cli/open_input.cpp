// SPDX-License-Identifier: BSD-2-Clause
#include "cli/open_input.hpp"

#include "cli/errno_text.hpp"
#include "cli/exit_status.hpp"
#include "io/file_kind.hpp"
#include "zsluice/base/escape.hpp"

#include <fmt/format.h>

#include <cstring>

namespace zsluice::cli {

Result<OpenedInput, OpenFailure> open_input(const std::string& path,
                                            std::string_view command,
                                            const Streams& streams,
                                            const io::SourceOptions& options) {
  const bool is_stdin = path == "-";
  const std::string name = is_stdin ? "stdin" : escaped(path);
  if (is_stdin && io::is_terminal(streams.in)) {
    return Unexpected{OpenFailure{
        kExitUsage,
        fmt::format("zsluice: {}: stdin is a terminal: name a file, or redirect one\n", command)}};
  }
  auto source =
      is_stdin ? io::open_source(streams.in, options) : io::open_source(path.c_str(), options);
  if (!source) {
    return Unexpected{
        OpenFailure{kExitLocalIo, fmt::format("zsluice: {}: {}: cannot be opened: {}\n", command,
                                              name, errno_text(source.error().error))}};
  }
  return OpenedInput{*std::move(source), name};
}

}  // namespace zsluice::cli
