// SPDX-License-Identifier: BSD-2-Clause
#include "io/atomic_file.hpp"

#include "io/fd.hpp"
#include "io/file_calls.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace zsluice::io {
namespace {

constexpr mode_t kMode = 0644;

// In the same directory, since a rename stays within a file system. Hidden, and with an end of its
// own, so that collectors of files do not take it.
std::string temporary_name(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  return directory + ".zsluice-" + std::to_string(::getpid()) + ".tmp";
}

Result<void, SysError> check_target(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return sys_failure(SysOperation::examine);
  }
  if (S_ISDIR(status.st_mode)) return sys_failure(SysOperation::open, EISDIR);
  if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) {
    return sys_failure(SysOperation::open, EINVAL);
  }
  return {};
}

// Never opens what is there already: it could be a link to something else.
Fd create(const std::string& name) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  Fd file(::open(name.c_str(), kFlags, kMode));
  if (file || errno != EEXIST) return file;
  // Left by a process that was killed and had the same number.
  if (::unlink(name.c_str()) != 0) return file;
  return Fd(::open(name.c_str(), kFlags, kMode));
}

}  // namespace

Result<void, SysError> write_atomic_file(const std::string& path, std::string_view content) {
  const auto target = check_target(path);
  if (!target) return target;
  const std::string temporary = temporary_name(path);
  Fd file = create(temporary);
  if (!file) return sys_failure(SysOperation::open);
  Result<void, SysError> written = write_all(file.get(), bytes_of(content));
  // Where a full disk is noticed late, it is noticed here.
  if (written) written = close_written(std::move(file));
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = sys_failure(SysOperation::write);
  }
  if (!written) ::unlink(temporary.c_str());
  return written;
}

}  // namespace zsluice::io
