// SPDX-License-Identifier: BSD-2-Clause
#include "io/file_writer.hpp"

#include "io/file_calls.hpp"
#include "io/file_ring.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace zsluice::io {
namespace {

// It cannot be done this way: past the cache, or to this descriptor by a ring.
bool is_refused(int error) {
  return error == EINVAL || error == EOPNOTSUPP;
}

// The kernel did not do it, or a part of it, and has not failed at it.
bool is_to_be_done_by_call(std::int32_t result) {
  return result >= 0 || is_refused(-result) || result == -ECANCELED || result == -EAGAIN ||
         result == -EINTR || result == -ENOMEM;
}

bool is_same_file(const Fd& one, const Fd& other) {
  struct stat first {};
  struct stat second {};
  return ::fstat(one.get(), &first) == 0 && ::fstat(other.get(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

// Whoever may write to the folder may have put another file there since. O_NONBLOCK was for what is
// no file at all; a ring would take it for a wish not to wait for the disk.
bool is_usable(const Fd& direct, const Fd& file) {
  return direct && is_same_file(direct, file) && ::fcntl(direct.get(), F_SETFL, O_DIRECT) == 0;
}

// Whether it is the kernel that keeps the bytes of a file, once, whoever wrote them.
bool is_local(const Fd& file) {
  // Not all of them are in every <linux/magic.h>.
  constexpr std::uint32_t kFuse = 0x65735546;
  constexpr std::uint32_t kNfs = 0x6969;
  constexpr std::uint32_t kSmb = 0x517b;
  constexpr std::uint32_t kCifs = 0xff534d42;
  constexpr std::uint32_t kSmb2 = 0xfe534d42;
  constexpr std::uint32_t kPlan9 = 0x01021997;
  constexpr std::uint32_t kCeph = 0x00c36400;
  constexpr std::array kOthers = {kFuse, kNfs, kSmb, kCifs, kSmb2, kPlan9, kCeph};
  struct statfs status {};
  if (::fstatfs(file.get(), &status) != 0) return false;
  const auto magic = static_cast<std::uint32_t>(status.f_type);
  return std::find(kOthers.begin(), kOthers.end(), magic) == kOthers.end();
}

class RingFile final : public StartedFile {
 public:
  RingFile(FileRing& ring, Fd file, Fd direct, ByteSpan bytes)
      : ring_(ring),
        file_(std::move(file)),
        direct_(std::move(direct)),
        bytes_(bytes),
        direct_bytes_(direct_ ? bytes.size() / FileWriter::kBlockBytes * FileWriter::kBlockBytes
                              : 0) {
    // Chained: none begins before the one ahead of it has done all it was to do.
    if (direct_bytes_ > 0) {
      ring_.write(steps_[kDirect], direct_.get(), bytes_.first(direct_bytes_), 0);
    }
    if (direct_bytes_ < bytes_.size()) {
      ring_.write(steps_[kRest], file_.get(), bytes_.subspan(direct_bytes_), direct_bytes_);
    }
    ring_.sync(steps_[kSync], file_.get());
    is_chained_ = ring_.submit();
  }
  RingFile(const RingFile&) = delete;
  RingFile& operator=(const RingFile&) = delete;
  // The kernel reads from the bytes until it is done.
  ~RingFile() override { wait(); }

  [[nodiscard]] bool is_done() override {
    ring_.collect();
    return !is_pending();
  }

  [[nodiscard]] Result<void, SysError> finish() override {
    wait();
    auto done = settle();
    const auto closed_direct = close_written(std::move(direct_));
    const auto closed = close_written(std::move(file_));
    if (!done) return done;
    return closed ? closed_direct : closed;
  }

 private:
  static constexpr std::size_t kDirect = 0;
  static constexpr std::size_t kRest = 1;
  static constexpr std::size_t kSync = 2;
  static constexpr std::size_t kSteps = 3;

  [[nodiscard]] bool is_pending() const {
    return std::any_of(steps_.begin(), steps_.end(),
                       [](const FileRing::Step& step) { return step.is_pending; });
  }
  void wait() {
    while (is_pending()) {
      ring_.wait();
    }
  }
  [[nodiscard]] Result<void, SysError> settle();

  FileRing& ring_;
  Fd file_;
  Fd direct_;
  ByteSpan bytes_;
  std::size_t direct_bytes_;
  std::array<FileRing::Step, kSteps> steps_;
  bool is_chained_ = false;
};

Result<void, SysError> write_and_sync(int fd, ByteSpan bytes, std::size_t offset) {
  if (auto done = write_all_at(fd, bytes.subspan(offset), offset); !done) return done;
  return sync_file(fd);
}

Result<void, SysError> RingFile::settle() {
  // The sync may have come before a write.
  if (!is_chained_) return write_and_sync(file_.get(), bytes_, 0);
  std::size_t written = 0;
  for (const std::size_t step : {kDirect, kRest}) {
    const std::size_t end = step == kDirect ? direct_bytes_ : bytes_.size();
    const std::int32_t result = steps_[step].result;
    if (end == written) continue;
    if (result == static_cast<std::int32_t>(end - written)) {
      written = end;
      continue;
    }
    if (!is_to_be_done_by_call(result)) return sys_failure(SysOperation::write, -result);
    written += result > 0 ? static_cast<std::size_t>(result) : 0;
    return write_and_sync(file_.get(), bytes_, written);
  }
  const std::int32_t synced = steps_[kSync].result;
  if (synced == 0) return {};
  if (synced != -ECANCELED && synced != -EINTR && synced != -EAGAIN) {
    return sys_failure(SysOperation::write, -synced);
  }
  return sync_file(file_.get());
}

Result<void, SysError> write_now(Fd file, Fd direct, ByteSpan bytes) {
  std::size_t written = 0;
  if (direct) {
    const ByteSpan blocks =
        bytes.first(bytes.size() / FileWriter::kBlockBytes * FileWriter::kBlockBytes);
    const auto done = write_all_at(direct.get(), blocks, 0);
    if (done) written = blocks.size();
    if (!done && !is_refused(done.error().error) && done.error().error != ENOMEM) return done;
  }
  if (auto done = write_and_sync(file.get(), bytes, written); !done) return done;
  if (auto done = close_written(std::move(direct)); !done) return done;
  return close_written(std::move(file));
}

}  // namespace

FileWriter::FileWriter(BackendChoice choice) {
  if (choice == BackendChoice::automatic) choice = choice_of_environment();
  if (choice != BackendChoice::poll) ring_ = FileRing::create();
}

FileWriter::~FileWriter() = default;

bool FileWriter::is_direct(const Fd& file, ByteSpan bytes) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): where it lies, not what it is.
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
  return bytes.size() >= kDirectBytesMin && address % kBlockBytes == 0 && is_local(file);
}

std::unique_ptr<StartedFile> FileWriter::start(Fd file, Fd direct, ByteSpan bytes) {
  if (!is_usable(direct, file)) direct.reset();
  if (!ring_ || !ring_->has_room(3)) {
    return std::make_unique<WrittenFile>(write_now(std::move(file), std::move(direct), bytes));
  }
  return std::make_unique<RingFile>(*ring_, std::move(file), std::move(direct), bytes);
}

}  // namespace zsluice::io
