// SPDX-License-Identifier: BSD-2-Clause
#include "io/standard_fds.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace zsluice::io {
namespace {

bool is_closed(int fd) {
  return ::fcntl(fd, F_GETFD) < 0 && errno == EBADF;
}

// The lowest free number is given out, and all below `fd` are open by now. Without O_CLOEXEC:
// children expect three open descriptors too.
Result<bool, SysError> fill_if_closed(int fd, int useless_mode) {
  if (!is_closed(fd)) return false;
  if (::open("/dev/null", useless_mode) < 0) return sys_failure(SysOperation::open);
  return true;
}

}  // namespace

Result<StandardDescriptors, SysError> keep_standard_descriptors_open() {
  const auto input = fill_if_closed(STDIN_FILENO, O_WRONLY);
  if (!input) return Unexpected{input.error()};
  const auto output = fill_if_closed(STDOUT_FILENO, O_RDONLY);
  if (!output) return Unexpected{output.error()};
  const auto error = fill_if_closed(STDERR_FILENO, O_RDONLY);
  if (!error) return Unexpected{error.error()};
  return StandardDescriptors{*input, *output, *error};
}

}  // namespace zsluice::io
