// SPDX-License-Identifier: BSD-2-Clause
// A small file that readers see old or new, never half: written under another name beside it, then
// renamed. Not made safe against a crash of the machine: that is for data, not for reports.
#pragma once

#include "io/sys_error.hpp"

#include <string>
#include <string_view>

namespace zsluice::io {

// Mode 0644 without the bits of the umask, also where there was a file before; a symbolic link is
// replaced, not followed. Refuses to replace what is no file, such as a device: EINVAL, or EISDIR.
// Blocks as long as the file system does. On failure the old file stays and nothing is left behind.
// Not for two threads at once in one directory: the other name is the process's own.
[[nodiscard]] Result<void, SysError> write_atomic_file(const std::string& path,
                                                       std::string_view content);

}  // namespace zsluice::io
