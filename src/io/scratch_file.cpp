// SPDX-License-Identifier: BSD-2-Clause
#include "io/scratch_file.hpp"

#include "io/without_interruption.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace zsluice::io {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;  // of one read or write
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
  while (!bytes.empty()) {
    const std::int32_t count = without_interruption([&] {
      return ::pwrite(file_.get(), bytes.data(), std::min(bytes.size(), kPieceBytes),
                      static_cast<off_t>(bytes_));
    });
    if (count < 0) return sys_failure(SysOperation::write, -count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    bytes_ += static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<std::size_t, SysError> ScratchFile::read_at(std::uint64_t offset,
                                                   MutableByteSpan into) const {
  std::size_t done = 0;
  while (done < into.size()) {
    const std::int32_t count = without_interruption([&] {
      return ::pread(file_.get(), into.subspan(done).data(),
                     std::min(into.size() - done, kPieceBytes), static_cast<off_t>(offset + done));
    });
    if (count < 0) return sys_failure(SysOperation::read, -count);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

}  // namespace zsluice::io
