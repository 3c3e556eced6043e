// SPDX-License-Identifier: BSD-2-Clause
// A store in memory as a command would give it: it cannot be listed, and nobody knows whether what
// is not given is there.
#pragma once

#include "pipeline/memory_store.hpp"
#include "zsluice/store/segment_name.hpp"

#include <cerrno>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace zsluice::pipeline {

class RemoteStore : public io::StoreFiles {
 public:
  explicit RemoteStore(const MemoryStore::Image& image) : store_(image) {}

  // That were asked for. One thread at a time.
  [[nodiscard]] const std::set<std::string>& asked() const { return asked_; }

  [[nodiscard]] bool is_remote() const override { return true; }
  [[nodiscard]] Result<std::unique_ptr<io::StoredFile>, io::SysError> open(
      const std::string& name) override {
    asked_.insert(name);
    auto file = store_.open(name);
    if (file || name == storage::kManifestName) return file;
    return Unexpected{io::SysError{io::SysOperation::run, EIO, 7}};
  }
  [[nodiscard]] Result<std::vector<std::string>, io::SysError> list(const std::string&) override {
    return io::sys_failure(io::SysOperation::read, EOPNOTSUPP);
  }
  [[nodiscard]] Result<void, io::SysError> make_folder(const std::string&) override {
    return read_only();
  }
  [[nodiscard]] Result<void, io::SysError> sync_folder(const std::string&) override {
    return read_only();
  }
  [[nodiscard]] std::unique_ptr<io::StartedFile> start_file(const std::string&, ByteSpan) override {
    return std::make_unique<io::WrittenFile>(read_only());
  }
  [[nodiscard]] Result<void, io::SysError> rename(const std::string&,
                                                  const std::string&,
                                                  io::OldFile) override {
    return read_only();
  }
  [[nodiscard]] Result<void, io::SysError> append(const std::string&, ByteSpan) override {
    return read_only();
  }
  [[nodiscard]] Result<void, io::SysError> truncate(const std::string&, std::uint64_t) override {
    return read_only();
  }
  [[nodiscard]] Result<void, io::SysError> sync_file(const std::string&) override {
    return read_only();
  }
  [[nodiscard]] Result<void, io::SysError> remove(const std::string&) override {
    return read_only();
  }

 protected:
  MemoryStore store_;

 private:
  static Unexpected<io::SysError> read_only() {
    return io::sys_failure(io::SysOperation::write, EROFS);
  }

  std::set<std::string> asked_;
};

}  // namespace zsluice::pipeline
