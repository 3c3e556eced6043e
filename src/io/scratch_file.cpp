// SPDX-License-Identifier: BSD-2-Clause
#include "io/scratch_file.hpp"

#include "io/file_calls.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace zsluice::io {
namespace {

constexpr mode_t kOwnerOnly = 0600;

}  // namespace

Result<ScratchFile, SysError> ScratchFile::create() {
  // Never set by this program.
  const char* const named = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe)
  const std::string folder = named != nullptr && *named != '\0' ? named : "/tmp";
  Fd file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, kOwnerOnly));
  if (!file) {
    // Not every file system has files without a name.
    std::string path = folder + "/zsluice-XXXXXX";
    file = Fd(::mkostemp(path.data(), O_CLOEXEC));
    if (!file) return sys_failure(SysOperation::open);
    ::unlink(path.c_str());
  }
  return ScratchFile(std::move(file));
}

Result<void, SysError> ScratchFile::append(ByteSpan bytes) {
  auto written = write_all_at(file_.get(), bytes, bytes_);
  if (written) bytes_ += bytes.size();
  return written;
}

Result<std::size_t, SysError> ScratchFile::read_at(std::uint64_t offset,
                                                   MutableByteSpan into) const {
  return read_all_at(file_.get(), into, offset);
}

}  // namespace zsluice::io
