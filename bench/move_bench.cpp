// SPDX-License-Identifier: BSD-2-Clause
// By which calls should bytes be moved from an input pipe through the program to an output pipe?
// The hold path refers to the pages of the input (tee), copies them once (read) and passes them on
// (splice); the copy path copies them in (read) and out (write). Both by direct calls and by the
// ring. The argument is the number of bytes asked for by one call.
//
// All pipes hold 1 MiB. A child process fills the input for ever, another one empties the output.
// CPU is that of the whole process, the ring's kernel workers included, but not of the children;
// an iteration moves 64 MiB. `per_read` is what a read got on average, `waits` the waits for a pipe
// to become ready that the hold path needed per iteration. No checksum is computed: that cost is
// the same for all.
#include "io/fd.hpp"
#include "io/without_interruption.hpp"

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace {

using zsluice::io::Fd;
using zsluice::io::without_interruption;

constexpr std::uint64_t kIterationBytes = std::uint64_t{64} << 20;
constexpr std::size_t kPeerBytes = std::size_t{128} << 10;
constexpr std::size_t kPageBytes = 4096;
constexpr int kPipeBytes = 1 << 20;
constexpr std::size_t kBuffers = 4;
constexpr unsigned kRingEntries = 8;
constexpr auto kNoOffset = std::numeric_limits<std::uint64_t>::max();
constexpr std::int64_t kNoSpliceOffset = -1;

// All functions below that return an int return a count or 0, or -errno.

// A count of 0 means that a peer is gone, which must not happen.
int or_end(int count) {
  return count == 0 ? -ENODATA : count;
}

// Begins with a page; all of it has been touched.
class Buffer {
 public:
  explicit Buffer(std::size_t bytes)
      : data_(new (std::align_val_t{kPageBytes}) std::byte[bytes]()), size_(bytes) {}
  [[nodiscard]] std::byte* data() { return data_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(std::byte* data) const {
      ::operator delete[](data, std::align_val_t{kPageBytes});
    }
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_;
};

struct Pipe {
  Fd read_end;
  Fd write_end;

  int open() {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return -errno;
    read_end = Fd(ends[0]);
    write_end = Fd(ends[1]);
    return ::fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes) < 0 ? -errno : 0;
  }
};

// The processes at the other ends of both pipes. To be made before any ring, so that no child
// inherits one, and to be destroyed after it. No child outlives this process, however it ends.
class Peers {
 public:
  Peers() : status_(start()) {}
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;
  ~Peers() {
    for (const pid_t child : children_)
      stop(child);
  }

  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] int input() const { return input_.read_end.get(); }
  [[nodiscard]] int output() const { return output_.write_end.get(); }

 private:
  int start() {
    std::signal(SIGPIPE, SIG_IGN);
    if (const int status = input_.open(); status < 0) return status;
    if (const int status = output_.open(); status < 0) return status;
    if (const int status = start_child(children_[0], input_.write_end, ::write); status < 0)
      return status;
    if (const int status = start_child(children_[1], output_.read_end, ::read); status < 0)
      return status;
    input_.write_end.reset();
    output_.read_end.reset();
    return 0;
  }

  template <class Call>
  int start_child(pid_t& child, Fd& end, Call call) {
    const pid_t parent = ::getpid();
    child = ::fork();
    if (child < 0) return -errno;
    if (child > 0) return 0;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    const Fd own(end.release());
    input_ = Pipe();
    output_ = Pipe();
    repeat(own.get(), call);
  }

  template <class Call>
  [[noreturn]] static void repeat(int fd, Call call) {
    Buffer buffer(kPeerBytes);
    while (call(fd, buffer.data(), buffer.size()) > 0) {
    }
    ::_exit(0);
  }

  static void stop(pid_t child) {
    if (child <= 0) return;
    ::kill(child, SIGKILL);
    without_interruption([&] { return ::waitpid(child, nullptr, 0); });
  }

  Pipe input_;
  Pipe output_;
  std::array<pid_t, 2> children_{-1, -1};
  int status_;
};

class Ring {
 public:
  Ring() : status_(set_up()) {}
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() {
    if (status_ == 0) io_uring_queue_exit(&ring_);
  }

  [[nodiscard]] int status() const { return status_; }

  int register_buffers(const std::vector<iovec>& buffers) {
    return io_uring_register_buffers(&ring_, buffers.data(), static_cast<unsigned>(buffers.size()));
  }

  // At most kRingEntries before the next wait.
  template <class Prepare>
  void add(std::uint64_t key, Prepare prepare) {
    io_uring_sqe* const entry = io_uring_get_sqe(&ring_);
    prepare(entry);
    io_uring_sqe_set_data64(entry, key);
  }

  template <class OnCompletion>
  int wait(OnCompletion on_completion) {
    const int submitted = io_uring_submit_and_wait(&ring_, 1);
    if (submitted < 0 && submitted != -EINTR) return submitted;
    unsigned head = 0;
    unsigned count = 0;
    const io_uring_cqe* completion = nullptr;
    io_uring_for_each_cqe(&ring_, head, completion) {
      ++count;
      on_completion(completion->user_data, completion->res);
    }
    io_uring_cq_advance(&ring_, count);
    return 0;
  }

  // One operation and its result.
  template <class Prepare>
  int call(Prepare prepare) {
    bool is_done = false;
    int result = 0;
    add(0, prepare);
    while (!is_done) {
      const int status = wait([&](std::uint64_t, int value) {
        is_done = true;
        result = value;
      });
      if (status < 0) return status;
    }
    return result;
  }

 private:
  int set_up() {
    int status = -EINVAL;
    for (const unsigned flags :
         {IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, IORING_SETUP_COOP_TASKRUN, 0U}) {
      status = io_uring_queue_init(kRingEntries, &ring_, flags);
      if (status != -EINVAL) break;
    }
    return status;
  }

  io_uring ring_{};
  int status_;
};

// The calls of the hold path, in three kinds. Each blocks until it has moved something.

class PollWait {
 public:
  [[nodiscard]] static int status() { return 0; }
  static int wait(int fd, short events) {
    pollfd polled{.fd = fd, .events = events, .revents = 0};
    return without_interruption([&] { return ::poll(&polled, 1, -1); });
  }
};

class RingWait {
 public:
  [[nodiscard]] int status() const { return ring_.status(); }
  int wait(int fd, short events) {
    return ring_.call([&](io_uring_sqe* entry) {
      io_uring_prep_poll_add(entry, fd, static_cast<unsigned>(events));
    });
  }

 private:
  Ring ring_;
};

template <class Wait>
class DirectCalls {
 public:
  [[nodiscard]] int status() const { return wait_.status(); }
  [[nodiscard]] std::uint64_t waits() const { return waits_; }

  int tee(int from, int to, std::size_t bytes) {
    return when_ready(from, POLLIN, [&] { return ::tee(from, to, bytes, SPLICE_F_NONBLOCK); });
  }

  int read(int from, std::byte* into, std::size_t bytes) {
    return without_interruption([&] { return ::read(from, into, bytes); });
  }

  int splice(int from, int to, std::size_t bytes) {
    return when_ready(to, POLLOUT, [&] {
      return ::splice(from, nullptr, to, nullptr, bytes, SPLICE_F_NONBLOCK);
    });
  }

 private:
  template <class Call>
  int when_ready(int fd, short events, Call call) {
    for (;;) {
      const int result = without_interruption(call);
      if (result != -EAGAIN) return result;
      ++waits_;
      if (const int status = wait_.wait(fd, events); status < 0) return status;
    }
  }

  Wait wait_;
  std::uint64_t waits_ = 0;
};

// A worker of the kernel waits, so it is not known how often.
class RingCalls {
 public:
  [[nodiscard]] int status() const { return ring_.status(); }
  [[nodiscard]] static std::uint64_t waits() { return 0; }

  int tee(int from, int to, std::size_t bytes) {
    return ring_.call([&](io_uring_sqe* entry) {
      io_uring_prep_tee(entry, from, to, static_cast<unsigned>(bytes), 0);
    });
  }

  int read(int from, std::byte* into, std::size_t bytes) {
    return ring_.call([&](io_uring_sqe* entry) {
      io_uring_prep_read(entry, from, into, static_cast<unsigned>(bytes), kNoOffset);
    });
  }

  int splice(int from, int to, std::size_t bytes) {
    return ring_.call([&](io_uring_sqe* entry) {
      io_uring_prep_splice(entry, from, kNoSpliceOffset, to, kNoSpliceOffset,
                           static_cast<unsigned>(bytes), 0);
    });
  }

 private:
  Ring ring_;
};

// What has been moved since the start.
struct Totals {
  std::uint64_t bytes = 0;
  std::uint64_t reads = 0;
  std::uint64_t waits = 0;
};

template <class Calls>
class HoldMover {
 public:
  HoldMover(const Peers& peers, std::size_t bytes_max)
      : input_(peers.input()), output_(peers.output()), buffer_(bytes_max), status_(hold_.open()) {}

  [[nodiscard]] int status() const { return std::min(status_, calls_.status()); }
  [[nodiscard]] Totals totals() const { return {bytes_, reads_, calls_.waits()}; }

  int move_until(std::uint64_t goal) {
    while (bytes_ < goal) {
      const int taken = or_end(calls_.tee(input_, hold_.write_end.get(), buffer_.size()));
      if (taken < 0) return taken;
      const auto count = static_cast<std::size_t>(taken);
      if (const int status = copy(count); status < 0) return status;
      if (const int status = give(count); status < 0) return status;
      bytes_ += count;
    }
    return 0;
  }

 private:
  int copy(std::size_t count) {
    for (std::size_t done = 0; done < count; ++reads_) {
      const int result = or_end(calls_.read(input_, buffer_.data() + done, count - done));
      if (result < 0) return result;
      done += static_cast<std::size_t>(result);
    }
    return 0;
  }

  int give(std::size_t count) {
    while (count > 0) {
      const int given = or_end(calls_.splice(hold_.read_end.get(), output_, count));
      if (given < 0) return given;
      count -= static_cast<std::size_t>(given);
    }
    return 0;
  }

  int input_;
  int output_;
  Pipe hold_;
  Buffer buffer_;
  Calls calls_;
  int status_;
  std::uint64_t bytes_ = 0;
  std::uint64_t reads_ = 0;
};

// One read and one write are in flight, into and out of different buffers.
template <bool kIsRegistered>
class RingCopier {
 public:
  RingCopier(const Peers& peers, std::size_t bytes_max)
      : input_(peers.input()), output_(peers.output()) {
    for (std::size_t i = 0; i < kBuffers; ++i)
      buffers_.emplace_back(bytes_max);
    status_ = ring_.status();
    if (kIsRegistered && status_ == 0) status_ = register_buffers();
  }
  RingCopier(const RingCopier&) = delete;
  RingCopier& operator=(const RingCopier&) = delete;
  // What is in flight ends by itself: peers that are alive go on, and dead ones make it fail.
  ~RingCopier() {
    while ((is_reading_ || is_writing_) && wait() == 0) {
    }
  }

  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] Totals totals() const { return {bytes_, reads_, 0}; }

  int move_until(std::uint64_t goal) {
    while (bytes_ < goal && status_ == 0) {
      if (!is_reading_ && reads_ - writes_ < kBuffers) start_read();
      if (!is_writing_ && reads_ > writes_) start_write();
      if (const int status = wait(); status < 0) return status;
    }
    return status_;
  }

 private:
  static constexpr std::uint64_t kRead = 1;
  static constexpr std::uint64_t kWrite = 2;

  int register_buffers() {
    std::vector<iovec> vectors;
    for (Buffer& buffer : buffers_)
      vectors.push_back({.iov_base = buffer.data(), .iov_len = buffer.size()});
    return ring_.register_buffers(vectors);
  }

  void start_read() {
    const std::size_t index = reads_ % kBuffers;
    std::byte* const into = buffers_[index].data();
    const auto count = static_cast<unsigned>(buffers_[index].size());
    is_reading_ = true;
    ring_.add(kRead, [&](io_uring_sqe* entry) {
      if constexpr (kIsRegistered) {
        io_uring_prep_read_fixed(entry, input_, into, count, kNoOffset, static_cast<int>(index));
      } else {
        io_uring_prep_read(entry, input_, into, count, kNoOffset);
      }
    });
  }

  void start_write() {
    const std::size_t index = writes_ % kBuffers;
    const std::byte* const from = buffers_[index].data() + written_;
    const auto count = static_cast<unsigned>(filled_[index] - written_);
    is_writing_ = true;
    ring_.add(kWrite, [&](io_uring_sqe* entry) {
      if constexpr (kIsRegistered) {
        io_uring_prep_write_fixed(entry, output_, from, count, kNoOffset, static_cast<int>(index));
      } else {
        io_uring_prep_write(entry, output_, from, count, kNoOffset);
      }
    });
  }

  int wait() {
    return ring_.wait([this](std::uint64_t key, int result) {
      (key == kRead ? is_reading_ : is_writing_) = false;
      if (result <= 0) {
        status_ = or_end(result);
      } else if (key == kRead) {
        filled_[reads_++ % kBuffers] = static_cast<std::size_t>(result);
      } else {
        on_written(static_cast<std::size_t>(result));
      }
    });
  }

  // Into a pipe that has some room the ring writes what fits.
  void on_written(std::size_t count) {
    bytes_ += count;
    written_ += count;
    if (written_ < filled_[writes_ % kBuffers]) return;
    written_ = 0;
    ++writes_;
  }

  int input_;
  int output_;
  std::vector<Buffer> buffers_;
  std::array<std::size_t, kBuffers> filled_{};
  Ring ring_;
  int status_ = 0;
  bool is_reading_ = false;
  bool is_writing_ = false;
  std::uint64_t reads_ = 0;   // buffers filled since the start
  std::uint64_t writes_ = 0;  // buffers emptied since the start
  std::size_t written_ = 0;   // of the oldest full buffer
  std::uint64_t bytes_ = 0;
};

class BlockingCopier {
 public:
  BlockingCopier(const Peers& peers, std::size_t bytes_max)
      : input_(peers.input()), output_(peers.output()), buffer_(bytes_max) {}

  [[nodiscard]] static int status() { return 0; }
  [[nodiscard]] Totals totals() const { return {bytes_, reads_, 0}; }

  int move_until(std::uint64_t goal) {
    while (bytes_ < goal) {
      const int count = or_end(
          without_interruption([&] { return ::read(input_, buffer_.data(), buffer_.size()); }));
      if (count < 0) return count;
      ++reads_;
      if (const int status = write(static_cast<std::size_t>(count)); status < 0) return status;
    }
    return 0;
  }

 private:
  int write(std::size_t count) {
    for (std::size_t done = 0; done < count;) {
      const int result = or_end(without_interruption(
          [&] { return ::write(output_, buffer_.data() + done, count - done); }));
      if (result < 0) return result;
      done += static_cast<std::size_t>(result);
    }
    bytes_ += count;
    return 0;
  }

  int input_;
  int output_;
  Buffer buffer_;
  std::uint64_t bytes_ = 0;
  std::uint64_t reads_ = 0;
};

void skip(benchmark::State& state, const char* what, int status) {
  const std::string message = what + (": " + std::generic_category().message(-status));
  state.SkipWithError(message.c_str());
}

// What an iteration moves too much counts for the next one.
template <class Mover>
void measure(benchmark::State& state) {
  const Peers peers;
  if (peers.status() < 0) return skip(state, "pipes and peers", peers.status());
  Mover mover(peers, static_cast<std::size_t>(state.range(0)));
  if (mover.status() < 0) return skip(state, "setting up", mover.status());
  std::uint64_t goal = 0;
  for (const auto unused : state) {
    static_cast<void>(unused);
    goal += kIterationBytes;
    if (const int status = mover.move_until(goal); status < 0) {
      skip(state, "moving", status);
      break;
    }
  }
  const Totals totals = mover.totals();
  state.SetBytesProcessed(static_cast<std::int64_t>(totals.bytes));
  state.counters["per_read"] =
      benchmark::Counter(static_cast<double>(totals.bytes) /
                             static_cast<double>(std::max<std::uint64_t>(1, totals.reads)),
                         benchmark::Counter::kDefaults, benchmark::Counter::kIs1024);
  state.counters["waits"] =
      benchmark::Counter(static_cast<double>(totals.waits), benchmark::Counter::kAvgIterations);
}

void configure(benchmark::internal::Benchmark* bench) {
  bench->Arg(64 << 10)->Arg(128 << 10)->Arg(256 << 10)->Arg(1 << 20);
  bench->ArgName("bytes")->Unit(benchmark::kMillisecond);
  bench->UseRealTime()->MeasureProcessCPUTime();
}

void hold_direct(benchmark::State& state) {
  measure<HoldMover<DirectCalls<PollWait>>>(state);
}
BENCHMARK(hold_direct)->Apply(configure);

void hold_ring(benchmark::State& state) {
  measure<HoldMover<RingCalls>>(state);
}
BENCHMARK(hold_ring)->Apply(configure);

void hold_direct_ring_poll(benchmark::State& state) {
  measure<HoldMover<DirectCalls<RingWait>>>(state);
}
BENCHMARK(hold_direct_ring_poll)->Apply(configure);

void copy_ring(benchmark::State& state) {
  measure<RingCopier<false>>(state);
}
BENCHMARK(copy_ring)->Apply(configure);

void copy_ring_registered(benchmark::State& state) {
  measure<RingCopier<true>>(state);
}
BENCHMARK(copy_ring_registered)->Apply(configure);

void copy_blocking(benchmark::State& state) {
  measure<BlockingCopier>(state);
}
BENCHMARK(copy_blocking)->Apply(configure);

}  // namespace
