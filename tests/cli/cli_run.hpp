// SPDX-License-Identifier: BSD-2-Clause
// Runs the tool in this process: arguments and input in, exit status and both texts out.
#pragma once

#include "cli/inspect_run.hpp"
#include "cli/run.hpp"
#include "support/stream_image.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace zsluice::test {

struct CliRun {
  int status = -1;
  std::string out;
  std::string err;
  // The last line of a `pipe` that went well, without what the clock had a part in; not in `err`.
  std::string summary;

  // The result for machines, wherever it was printed.
  [[nodiscard]] nlohmann::json json() const {
    return nlohmann::json::parse(out.empty() ? err : out);
  }
};

// Takes the summary out of `err`.
inline void split_summary(CliRun& run) {
  const std::size_t passed = run.err.rfind(" passed in ");
  if (passed == std::string::npos) return;
  const std::size_t line = run.err.rfind('\n', passed) + 1;
  run.summary = run.err.substr(line, passed - line);
  run.err.erase(line);
}

using Arguments = std::vector<std::string_view>;

inline CliRun run_cli(const Arguments& arguments, ByteSpan input = {}) {
  const MemoryFile in(input);
  const MemoryFile out;
  const MemoryFile err;
  // `pipe` closes its output.
  const int own_out = ::fcntl(out.fd(), F_DUPFD_CLOEXEC, 3);
  CliRun run;
  run.status = cli::run(arguments, cli::Streams{in.fd(), own_out, err.fd()});
  if (::fcntl(own_out, F_GETFD) >= 0) ::close(own_out);
  run.out = out.content();
  run.err = err.content();
  split_summary(run);
  return run;
}

// A stream in a file of its own, as a user would name it.
class StoredStream {
 public:
  explicit StoredStream(ByteSpan bytes) : file_(bytes) {
    path_ = "/proc/self/fd/" + std::to_string(file_.fd());
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  MemoryFile file_;
  std::string path_;
};

// The first line of a message and the others.
inline std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace zsluice::test
