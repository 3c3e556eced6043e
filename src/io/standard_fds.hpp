// SPDX-License-Identifier: BSD-2-Clause
// Descriptors 0, 1 and 2 may be closed when a program starts; the next file it opens would then
// become its stdout. To be called first of all.
#pragma once

#include "io/sys_error.hpp"

namespace zsluice::io {

struct StandardDescriptors {
  bool input_was_closed = false;
  bool output_was_closed = false;
  bool error_was_closed = false;

  friend bool operator==(const StandardDescriptors&, const StandardDescriptors&) = default;
};

// Puts /dev/null in place of those that are closed, in the mode that is of no use: reading from 0
// and writing to 1 or 2 then fail with EBADF, as they would have. Reports which they were.
[[nodiscard]] Result<StandardDescriptors, SysError> keep_standard_descriptors_open();

}  // namespace zsluice::io
