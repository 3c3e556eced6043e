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
};

struct [[nodiscard]] SysError {
  SysOperation operation;
  int error;  // an errno value

  friend bool operator==(const SysError&, const SysError&) = default;
};

// For `return sys_failure(SysOperation::open);` right after the call that failed.
inline Unexpected<SysError> sys_failure(SysOperation operation, int error = errno) {
  return Unexpected<SysError>{{operation, error}};
}

}  // namespace zsluice::io
