// SPDX-License-Identifier: BSD-2-Clause
#include "cli/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace zsluice::cli {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{64} << 10;

// For a descriptor that someone else made non-blocking. An error shows in the write that follows.
void wait_until_writable(int fd) {
  pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
  ::poll(&writable, 1, -1);
}

}  // namespace

void TextOutput::write(std::string_view text) {
  if (error_ != 0) return;
  pending_ += text;
  if (pending_.size() >= kPieceBytes) flush();
}

void TextOutput::flush() {
  std::string_view rest = pending_;
  while (!rest.empty() && error_ == 0) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
      written_ += static_cast<std::uint64_t>(written);
    } else if (errno == EAGAIN) {
      wait_until_writable(fd_);
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  pending_.clear();
}

}  // namespace zsluice::cli
