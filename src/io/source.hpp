// SPDX-License-Identifier: BSD-2-Clause
// Input that is read by a thread which may block (verify, inspect): a file or a pipe as a row of
// windows. Each byte is handed out exactly once, in order.
//
// Ownership: a Window holds its bytes until it is destroyed; the source outlives its windows. Up to
// SourceOptions::windows_at_once may be held, also by other threads, but next() is called by one.
//
// A mapped file can fail *after* its bytes were handed out: when it shrinks or a sector is bad,
// what cannot be read appears as zeros, and fault() says so. Ask fault() before believing any
// verdict on bytes of this source; next() fails once there is one.
#pragma once

#include "io/block_pool.hpp"
#include "io/fault_guard.hpp"
#include "io/sys_error.hpp"
#include "zsluice/base/bytes.hpp"
#include "zsluice/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace zsluice::io {

struct SourceOptions {
  std::size_t window_bytes = std::size_t{8} << 20;  // of a mapped file; rounded up to whole pages
  std::size_t buffer_bytes = std::size_t{1} << 20;  // of a stream
  std::size_t windows_at_once = 2;
  bool allow_mapping = true;
};

struct SourceError {
  SysError cause;
  std::uint64_t offset = 0;  // in the source, of the first byte that is missing
  bool file_shrank = false;

  friend bool operator==(const SourceError&, const SourceError&) = default;
};

class Window {
 public:
  // The end of the input.
  Window() = default;
  // Of the holder of the bytes, which is mapped pages or a block.
  Window(MappedPages pages, ByteSpan bytes, std::uint64_t offset)
      : pages_(std::move(pages)), bytes_(bytes), offset_(offset) {}
  Window(Block block, ByteSpan bytes, std::uint64_t offset)
      : block_(std::move(block)), bytes_(bytes), offset_(offset) {}

  // Empty only at the end of the input.
  [[nodiscard]] ByteSpan bytes() const { return bytes_; }
  // Of the first byte, counted from where the source began.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }

 private:
  MappedPages pages_;
  Block block_;
  ByteSpan bytes_;
  std::uint64_t offset_ = 0;
};

class ByteSource {
 public:
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;

  // The next bytes; an empty window at the end. Like read(2), a source that grows meanwhile is read
  // to the end it has when it is reached.
  [[nodiscard]] virtual Result<Window, SourceError> next() = 0;

  // The first byte handed out, if any, that could not be read. From any thread.
  [[nodiscard]] virtual std::optional<SourceError> fault() const = 0;

  // `call` is made by next() when the input has brought nothing for a while, by a source that can
  // tell. False ends the input there. It outlives the last next().
  virtual void when_idle(const std::function<bool()>& /*call*/) {}

  // Bytes handed out so far.
  [[nodiscard]] virtual std::uint64_t offset() const = 0;

  // As far as it was known when the source was opened: nothing for pipes.
  [[nodiscard]] virtual std::optional<std::uint64_t> total_bytes() const = 0;
};

// Opens a file: mapped where that works, else read.
[[nodiscard]] Result<std::unique_ptr<ByteSource>, SysError> open_source(
    const char* path, const SourceOptions& options = {});

// The same for an inherited descriptor, from its current position on. It is borrowed, and its
// position moves along as with read(2).
[[nodiscard]] Result<std::unique_ptr<ByteSource>, SysError> open_source(
    int fd, const SourceOptions& options = {});

}  // namespace zsluice::io
