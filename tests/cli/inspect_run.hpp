// SPDX-License-Identifier: BSD-2-Clause
// Runs `inspect` in this process, on descriptors to files in memory.
#pragma once

#include "cli/commands.hpp"
#include "zsluice/base/bytes.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

namespace zsluice::test {

class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("test", MFD_CLOEXEC)) {
    if (fd_ < 0) throw std::runtime_error("memfd_create failed");
  }
  explicit MemoryFile(ByteSpan content) : MemoryFile() {
    while (!content.empty()) {
      const ssize_t written = ::write(fd_, content.data(), content.size());
      if (written <= 0) throw std::runtime_error("cannot write to memory");
      content = content.subspan(static_cast<std::size_t>(written));
    }
    ::lseek(fd_, 0, SEEK_SET);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(fd_); }

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] std::string content() const {
    std::string text(static_cast<std::size_t>(::lseek(fd_, 0, SEEK_END)), '\0');
    if (::pread(fd_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
      throw std::runtime_error("cannot read from memory");
    }
    return text;
  }

 private:
  int fd_;
};

struct InspectRun {
  int status = 0;
  std::string out;
  std::string err;
};

// `stream` becomes stdin, unless the command names a path.
[[nodiscard]] inline InspectRun run_inspect(ByteSpan stream,
                                            const cli::InspectCommand& command = {}) {
  const MemoryFile in(stream);
  const MemoryFile out;
  const MemoryFile err;
  const int status = cli::run_command(command, cli::Streams{in.fd(), out.fd(), err.fd()});
  return {status, out.content(), err.content()};
}

[[nodiscard]] inline cli::InspectCommand as_json(bool records = false) {
  cli::InspectCommand command;
  command.common.json = true;
  command.records = records;
  return command;
}

[[nodiscard]] inline cli::InspectCommand as_records() {
  cli::InspectCommand command;
  command.records = true;
  return command;
}

}  // namespace zsluice::test
