// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/fetched_store.hpp"

#include "io/scratch_file.hpp"
#include "zsluice/store/segment.hpp"
#include "zsluice/store/segment_name.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace zsluice::pipeline {
namespace {

using io::SysOperation;

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
// Of what is no segment: enough to come to the end of a page that says why, and to learn how the
// command ends.
constexpr std::size_t kForeignBytesMax = kPieceBytes;

io::EnvironmentVariables variables_of(const std::string& name) {
  return {{"ZSLUICE_SEGMENT", name}};
}

Unexpected<io::SysError> read_only() {
  return io::sys_failure(SysOperation::write, EROFS);
}

class BytesFile final : public io::StoredFile {
 public:
  explicit BytesFile(std::vector<std::byte> content) : content_(std::move(content)) {}
  [[nodiscard]] std::uint64_t bytes() const override { return content_.size(); }
  [[nodiscard]] Result<std::size_t, io::SysError> read_at(std::uint64_t offset,
                                                          MutableByteSpan into) const override {
    const auto from = static_cast<std::size_t>(std::min<std::uint64_t>(offset, content_.size()));
    const std::size_t count = std::min(into.size(), content_.size() - from);
    std::copy_n(content_.data() + from, count, into.data());
    return count;
  }

 private:
  std::vector<std::byte> content_;
};

class SharedFile final : public io::StoredFile {
 public:
  explicit SharedFile(std::shared_ptr<const io::ScratchFile> file) : file_(std::move(file)) {}
  [[nodiscard]] std::uint64_t bytes() const override { return file_->bytes(); }
  [[nodiscard]] Result<std::size_t, io::SysError> read_at(std::uint64_t offset,
                                                          MutableByteSpan into) const override {
    return file_->read_at(offset, into);
  }

 private:
  std::shared_ptr<const io::ScratchFile> file_;
};

// Reads until `content` has `limit` bytes, or all there are.
Result<void, io::SysError> read_up_to(io::CommandOutput& output,
                                      std::size_t limit,
                                      std::vector<std::byte>& content) {
  while (content.size() < limit) {
    const std::size_t before = content.size();
    const std::size_t wanted = std::min(limit - before, kPieceBytes);
    content.resize(before + wanted);
    const auto count = output.read(MutableByteSpan(content).subspan(before));
    if (!count) return Unexpected{count.error()};
    content.resize(before + *count);
    if (*count < wanted) break;
  }
  return {};
}

// How long the file may become that begins so.
std::size_t limit_of(ByteSpan beginning) {
  const auto header = storage::decode_segment_header(beginning);
  if (!header) return kForeignBytesMax;
  const std::uint64_t stored = std::min<std::uint64_t>(header->stored_bytes, storage::kRawBytesMax);
  return static_cast<std::size_t>(stored) + storage::kSegmentHeaderBytesMax + 1;
}

}  // namespace

FetchedStore::FetchedStore(io::StoreFiles* folder, CommandOptions options)
    : folder_(folder), options_(std::move(options)) {}

FetchedStore::~FetchedStore() = default;

Result<std::unique_ptr<io::StoredFile>, io::SysError> FetchedStore::open(const std::string& name) {
  if (name == storage::kManifestName) return open_manifest();
  CommandRetry retry(options_, name, kCommandTries);
  while (!is_stopped()) {
    auto content = fetch_segment(name);
    if (content) return std::unique_ptr<io::StoredFile>(new BytesFile(*std::move(content)));
    // Of one that failed when an end was wanted nobody knows whether that made it fail (Ctrl-C).
    if (!retry.goes_on(content.error()) && !is_stopped()) return Unexpected{content.error()};
  }
  return Unexpected{kFetchStopped};
}

Result<std::vector<std::byte>, io::SysError> FetchedStore::fetch_segment(
    const std::string& name) const {
  auto output = io::CommandOutput::start(options_.command, variables_of(name));
  if (!output) return Unexpected{output.error()};
  std::vector<std::byte> content;
  if (auto read = read_up_to(*output, storage::kSegmentHeaderBytesMax, content); !read) {
    return Unexpected{read.error()};
  }
  const std::size_t limit = limit_of(content);
  if (content.size() == storage::kSegmentHeaderBytesMax) {
    content.reserve(limit);
    if (auto read = read_up_to(*output, limit, content); !read) return Unexpected{read.error()};
  }
  if (content.size() >= limit) return content;  // too long: the command is ended
  if (auto ended = output->finish(); !ended) return Unexpected{ended.error()};
  if (content.empty()) return io::sys_failure(SysOperation::run, ENODATA);
  return content;
}

Result<std::unique_ptr<io::StoredFile>, io::SysError> FetchedStore::open_manifest() {
  if (folder_ != nullptr) return folder_->open(std::string(storage::kManifestName));
  const std::lock_guard lock(manifest_mutex_);
  if (!manifest_) manifest_.emplace(fetch_manifest());
  if (!*manifest_) return Unexpected{manifest_->error()};
  return std::unique_ptr<io::StoredFile>(new SharedFile(**manifest_));
}

FetchedStore::Manifest FetchedStore::fetch_manifest() const {
  const auto missing = [] { return io::sys_failure(SysOperation::open, ENOENT); };
  if (is_stopped()) return missing();
  auto file = io::ScratchFile::create();
  if (!file) return Unexpected{file.error()};
  auto output =
      io::CommandOutput::start(options_.command, variables_of(std::string(storage::kManifestName)));
  if (!output) return Unexpected{output.error()};
  std::vector<std::byte> piece(kPieceBytes);
  for (;;) {
    const auto count = output->read(piece);
    if (!count || file->bytes() + *count > kManifestFetchBytesMax) return missing();
    if (auto kept = file->append(ByteSpan(piece).first(*count)); !kept) {
      return Unexpected{kept.error()};
    }
    if (*count < piece.size()) break;
  }
  if (const auto ended = output->finish(); !ended) return Unexpected{ended.error()};
  if (file->bytes() == 0) return io::sys_failure(SysOperation::run, ENODATA);
  return std::make_shared<const io::ScratchFile>(*std::move(file));
}

Result<std::vector<std::string>, io::SysError> FetchedStore::list(const std::string& /*folder*/) {
  return io::sys_failure(SysOperation::open, ENOTSUP);
}

Result<void, io::SysError> FetchedStore::make_folder(const std::string& /*name*/) {
  return read_only();
}
Result<void, io::SysError> FetchedStore::sync_folder(const std::string& /*name*/) {
  return read_only();
}
std::unique_ptr<io::StartedFile> FetchedStore::start_file(const std::string& /*name*/,
                                                          ByteSpan /*bytes*/) {
  return std::make_unique<io::WrittenFile>(read_only());
}
Result<void, io::SysError> FetchedStore::rename(const std::string& /*from*/,
                                                const std::string& /*to*/,
                                                io::OldFile /*old_file*/) {
  return read_only();
}
Result<void, io::SysError> FetchedStore::append(const std::string& /*name*/, ByteSpan /*bytes*/) {
  return read_only();
}
Result<void, io::SysError> FetchedStore::truncate(const std::string& /*name*/,
                                                  std::uint64_t /*bytes*/) {
  return read_only();
}
Result<void, io::SysError> FetchedStore::sync_file(const std::string& /*name*/) {
  return read_only();
}
Result<void, io::SysError> FetchedStore::remove(const std::string& /*name*/) {
  return read_only();
}

}  // namespace zsluice::pipeline
