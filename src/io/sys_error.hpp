// SPDX-License-Identifier: BSD-2-Clause
// What the kernel refused, in numbers. cli makes the sentence.
#pragma once

#include "zsluice/base/result.hpp"

#include <cerrno>
#include <cstdint>

namespace zsluice::io {

enum class SysOperation : std::uint8_t {
  open,
  examine,  // fstat
  read,
  write,
  map,         // mmap of a file
  allocate,    // anonymous memory
  set_signal,  // signal masks and handlers
  lock,        // of a store: EWOULDBLOCK when someone else has it
  run,         // a command of the user's:
               //   EIO      it failed: `status`
               //   EPIPE    it exited with 0, but has not read all of its input
               //   ENODATA  it exited with 0 and gave nothing
               //   others   it could not be started
};

struct [[nodiscard]] SysError {
  SysOperation operation;
  int error;       // an errno value
  int status = 0;  // only of `run` with EIO: its exit status, or -n when signal n ended it

  friend bool operator==(const SysError&, const SysError&) = default;
};

// For `return sys_failure(SysOperation::open);` right after the call that failed.
inline Unexpected<SysError> sys_failure(SysOperation operation, int error = errno) {
  return Unexpected<SysError>{{operation, error}};
}

}  // namespace zsluice::io
