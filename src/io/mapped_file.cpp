// SPDX-License-Identifier: BSD-2-Clause
#include "io/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace zsluice::io {
namespace {

std::uint64_t page_bytes() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

Result<std::uint64_t, SysError> size_of(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return sys_failure(SysOperation::examine);
  if (!S_ISREG(status.st_mode)) return sys_failure(SysOperation::map, ENODEV);
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace

Result<std::unique_ptr<MappedFile>, SysError> MappedFile::open(int fd,
                                                               const SourceOptions& options) {
  const auto size = size_of(fd);
  if (!size) return Unexpected{size.error()};
  const off_t position = ::lseek(fd, 0, SEEK_CUR);
  if (position < 0) return sys_failure(SysOperation::examine);
  const auto start = static_cast<std::uint64_t>(position);
  // Also files of /proc and the like, whose size is 0 although they can be read.
  if (start >= *size) return sys_failure(SysOperation::map, ENODEV);

  const std::size_t page = page_bytes();
  void* const trial = ::mmap(nullptr, page, PROT_READ, MAP_SHARED, fd, 0);
  if (trial == MAP_FAILED) return sys_failure(SysOperation::map);
  ::munmap(trial, page);

  // The kernel reads ahead of the faults. Asking for each next window as well gains nothing on a
  // disk, and costs as much as mapping it where the page cache has it.
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  const std::size_t window = std::max((options.window_bytes + page - 1) / page, std::size_t{1});
  return std::unique_ptr<MappedFile>(new MappedFile(fd, start, *size, window * page));
}

Result<Window, SourceError> MappedFile::next() {
  if (const auto broken = fault()) return Unexpected{*broken};
  const std::uint64_t from = position_;
  const auto size = size_of(fd_);
  if (!size) return Unexpected{error_at(from, size.error())};
  if (from >= *size) return Window{};

  const std::uint64_t begin = from - from % page_bytes();
  const std::uint64_t length = std::min<std::uint64_t>(window_bytes_, *size - begin);
  auto pages = MappedPages::map(fd_, {begin, static_cast<std::size_t>(length)}, record_);
  if (!pages) return Unexpected{error_at(from, pages.error())};

  const std::uint64_t end = begin + length;
  position_ = end;
  ::lseek(fd_, static_cast<off_t>(end), SEEK_SET);
  const ByteSpan bytes = pages->bytes().subspan(static_cast<std::size_t>(from - begin));
  return Window(std::move(*pages), bytes, from - start_);
}

// A shrunken file faults only from the next page on; the rest of its last page turns to zeros
// without a signal. So the size is asked as well.
std::optional<SourceError> MappedFile::fault() const {
  constexpr SysError kUnreadable{SysOperation::read, EIO};
  const std::uint64_t faulted = record_.lowest();
  const auto size = size_of(fd_);
  if (size && *size < position_) {
    SourceError error = error_at(std::min(faulted, *size), kUnreadable);
    error.file_shrank = true;
    return error;
  }
  if (faulted == FaultRecord::kNone) return std::nullopt;
  return error_at(faulted, kUnreadable);
}

SourceError MappedFile::error_at(std::uint64_t file_offset, SysError cause) const {
  return {cause, std::max(file_offset, start_) - start_, false};
}

}  // namespace zsluice::io
