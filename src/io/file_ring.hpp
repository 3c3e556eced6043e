// SPDX-License-Identifier: BSD-2-Clause
// FileRing: the few operations of io_uring(7) that writing whole files takes. One thread. Nothing
// newer than Linux 5.6 is asked for.
#pragma once

#include "zsluice/base/bytes.hpp"

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace zsluice::io {

class FileRing {
 public:
  // An operation. It stays where it is while the kernel may tell its result.
  struct Step {
    bool is_pending = false;
    std::int32_t result = 0;  // as of the call of that name, or an errno value below 0
  };

  // Null where the kernel refuses it. Proved by a no-op, since a seccomp filter may allow the
  // set-up and refuse the use.
  [[nodiscard]] static std::unique_ptr<FileRing> create();

  FileRing(const FileRing&) = delete;
  FileRing& operator=(const FileRing&) = delete;
  ~FileRing();

  [[nodiscard]] bool has_room(unsigned steps) const {
    return io_uring_sq_space_left(&ring_) >= steps;
  }

  // The next one that is handed in waits for it, and is cancelled when it falls short.
  void write(Step& step, int fd, ByteSpan bytes, std::uint64_t offset);
  // The last of a chain.
  void sync(Step& step, int fd);
  // Hands in what is new. False: only some of it, for want of memory; wait() hands in the rest, but
  // then it waits for nothing, since a chain ends where it is handed in.
  [[nodiscard]] bool submit();

  // Takes the results that are there.
  void collect();
  // The same, and waits for one.
  void wait();

 private:
  // The ring is set up in place: liburing keeps pointers into it.
  FileRing() = default;
  [[nodiscard]] bool prove_usable();
  [[nodiscard]] io_uring_sqe& next_entry(Step& step);

  io_uring ring_{};
  bool is_set_up_ = false;
};

}  // namespace zsluice::io
