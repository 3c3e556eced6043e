// SPDX-License-Identifier: BSD-2-Clause
// A store in memory that counts what is asked of it. It knows nothing of crashes, so that it takes
// no longer for the last of many segments than for the first.
#pragma once

#include "pipeline/memory_store.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace zsluice::pipeline {

class CountingStore final : public io::StoreFiles {
 public:
  struct Counts {
    std::uint64_t opens = 0;
    std::uint64_t lists = 0;
    std::uint64_t bytes_read = 0;
    std::uint64_t changes = 0;  // calls that change or sync something
    std::uint64_t bytes_written = 0;
  };

  CountingStore() = default;
  explicit CountingStore(const MemoryStore::Image& image) {
    for (const auto& [name, bytes] : image) {
      if (name.back() == '/') {
        folders_.try_emplace(name.substr(0, name.size() - 1));
      } else {
        file_at(name) = std::make_shared<test::Bytes>(bytes);
      }
    }
  }

  // Since the start, or the last forget().
  [[nodiscard]] const Counts& counts() const { return *counts_; }
  [[nodiscard]] std::uint64_t opens() const { return counts_->opens; }
  [[nodiscard]] std::uint64_t bytes_read() const { return counts_->bytes_read; }
  void forget() { *counts_ = {}; }

  [[nodiscard]] Result<std::unique_ptr<io::StoredFile>, io::SysError> open(
      const std::string& name) override {
    ++counts_->opens;
    const Content* const file = find(name);
    if (file == nullptr) return io::sys_failure(io::SysOperation::open, ENOENT);
    return std::unique_ptr<io::StoredFile>(new File(*file, counts_));
  }
  [[nodiscard]] Result<std::vector<std::string>, io::SysError> list(
      const std::string& folder) override {
    ++counts_->lists;
    const auto found = folders_.find(folder);
    if (found == folders_.end()) return io::sys_failure(io::SysOperation::open, ENOENT);
    std::vector<std::string> names;
    for (const auto& [name, content] : found->second)
      names.push_back(name);
    for (const auto& [name, files] : folders_) {
      if (folder.empty() && !name.empty()) names.push_back(name);
    }
    return names;
  }
  [[nodiscard]] Result<void, io::SysError> make_folder(const std::string& name) override {
    folders_.try_emplace(name);
    return changed();
  }
  [[nodiscard]] Result<void, io::SysError> sync_folder(const std::string& /*name*/) override {
    return changed();
  }
  [[nodiscard]] std::unique_ptr<io::StartedFile> start_file(const std::string& name,
                                                            ByteSpan bytes) override {
    file_at(name) = std::make_shared<test::Bytes>(bytes.begin(), bytes.end());
    return std::make_unique<io::WrittenFile>(changed(bytes.size()));
  }
  [[nodiscard]] Result<void, io::SysError> rename(const std::string& from,
                                                  const std::string& to,
                                                  io::OldFile old_file) override {
    const Content* const file = find(from);
    if (file == nullptr) return io::sys_failure(io::SysOperation::write, ENOENT);
    if (old_file == io::OldFile::stays && find(to) != nullptr) {
      return io::sys_failure(io::SysOperation::write, EEXIST);
    }
    file_at(to) = *file;
    return remove(from);
  }
  [[nodiscard]] Result<void, io::SysError> append(const std::string& name,
                                                  ByteSpan bytes) override {
    Content& content = file_at(name);
    if (!content) content = std::make_shared<test::Bytes>();
    content->insert(content->end(), bytes.begin(), bytes.end());
    return changed(bytes.size());
  }
  [[nodiscard]] Result<void, io::SysError> truncate(const std::string& name,
                                                    std::uint64_t bytes) override {
    if (find(name) == nullptr) return io::sys_failure(io::SysOperation::open, ENOENT);
    file_at(name)->resize(bytes);
    return changed();
  }
  [[nodiscard]] Result<void, io::SysError> sync_file(const std::string& /*name*/) override {
    return changed();
  }
  [[nodiscard]] Result<void, io::SysError> remove(const std::string& name) override {
    folders_[folder_of(name)].erase(name.substr(name.rfind('/') + 1));
    return changed();
  }

 private:
  using Content = std::shared_ptr<test::Bytes>;

  class File final : public io::StoredFile {
   public:
    File(Content content, std::shared_ptr<Counts> counts)
        : content_(std::move(content)), counts_(std::move(counts)) {}
    [[nodiscard]] std::uint64_t bytes() const override { return content_->size(); }
    [[nodiscard]] Result<std::size_t, io::SysError> read_at(std::uint64_t offset,
                                                            MutableByteSpan into) const override {
      const ByteSpan all = *content_;
      const ByteSpan rest = all.subspan(std::min<std::size_t>(offset, all.size()));
      const std::size_t count = std::min(into.size(), rest.size());
      std::copy_n(rest.begin(), count, into.begin());
      counts_->bytes_read += count;
      return count;
    }

   private:
    Content content_;
    std::shared_ptr<Counts> counts_;
  };

  static std::string folder_of(const std::string& name) {
    const std::size_t slash = name.rfind('/');
    return slash == std::string::npos ? "" : name.substr(0, slash);
  }
  Content& file_at(const std::string& name) {
    return folders_[folder_of(name)][name.substr(name.rfind('/') + 1)];
  }
  [[nodiscard]] const Content* find(const std::string& name) const {
    const auto folder = folders_.find(folder_of(name));
    if (folder == folders_.end()) return nullptr;
    const auto file = folder->second.find(name.substr(name.rfind('/') + 1));
    return file == folder->second.end() ? nullptr : &file->second;
  }
  Result<void, io::SysError> changed(std::uint64_t bytes = 0) {
    ++counts_->changes;
    counts_->bytes_written += bytes;
    return {};
  }

  std::map<std::string, std::map<std::string, Content>> folders_{{"", {}}};
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

}  // namespace zsluice::pipeline
