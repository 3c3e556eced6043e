// SPDX-License-Identifier: BSD-2-Clause
// Anything that can be read with read(2): pipes, sockets, devices, and files that cannot be mapped.
// A window is what one read returned.
#pragma once

#include "io/block_pool.hpp"
#include "io/fd.hpp"
#include "io/source.hpp"

#include <memory>

namespace zsluice::io {

class StreamFile final : public ByteSource {
 public:
  [[nodiscard]] static Result<std::unique_ptr<StreamFile>, SysError> open(
      int fd, const SourceOptions& options);

  // Makes the source the owner of its descriptor.
  void adopt(Fd fd) { owned_ = std::move(fd); }

  // More windows held than SourceOptions allow is a bug of the caller.
  [[nodiscard]] Result<Window, SourceError> next() override;
  [[nodiscard]] std::optional<SourceError> fault() const override { return std::nullopt; }
  [[nodiscard]] std::uint64_t offset() const override { return offset_; }
  [[nodiscard]] std::optional<std::uint64_t> total_bytes() const override { return total_bytes_; }

 private:
  StreamFile(int fd, std::unique_ptr<BlockPool> blocks, std::optional<std::uint64_t> total_bytes)
      : fd_(fd), blocks_(std::move(blocks)), total_bytes_(total_bytes) {}

  Fd owned_;
  int fd_;
  std::unique_ptr<BlockPool> blocks_;
  std::optional<std::uint64_t> total_bytes_;
  std::uint64_t offset_ = 0;
};

}  // namespace zsluice::io
