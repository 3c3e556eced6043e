// SPDX-License-Identifier: BSD-2-Clause
// Backend over io_uring: one small ring, one thread, no registered buffers (so it lives with any
// RLIMIT_MEMLOCK) and nothing newer than Linux 5.11 required.
//
// Before Linux 6.4, and with a named pipe, the ring cannot try a pipe without blocking on it: it
// hands the transfer to a kernel worker, and a write that does not fit stays there until a reader
// has taken all of it. There the ring only tells when a pipe is ready, and the transfer is a call
// of our own (channel.hpp).
#pragma once

#include "io/backend.hpp"
#include "io/channel.hpp"
#include "io/fd.hpp"
#include "io/operation_table.hpp"
#include "zsluice/base/result.hpp"

#include <liburing.h>

#include <memory>
#include <optional>
#include <vector>

namespace zsluice::io {

class UringBackend final : public Backend {
 public:
  // Sets up a ring and proves it with a no-op, since a seccomp filter may allow the set-up and
  // refuse the use. The error is an errno value; EOPNOTSUPP: a kernel older than 5.11.
  // `call_pipes`: treats pipes as before Linux 6.4, in these ways; otherwise the kernel decides.
  [[nodiscard]] static Result<std::unique_ptr<UringBackend>, int> create(
      std::optional<ChannelOptions> call_pipes = std::nullopt);

  ~UringBackend() override;

  void read(OpId op, int fd, MutableByteSpan into) override;
  void write(OpId op, int fd, std::span<const ByteSpan> pieces) override;
  void watch(OpId op, int fd) override;
  void await(OpId op, int fd, Readiness readiness) override;
  void cancel(OpId op) override;
  void release(int fd) override;
  [[nodiscard]] std::span<const Completion> wait(std::optional<TimePoint> deadline) override;
  [[nodiscard]] TimePoint now() const override;

 private:
  // Asked of the kernel once for each descriptor, not for each operation.
  struct KnownDescriptor {
    int fd;
    bool has_position;
    bool is_called;  // transferred by calls of our own
  };

  // The ring is set up in place: liburing keeps pointers into it.
  UringBackend() = default;
  [[nodiscard]] int set_up();
  [[nodiscard]] int prove_usable();

  [[nodiscard]] io_uring_sqe& next_entry();
  // Where the descriptor has just been polled, `is_ready`.
  void attempt(Operation& operation, bool is_ready);
  void attempt_by_call(Operation& operation, bool is_ready);
  void submit_attempt(Operation& operation);
  [[nodiscard]] KnownDescriptor known(int fd);
  [[nodiscard]] std::optional<std::uint64_t> position_of(int fd);
  static void move_position(const Operation& operation, std::int32_t moved);
  void submit_poll(Operation& operation);
  void register_event();
  void cancel(Operation& operation);
  void on_completion(std::uint64_t key, std::int32_t result);
  void on_watch_completion(Operation& operation, std::int32_t result);
  [[nodiscard]] bool must_try_again(Operation& operation, std::int32_t result);

  void collect();
  // Submits, then sleeps for one completion at most until `deadline`.
  void submit_and_sleep(std::optional<TimePoint> deadline);
  // The same for operations that only await readiness.
  void poll_with_ring(std::optional<TimePoint> deadline);
  void submit_and_collect();
  // Cancels what `concerned` picks and stays until the kernel is done with it.
  template <class Predicate>
  void drain(Predicate concerned);

  io_uring ring_{};
  bool is_set_up_ = false;
  std::optional<ChannelOptions> call_pipes_;
  Fd event_;  // once something was awaited: rings when the ring has something to tell
  bool has_no_event_ = false;  // refused: then the ring itself awaits
  OperationTable table_;
  std::vector<KnownDescriptor> known_;
  std::vector<Channel> channels_;  // of those that are called
};

}  // namespace zsluice::io
