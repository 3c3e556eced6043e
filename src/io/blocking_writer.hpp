// SPDX-License-Identifier: BSD-2-Clause
// A ByteSink that gathers bytes into large writes and waits in each of them. The descriptor stays
// the caller's.
#pragma once

#include "io/sink.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace zsluice::io {

class BlockingWriter final : public ByteSink {
 public:
  explicit BlockingWriter(int fd, std::size_t buffer_bytes = std::size_t{1} << 20)
      : fd_(fd), buffer_bytes_(buffer_bytes) {}

  // Bytes larger than the buffer go out without being copied.
  void write(ByteSpan bytes) override;
  void flush() override;

  [[nodiscard]] const std::optional<SysError>& error() const override { return error_; }
  [[nodiscard]] std::uint64_t written() const override { return written_; }

 private:
  void write_all(ByteSpan bytes);

  int fd_;
  std::size_t buffer_bytes_;
  std::vector<std::byte> pending_;
  std::optional<SysError> error_;
  std::uint64_t written_ = 0;
};

}  // namespace zsluice::io
