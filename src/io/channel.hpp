// SPDX-License-Identifier: BSD-2-Clause
// How the poll backend reads and writes one descriptor without ever blocking on it and without
// setting O_NONBLOCK, which other processes that share the descriptor would see.
//
// A ready descriptor is not enough for writes: a pipe that has room for one page takes a large
// write by blocking in the middle of it. So the way is chosen per descriptor, the next one when
// the kernel refuses the better one:
//   sockets                  sendmsg/recvmsg with MSG_DONTWAIT
//   pipes                    preadv2/pwritev2 with RWF_NOWAIT (Linux 6.4; not for named pipes)
//   pipes, terminals         writes through an O_NONBLOCK description of our own, made by opening
//                            /proc/self/fd/N again
//   the same without /proc   after poll(2): reads of any size (they return what is there), writes
//                            of at most PIPE_BUF bytes, for which a writable pipe has room
//   files and devices        plain calls
#pragma once

#include "io/fd.hpp"
#include "io/file_kind.hpp"

#include <sys/uio.h>

#include <cstdint>
#include <span>

namespace zsluice::io {

// Ways that may be used; tests take them away to reach the later ones.
struct ChannelOptions {
  bool allow_nowait = true;
  bool allow_reopen = true;
};

class Channel {
 public:
  Channel(int fd, ChannelOptions options);

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] FileKind kind() const { return kind_; }

  // A count of bytes or -errno; -EAGAIN: poll first. `is_ready`: poll(2) has just said so.
  [[nodiscard]] std::int32_t read(std::span<const iovec> vectors, bool is_ready);
  [[nodiscard]] std::int32_t write(std::span<const iovec> vectors, bool is_ready);

 private:
  enum class Way : std::uint8_t { undecided, plain, socket, nowait, own_description, after_poll };

  [[nodiscard]] Way best_read_way() const;
  [[nodiscard]] Way best_write_way();
  // After the kernel has refused RWF_NOWAIT.
  [[nodiscard]] Way next_write_way();

  int fd_;
  FileKind kind_;
  int access_mode_;  // poll(2) never calls a descriptor ready for what it is not open for
  ChannelOptions options_;
  Fd own_description_;  // write end; open until the channel goes
  Way read_way_;
  // Decided by the first write: to open the read end of a pipe for writing would hide its end.
  Way write_way_ = Way::undecided;
};

}  // namespace zsluice::io
