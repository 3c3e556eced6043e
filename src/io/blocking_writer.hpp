// SPDX-License-Identifier: BSD-2-Clause
// Output for a thread that may block (resume): bytes gathered into large writes, in order. The
// descriptor stays the caller's. The first write that fails is remembered and ends all others.
#pragma once

#include "io/sys_error.hpp"
#include "zsluice/base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace zsluice::io {

class BlockingWriter {
 public:
  explicit BlockingWriter(int fd, std::size_t buffer_bytes = std::size_t{1} << 20)
      : fd_(fd), buffer_bytes_(buffer_bytes) {}

  // Bytes larger than the buffer go out without being copied.
  void write(ByteSpan bytes);
  // Hands over what was gathered; nothing is written without being asked for.
  void flush();

  [[nodiscard]] const std::optional<SysError>& error() const { return error_; }
  // Bytes that the descriptor took.
  [[nodiscard]] std::uint64_t written() const { return written_; }

 private:
  void write_all(ByteSpan bytes);

  int fd_;
  std::size_t buffer_bytes_;
  std::vector<std::byte> pending_;
  std::optional<SysError> error_;
  std::uint64_t written_ = 0;
};

}  // namespace zsluice::io
