// SPDX-License-Identifier: BSD-2-Clause
#include "io/poll_backend.hpp"

#include "base/check.hpp"
#include "io/clock.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace zsluice::io {

PollBackend::PollBackend(ChannelOptions options) : options_(options) {
  channels_.reserve(kMaxOperations);
}

void PollBackend::read(OpId op, int fd, MutableByteSpan into) {
  table_.add_read(op, fd, into);
}

void PollBackend::write(OpId op, int fd, std::span<const ByteSpan> pieces) {
  table_.add_write(op, fd, pieces);
}

void PollBackend::watch(OpId op, int fd) {
  Operation& operation = table_.add_watch(op, fd);
  const FileKind kind = channel_of(fd).kind();
  operation.dormant = !has_peer(kind) && kind != FileKind::closed;
}

void PollBackend::await(OpId op, int fd, Readiness readiness) {
  table_.add_await(op, fd, readiness);
}

void PollBackend::cancel(OpId op) {
  if (Operation* operation = table_.find(op); operation != nullptr) {
    operation->result = -ECANCELED;
  }
}

void PollBackend::release(int fd) {
  for (Operation& operation : table_.entries()) {
    if (operation.is_unfinished() && operation.fd == fd) operation.result = -ECANCELED;
  }
  release_channel(fd);
}

void PollBackend::release_channel(int fd) {
  std::erase_if(channels_, [fd](const Channel& channel) { return channel.fd() == fd; });
}

TimePoint PollBackend::now() const {
  return clock_now();
}

// The ready are asked about on every call, also while others make progress: a steady stream must
// not hide a signal or a dead reader.
std::span<const Completion> PollBackend::wait(std::optional<TimePoint> deadline) {
  ZSLUICE_CHECK(deadline.has_value() || !table_.is_empty());
  attempt_all();
  while (!table_.has_results()) {
    poll_and_attempt(deadline);
    if (deadline && *deadline <= now()) break;
  }
  return table_.deliver();
}

Channel& PollBackend::channel_of(int fd) {
  const auto known = std::ranges::find(channels_, fd, &Channel::fd);
  return known != channels_.end() ? *known : channels_.emplace_back(fd, options_);
}

void PollBackend::attempt(Operation& operation, bool is_ready) {
  if (operation.kind == OperationKind::watch || operation.is_await()) return;
  Channel& channel = channel_of(operation.fd);
  const std::int32_t result = operation.kind == OperationKind::read
                                  ? channel.read(operation.vectors(), is_ready)
                                  : channel.write(operation.vectors(), is_ready);
  if (result != -EAGAIN) operation.result = result;
  // What is known of a closed descriptor must not survive until its number is used again.
  if (channel.kind() == FileKind::closed) release_channel(operation.fd);
}

void PollBackend::attempt_all() {
  for (Operation& operation : table_.entries()) {
    if (operation.is_unfinished()) attempt(operation, false);
  }
  if (table_.has_results()) poll_and_attempt(TimePoint{});
}

void PollBackend::poll_and_attempt(std::optional<TimePoint> deadline) {
  std::array<pollfd, kMaxOperations> polled{};
  std::array<Operation*, kMaxOperations> operations{};
  std::size_t count = 0;
  for (Operation& operation : table_.entries()) {
    if (!operation.is_unfinished() || operation.dormant) continue;
    polled[count] = {.fd = operation.fd, .events = operation.readiness(), .revents = 0};
    operations[count++] = &operation;
  }
  if (count == 0 && table_.has_results()) return;
  const auto left = time_left<timespec>(deadline.value_or(TimePoint{}));
  const int ready = ::ppoll(polled.data(), count, deadline ? &left : nullptr, nullptr);
  ZSLUICE_CHECK(ready >= 0 || errno == EINTR || errno == ENOMEM);
  if (ready <= 0) return;
  for (std::size_t i = 0; i < count; ++i) {
    if (polled[i].revents != 0) on_readiness(*operations[i], polled[i].revents);
  }
}

void PollBackend::on_readiness(Operation& operation, short events) {
  if ((events & POLLNVAL) != 0) {
    operation.result = -EBADF;
  } else if (operation.kind == OperationKind::watch || operation.is_await()) {
    operation.result = 0;
  } else {
    attempt(operation, true);
  }
}

}  // namespace zsluice::io
