// SPDX-License-Identifier: BSD-2-Clause
// The one seam to the kernel: operations are started, wait() reports how they ended. Two
// implementations on Linux (uring_backend, poll_backend) give the same bytes and the same errors;
// tests above this layer script a third.
//
// Ownership: descriptors and buffers are borrowed. A buffer handed to read() or write() stays
// valid and untouched until the operation's completion has been returned by wait(); the array of
// pieces itself is copied at once. Completions are valid until the next call of wait().
//
// What callers can rely on:
//  - Every operation completes exactly once: with a count of bytes, or with -errno.
//  - Short reads and short writes are normal. A read at the end of the input completes with 0.
//  - EINTR and EAGAIN never surface, also when a descriptor was inherited with O_NONBLOCK set; its
//    flags are never changed, since other processes share them.
//  - Files are read and written at their shared current position, as read(2) and write(2) do.
//  - The order of the completions within one wait() has no meaning.
//  - At most one read and one write are in flight per descriptor (two would have no order).
//  - While nothing is ready, wait() sleeps in the kernel.
// The process must ignore_write_signals() (signals.hpp); a reader that has gone is -EPIPE. A
// backend belongs to the thread that made it.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace zsluice::io {

// Chosen by the caller, distinct among the operations in flight.
using OpId = std::uint64_t;

struct Completion {
  OpId op;
  std::int32_t result;  // bytes moved, or -errno

  friend bool operator==(const Completion&, const Completion&) = default;
};

// In flight at once; more is a bug of the caller.
inline constexpr std::size_t kMaxOperations = 16;
// Pieces of one write; what lies beyond is left for the next one, as after any short write.
inline constexpr std::size_t kMaxPieces = 64;

enum class Readiness : std::uint8_t { readable, writable };

class Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  // Cancels what is in flight and waits until the kernel has let go of every buffer. Only disk
  // I/O that has begun cannot be cancelled; it ends when the device answers.
  virtual ~Backend() = default;

  // `into` is not empty: 0 means end of input.
  virtual void read(OpId op, int fd, MutableByteSpan into) = 0;

  // At least one byte.
  virtual void write(OpId op, int fd, std::span<const ByteSpan> pieces) = 0;

  // Completes with 0 once the other end of a pipe, socket or terminal has gone, so that a dead
  // reader is noticed while there is nothing to write. On anything else it stays in flight. A
  // socket whose peer has only shut down its sending half still has a reader.
  virtual void watch(OpId op, int fd) = 0;

  // Completes with 0 once a read or a write on a pipe or socket would not block, or would fail: for
  // callers that then use non-blocking calls of their own (hold.hpp).
  virtual void await(OpId op, int fd, Readiness readiness) = 0;

  // Asks an operation to end early: it completes with -ECANCELED, or as it would have if it was
  // quicker. An `op` that is not in flight is ignored.
  virtual void cancel(OpId op) = 0;

  // To be called before closing a descriptor that was used here. Cancels its operations (wait()
  // still reports them), returns when the kernel holds no reference to it, and forgets it: after
  // close(fd) the other end sees the end of the stream, and the number may be used again.
  virtual void release(int fd) = 0;

  // Returns when something has completed, or with nothing at `deadline`. Without a deadline there
  // must be something in flight. A deadline that has passed only collects what is ready.
  [[nodiscard]] virtual std::span<const Completion> wait(std::optional<TimePoint> deadline) = 0;

  [[nodiscard]] virtual TimePoint now() const = 0;
};

}  // namespace zsluice::io
