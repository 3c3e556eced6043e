// SPDX-License-Identifier: BSD-2-Clause
// A store's files in memory: what a process sees, and what would be there after a power loss. Any
// operation can be made to fail, and every state that a crash could leave can be kept.
#pragma once

#include "io/store_files.hpp"
#include "support/stream_image.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace zsluice::pipeline {

class MemoryStore final : public io::StoreFiles {
 public:
  // File names with what they hold; folders have an entry of their own, with a '/' at the end.
  using Image = std::map<std::string, test::Bytes>;

  MemoryStore() = default;
  explicit MemoryStore(const Image& image);

  // What a process sees, and what is left when the machine loses power now and the disk has kept
  // nothing that it was not told to keep.
  [[nodiscard]] Image seen() const { return image_of(seen_, false); }
  [[nodiscard]] Image kept() const { return image_of(kept_, true); }

  // What may be left instead: of all that was not synced, any part, whatever came first. Names are
  // there or not, each by itself; files have any of the lengths they had, and pages that never
  // reached the disk are zeros.
  [[nodiscard]] Image crashed(std::uint64_t seed) const;

  // The operation with this number (from 0) does half of its work and fails. With ENOSPC the disk
  // stays full: no later one that adds bytes succeeds.
  void fail_at(std::uint64_t operation, int error) {
    fail_at_ = operation;
    error_ = error;
  }
  // Segments get no more room than this; those on their way have theirs from the start.
  void limit_room(std::size_t bytes) { room_ = bytes; }
  // A file or folder that is there cannot be opened or listed. Reading may be done by several
  // threads at once, while nothing changes.
  void deny(const std::string& name, int error) { denied_[name] = error; }
  // Called after each operation that changes something, and in the middle of those that write.
  void on_change(std::function<void()> call) { on_change_ = std::move(call); }
  // Operations so far that change something.
  [[nodiscard]] std::uint64_t operations() const { return operations_; }

  [[nodiscard]] Result<std::unique_ptr<io::StoredFile>, io::SysError> open(
      const std::string& name) override;
  [[nodiscard]] Result<std::vector<std::string>, io::SysError> list(
      const std::string& folder) override;
  [[nodiscard]] Result<void, io::SysError> make_folder(const std::string& name) override;
  [[nodiscard]] Result<void, io::SysError> sync_folder(const std::string& name) override;
  // On its way until finish(), or until so many others have been started behind it: half of it is
  // there, and nothing synced. It may fail when it is started, and when it is finished.
  [[nodiscard]] std::unique_ptr<io::StartedFile> start_file(const std::string& name,
                                                            ByteSpan bytes) override;
  static constexpr std::uint64_t kFilesBehind = 7;
  // Started, and not finished yet: now, and the most at once.
  [[nodiscard]] std::size_t at_once() const { return at_once_; }
  [[nodiscard]] std::size_t most_at_once() const { return most_at_once_; }
  [[nodiscard]] Result<void, io::SysError> rename(const std::string& from,
                                                  const std::string& to,
                                                  io::OldFile old_file) override;
  [[nodiscard]] Result<void, io::SysError> append(const std::string& name, ByteSpan bytes) override;
  [[nodiscard]] Result<void, io::SysError> truncate(const std::string& name,
                                                    std::uint64_t bytes) override;
  [[nodiscard]] Result<void, io::SysError> sync_file(const std::string& name) override;
  [[nodiscard]] Result<void, io::SysError> remove(const std::string& name) override;

 private:
  struct Content {
    test::Bytes bytes;
    test::Bytes synced;
    std::vector<std::size_t> lengths;  // that it had since then
    void sync() {
      synced = bytes;
      lengths.clear();
    }
  };
  struct Tree {
    std::map<std::string, std::shared_ptr<Content>> files;
    std::set<std::string> folders;
  };

  class Started;

  std::shared_ptr<Content> begin_file(const std::string& name, ByteSpan half);

  // A change of names in one folder, all of it or nothing.
  struct NameChange {
    std::string folder;
    std::map<std::string, std::shared_ptr<Content>> files;  // null: the name is gone
    std::string made;                                       // a folder; empty: none
  };

  [[nodiscard]] static Image image_of(const Tree& tree, bool only_synced);
  [[nodiscard]] bool fails();
  [[nodiscard]] bool fails_to_add();
  [[nodiscard]] bool is_out_of_room() const;
  Result<void, io::SysError> done();

  Tree seen_;
  Tree kept_;
  std::vector<NameChange> changes_;  // that were not synced
  std::uint64_t operations_ = 0;
  std::optional<std::uint64_t> fail_at_;
  int error_ = 0;
  std::map<std::string, int> denied_;
  std::function<void()> on_change_;
  std::optional<std::size_t> room_;
  std::map<std::string, std::size_t> taken_;  // by segments
  std::uint64_t files_started_ = 0;
  std::size_t at_once_ = 0;
  std::size_t most_at_once_ = 0;
};

}  // namespace zsluice::pipeline
