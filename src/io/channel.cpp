// SPDX-License-Identifier: BSD-2-Clause
#include "io/channel.hpp"

#include "io/without_interruption.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <string>

namespace zsluice::io {
namespace {

constexpr off_t kCurrentPosition = -1;

// A terminal that says it has room may have room for this much only.
constexpr std::size_t kTerminalWriteBytes = 256;

// sendmsg and recvmsg share a header that has no const form.
msghdr message_of(std::span<const iovec> vectors) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(vectors.data());
  message.msg_iovlen = vectors.size();
  return message;
}

int count_of(std::span<const iovec> vectors) {
  return static_cast<int>(vectors.size());
}

bool is_refusal(std::int32_t result) {
  return result == -EOPNOTSUPP || result == -ENOSYS;
}

// O_RDWR for a closed descriptor: the call itself will tell.
int access_mode_of(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags < 0 ? O_RDWR : flags & O_ACCMODE;
}

// Opening a named pipe for writing does not wait with O_NONBLOCK, and fails without a reader.
Fd open_again(int fd) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return Fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
}

}  // namespace

Channel::Channel(int fd, ChannelOptions options)
    : fd_(fd),
      kind_(describe(fd)),
      access_mode_(access_mode_of(fd)),
      options_(options),
      read_way_(best_read_way()) {}

Channel::Way Channel::best_read_way() const {
  if (is_always_ready(kind_) || kind_ == FileKind::closed) return Way::plain;
  if (kind_ == FileKind::socket) return Way::socket;
  if (kind_ == FileKind::pipe && options_.allow_nowait) return Way::nowait;
  return Way::after_poll;
}

Channel::Way Channel::best_write_way() {
  if (kind_ == FileKind::socket) return Way::socket;
  if (kind_ == FileKind::pipe && options_.allow_nowait) return Way::nowait;
  if (kind_ == FileKind::pipe || kind_ == FileKind::terminal) return next_write_way();
  return Way::plain;
}

Channel::Way Channel::next_write_way() {
  if (options_.allow_reopen) own_description_ = open_again(fd_);
  return own_description_ ? Way::own_description : Way::after_poll;
}

std::int32_t Channel::read(std::span<const iovec> vectors, bool is_ready) {
  if (access_mode_ == O_WRONLY) return -EBADF;
  if (read_way_ == Way::socket) {
    msghdr message = message_of(vectors);
    return without_interruption([&] { return ::recvmsg(fd_, &message, MSG_DONTWAIT); });
  }
  if (read_way_ == Way::nowait) {
    const std::int32_t result = without_interruption([&] {
      return ::preadv2(fd_, vectors.data(), count_of(vectors), kCurrentPosition, RWF_NOWAIT);
    });
    if (!is_refusal(result)) return result;
    read_way_ = Way::after_poll;
  }
  if (read_way_ == Way::after_poll && !is_ready) return -EAGAIN;
  return without_interruption([&] { return ::readv(fd_, vectors.data(), count_of(vectors)); });
}

std::int32_t Channel::write(std::span<const iovec> vectors, bool is_ready) {
  if (access_mode_ == O_RDONLY) return -EBADF;
  if (write_way_ == Way::undecided) write_way_ = best_write_way();
  if (write_way_ == Way::socket) {
    const msghdr message = message_of(vectors);
    return without_interruption(
        [&] { return ::sendmsg(fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL); });
  }
  if (write_way_ == Way::nowait) {
    const std::int32_t result = without_interruption([&] {
      return ::pwritev2(fd_, vectors.data(), count_of(vectors), kCurrentPosition, RWF_NOWAIT);
    });
    if (!is_refusal(result)) return result;
    write_way_ = next_write_way();
  }
  if (write_way_ == Way::after_poll) {
    if (!is_ready) return -EAGAIN;
    const std::size_t limit = kind_ == FileKind::pipe ? PIPE_BUF : kTerminalWriteBytes;
    const iovec& first = vectors.front();
    const std::size_t length = std::min(first.iov_len, limit);
    return without_interruption([&] { return ::write(fd_, first.iov_base, length); });
  }
  const int fd = write_way_ == Way::own_description ? own_description_.get() : fd_;
  return without_interruption([&] { return ::writev(fd, vectors.data(), count_of(vectors)); });
}

}  // namespace zsluice::io
