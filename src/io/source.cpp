// SPDX-License-Identifier: BSD-2-Clause
#include "io/source.hpp"

#include "io/mapped_file.hpp"
#include "io/stream_file.hpp"

#include <fcntl.h>

namespace zsluice::io {
namespace {

// Opens `Source` over `fd`, which it closes at its end if `owned` holds it.
template <class Source>
Result<std::unique_ptr<ByteSource>, SysError> open_as(int fd,
                                                      const SourceOptions& options,
                                                      Fd& owned) {
  auto source = Source::open(fd, options);
  if (!source) return Unexpected{source.error()};
  (*source)->adopt(std::move(owned));
  return std::unique_ptr<ByteSource>(std::move(*source));
}

Result<std::unique_ptr<ByteSource>, SysError> open_best(int fd,
                                                        const SourceOptions& options,
                                                        Fd owned) {
  if (options.allow_mapping) {
    auto mapped = open_as<MappedFile>(fd, options, owned);
    if (mapped) return mapped;
  }
  return open_as<StreamFile>(fd, options, owned);
}

}  // namespace

Result<std::unique_ptr<ByteSource>, SysError> open_source(const char* path,
                                                          const SourceOptions& options) {
  Fd fd;
  do {  // a named pipe or a network file may be interrupted while it opens
    fd = Fd(::open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
  } while (!fd && errno == EINTR);
  if (!fd) return sys_failure(SysOperation::open);
  const int borrowed = fd.get();
  return open_best(borrowed, options, std::move(fd));
}

Result<std::unique_ptr<ByteSource>, SysError> open_source(int fd, const SourceOptions& options) {
  return open_best(fd, options, Fd());
}

}  // namespace zsluice::io
