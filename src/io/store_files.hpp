// SPDX-License-Identifier: BSD-2-Clause
// The file operations of a store, and no others: a seam, so that tests can put a file system there
// that fails, or that forgets what was not synced. store_folder.hpp is the real one.
//
// Names are relative to the store and ASCII; "" is the store's own folder. All calls block, but for
// start_file(). What is on disk for good, whatever happens to the machine, when a call has
// returned:
//
//     finish() of a started file     the content; its name only after sync_folder()
//     append, truncate               nothing until sync_file()
//     rename, make_folder, remove    nothing until sync_folder() of the folder they happened in
//
// A call that fails, or during which the process dies, may have done any part of its work.
#pragma once

#include "io/sys_error.hpp"
#include "zsluice/base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace zsluice::io {

// A regular file that is open for reading.
class StoredFile {
 public:
  StoredFile() = default;
  StoredFile(const StoredFile&) = delete;
  StoredFile& operator=(const StoredFile&) = delete;
  virtual ~StoredFile() = default;

  // Its length when it was opened.
  [[nodiscard]] virtual std::uint64_t bytes() const = 0;
  // How many bytes were read: fewer than `into` holds only at the end of the file.
  [[nodiscard]] virtual Result<std::size_t, SysError> read_at(std::uint64_t offset,
                                                              MutableByteSpan into) const = 0;
};

// A file that is on its way to the disk.
class StartedFile {
 public:
  StartedFile() = default;
  StartedFile(const StartedFile&) = delete;
  StartedFile& operator=(const StartedFile&) = delete;
  // Waits until its bytes are not needed any more. What is there then is nobody's business.
  virtual ~StartedFile() = default;

  // Whether finish() has nothing more to wait for, unless it has to do again what went wrong.
  [[nodiscard]] virtual bool is_done() = 0;
  // Waits. To be called once.
  [[nodiscard]] virtual Result<void, SysError> finish() = 0;
};

// One that has got there already, or never will.
class WrittenFile final : public StartedFile {
 public:
  explicit WrittenFile(const Result<void, SysError>& result) : result_(result) {}
  [[nodiscard]] bool is_done() override { return true; }
  [[nodiscard]] Result<void, SysError> finish() override { return result_; }

 private:
  Result<void, SysError> result_;
};

// What a rename does with a file that has the name already: fail with EEXIST, or take its place.
enum class OldFile : std::uint8_t { stays, goes };

class StoreFiles {
 public:
  StoreFiles() = default;
  StoreFiles(const StoreFiles&) = delete;
  StoreFiles& operator=(const StoreFiles&) = delete;
  virtual ~StoreFiles() = default;

  // ENOENT: there is none. EISDIR: it is a folder. EINVAL: it is no regular file either.
  [[nodiscard]] virtual Result<std::unique_ptr<StoredFile>, SysError> open(
      const std::string& name) = 0;
  // The names in a folder, in no order. ENOENT, ENOTDIR: there is none.
  [[nodiscard]] virtual Result<std::vector<std::string>, SysError> list(
      const std::string& folder) = 0;

  // No write follows a symbolic link inside the store, or changes a file that has another name too
  // (a hard link), but for append() and truncate(), which change what is there: unshare() first.

  // A folder that is there already will do. ENOTDIR: something else is.
  [[nodiscard]] virtual Result<void, SysError> make_folder(const std::string& name) = 0;
  [[nodiscard]] virtual Result<void, SysError> sync_folder(const std::string& name) = 0;
  // In place of what has the name: there when finish() of what it returns has said so, so that
  // several can be on their way at once. `bytes` stay where they are until then. Calls of other
  // files come between.
  [[nodiscard]] virtual std::unique_ptr<StartedFile> start_file(const std::string& name,
                                                                ByteSpan bytes) = 0;
  [[nodiscard]] virtual Result<void, SysError> rename(const std::string& from,
                                                      const std::string& to,
                                                      OldFile old_file) = 0;
  // Makes the file if there is none.
  [[nodiscard]] virtual Result<void, SysError> append(const std::string& name, ByteSpan bytes) = 0;
  // To `bytes`, which is no more than it has.
  [[nodiscard]] virtual Result<void, SysError> truncate(const std::string& name,
                                                        std::uint64_t bytes) = 0;
  [[nodiscard]] virtual Result<void, SysError> sync_file(const std::string& name) = 0;
  // A file that is not there will do.
  [[nodiscard]] virtual Result<void, SysError> remove(const std::string& name) = 0;

  // A file that has another name too (a hard link) becomes one of its own, with the same content:
  // what changes it then changes nothing else. By way of the name `spare`. On disk for good.
  [[nodiscard]] virtual Result<void, SysError> unshare(const std::string& /*name*/,
                                                       const std::string& /*spare*/) {
    return {};
  }
  // The file grows no further in this run: whoever keeps the store's files elsewhere too takes it
  // there now. Nothing to do where the store is.
  [[nodiscard]] virtual Result<void, SysError> publish(const std::string& /*name*/) { return {}; }
  // Each open() may cost a transfer: none is to be made only to explain something.
  [[nodiscard]] virtual bool is_remote() const { return false; }
};

}  // namespace zsluice::io
