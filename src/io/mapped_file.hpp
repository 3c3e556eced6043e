// SPDX-License-Identifier: BSD-2-Clause
// A regular file as windows of its pages: the bytes are read where the page cache holds them. Each
// window is unmapped by its holder.
#pragma once

#include "io/fault_guard.hpp"
#include "io/fd.hpp"
#include "io/source.hpp"

#include <atomic>
#include <memory>

namespace zsluice::io {

class MappedFile final : public ByteSource {
 public:
  // Fails where the file cannot be mapped or is no regular file with known bytes: then it is read
  // (stream_file.hpp).
  [[nodiscard]] static Result<std::unique_ptr<MappedFile>, SysError> open(
      int fd, const SourceOptions& options);

  // Makes the source the owner of its descriptor.
  void adopt(Fd fd) { owned_ = std::move(fd); }

  [[nodiscard]] Result<Window, SourceError> next() override;
  [[nodiscard]] std::optional<SourceError> fault() const override;
  [[nodiscard]] std::uint64_t offset() const override { return position_ - start_; }
  [[nodiscard]] std::optional<std::uint64_t> total_bytes() const override {
    return size_at_open_ - start_;
  }

 private:
  MappedFile(int fd, std::uint64_t start, std::uint64_t size, std::size_t window_bytes)
      : fd_(fd),
        start_(start),
        size_at_open_(size),
        window_bytes_(window_bytes),
        position_(start) {}
  [[nodiscard]] SourceError error_at(std::uint64_t file_offset, SysError cause) const;

  FaultGuard guard_;
  FaultRecord record_;
  Fd owned_;
  int fd_;
  std::uint64_t start_;  // positions are file offsets
  std::uint64_t size_at_open_;
  std::size_t window_bytes_;
  std::atomic<std::uint64_t> position_;  // end of what was handed out
};

}  // namespace zsluice::io
