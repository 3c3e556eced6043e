// SPDX-License-Identifier: BSD-2-Clause
// A direct system call that moves bytes, as often as signals interrupt it.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <cstdint>

namespace zsluice::io {

// `call` returns what read(2) does and moves less than 2 GiB. A count, or -errno, never -EINTR.
template <class Call>
std::int32_t without_interruption(Call call) {
  for (;;) {
    const ssize_t result = call();
    if (result >= 0) return static_cast<std::int32_t>(result);
    if (errno != EINTR) return -errno;
  }
}

}  // namespace zsluice::io
