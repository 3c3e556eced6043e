// SPDX-License-Identifier: BSD-2-Clause
// Reading mapped files without dying of SIGBUS. A page of a mapped file that cannot be had (the
// file shrank, the disk has a bad sector) is replaced by zeros, and the place is remembered.
//
// The handler is installed while any FaultGuard lives, and passes faults of foreign memory on to
// the action it found. It finds the pages in a fixed table that is written and read with atomics
// only, so it works in whatever thread the fault happens.
#pragma once

#include "io/sys_error.hpp"
#include "zsluice/base/bytes.hpp"
#include "zsluice/base/result.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace zsluice::io {

// Held at once in this process, over all sources.
inline constexpr std::size_t kMaxMappedWindows = 256;

// The lowest file offset that faulted so far; lives longer than the pages that refer to it.
class FaultRecord {
 public:
  static constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();

  // Async-signal-safe.
  void note(std::uint64_t file_offset);
  [[nodiscard]] std::uint64_t lowest() const { return lowest_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint64_t> lowest_{kNone};
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
};

class FaultGuard {
 public:
  FaultGuard();
  FaultGuard(const FaultGuard&) = delete;
  FaultGuard& operator=(const FaultGuard&) = delete;
  ~FaultGuard();
};

// A read-only mapping of part of a file, known to the handler, unmapped when destroyed.
class MappedPages {
 public:
  struct Range {
    std::uint64_t file_offset;  // a multiple of the page size
    std::size_t bytes;          // not 0
  };

  // Needs a FaultGuard that outlives the pages. EAGAIN: kMaxMappedWindows are held already.
  [[nodiscard]] static Result<MappedPages, SysError> map(int fd, Range range, FaultRecord& record);

  MappedPages() = default;  // none
  MappedPages(MappedPages&& other) noexcept;
  MappedPages& operator=(MappedPages&& other) noexcept;
  ~MappedPages();

  [[nodiscard]] ByteSpan bytes() const { return bytes_; }

 private:
  MappedPages(ByteSpan bytes, std::size_t slot) : bytes_(bytes), slot_(slot) {}

  ByteSpan bytes_;
  std::size_t slot_ = 0;
};

}  // namespace zsluice::io
