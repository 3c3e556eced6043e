// SPDX-License-Identifier: BSD-2-Clause
#include "io/stream_file.hpp"

#include "base/check.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace zsluice::io {
namespace {

// Bytes, 0 at the end, or -errno. Waits also where the descriptor was inherited with O_NONBLOCK.
ssize_t read_some(int fd, MutableByteSpan into) {
  for (;;) {
    const ssize_t count = ::read(fd, into.data(), into.size());
    if (count >= 0) return count;
    if (errno == EAGAIN) {
      pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
      ::poll(&readable, 1, -1);
    } else if (errno != EINTR) {
      return -errno;
    }
  }
}

// Of a regular file only, and not of those whose size is 0 although they can be read.
std::optional<std::uint64_t> known_size(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  const off_t position = ::lseek(fd, 0, SEEK_CUR);
  if (position < 0 || status.st_size == 0) return std::nullopt;
  return static_cast<std::uint64_t>(std::max<off_t>(status.st_size - position, 0));
}

}  // namespace

Result<std::unique_ptr<StreamFile>, SysError> StreamFile::open(int fd,
                                                               const SourceOptions& options) {
  const std::size_t windows = std::max(options.windows_at_once, std::size_t{1});
  auto blocks = BlockPool::create(windows * options.buffer_bytes, options.buffer_bytes);
  if (!blocks) return Unexpected{blocks.error()};
  return std::unique_ptr<StreamFile>(new StreamFile(fd, std::move(*blocks), known_size(fd)));
}

Result<Window, SourceError> StreamFile::next() {
  std::optional<Block> block = blocks_->take();
  ZSLUICE_CHECK(block.has_value());
  const ssize_t count = read_some(fd_, block->bytes());
  if (count < 0) {
    const auto error = static_cast<int>(-count);
    return Unexpected{SourceError{{SysOperation::read, error}, offset_, false}};
  }
  if (count == 0) return Window{};
  const ByteSpan bytes = block->bytes().first(static_cast<std::size_t>(count));
  const std::uint64_t from = std::exchange(offset_, offset_ + bytes.size());
  return Window(std::move(*block), bytes, from);
}

}  // namespace zsluice::io
