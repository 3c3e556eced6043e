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
  std::atomic<std::int64_t> first_at{0};  // 0: none has come
  std::atomic<int> first{0};
  static_assert(std::atomic<std::int64_t>::is_always_lock_free &&
                std::atomic<int>::is_always_lock_free);
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

extern "C" void on_stop_signal(int signal) {
  const int error = errno;
  const std::int64_t now = nanoseconds_now();
  std::int64_t first_at = 0;
  if (state.first_at.compare_exchange_strong(first_at, now)) {
    state.first = signal;
    const std::uint64_t one = 1;
    // What can fail here is of no account: received() knows all the same.
    if (::write(state.event, &one, sizeof(one)) < 0) errno = error;
  } else if (now - first_at > kTogether) {
    send_with_default_effect(signal);
  }
  errno = error;
}

extern "C" void on_wish(int /*signal*/) {}

bool is_ignored(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN;
}

struct sigaction handler_of(int signal) {
  struct sigaction action {};
  action.sa_handler = signal == SIGUSR1 ? &on_wish : &on_stop_signal;
  action.sa_flags = SA_RESTART;
  for (const int other : kSignalNumbers) {
    ::sigaddset(&action.sa_mask, other);
  }
  return action;
}

}  // namespace

Result<std::unique_ptr<StopSignals>, SysError> StopSignals::create() {
  static_assert(kSignalNumbers.size() == kSignals);
  if (state.is_taken.exchange(true)) return sys_failure(SysOperation::set_signal, EBUSY);
  std::unique_ptr<StopSignals> signals(new StopSignals);
  signals->event_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!signals->event_) return sys_failure(SysOperation::open);
  state.first_at = 0;
  state.first = 0;
  state.event = signals->event_.get();
  if (const auto set = signals->set_handlers(); !set) return Unexpected{set.error()};
  return signals;
}

Result<void, SysError> StopSignals::set_handlers() {
  for (; handled_ < kSignals; ++handled_) {
    const int signal = kSignalNumbers.at(handled_);
    struct sigaction& before = before_.at(handled_);
    if (::sigaction(signal, nullptr, &before) != 0) return sys_failure(SysOperation::set_signal);
    if (is_ignored(before)) continue;
    const struct sigaction action = handler_of(signal);
    if (::sigaction(signal, &action, nullptr) != 0) return sys_failure(SysOperation::set_signal);
  }
  return {};
}

StopSignals::~StopSignals() {
  for (std::size_t i = 0; i < handled_; ++i) {
    ::sigaction(kSignalNumbers.at(i), &before_.at(i), nullptr);
  }
  state.event = -1;
  state.is_taken = false;
}

std::optional<int> StopSignals::received() const {
  const int first = state.first;
  return first == 0 ? std::nullopt : std::optional(first);
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
