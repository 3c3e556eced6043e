// SPDX-License-Identifier: BSD-2-Clause
#include "io/stop_signals.hpp"

#include "io/clock.hpp"
#include "io/without_interruption.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <ctime>

namespace zsluice::io {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kTogether = kSecond / 10;  // nanoseconds
constexpr std::array kSignalNumbers = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};

// A signal handler has no argument to find its state by, so this state is global.
struct State {
  std::atomic<bool> is_taken{false};
  std::atomic<int> event{-1};
  std::atomic<int> wake{-1};
  std::atomic<std::int64_t> first_at{0};  // 0: none has come
  std::atomic<int> first{0};
  std::atomic<bool> hangup_is_wished{false};
  std::atomic<bool> state_is_wished{false};
  static_assert(std::atomic<std::int64_t>::is_always_lock_free &&
                std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);
};
constinit State state;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

// Never 0. CLOCK_MONOTONIC, which a handler may read.
std::int64_t nanoseconds_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::max<std::int64_t>(now.tv_sec * kSecond + now.tv_nsec, 1);
}

// Delivered when the handler returns.
void send_with_default_effect(int signal) {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  ::sigaction(signal, &action, nullptr);
  static_cast<void>(::raise(signal));
}

// What can fail here is of no account: those who ask what has come know all the same.
void raise_event(int fd) {
  const int error = errno;
  const std::uint64_t one = 1;
  static_cast<void>(::write(fd, &one, sizeof(one)) < 0);
  errno = error;
}

std::atomic<bool>& wish_of(int signal) {
  return signal == SIGHUP ? state.hangup_is_wished : state.state_is_wished;
}

extern "C" void on_stop_signal(int signal) {
  const int error = errno;
  const std::int64_t now = nanoseconds_now();
  std::int64_t first_at = 0;
  if (state.first_at.compare_exchange_strong(first_at, now)) {
    state.first = signal;
    raise_event(state.event);
    raise_event(state.wake);
  } else if (now - first_at > kTogether) {
    send_with_default_effect(signal);
  }
  errno = error;
}

extern "C" void on_wish(int signal) {
  wish_of(signal) = true;
  raise_event(state.wake);
}

bool is_ignored(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN;
}

bool is_wish(int signal, Hangup hangup) {
  return signal == SIGUSR1 || (signal == SIGHUP && hangup == Hangup::is_wish);
}

struct sigaction handler_of(int signal, Hangup hangup) {
  struct sigaction action {};
  action.sa_handler = is_wish(signal, hangup) ? &on_wish : &on_stop_signal;
  action.sa_flags = SA_RESTART;
  for (const int other : kSignalNumbers) {
    ::sigaddset(&action.sa_mask, other);
  }
  return action;
}

}  // namespace

Result<std::unique_ptr<StopSignals>, SysError> StopSignals::create(Hangup hangup) {
  static_assert(kSignalNumbers.size() == kSignals);
  if (state.is_taken.exchange(true)) return sys_failure(SysOperation::set_signal, EBUSY);
  std::unique_ptr<StopSignals> signals(new StopSignals);
  signals->event_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!signals->event_) return sys_failure(SysOperation::open);
  signals->wake_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!signals->wake_) return sys_failure(SysOperation::open);
  state.first_at = 0;
  state.first = 0;
  state.hangup_is_wished = false;
  state.state_is_wished = false;
  state.event = signals->event_.get();
  state.wake = signals->wake_.get();
  signals->hangup_ = hangup;
  if (const auto set = signals->set_handlers(); !set) return Unexpected{set.error()};
  return signals;
}

Result<void, SysError> StopSignals::set_handlers() {
  for (; handled_ < kSignals; ++handled_) {
    const int signal = kSignalNumbers.at(handled_);
    struct sigaction& before = before_.at(handled_);
    if (::sigaction(signal, nullptr, &before) != 0) return sys_failure(SysOperation::set_signal);
    if (is_ignored(before)) continue;
    const struct sigaction action = handler_of(signal, hangup_);
    if (::sigaction(signal, &action, nullptr) != 0) return sys_failure(SysOperation::set_signal);
  }
  return {};
}

StopSignals::~StopSignals() {
  for (std::size_t i = 0; i < handled_; ++i) {
    ::sigaction(kSignalNumbers.at(i), &before_.at(i), nullptr);
  }
  state.event = -1;
  state.wake = -1;
  state.is_taken = false;
}

std::optional<int> StopSignals::received() const {
  const int first = state.first;
  return first == 0 ? std::nullopt : std::optional(first);
}

bool StopSignals::take_wish(int signal) {
  return wish_of(signal).exchange(false);
}

void StopSignals::ignore_wishes_afterwards() {
  for (std::size_t i = 0; i < handled_; ++i) {
    if (!is_wish(kSignalNumbers.at(i), hangup_)) continue;
    before_.at(i) = {};
    before_.at(i).sa_handler = SIG_IGN;
  }
}

void StopSignals::wait(Duration longest) const {
  const TimePoint end = clock_now() + longest;
  pollfd stop{.fd = fd(), .events = POLLIN, .revents = 0};
  (void)without_interruption([&] {
    const auto left = time_left<timespec>(end);
    return ::ppoll(&stop, 1, &left, nullptr);
  });
}

}  // namespace zsluice::io
