// SPDX-License-Identifier: BSD-2-Clause
// FileWriter: the contents of new files to the disk for good, several at once. Each is a chain of
// operations in a ring of its own: written, then synced. Where io_uring cannot be had, or
// ZSLUICE_IO=poll says that it is not wanted, a file is written and synced when it is started.
//
//     write (past the page cache) ─▶ write (the rest) ─▶ fsync
//
// Past the page cache (O_DIRECT) goes what is long enough and starts at a page in memory, up to its
// last whole block. It takes a quarter of the processor's time, since nothing is copied, and does
// not drive everything else out of the cache, which a stream of terabytes would (bench/README.md).
// Where the file system does not know it, or the device wants other blocks, the page cache does.
//
// Of an operation that the kernel did in part, or refused as something it cannot do this way, the
// rest is done by ordinary calls. Other errors stand: what fsync(2) has refused once may be
// forgotten when it is asked again.
#pragma once

#include "io/fd.hpp"
#include "io/store_files.hpp"

#include <cstddef>
#include <memory>

namespace zsluice::io {

class FileRing;

class FileWriter {
 public:
  // As many may be started and not finished.
  static constexpr unsigned kFilesMax = 8;
  // What is shorter does not pay for opening the file twice.
  static constexpr std::size_t kDirectBytesMin = std::size_t{1} << 20;
  static constexpr std::size_t kBlockBytes = 4096;

  FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  ~FileWriter();

  // Would `bytes` go past the page cache?
  [[nodiscard]] static bool is_direct(ByteSpan bytes);

  // `file`: new and empty. `direct`: the same file, opened with O_DIRECT; may be none. Both are
  // closed when the file is finished. The writer outlives what it returns.
  [[nodiscard]] std::unique_ptr<StartedFile> start(Fd file, Fd direct, ByteSpan bytes);

 private:
  std::unique_ptr<FileRing> ring_;  // null: none can be had
};

}  // namespace zsluice::io
