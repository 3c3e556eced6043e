// SPDX-License-Identifier: BSD-2-Clause
// A pipe between descriptors of the real kernel, driven by one thread: whenever nothing is ready,
// the next step of a test's script is taken.
#pragma once

#include "io/backend.hpp"
#include "io/fd.hpp"
#include "io/poll_backend.hpp"
#include "io/signals.hpp"
#include "io/uring_backend.hpp"
#include "pipeline/pipe.hpp"
#include "support/stream_image.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace zsluice::pipeline {

struct Ends {
  io::Fd read_end;
  io::Fd write_end;
};

inline Ends make_pipe(int capacity = 1 << 20) {
  int fds[2] = {-1, -1};
  EXPECT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  EXPECT_GE(::fcntl(fds[1], F_SETPIPE_SZ, capacity), 0);
  return {io::Fd(fds[0]), io::Fd(fds[1])};
}

inline Ends make_socket_pair() {
  int fds[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  return {io::Fd(fds[0]), io::Fd(fds[1])};
}

// What lies in a pipe, unread.
inline std::uint64_t available(const io::Fd& fd) {
  int bytes = 0;
  EXPECT_EQ(::ioctl(fd.get(), FIONREAD, &bytes), 0);
  return static_cast<std::uint64_t>(bytes);
}

inline void put(const io::Fd& fd, ByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd.get(), bytes.data(), bytes.size());
    if (written <= 0) throw std::runtime_error("the test cannot write");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

// Blocking; fewer than `count` bytes only at the end.
inline test::Bytes take(const io::Fd& fd, std::size_t count) {
  test::Bytes bytes(count);
  std::size_t filled = 0;
  while (filled < count) {
    const ssize_t got = ::read(fd.get(), bytes.data() + filled, count - filled);
    if (got <= 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

inline test::Bytes take_all(const io::Fd& fd) {
  test::Bytes all;
  for (;;) {
    const test::Bytes piece = take(fd, 65536);
    all.insert(all.end(), piece.begin(), piece.end());
    if (piece.size() < 65536) return all;
  }
}

class Remarks final : public PipeObserver {
 public:
  void on_unknown_features(std::uint64_t bits) override { features |= bits; }
  void on_any_data() override { ++any_data; }
  void on_turn() override { ++turns; }

  std::uint64_t features = 0;
  int any_data = 0;
  std::uint64_t turns = 0;
};

// A backend of the real kernel whose waiting is a chance to act.
class SteppedBackend final : public io::Backend {
 public:
  explicit SteppedBackend(std::unique_ptr<io::Backend> real) : real_(std::move(real)) {}

  struct Step {
    std::function<bool()> when;  // asked again and again while nothing is ready
    std::function<void()> act;
  };
  void add(Step step) { steps_.push_back(std::move(step)); }
  // Done each time nothing is ready and no step can be taken.
  void whenever_idle(std::function<void()> act) { idle_ = std::move(act); }
  [[nodiscard]] bool all_taken() const { return next_ == steps_.size(); }
  // How often the pipe was woken.
  [[nodiscard]] std::uint64_t wakeups() const { return wakeups_; }

  void read(io::OpId op, int fd, MutableByteSpan into) override { real_->read(op, fd, into); }
  void write(io::OpId op, int fd, std::span<const ByteSpan> pieces) override {
    real_->write(op, fd, pieces);
  }
  void watch(io::OpId op, int fd) override { real_->watch(op, fd); }
  void await(io::OpId op, int fd, io::Readiness readiness) override {
    real_->await(op, fd, readiness);
  }
  void cancel(io::OpId op) override { real_->cancel(op); }
  void release(int fd) override { real_->release(fd); }
  [[nodiscard]] TimePoint now() const override { return real_->now(); }

  std::span<const io::Completion> wait(std::optional<TimePoint> deadline) override {
    ++wakeups_;
    if (deadline) return real_->wait(deadline);
    const TimePoint give_up = real_->now() + std::chrono::seconds(60);
    while (real_->now() < give_up) {
      const auto completions = real_->wait(real_->now() + std::chrono::milliseconds(1));
      if (!completions.empty()) return completions;
      if (!all_taken() && steps_[next_].when()) {
        steps_[next_++].act();
      } else if (idle_) {
        idle_();
      }
    }
    throw std::runtime_error("stuck before step " + std::to_string(next_));
  }

 private:
  std::unique_ptr<io::Backend> real_;
  std::vector<Step> steps_;
  std::function<void()> idle_;
  std::size_t next_ = 0;
  std::uint64_t wakeups_ = 0;
};

struct BackendKind {
  const char* name;
  bool is_uring;
};
inline constexpr BackendKind kBackends[] = {{"poll", false}, {"uring", true}};

class PipeTest : public testing::TestWithParam<BackendKind> {
 protected:
  void SetUp() override {
    io::ignore_write_signals();
    auto real = make_backend();
    if (!real) {
      ASSERT_EQ(std::getenv("ZSLUICE_REQUIRE_URING"), nullptr) << "io_uring is refused";
      GTEST_SKIP() << "io_uring is refused here";
    }
    backend_ = std::make_unique<SteppedBackend>(std::move(real));
  }

  static std::unique_ptr<io::Backend> make_backend() {
    if (!GetParam().is_uring) return std::make_unique<io::PollBackend>(io::ChannelOptions{});
    auto uring = io::UringBackend::create();
    return uring ? std::move(*uring) : nullptr;
  }

  // Steps in the order in which they are to happen.
  void when(std::function<bool()> ready, std::function<void()> act) {
    backend_->add({std::move(ready), std::move(act)});
  }
  void then(std::function<void()> act) {
    backend_->add({[] { return true; }, std::move(act)});
  }

  void run(const io::Fd& input, io::Fd output) { run(input.get(), std::move(output)); }
  void run(int input, io::Fd output) {
    report_ = run_pipe(
        options_,
        {.backend = *backend_, .input = input, .output = std::move(output), .signals = signals_},
        remarks_);
    EXPECT_TRUE(backend_->all_taken());
  }

  template <class Kind>
  [[nodiscard]] const Kind* failed_with() const {
    return report_.failure ? std::get_if<Kind>(&*report_.failure) : nullptr;
  }
  [[nodiscard]] bool whole() const { return !report_.failure; }

  std::unique_ptr<SteppedBackend> backend_;
  PipeOptions options_{};
  io::Signals* signals_ = nullptr;
  Remarks remarks_;
  PipeReport report_;
};

inline std::string name_of_backend(const testing::TestParamInfo<BackendKind>& info) {
  return info.param.name;
}

}  // namespace zsluice::pipeline
