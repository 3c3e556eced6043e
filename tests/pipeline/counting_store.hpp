// SPDX-License-Identifier: BSD-2-Clause
// Counts what is read of a store in memory.
#pragma once

#include "pipeline/memory_store.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace zsluice::pipeline {

class CountingStore final : public io::StoreFiles {
 public:
  explicit CountingStore(const MemoryStore::Image& image) : store_(image) {}

  [[nodiscard]] std::uint64_t opens() const { return opens_; }
  [[nodiscard]] std::uint64_t bytes_read() const { return *bytes_read_; }

  [[nodiscard]] Result<std::unique_ptr<io::StoredFile>, io::SysError> open(
      const std::string& name) override {
    ++opens_;
    auto file = store_.open(name);
    if (!file) return Unexpected{file.error()};
    return std::unique_ptr<io::StoredFile>(new File(*std::move(file), bytes_read_));
  }
  [[nodiscard]] Result<std::vector<std::string>, io::SysError> list(
      const std::string& folder) override {
    return store_.list(folder);
  }
  [[nodiscard]] Result<void, io::SysError> make_folder(const std::string& name) override {
    return store_.make_folder(name);
  }
  [[nodiscard]] Result<void, io::SysError> sync_folder(const std::string& name) override {
    return store_.sync_folder(name);
  }
  [[nodiscard]] std::unique_ptr<io::StartedFile> start_file(const std::string& name,
                                                            ByteSpan bytes) override {
    return store_.start_file(name, bytes);
  }
  [[nodiscard]] Result<void, io::SysError> rename(const std::string& from,
                                                  const std::string& to,
                                                  io::OldFile old_file) override {
    return store_.rename(from, to, old_file);
  }
  [[nodiscard]] Result<void, io::SysError> append(const std::string& name,
                                                  ByteSpan bytes) override {
    return store_.append(name, bytes);
  }
  [[nodiscard]] Result<void, io::SysError> truncate(const std::string& name,
                                                    std::uint64_t bytes) override {
    return store_.truncate(name, bytes);
  }
  [[nodiscard]] Result<void, io::SysError> sync_file(const std::string& name) override {
    return store_.sync_file(name);
  }
  [[nodiscard]] Result<void, io::SysError> remove(const std::string& name) override {
    return store_.remove(name);
  }

 private:
  class File final : public io::StoredFile {
   public:
    File(std::unique_ptr<io::StoredFile> file, std::shared_ptr<std::uint64_t> bytes_read)
        : file_(std::move(file)), bytes_read_(std::move(bytes_read)) {}
    [[nodiscard]] std::uint64_t bytes() const override { return file_->bytes(); }
    [[nodiscard]] Result<std::size_t, io::SysError> read_at(std::uint64_t offset,
                                                            MutableByteSpan into) const override {
      const auto count = file_->read_at(offset, into);
      if (count) *bytes_read_ += *count;
      return count;
    }

   private:
    std::unique_ptr<io::StoredFile> file_;
    std::shared_ptr<std::uint64_t> bytes_read_;
  };

  MemoryStore store_;
  std::uint64_t opens_ = 0;
  std::shared_ptr<std::uint64_t> bytes_read_ = std::make_shared<std::uint64_t>(0);
};

}  // namespace zsluice::pipeline
