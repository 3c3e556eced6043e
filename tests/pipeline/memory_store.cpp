// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/memory_store.hpp"

#include <algorithm>
#include <cerrno>
#include <random>
#include <stdexcept>
#include <utility>

namespace zsluice::pipeline {
namespace {

using io::SysOperation;

// Small, so that a few lines of a manifest are many of them.
constexpr std::size_t kPageBytes = 100;

std::string folder_of(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string::npos ? "" : name.substr(0, slash);
}

class MemoryFile final : public io::StoredFile {
 public:
  explicit MemoryFile(test::Bytes content) : content_(std::move(content)) {}
  [[nodiscard]] std::uint64_t bytes() const override { return content_.size(); }
  [[nodiscard]] Result<std::size_t, io::SysError> read_at(std::uint64_t offset,
                                                          MutableByteSpan into) const override {
    const auto from = static_cast<std::size_t>(std::min<std::uint64_t>(offset, content_.size()));
    const std::size_t count = std::min(into.size(), content_.size() - from);
    std::copy_n(content_.data() + from, count, into.data());
    return count;
  }

 private:
  test::Bytes content_;
};

}  // namespace

MemoryStore::MemoryStore(const Image& image) {
  for (const auto& [name, bytes] : image) {
    if (name.back() == '/') {
      seen_.folders.insert(name.substr(0, name.size() - 1));
    } else {
      seen_.files[name] = std::make_shared<Content>(Content{bytes, bytes, {}});
    }
  }
  kept_ = seen_;
}

MemoryStore::Image MemoryStore::image_of(const Tree& tree, bool only_synced) {
  Image image;
  for (const std::string& folder : tree.folders) {
    image[folder + '/'];
  }
  for (const auto& [name, content] : tree.files) {
    const std::string folder = folder_of(name);
    if (!folder.empty() && tree.folders.count(folder) == 0) continue;
    image[name] = only_synced ? content->synced : content->bytes;
  }
  return image;
}

MemoryStore::Image MemoryStore::crashed(std::uint64_t seed) const {
  std::mt19937_64 random(seed);
  Tree tree = kept_;
  for (const NameChange& change : changes_) {
    if (random() % 2 == 0) continue;
    if (!change.made.empty()) tree.folders.insert(change.made);
    for (const auto& [name, content] : change.files) {
      if (content) {
        tree.files[name] = content;
      } else {
        tree.files.erase(name);
      }
    }
  }
  Image image = image_of(tree, true);
  for (auto& [name, bytes] : image) {
    if (name.back() == '/') continue;
    const Content& content = *tree.files.at(name);
    if (content.lengths.empty()) continue;
    const std::uint64_t length = random() % (content.lengths.size() + 1);
    const std::size_t kept = length == 0 ? bytes.size() : content.lengths[length - 1];
    test::Bytes there(kept);
    for (std::size_t at = 0; at < kept; at += kPageBytes) {
      const bool is_written = random() % 3 != 0;
      const test::Bytes& from = is_written ? content.bytes : content.synced;
      for (std::size_t i = at; i < std::min(kept, at + kPageBytes); ++i) {
        // What had been synced cannot be lost by bytes that come behind it.
        const bool is_safe = i < content.synced.size();
        if (is_safe) {
          there[i] = content.synced[i];
        } else if (i < from.size()) {
          there[i] = from[i];
        }
      }
    }
    bytes = there;
  }
  return image;
}

bool MemoryStore::fails() {
  return operations_++ == fail_at_;
}

bool MemoryStore::fails_to_add() {
  const bool is_full = fail_at_ && error_ == ENOSPC && operations_ > *fail_at_;
  return fails() || is_full;
}

bool MemoryStore::is_out_of_room() const {
  std::size_t taken = 0;
  for (const auto& [name, bytes] : taken_) {
    taken += bytes;
  }
  return room_ && taken > *room_;
}

Result<void, io::SysError> MemoryStore::done() {
  if (on_change_) on_change_();
  return {};
}

Result<std::unique_ptr<io::StoredFile>, io::SysError> MemoryStore::open(const std::string& name) {
  const auto denied = denied_.find(name);
  if (denied != denied_.end()) return io::sys_failure(SysOperation::open, denied->second);
  const auto found = seen_.files.find(name);
  if (found == seen_.files.end()) return io::sys_failure(SysOperation::open, ENOENT);
  return std::unique_ptr<io::StoredFile>(new MemoryFile(found->second->bytes));
}

Result<std::vector<std::string>, io::SysError> MemoryStore::list(const std::string& folder) {
  if (!folder.empty() && seen_.folders.count(folder) == 0) {
    return io::sys_failure(SysOperation::open, ENOENT);
  }
  const auto denied = denied_.find(folder);
  if (denied != denied_.end()) return io::sys_failure(SysOperation::open, denied->second);
  std::vector<std::string> names;
  for (const auto& [name, content] : seen_.files) {
    if (folder_of(name) == folder) names.push_back(name.substr(name.rfind('/') + 1));
  }
  if (folder.empty()) names.insert(names.end(), seen_.folders.begin(), seen_.folders.end());
  return names;
}

Result<void, io::SysError> MemoryStore::make_folder(const std::string& name) {
  if (fails_to_add()) return io::sys_failure(SysOperation::write, error_);
  if (seen_.folders.insert(name).second) changes_.push_back({"", {}, name});
  return done();
}

Result<void, io::SysError> MemoryStore::sync_folder(const std::string& name) {
  if (fails()) return io::sys_failure(SysOperation::write, error_);
  const auto is_here = [&](const auto& entry) { return folder_of(entry.first) == name; };
  for (auto file = kept_.files.begin(); file != kept_.files.end();) {
    file = is_here(*file) ? kept_.files.erase(file) : std::next(file);
  }
  for (const auto& entry : seen_.files) {
    if (is_here(entry)) kept_.files.insert(entry);
  }
  if (name.empty()) kept_.folders = seen_.folders;
  std::erase_if(changes_, [&](const NameChange& change) { return change.folder == name; });
  return done();
}

std::shared_ptr<MemoryStore::Content> MemoryStore::begin_file(const std::string& name,
                                                              ByteSpan half) {
  auto content = std::make_shared<Content>();
  content->bytes.assign(half.begin(), half.end());
  content->lengths = {0, content->bytes.size()};
  seen_.files[name] = content;
  changes_.push_back({folder_of(name), {{name, content}}, ""});
  if (on_change_) on_change_();
  return content;
}

class MemoryStore::Started final : public io::StartedFile {
 public:
  Started(MemoryStore& store, std::shared_ptr<Content> content, ByteSpan bytes)
      : store_(store),
        content_(std::move(content)),
        bytes_(bytes),
        at_start_(bytes.begin(), bytes.end()),
        number_(store.files_started_++) {
    store_.most_at_once_ = std::max(store_.most_at_once_, ++store_.at_once_);
  }
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;
  ~Started() override { leave(); }

  [[nodiscard]] bool is_done() override { return store_.files_started_ - number_ > kFilesBehind; }
  [[nodiscard]] Result<void, io::SysError> finish() override {
    leave();
    if (store_.fails_to_add()) return io::sys_failure(SysOperation::write, store_.error_);
    if (store_.is_out_of_room()) return io::sys_failure(SysOperation::write, ENOSPC);
    content_->bytes.assign(bytes_.begin(), bytes_.end());
    if (content_->bytes != at_start_) throw std::logic_error("bytes changed on their way");
    content_->sync();
    return store_.done();
  }

 private:
  void leave() {
    if (!std::exchange(has_left_, true)) --store_.at_once_;
  }

  MemoryStore& store_;
  std::shared_ptr<Content> content_;
  ByteSpan bytes_;
  test::Bytes at_start_;
  std::uint64_t number_;
  bool has_left_ = false;
};

std::unique_ptr<io::StartedFile> MemoryStore::start_file(const std::string& name, ByteSpan bytes) {
  const bool is_failing = fails_to_add();
  auto content = begin_file(name, bytes.first(bytes.size() / 2));
  if (is_failing) {
    return std::make_unique<io::WrittenFile>(io::sys_failure(SysOperation::write, error_));
  }
  taken_[name] = bytes.size();
  return std::make_unique<Started>(*this, std::move(content), bytes);
}

Result<void, io::SysError> MemoryStore::rename(const std::string& from,
                                               const std::string& to,
                                               io::OldFile old_file) {
  if (fails()) return io::sys_failure(SysOperation::write, error_);
  const bool is_taken = old_file == io::OldFile::stays && seen_.files.count(to) > 0;
  if (is_taken) return io::sys_failure(SysOperation::write, EEXIST);
  auto moved = seen_.files.extract(from);
  if (moved.empty()) return io::sys_failure(SysOperation::write, ENOENT);
  changes_.push_back({folder_of(to), {{from, nullptr}, {to, moved.mapped()}}, ""});
  seen_.files[to] = moved.mapped();
  if (auto taken = taken_.extract(from)) {
    taken.key() = to;
    taken_.insert(std::move(taken));
  }
  return done();
}

Result<void, io::SysError> MemoryStore::append(const std::string& name, ByteSpan bytes) {
  const bool is_failing = fails_to_add();
  auto& content = seen_.files[name];
  if (!content) {
    content = std::make_shared<Content>();
    changes_.push_back({folder_of(name), {{name, content}}, ""});
  }
  const ByteSpan half = bytes.first(bytes.size() / 2);
  content->bytes.insert(content->bytes.end(), half.begin(), half.end());
  content->lengths.push_back(content->bytes.size());
  if (on_change_) on_change_();
  if (is_failing) return io::sys_failure(SysOperation::write, error_);
  content->bytes.insert(content->bytes.end(),
                        bytes.begin() + static_cast<std::ptrdiff_t>(half.size()), bytes.end());
  content->lengths.push_back(content->bytes.size());
  return done();
}

Result<void, io::SysError> MemoryStore::truncate(const std::string& name, std::uint64_t bytes) {
  if (fails()) return io::sys_failure(SysOperation::write, error_);
  const auto found = seen_.files.find(name);
  if (found == seen_.files.end()) return io::sys_failure(SysOperation::open, ENOENT);
  Content& content = *found->second;
  content.bytes = test::Bytes(content.bytes.begin(),
                              content.bytes.begin() + static_cast<std::ptrdiff_t>(bytes));
  content.lengths.push_back(content.bytes.size());
  return done();
}

Result<void, io::SysError> MemoryStore::sync_file(const std::string& name) {
  if (fails()) return io::sys_failure(SysOperation::write, error_);
  const auto found = seen_.files.find(name);
  if (found == seen_.files.end()) return io::sys_failure(SysOperation::open, ENOENT);
  found->second->sync();
  return done();
}

Result<void, io::SysError> MemoryStore::remove(const std::string& name) {
  if (fails()) return io::sys_failure(SysOperation::write, error_);
  taken_.erase(name);
  if (seen_.files.erase(name) > 0) changes_.push_back({folder_of(name), {{name, nullptr}}, ""});
  return done();
}

}  // namespace zsluice::pipeline
