// SPDX-License-Identifier: BSD-2-Clause
// Backend over poll(2) and direct calls: where io_uring is refused, and the oracle the ring is
// compared with. Operations are tried when wait() is called, on the caller's thread. A read or
// write of a regular file blocks as long as the disk takes.
#pragma once

#include "io/backend.hpp"
#include "io/channel.hpp"
#include "io/operation_table.hpp"

#include <vector>

namespace zsluice::io {

class PollBackend final : public Backend {
 public:
  explicit PollBackend(ChannelOptions options = {});

  void read(OpId op, int fd, MutableByteSpan into) override;
  void write(OpId op, int fd, std::span<const ByteSpan> pieces) override;
  void watch(OpId op, int fd) override;
  void await(OpId op, int fd, Readiness readiness) override;
  void cancel(OpId op) override;
  void release(int fd) override;
  [[nodiscard]] std::span<const Completion> wait(std::optional<TimePoint> deadline) override;
  [[nodiscard]] TimePoint now() const override;

 private:
  [[nodiscard]] Channel& channel_of(int fd);
  void release_channel(int fd);
  void attempt(Operation& operation, bool is_ready);
  void attempt_all();
  // Polls what is unfinished, and tries again what is ready.
  void poll_and_attempt(std::optional<TimePoint> deadline);
  void on_readiness(Operation& operation, short events);

  ChannelOptions options_;
  std::vector<Channel> channels_;  // one per descriptor in use: few
  OperationTable table_;
};

}  // namespace zsluice::io
