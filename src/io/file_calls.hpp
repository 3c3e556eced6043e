// SPDX-License-Identifier: BSD-2-Clause
// Regular files by ordinary calls, which wait: all of the bytes, however few one call moves and
// however often signals interrupt it.
#pragma once

#include "io/fd.hpp"
#include "io/sys_error.hpp"
#include "zsluice/base/bytes.hpp"

#include <cstddef>
#include <cstdint>

namespace zsluice::io {

// Where the descriptor stands; at the end with O_APPEND.
[[nodiscard]] Result<void, SysError> write_all(int fd, ByteSpan bytes);
[[nodiscard]] Result<void, SysError> write_all_at(int fd, ByteSpan bytes, std::uint64_t offset);
// How many there were: fewer than `into` holds only at the end of the file.
[[nodiscard]] Result<std::size_t, SysError> read_all_at(int fd,
                                                        MutableByteSpan into,
                                                        std::uint64_t offset);

[[nodiscard]] Result<void, SysError> sync_file(int fd);
// Some file systems (NFS, FUSE) tell only here that a write has failed. EINTR: closed all the same.
// None, too, is closed.
[[nodiscard]] Result<void, SysError> close_written(Fd file);

}  // namespace zsluice::io
