// SPDX-License-Identifier: BSD-2-Clause
// The real StoreFiles: a directory, held open, so that it may be renamed meanwhile. Owns its
// descriptors, and for a writer the lock, which ends with the object or the process.
#pragma once

#include "io/fd.hpp"
#include "io/file_writer.hpp"
#include "io/store_files.hpp"

#include <memory>
#include <optional>
#include <string>

namespace zsluice::io {

class StoreFolder final : public StoreFiles {
 public:
  [[nodiscard]] static Result<std::unique_ptr<StoreFolder>, SysError> open_to_read(
      const std::string& path);
  // Makes the directory if there is none, but no parents, and takes the lock: flock(2) of the file
  // `lock_name` in it, which is first made one of its own if it has another name too (a hard link).
  // SysOperation::lock: that file cannot be locked; with EWOULDBLOCK: someone else has it. The
  // directory has its name for good then, whoever made it. After an error nothing is left that this
  // call made.
  [[nodiscard]] static Result<std::unique_ptr<StoreFolder>, SysError> open_to_write(
      const std::string& path, const std::string& lock_name);

  // How start_file() writes, from the first one on: by a ring where there is one, or by calls.
  void write_by(BackendChoice choice) { choice_ = choice; }

  // Takes away what open_to_write() has made: the lock, and the directory if it holds nothing else.
  // To be called when nothing was stored, and nothing will be.
  void unmake();

  [[nodiscard]] Result<std::unique_ptr<StoredFile>, SysError> open(
      const std::string& name) override;
  [[nodiscard]] Result<std::vector<std::string>, SysError> list(const std::string& folder) override;
  [[nodiscard]] Result<void, SysError> make_folder(const std::string& name) override;
  [[nodiscard]] Result<void, SysError> sync_folder(const std::string& name) override;
  [[nodiscard]] std::unique_ptr<StartedFile> start_file(const std::string& name,
                                                        ByteSpan bytes) override;
  [[nodiscard]] Result<void, SysError> rename(const std::string& from,
                                              const std::string& to,
                                              OldFile old_file) override;
  [[nodiscard]] Result<void, SysError> append(const std::string& name, ByteSpan bytes) override;
  [[nodiscard]] Result<void, SysError> truncate(const std::string& name,
                                                std::uint64_t bytes) override;
  [[nodiscard]] Result<void, SysError> sync_file(const std::string& name) override;
  [[nodiscard]] Result<void, SysError> remove(const std::string& name) override;
  [[nodiscard]] Result<void, SysError> unshare(const std::string& name,
                                               const std::string& spare) override;

 private:
  StoreFolder(std::string path, Fd folder) : path_(std::move(path)), folder_(std::move(folder)) {}

  [[nodiscard]] Result<void, SysError> take_lock(const std::string& lock_name);
  // The file that has the name has another one, too.
  [[nodiscard]] bool is_shared(const std::string& name) const;
  // Locked, and the file that has the name.
  [[nodiscard]] Result<Fd, SysError> lock_named(const std::string& lock_name);
  [[nodiscard]] Result<Fd, SysError> open_lock(const std::string& lock_name);
  [[nodiscard]] Result<void, SysError> sync_parent() const;

  std::string path_;
  Fd folder_;
  Fd lock_;
  BackendChoice choice_ = BackendChoice::automatic;
  std::optional<FileWriter> writer_;  // from the first start_file() on
  std::string lock_name_;
  bool is_made_ = false;
  bool is_lock_made_ = false;
};

}  // namespace zsluice::io
