// SPDX-License-Identifier: BSD-2-Clause
// What stands behind a descriptor. It decides how the poll backend may use it without blocking
// (channel.hpp), and cli needs it to refuse terminals.
#pragma once

#include <cstdint>

namespace zsluice::io {

enum class FileKind : std::uint8_t {
  pipe,           // anonymous or named
  file,           // regular
  appended_file,  // regular, opened with O_APPEND: every write goes to the end
  socket,
  terminal,
  null_device,
  block_device,
  directory,
  other,  // character devices, signalfd, eventfd…
  closed,
};

[[nodiscard]] FileKind describe(int fd);

[[nodiscard]] bool is_terminal(int fd);

// Regular files and block devices are always ready: poll(2) says so, whatever the disk thinks.
[[nodiscard]] constexpr bool is_always_ready(FileKind kind) {
  return kind == FileKind::file || kind == FileKind::appended_file ||
         kind == FileKind::block_device || kind == FileKind::null_device;
}

// Only these have somebody at the other end who can go away.
[[nodiscard]] constexpr bool has_peer(FileKind kind) {
  return kind == FileKind::pipe || kind == FileKind::socket || kind == FileKind::terminal;
}

}  // namespace zsluice::io
