// SPDX-License-Identifier: BSD-2-Clause
#include "io/blocking_writer.hpp"

#include "io/without_interruption.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>

namespace zsluice::io {
namespace {

// What one write(2) takes at most, rounded down to whole MiB.
constexpr std::size_t kWriteBytesMax = std::size_t{1} << 30;

// For a descriptor that someone else made non-blocking. An error shows in the write that follows.
void wait_until_writable(int fd) {
  pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
  ::poll(&writable, 1, -1);
}

}  // namespace

void BlockingWriter::write(ByteSpan bytes) {
  if (bytes.size() >= buffer_bytes_) {
    flush();
    write_all(bytes);
    return;
  }
  if (pending_.size() + bytes.size() > buffer_bytes_) flush();
  pending_.insert(pending_.end(), bytes.begin(), bytes.end());
}

void BlockingWriter::flush() {
  write_all(pending_);
  pending_.clear();
}

void BlockingWriter::write_all(ByteSpan bytes) {
  while (!bytes.empty() && !error_) {
    const std::size_t piece = std::min(bytes.size(), kWriteBytesMax);
    const std::int32_t written =
        without_interruption([&] { return ::write(fd_, bytes.data(), piece); });
    if (written >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      written_ += static_cast<std::uint64_t>(written);
    } else if (written == -EAGAIN) {
      wait_until_writable(fd_);
    } else {
      error_ = SysError{SysOperation::write, -written};
    }
  }
}

}  // namespace zsluice::io
