// SPDX-License-Identifier: BSD-2-Clause
#include "io/file_calls.hpp"

#include "io/without_interruption.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace zsluice::io {
namespace {

// What one call moves at most.
constexpr std::size_t kCallBytes = std::size_t{1} << 30;

// `call` is given the next piece and how many bytes came before it.
template <class Call>
Result<void, SysError> write_pieces(ByteSpan bytes, const Call& call) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ByteSpan piece = bytes.subspan(done, std::min(bytes.size() - done, kCallBytes));
    const std::int32_t count = without_interruption([&] { return call(piece, done); });
    if (count < 0) return sys_failure(SysOperation::write, -count);
    done += static_cast<std::size_t>(count);
  }
  return {};
}

}  // namespace

Result<void, SysError> write_all(int fd, ByteSpan bytes) {
  return write_pieces(bytes, [fd](ByteSpan piece, std::size_t /*done*/) {
    return ::write(fd, piece.data(), piece.size());
  });
}

Result<void, SysError> write_all_at(int fd, ByteSpan bytes, std::uint64_t offset) {
  return write_pieces(bytes, [fd, offset](ByteSpan piece, std::size_t done) {
    return ::pwrite(fd, piece.data(), piece.size(), static_cast<off_t>(offset + done));
  });
}

Result<std::size_t, SysError> read_all_at(int fd, MutableByteSpan into, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < into.size()) {
    const MutableByteSpan piece = into.subspan(done, std::min(into.size() - done, kCallBytes));
    const std::int32_t count = without_interruption(
        [&] { return ::pread(fd, piece.data(), piece.size(), static_cast<off_t>(offset + done)); });
    if (count < 0) return sys_failure(SysOperation::read, -count);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

Result<void, SysError> sync_file(int fd) {
  const std::int32_t synced = without_interruption([&] { return ::fsync(fd); });
  if (synced < 0) return sys_failure(SysOperation::write, -synced);
  return {};
}

Result<void, SysError> close_written(Fd file) {
  if (!file || ::close(file.release()) == 0 || errno == EINTR) return {};
  return sys_failure(SysOperation::write);
}

}  // namespace zsluice::io
