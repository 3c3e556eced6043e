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

// A run makes its pipes large; tests want them small again.
inline void resize(const io::Fd& pipe, int capacity) {
  EXPECT_EQ(::fcntl(pipe.get(), F_SETPIPE_SZ, capacity), capacity);
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

  [[nodiscard]] std::optional<TimePoint> next_state() const override {
    return states_due.empty() ? std::nullopt : std::optional(states_due.front());
  }
  void on_state(const PipeState& state) override {
    note(state);
    states_due.erase(states_due.begin());
  }
  void on_state_wanted(const PipeState& state) override {
    note(state);
    ++wanted;
  }

  std::uint64_t features = 0;
  int any_data = 0;
  int wanted = 0;
  std::uint64_t turns = 0;
  std::vector<TimePoint> states_due;  // when to say something
  std::vector<PipeState> states;      // what was said; the names are beside them
  std::vector<std::string> snapshots;

 private:
  void note(const PipeState& state) {
    states.push_back(state);
    snapshots.emplace_back(state.snapshot);
  }
};

// A table of rates: from a moment on each.
class ListedRates final : public RateSource {
 public:
  [[nodiscard]] bool can_reload() const override { return true; }
  struct Change {
    TimePoint from;
    Rate rate;
  };
  explicit ListedRates(std::vector<Change> changes) : changes_(std::move(changes)) {}

  Rate rate(TimePoint now) override {
    next_ = std::nullopt;
    Rate found;
    for (const Change& change : changes_) {
      if (change.from <= now) {
        found = change.rate;
      } else if (!next_) {
        next_ = change.from;
      }
    }
    return reloaded.value_or(found);
  }
  [[nodiscard]] std::optional<TimePoint> next_look() const override { return next_; }
  void reload() override {
    ++reloads;
    reloaded = after_reload;
  }

  int reloads = 0;
  std::optional<Rate> after_reload;
  std::optional<Rate> reloaded;

 private:
  std::vector<Change> changes_;
  std::optional<TimePoint> next_;
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
  // Done each time nothing is ready and no step can be taken; says whether it did anything.
  void whenever_idle(std::function<bool()> act) { idle_ = std::move(act); }
  // Done once the pipe has set itself up.
  void at_the_start(std::function<void()> act) { start_ = std::move(act); }
  // From now on time stands still, but for jumps to what is due when nobody can do anything.
  void use_virtual_clock() { now_ = TimePoint{} + std::chrono::hours(1); }
  void advance(Duration by) { *now_ += by; }
  [[nodiscard]] bool all_taken() const { return next_ == steps_.size(); }
  // How often the pipe was woken.
  [[nodiscard]] std::uint64_t wakeups() const { return wakeups_; }

  void read(io::OpId op, int fd, MutableByteSpan into) override { real_->read(op, fd, into); }
  void write(io::OpId op, int fd, std::span<const ByteSpan> pieces) override {
    real_->write(op, fd, pieces);
  }
  void watch(io::OpId op, int fd) override {
    if (start_) std::exchange(start_, nullptr)();
    real_->watch(op, fd);
  }
  void await(io::OpId op, int fd, io::Readiness readiness) override {
    real_->await(op, fd, readiness);
  }
  void cancel(io::OpId op) override { real_->cancel(op); }
  void release(int fd) override { real_->release(fd); }
  [[nodiscard]] TimePoint now() const override { return now_ ? *now_ : real_->now(); }

  std::span<const io::Completion> wait(std::optional<TimePoint> deadline) override {
    ++wakeups_;
    if (deadline) return now_ ? wait_virtually(*deadline) : real_->wait(deadline);
    const TimePoint give_up = real_->now() + std::chrono::seconds(60);
    bool has_acted = true;
    while (real_->now() < give_up) {
      // Only where nobody can do anything is there time to wait for.
      const bool may_act = std::exchange(has_acted, false) && now_;
      const Duration patience = may_act ? Duration{} : std::chrono::milliseconds(1);
      const auto completions = real_->wait(real_->now() + patience);
      if (!completions.empty()) return completions;
      has_acted = act();
    }
    throw std::runtime_error("stuck before step " + std::to_string(next_));
  }

 private:
  std::span<const io::Completion> wait_virtually(TimePoint deadline) {
    for (;;) {
      const auto completions = real_->wait(real_->now());
      if (!completions.empty() || deadline <= *now_) return completions;
      if (!act()) now_ = std::max(*now_, deadline);
    }
  }
  [[nodiscard]] bool act() {
    if (!all_taken() && steps_[next_].when()) {
      steps_[next_++].act();
      return true;
    }
    return idle_ && idle_();
  }

  std::unique_ptr<io::Backend> real_;
  std::vector<Step> steps_;
  std::function<bool()> idle_;
  std::function<void()> start_;
  std::optional<TimePoint> now_;  // when it is virtual
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
    report_ = run_pipe(options_,
                       {.backend = *backend_,
                        .input = input,
                        .output = std::move(output),
                        .signals = signals_,
                        .rate = rate_},
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
  RateSource* rate_ = nullptr;
  Remarks remarks_;
  PipeReport report_;
};

inline std::string name_of_backend(const testing::TestParamInfo<BackendKind>& info) {
  return info.param.name;
}

}  // namespace zsluice::pipeline
