// SPDX-License-Identifier: BSD-2-Clause
#include "io/uring_backend.hpp"

#include "base/check.hpp"
#include "io/clock.hpp"
#include "io/file_kind.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <limits>

namespace zsluice::io {
namespace {

// Room for an operation and its cancellation each; the kernel doubles it for completions.
constexpr unsigned kRingEntries = 2 * kMaxOperations;

// Completions that belong to no operation. Generations begin at 1, so key 0 is free.
constexpr std::uint64_t kNobody = 0;

// What later kernels (6.1, 6.0, 5.19) offer to a ring used by one thread, best first.
constexpr std::array<unsigned, 3> kSetUpFlags = {
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, IORING_SETUP_COOP_TASKRUN, 0};

// Timeouts without an operation of their own (5.11), and read(2)'s idea of the file position.
constexpr unsigned kNeededFeatures = IORING_FEAT_EXT_ARG | IORING_FEAT_RW_CUR_POS;

constexpr auto kCurrentPosition = std::numeric_limits<std::uint64_t>::max();

// Results are 32 bits wide.
constexpr std::size_t kMaxReadBytes = std::size_t{1} << 30;

// Failures of io_uring_enter that say nothing about the ring: a signal, the deadline, a moment
// without kernel memory, completions to be collected first.
bool is_passing(int status) {
  return status >= 0 || status == -EINTR || status == -ETIME || status == -EAGAIN ||
         status == -EBUSY;
}

// Does the kernel know how to try a pipe (RWF_NOWAIT, 6.4)? What it cannot do for a call it cannot
// do for the ring. In doubt it blocks: calls of our own work everywhere.
bool kernel_blocks_on_pipes() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return true;
  const Fd read_end(ends[0]);
  const Fd write_end(ends[1]);
  char byte = 0;
  const iovec into{&byte, 1};
  return ::preadv2(read_end.get(), &into, 1, -1, RWF_NOWAIT) >= 0 || errno != EAGAIN;
}

// The kernel tries anonymous pipes only (channel.hpp).
bool is_named_pipe(int fd) {
  struct statfs system {};
  return ::fstatfs(fd, &system) == 0 && system.f_type != PIPEFS_MAGIC;
}

// Completions are not looked at the moment they come: what was ready may no longer be.
bool is_ready_now(const Operation& operation) {
  pollfd polled{.fd = operation.fd, .events = operation.readiness(), .revents = 0};
  return ::poll(&polled, 1, 0) > 0;
}

}  // namespace

Result<std::unique_ptr<UringBackend>, int> UringBackend::create(
    std::optional<ChannelOptions> call_pipes) {
  std::unique_ptr<UringBackend> backend(new UringBackend);
  if (const int status = backend->set_up(); status < 0) return Unexpected{-status};
  if (const int status = backend->prove_usable(); status < 0) return Unexpected{-status};
  if (!call_pipes && kernel_blocks_on_pipes()) call_pipes = ChannelOptions{};
  backend->call_pipes_ = call_pipes;
  return backend;
}

int UringBackend::set_up() {
  int status = -EINVAL;
  for (const unsigned flags : kSetUpFlags) {
    io_uring_params parameters{};
    parameters.flags = flags;
    status = io_uring_queue_init_params(kRingEntries, &ring_, &parameters);
    if (status == -EINVAL) continue;
    if (status < 0) return status;
    is_set_up_ = true;
    return (parameters.features & kNeededFeatures) == kNeededFeatures ? 0 : -EOPNOTSUPP;
  }
  return status;
}

int UringBackend::prove_usable() {
  io_uring_prep_nop(&next_entry());
  int status = 0;
  do {
    status = io_uring_submit_and_wait(&ring_, 1);
  } while (status == -EINTR);
  collect();
  return status;
}

UringBackend::~UringBackend() {
  if (!is_set_up_) return;
  drain([](const Operation&) { return true; });
  io_uring_queue_exit(&ring_);
}

void UringBackend::read(OpId op, int fd, MutableByteSpan into) {
  attempt(table_.add_read(op, fd, into.first(std::min(into.size(), kMaxReadBytes))), false);
}

void UringBackend::write(OpId op, int fd, std::span<const ByteSpan> pieces) {
  attempt(table_.add_write(op, fd, pieces), false);
}

void UringBackend::watch(OpId op, int fd) {
  Operation& operation = table_.add_watch(op, fd);
  // The ring refuses to poll regular files; poll(2) would never report anything on them.
  const FileKind kind = describe(fd);
  operation.dormant = !has_peer(kind) && kind != FileKind::closed;
  if (!operation.dormant) submit_poll(operation);
}

// Not an operation of the ring: poll(2) on the descriptor and on the ring's eventfd costs less than
// arming a poll in the ring, being woken by it and going in again (bench/README.md). The ring's own
// descriptor is not enough: a ring whose work is deferred tells of it only through an eventfd.
void UringBackend::await(OpId op, int fd, Readiness readiness) {
  Operation& operation = table_.add_await(op, fd, readiness);
  if (!event_ && !has_no_event_) register_event();
  if (has_no_event_) submit_poll(operation);
}

void UringBackend::register_event() {
  event_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  has_no_event_ = !event_ || io_uring_register_eventfd(&ring_, event_.get()) != 0;
  submit_and_collect();  // what was ready before rings no more
}

void UringBackend::cancel(OpId op) {
  if (Operation* operation = table_.find(op); operation != nullptr) cancel(*operation);
}

void UringBackend::release(int fd) {
  drain([fd](const Operation& operation) { return operation.fd == fd; });
  std::erase_if(known_, [fd](const KnownDescriptor& known) { return known.fd == fd; });
  std::erase_if(channels_, [fd](const Channel& channel) { return channel.fd() == fd; });
}

template <class Predicate>
void UringBackend::drain(Predicate concerned) {
  const auto is_pending = [&](const Operation& operation) {
    return operation.is_unfinished() && concerned(operation);
  };
  if (std::ranges::none_of(table_.entries(), is_pending)) return;
  for (Operation& operation : table_.entries()) {
    if (is_pending(operation)) cancel(operation);
  }
  while (std::ranges::any_of(table_.entries(), is_pending)) {
    submit_and_sleep(std::nullopt);
  }
  // References to files are dropped on the way out of the kernel, at the latest of this call.
  submit_and_collect();
}

void UringBackend::cancel(Operation& operation) {
  if (operation.dormant || (operation.is_await() && !has_no_event_)) {
    operation.result = -ECANCELED;
    return;
  }
  operation.cancelled = true;
  io_uring_sqe& entry = next_entry();
  io_uring_prep_cancel64(&entry, table_.key_of(operation), 0);
  io_uring_sqe_set_data64(&entry, kNobody);
}

std::span<const Completion> UringBackend::wait(std::optional<TimePoint> deadline) {
  ZSLUICE_CHECK(deadline.has_value() || !table_.is_empty());
  if (table_.has_results()) submit_and_collect();
  while (!table_.has_results()) {
    const bool has_awaits = std::ranges::any_of(table_.entries(), [](const Operation& operation) {
      return operation.is_await() && operation.is_unfinished();
    });
    has_awaits && !has_no_event_ ? poll_with_ring(deadline) : submit_and_sleep(deadline);
    if (deadline && *deadline <= now()) break;
  }
  return table_.deliver();
}

TimePoint UringBackend::now() const {
  return clock_now();
}

// A full submission queue is handed over early: entries are never lost.
io_uring_sqe& UringBackend::next_entry() {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  while (entry == nullptr) {
    ZSLUICE_CHECK(is_passing(io_uring_submit(&ring_)));
    entry = io_uring_get_sqe(&ring_);
  }
  return *entry;
}

UringBackend::KnownDescriptor UringBackend::known(int fd) {
  const auto found = std::ranges::find(known_, fd, &KnownDescriptor::fd);
  if (found != known_.end()) return *found;
  const FileKind kind = describe(fd);
  const bool has_position = kind == FileKind::file || kind == FileKind::block_device;
  const bool is_called = kind == FileKind::pipe && (call_pipes_ || is_named_pipe(fd));
  const KnownDescriptor made{fd, has_position, is_called};
  // What is known of a closed descriptor must not survive until its number is used again.
  if (kind != FileKind::closed) known_.push_back(made);
  return made;
}

// A file's position is kept here and not by the ring: a write that is cut short by a full disk does
// not move the ring's idea of it, and the next one would overwrite what was just written.
std::optional<std::uint64_t> UringBackend::position_of(int fd) {
  if (!known(fd).has_position) return std::nullopt;
  const off_t position = ::lseek(fd, 0, SEEK_CUR);
  if (position < 0) return std::nullopt;
  return static_cast<std::uint64_t>(position);
}

void UringBackend::move_position(const Operation& operation, std::int32_t moved) {
  if (!operation.position || moved <= 0) return;
  ::lseek(operation.fd, static_cast<off_t>(*operation.position) + moved, SEEK_SET);
}

void UringBackend::attempt(Operation& operation, bool is_ready) {
  known(operation.fd).is_called ? attempt_by_call(operation, is_ready) : submit_attempt(operation);
}

void UringBackend::attempt_by_call(Operation& operation, bool is_ready) {
  auto channel = std::ranges::find(channels_, operation.fd, &Channel::fd);
  if (channel == channels_.end()) {
    channels_.emplace_back(operation.fd, call_pipes_.value_or(ChannelOptions{}));
    channel = std::prev(channels_.end());
  }
  is_ready = is_ready && is_ready_now(operation);
  const std::int32_t result = operation.kind == OperationKind::read
                                  ? channel->read(operation.vectors(), is_ready)
                                  : channel->write(operation.vectors(), is_ready);
  if (result == -EAGAIN) {
    submit_poll(operation);
  } else {
    operation.result = result;
  }
}

void UringBackend::submit_attempt(Operation& operation) {
  operation.position = position_of(operation.fd);
  const std::uint64_t position = operation.position.value_or(kCurrentPosition);
  io_uring_sqe& entry = next_entry();
  const std::span<const iovec> vectors = operation.vectors();
  if (operation.kind == OperationKind::read) {
    const iovec& into = vectors.front();
    io_uring_prep_read(&entry, operation.fd, into.iov_base, static_cast<unsigned>(into.iov_len),
                       position);
  } else {
    io_uring_prep_writev(&entry, operation.fd, vectors.data(),
                         static_cast<unsigned>(vectors.size()), position);
  }
  io_uring_sqe_set_data64(&entry, table_.key_of(operation));
}

void UringBackend::submit_poll(Operation& operation) {
  operation.polling = true;
  io_uring_sqe& entry = next_entry();
  io_uring_prep_poll_add(&entry, operation.fd, static_cast<unsigned>(operation.readiness()));
  io_uring_sqe_set_data64(&entry, table_.key_of(operation));
}

void UringBackend::submit_and_sleep(std::optional<TimePoint> deadline) {
  int status = 0;
  if (!deadline) {
    status = io_uring_submit_and_wait(&ring_, 1);
  } else if (*deadline <= now()) {
    status = io_uring_submit_and_get_events(&ring_);
  } else {
    auto left = time_left<__kernel_timespec>(*deadline);
    io_uring_cqe* ignored = nullptr;
    status = io_uring_submit_and_wait_timeout(&ring_, &ignored, 1, &left, nullptr);
  }
  ZSLUICE_CHECK(is_passing(status));
  collect();
}

void UringBackend::poll_with_ring(std::optional<TimePoint> deadline) {
  if (io_uring_sq_ready(&ring_) > 0) submit_and_collect();
  if (table_.has_results()) return;
  std::array<pollfd, kMaxOperations + 1> polled{};
  std::array<Operation*, kMaxOperations> operations{};
  std::size_t count = 0;
  for (Operation& operation : table_.entries()) {
    if (!operation.is_await() || !operation.is_unfinished()) continue;
    polled[count] = {.fd = operation.fd, .events = operation.readiness(), .revents = 0};
    operations[count++] = &operation;
  }
  polled[count] = {.fd = event_.get(), .events = POLLIN, .revents = 0};
  const auto left = time_left<timespec>(deadline.value_or(TimePoint{}));
  const int ready = ::ppoll(polled.data(), count + 1, deadline ? &left : nullptr, nullptr);
  ZSLUICE_CHECK(ready >= 0 || errno == EINTR || errno == ENOMEM);
  if (ready <= 0) return;
  for (std::size_t i = 0; i < count; ++i) {
    const short events = polled[i].revents;
    if (events != 0) operations[i]->result = (events & POLLNVAL) != 0 ? -EBADF : 0;
  }
  if (polled[count].revents == 0) return;
  eventfd_t ignored = 0;
  static_cast<void>(::eventfd_read(event_.get(), &ignored));
  submit_and_collect();
}

void UringBackend::submit_and_collect() {
  ZSLUICE_CHECK(is_passing(io_uring_submit_and_get_events(&ring_)));
  collect();
}

void UringBackend::collect() {
  unsigned head = 0;
  unsigned count = 0;
  const io_uring_cqe* completion = nullptr;
  io_uring_for_each_cqe(&ring_, head, completion) {
    ++count;
    on_completion(completion->user_data, completion->res);
  }
  io_uring_cq_advance(&ring_, count);
}

void UringBackend::on_completion(std::uint64_t key, std::int32_t result) {
  Operation* operation = table_.find_key(key);
  if (operation == nullptr) return;
  if (operation->kind == OperationKind::watch) {
    on_watch_completion(*operation, result);
  } else if (operation->is_await()) {
    operation->result = std::min(result, 0);
  } else if (!must_try_again(*operation, result)) {
    operation->result = operation->cancelled && result == -EINTR ? -ECANCELED : result;
  }
}

void UringBackend::on_watch_completion(Operation& operation, std::int32_t result) {
  // The ring always reports POLLRDHUP too: a socket's peer that sends no more but still reads.
  const bool half_closed = result > 0 && (result & (POLLERR | POLLHUP)) == 0;
  if (!half_closed) {
    operation.result = std::min(result, 0);
  } else if (operation.cancelled) {
    operation.result = -ECANCELED;
  } else {
    operation.dormant = true;
  }
}

// -EAGAIN comes from a descriptor inherited with O_NONBLOCK, where the ring does not wait by
// itself; -EINTR from a kernel worker that caught a signal.
bool UringBackend::must_try_again(Operation& operation, std::int32_t result) {
  const bool was_poll = operation.polling;
  operation.polling = false;
  const bool is_ready = was_poll && result >= 0;
  if (!was_poll) move_position(operation, result);
  if (operation.cancelled) {
    if (is_ready || result == -EAGAIN) operation.result = -ECANCELED;
    return operation.result.has_value();
  }
  if (is_ready || result == -EINTR) {
    attempt(operation, is_ready);
    return true;
  }
  if (result == -EAGAIN) {
    submit_poll(operation);
    return true;
  }
  return false;
}

}  // namespace zsluice::io
