// SPDX-License-Identifier: BSD-2-Clause
#include "io/file_kind.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace zsluice::io {
namespace {

FileKind kind_of_character_device(int fd, dev_t device) {
  constexpr unsigned kMemoryMajor = 1;  // Linux: Documentation/admin-guide/devices.txt
  constexpr unsigned kNullMinor = 3;
  if (major(device) == kMemoryMajor && minor(device) == kNullMinor) return FileKind::null_device;
  return is_terminal(fd) ? FileKind::terminal : FileKind::other;
}

FileKind kind_of_regular(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_APPEND) != 0 ? FileKind::appended_file : FileKind::file;
}

}  // namespace

FileKind describe(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return FileKind::closed;
  switch (status.st_mode & S_IFMT) {
    case S_IFIFO:
      return FileKind::pipe;
    case S_IFREG:
      return kind_of_regular(fd);
    case S_IFSOCK:
      return FileKind::socket;
    case S_IFBLK:
      return FileKind::block_device;
    case S_IFDIR:
      return FileKind::directory;
    case S_IFCHR:
      return kind_of_character_device(fd, status.st_rdev);
    default:
      return FileKind::other;
  }
}

bool is_terminal(int fd) {
  return ::isatty(fd) == 1;
}

}  // namespace zsluice::io
