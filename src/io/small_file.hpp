// SPDX-License-Identifier: BSD-2-Clause
// Small text files that a user names: limits, estimates, reports. Read whole, and bounded.
#pragma once

#include "io/sys_error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace zsluice::io {

// What a path may lead to. A pipe makes the reader wait for its writer.
enum class SmallFileKind : std::uint8_t { regular_only, any };

// The first `bytes_max` bytes at most. EINVAL: it is no regular file, and had to be one.
[[nodiscard]] Result<std::string, SysError> read_small_file(
    const std::string& path,
    std::size_t bytes_max,
    SmallFileKind kind = SmallFileKind::regular_only);

// Tells whether a file is still the one it was. All zero when it cannot be examined.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t bytes = 0;
  std::int64_t changed_seconds = 0;
  std::int64_t changed_nanoseconds = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};
[[nodiscard]] FileStamp stamp_of(const std::string& path);

// How wide the terminal is; 0 when it is none, or does not say.
[[nodiscard]] unsigned terminal_columns(int fd);

}  // namespace zsluice::io
