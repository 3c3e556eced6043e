// SPDX-License-Identifier: BSD-2-Clause
#include "io/small_file.hpp"

#include "io/fd.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace zsluice::io {
namespace {

constexpr std::size_t kPieceBytes = 64 << 10;

}  // namespace

Result<std::string, SysError> read_small_file(const std::string& path,
                                              std::size_t bytes_max,
                                              SmallFileKind kind) {
  const bool is_any = kind == SmallFileKind::any;
  // Without O_NONBLOCK a named pipe would not even be opened before it has a writer.
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | (is_any ? 0 : O_NONBLOCK)));
  if (!file) return sys_failure(SysOperation::open);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return sys_failure(SysOperation::examine);
  if (!is_any && !S_ISREG(status.st_mode)) return sys_failure(SysOperation::open, EINVAL);
  std::string content;
  while (content.size() < bytes_max) {
    const std::size_t before = content.size();
    content.resize(std::min(before + kPieceBytes, bytes_max));
    const ssize_t count = ::read(file.get(), content.data() + before, content.size() - before);
    const int error = errno;
    content.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0 && error == EINTR) continue;
    if (count < 0) return sys_failure(SysOperation::read, error);
    if (count == 0) break;
  }
  return content;
}

FileStamp stamp_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .bytes = status.st_size,
          .changed_seconds = status.st_mtim.tv_sec,
          .changed_nanoseconds = status.st_mtim.tv_nsec};
}

unsigned terminal_columns(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace zsluice::io
