// SPDX-License-Identifier: BSD-2-Clause
// FileWriter: the contents of new files to the disk for good, several at once. Each is a chain of
// operations in one ring: written, then synced. Where io_uring cannot be had, or is not wanted, a
// file is written and synced when it is started.
//
//     write (past the page cache) ─▶ write (the rest) ─▶ fsync
//
// Past the page cache (O_DIRECT) goes what is long enough and starts at a page in memory, up to its
// last whole block. Nothing is copied then, and nothing else is driven out of the cache, as a
// stream of terabytes would do. Where the file system does not know it, or the device wants other
// blocks, the page cache does; so on file systems that may keep what each descriptor wrote apart
// (FUSE, NFS, SMB, 9p), where the sync of one need not concern the other.
//
// Of a write that the kernel did in part, had no memory for, or cannot do this way, the rest is
// done by ordinary calls. Other errors stand: what fsync(2) has refused once may be forgotten when
// it is asked again.
#pragma once

#include "io/fd.hpp"
#include "io/make_backend.hpp"
#include "io/store_files.hpp"

#include <cstddef>
#include <memory>

namespace zsluice::io {

class FileRing;

class FileWriter {
 public:
  // No more may be started and not finished.
  static constexpr unsigned kFilesMax = 8;
  // What is shorter does not pay for opening the file twice.
  static constexpr std::size_t kDirectBytesMin = std::size_t{1} << 20;
  static constexpr std::size_t kBlockBytes = 4096;

  // `automatic`: as ZSLUICE_IO says, or by a ring where there is one.
  explicit FileWriter(BackendChoice choice = BackendChoice::automatic);
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  ~FileWriter();

  // Would `bytes` go past the page cache, in a file system such as `file`'s?
  [[nodiscard]] static bool is_direct(const Fd& file, ByteSpan bytes);

  // `file`: new and empty. `direct`: the same file, opened with O_DIRECT; may be none, and another
  // file is not written to. Both are
  // closed when the file is finished. The writer outlives what it returns.
  [[nodiscard]] std::unique_ptr<StartedFile> start(Fd file, Fd direct, ByteSpan bytes);

 private:
  std::unique_ptr<FileRing> ring_;  // null: none can be had
};

}  // namespace zsluice::io
