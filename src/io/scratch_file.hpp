// SPDX-License-Identifier: BSD-2-Clause
// A file without a name, in $TMPDIR or /tmp, for what is too long to be kept in memory. Gone with
// the object, or the process.
#pragma once

#include "io/fd.hpp"
#include "io/sys_error.hpp"
#include "zsluice/base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace zsluice::io {

class ScratchFile {
 public:
  [[nodiscard]] static Result<ScratchFile, SysError> create();

  [[nodiscard]] Result<void, SysError> append(ByteSpan bytes);
  // As StoredFile says. May be called from several threads, once all is appended.
  [[nodiscard]] Result<std::size_t, SysError> read_at(std::uint64_t offset,
                                                      MutableByteSpan into) const;
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  explicit ScratchFile(Fd file) : file_(std::move(file)) {}

  Fd file_;
  std::uint64_t bytes_ = 0;
};

}  // namespace zsluice::io
