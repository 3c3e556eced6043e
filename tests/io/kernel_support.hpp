// SPDX-License-Identifier: BSD-2-Clause
// What the tests of io need of the kernel: pipes, files, children. Everything is driven step by
// step from the test, so nothing here sleeps.
#pragma once

#include "io/fd.hpp"
#include "zsluice/base/bytes.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace zsluice::io {

using Bytes = std::vector<std::byte>;

struct FdPair {
  Fd read_end;
  Fd write_end;
};

// `capacity` 0: what the kernel gives.
inline FdPair make_pipe(int capacity = 0, int flags = O_CLOEXEC) {
  int fds[2] = {-1, -1};
  EXPECT_EQ(::pipe2(fds, flags), 0);
  if (capacity > 0) {
    EXPECT_GE(::fcntl(fds[1], F_SETPIPE_SZ, capacity), capacity);
  }
  return {Fd(fds[0]), Fd(fds[1])};
}

inline FdPair make_socket_pair() {
  int fds[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  return {Fd(fds[0]), Fd(fds[1])};
}

// Bytes that differ from their neighbours at any distance a mix-up could have.
inline Bytes pattern_bytes(std::size_t size, std::uint64_t seed = 1) {
  Bytes bytes(size);
  std::uint64_t state = seed;
  for (std::byte& byte : bytes) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    byte = static_cast<std::byte>(state >> 56U);
  }
  return bytes;
}

inline ssize_t write_text(int fd, std::string_view text) {
  return ::write(fd, text.data(), text.size());
}

// Blocking; fewer than `count` bytes only at the end of the input.
inline Bytes read_up_to(int fd, std::size_t count) {
  Bytes bytes(count);
  std::size_t filled = 0;
  while (filled < count) {
    const ssize_t got = ::read(fd, bytes.data() + filled, count - filled);
    if (got <= 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

inline Bytes to_bytes(ByteSpan span) {
  return {span.begin(), span.end()};
}

// What lies in a file, whatever the position of any descriptor.
inline Bytes contents_of(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return read_up_to(fd.get(), std::size_t{1} << 26U);
}

class TempFile {
 public:
  explicit TempFile(ByteSpan contents = {}) : path_(::testing::TempDir() + "zsluice-io-XXXXXX") {
    const Fd fd(::mkostemp(path_.data(), O_CLOEXEC));
    EXPECT_TRUE(fd);
    EXPECT_EQ(::write(fd.get(), contents.data(), contents.size()),
              static_cast<ssize_t>(contents.size()));
  }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  ~TempFile() { ::unlink(path_.c_str()); }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Fd open(int flags) const { return Fd(::open(path_.c_str(), flags | O_CLOEXEC)); }
  void truncate(std::size_t size) const {
    EXPECT_EQ(::truncate(path_.c_str(), static_cast<off_t>(size)), 0);
  }

 private:
  std::string path_;
};

// Runs `body` in a child and returns its wait status; `body` returns the exit status.
template <class Body>
int status_of_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

template <class Body>
int exit_status_of_child(Body body) {
  const int status = status_of_child(std::move(body));
  return WIFEXITED(status) ? WEXITSTATUS(status) : -status;
}

}  // namespace zsluice::io
