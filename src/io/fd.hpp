// SPDX-License-Identifier: BSD-2-Clause
// Owner of one descriptor: move-only, closed at the end of its life. Descriptors that were
// inherited (0-2) are borrowed as plain ints and never given to an Fd.
#pragma once

#include <unistd.h>

#include <utility>

namespace zsluice::io {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  void reset() {
    if (fd_ >= 0) ::close(release());
  }

 private:
  int fd_ = -1;
};

}  // namespace zsluice::io
