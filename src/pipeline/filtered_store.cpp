// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/filtered_store.hpp"

#include "zsluice/base/hex.hpp"
#include "zsluice/checksum/hmac_sha256.hpp"
#include "zsluice/store/segment_name.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>

namespace zsluice::pipeline {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

// The segment's name in the name of the file it is written under.
std::optional<std::string> segment_of(const std::string& unfinished) {
  const std::string_view suffix = storage::kUnfinishedSuffix;
  if (unfinished.size() <= suffix.size()) return std::nullopt;
  const std::string name = unfinished.substr(0, unfinished.size() - suffix.size());
  if (unfinished != name + std::string(suffix) || !storage::segment_number(name)) {
    return std::nullopt;
  }
  return name;
}

// Bytes that can be read from the start as often as a command is tried.
class Feed {
 public:
  Feed() = default;
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  virtual ~Feed() = default;
  virtual void rewind() = 0;
  // Empty at the end.
  [[nodiscard]] virtual Result<ByteSpan, io::SysError> next() = 0;
};

class MemoryFeed final : public Feed {
 public:
  explicit MemoryFeed(ByteSpan bytes) : bytes_(bytes), left_(bytes) {}
  void rewind() override { left_ = bytes_; }
  [[nodiscard]] Result<ByteSpan, io::SysError> next() override {
    return std::exchange(left_, ByteSpan());
  }

 private:
  ByteSpan bytes_;
  ByteSpan left_;
};

class FileFeed final : public Feed {
 public:
  explicit FileFeed(const io::StoredFile& file) : file_(file), piece_(kPieceBytes) {}
  void rewind() override { at_ = 0; }
  [[nodiscard]] Result<ByteSpan, io::SysError> next() override {
    const auto count = file_.read_at(at_, piece_);
    if (!count) return Unexpected{count.error()};
    at_ += *count;
    return ByteSpan(piece_).first(*count);
  }

 private:
  const io::StoredFile& file_;
  std::vector<std::byte> piece_;
  std::uint64_t at_ = 0;
};

// What the command is told of the file.
Result<io::EnvironmentVariables, io::SysError> variables_of(const std::string& name, Feed& feed) {
  checksum::Sha256 digest;
  std::uint64_t bytes = 0;
  feed.rewind();
  for (;;) {
    const auto piece = feed.next();
    if (!piece) return Unexpected{piece.error()};
    if (piece->empty()) break;
    digest.update(*piece);
    bytes += piece->size();
  }
  const auto sum = digest.finish();
  if (!sum) return io::sys_failure(io::SysOperation::allocate, ENOMEM);
  return io::EnvironmentVariables{{"ZSLUICE_SEGMENT", name},
                                  {"ZSLUICE_SIZE", std::to_string(bytes)},
                                  {"ZSLUICE_DIGEST", hex_text(*sum)}};
}

Result<void, io::SysError> hand_over(const CommandOptions& options,
                                     const std::string& name,
                                     Feed& feed) {
  const auto variables = variables_of(name, feed);
  if (!variables) return Unexpected{variables.error()};
  CommandRetry retry(options, name, kCommandTries);
  for (;;) {
    feed.rewind();
    const auto taken =
        io::feed_command(options.command, *variables, [&feed] { return feed.next(); });
    if (taken || !retry.goes_on(taken.error())) return taken;
  }
}

}  // namespace

Result<void, io::SysError> FilteredStore::make_folder(const std::string& /*name*/) {
  return {};
}

Result<void, io::SysError> FilteredStore::sync_folder(const std::string& name) {
  return name.empty() ? folder_.sync_folder(name) : Result<void, io::SysError>();
}

std::unique_ptr<io::StartedFile> FilteredStore::start_file(const std::string& name,
                                                           ByteSpan bytes) {
  const auto segment = segment_of(name);
  if (!segment) return folder_.start_file(name, bytes);
  MemoryFeed feed(bytes);
  return std::make_unique<io::WrittenFile>(hand_over(options_, *segment, feed));
}

Result<void, io::SysError> FilteredStore::rename(const std::string& from,
                                                 const std::string& to,
                                                 io::OldFile old_file) {
  return segment_of(from) ? Result<void, io::SysError>() : folder_.rename(from, to, old_file);
}

Result<void, io::SysError> FilteredStore::remove(const std::string& name) {
  return segment_of(name) ? Result<void, io::SysError>() : folder_.remove(name);
}

Result<void, io::SysError> FilteredStore::publish(const std::string& name) {
  const auto file = folder_.open(name);
  if (!file) return Unexpected{file.error()};
  FileFeed feed(**file);
  return hand_over(options_, name, feed);
}

}  // namespace zsluice::pipeline
