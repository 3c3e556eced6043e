// SPDX-License-Identifier: BSD-2-Clause
#include "io/stop_signals.hpp"

#include "io/clock.hpp"
#include "io/interruptible_source.hpp"
#include "kernel_support.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <ctime>

namespace zsluice::io {
namespace {

constexpr int kAsExpected = 0;

bool is_readable(int fd) {
  pollfd end{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&end, 1, 0) == 1;
}

void send(int signal) {
  static_cast<void>(::kill(::getpid(), signal));
}

// From some time on that is yet to come; with an interval again and again. Of a child's process:
// its end takes the timer along.
bool send_soon(int signal, bool again = false) {
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = signal;
  timer_t timer{};
  const itimerspec when{.it_interval = {0, again ? 1'000'000 : 0}, .it_value = {0, 5'000'000}};
  return ::timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 &&
         ::timer_settime(timer, 0, &when, nullptr) == 0;
}

TEST(StopSignals, TheFirstOneIsNoted) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    EXPECT_EQ(exit_status_of_child([signal] {
                const auto signals = StopSignals::create();
                if (!signals || (*signals)->received() || is_readable((*signals)->fd())) return 1;
                send(signal);
                if ((*signals)->received() != signal) return 2;
                return is_readable((*signals)->fd()) ? kAsExpected : 3;
              }),
              kAsExpected);
  }
}

// Sent while they are blocked, so that no pause of the machine's comes between them. The lowest
// number is delivered first.
TEST(StopSignals, ThoseThatComeTogetherAreOne) {
  EXPECT_EQ(exit_status_of_child([] {
              const auto signals = StopSignals::create();
              if (!signals) return 1;
              sigset_t all{};
              ::sigfillset(&all);
              if (::sigprocmask(SIG_BLOCK, &all, nullptr) != 0) return 2;
              send(SIGTERM);
              send(SIGHUP);
              send(SIGINT);
              if (::sigprocmask(SIG_UNBLOCK, &all, nullptr) != 0) return 3;
              return (*signals)->received() == SIGHUP ? kAsExpected : 4;
            }),
            kAsExpected);
}

TEST(StopSignals, ALaterOneEndsTheProcess) {
  const int status = status_of_child([] {
    const auto signals = StopSignals::create();
    if (!signals) return 1;
    send(SIGTERM);
    const TimePoint end = clock_now() + std::chrono::seconds(20);
    while (clock_now() < end) {
      send(SIGINT);
    }
    return 2;
  });
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGINT);
}

TEST(StopSignals, IgnoredOnesStayIgnoredAndAWishIsNone) {
  EXPECT_EQ(exit_status_of_child([] {
              static_cast<void>(std::signal(SIGHUP, SIG_IGN));
              const auto signals = StopSignals::create();
              if (!signals) return 1;
              send(SIGHUP);
              send(SIGUSR1);
              return (*signals)->received() ? 2 : kAsExpected;
            }),
            kAsExpected);
}

TEST(StopSignals, WishesAreTakenOnceAndEndNothing) {
  EXPECT_EQ(exit_status_of_child([] {
              const auto signals = StopSignals::create(Hangup::is_wish);
              if (!signals || is_readable((*signals)->wake_fd())) return 1;
              send(SIGUSR1);
              send(SIGHUP);
              send(SIGHUP);
              if (!is_readable((*signals)->wake_fd())) return 2;
              if ((*signals)->received() || is_readable((*signals)->fd())) return 3;
              if (!(*signals)->take_wish(SIGHUP) || (*signals)->take_wish(SIGHUP)) return 4;
              if (!(*signals)->take_wish(SIGUSR1) || (*signals)->take_wish(SIGUSR1)) return 5;
              return kAsExpected;
            }),
            kAsExpected);
}

TEST(StopSignals, AnEndWakesALoopToo) {
  EXPECT_EQ(exit_status_of_child([] {
              const auto signals = StopSignals::create(Hangup::is_wish);
              if (!signals) return 1;
              send(SIGUSR1);
              std::uint64_t count = 0;
              if (::read((*signals)->wake_fd(), &count, sizeof(count)) != sizeof(count)) return 2;
              if (is_readable((*signals)->wake_fd())) return 3;
              send(SIGTERM);
              if (!is_readable((*signals)->wake_fd())) return 4;
              return (*signals)->received() == SIGTERM ? kAsExpected : 5;
            }),
            kAsExpected);
}

TEST(StopSignals, OneThatWasNotedIsNotSentAgain) {
  EXPECT_EQ(exit_status_of_child([] {
              {
                const auto signals = StopSignals::create();
                if (!signals) return 1;
                send(SIGTERM);
              }
              // And nothing of it is left for the next ones.
              const auto signals = StopSignals::create();
              return signals && !(*signals)->received() ? kAsExpected : 2;
            }),
            kAsExpected);
}

TEST(StopSignals, AfterwardsEffectsAreAsBefore) {
  const int status = status_of_child([] {
    if (!StopSignals::create()) return 1;
    send(SIGTERM);
    return 2;
  });
  EXPECT_TRUE(WIFSIGNALED(status));
}

TEST(StopSignals, WishesThatComeAfterwardsMayBeIgnoredButNoEnd) {
  EXPECT_EQ(exit_status_of_child([] {
              {
                const auto signals = StopSignals::create(Hangup::is_wish);
                if (!signals) return 1;
                (*signals)->ignore_wishes_afterwards();
                send(SIGUSR1);
                if (!(*signals)->take_wish(SIGUSR1)) return 2;  // until then they are taken
              }
              send(SIGUSR1);
              send(SIGHUP);
              return kAsExpected;
            }),
            kAsExpected);
  for (const int signal : {SIGTERM, SIGHUP}) {
    const int status = status_of_child([signal] {
      if (const auto signals = StopSignals::create(); signals) {
        (*signals)->ignore_wishes_afterwards();
      }
      send(SIGUSR1);
      send(signal);
      return 1;
    });
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), signal);
  }
}

TEST(StopSignals, AreThereOnce) {
  const auto first = StopSignals::create();
  ASSERT_TRUE(first);
  const auto second = StopSignals::create();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), (SysError{SysOperation::set_signal, EBUSY}));
}

TEST(StopSignals, EndAPause) {
  EXPECT_EQ(exit_status_of_child([] {
              const auto signals = StopSignals::create();
              if (!signals || !send_soon(SIGTERM)) return 1;
              (*signals)->wait(std::chrono::hours(1));
              if (!(*signals)->received()) return 2;
              (*signals)->wait(std::chrono::hours(1));
              return kAsExpected;
            }),
            kAsExpected);
}

TEST(StopSignals, OthersDoNotEndAPause) {
  EXPECT_EQ(exit_status_of_child([] {
              const auto signals = StopSignals::create();
              if (!signals) return 1;
              // They go on until the process has ended.
              (*signals)->ignore_wishes_afterwards();
              if (!send_soon(SIGUSR1, true)) return 2;
              const TimePoint end = clock_now() + std::chrono::milliseconds(20);
              (*signals)->wait(std::chrono::milliseconds(20));
              return clock_now() >= end ? kAsExpected : 3;
            }),
            kAsExpected);
}

// --- a source that they end ---

bool is_ended_by(InterruptibleSource& source, int signal) {
  const auto window = source.next();
  return !window && window.error().cause == SysError{SysOperation::read, EINTR} &&
         source.signal() == signal;
}

TEST(InterruptibleSource, EndsWhileItWaits) {
  EXPECT_EQ(exit_status_of_child([] {
              const auto signals = StopSignals::create();
              const FdPair pipe = make_pipe();
              const auto stream = open_source(pipe.read_end.get(), {.allow_mapping = false});
              if (!signals || !stream) return 1;
              InterruptibleSource source(**stream, pipe.read_end.get(), **signals);
              if (write_text(pipe.write_end.get(), "text") != 4) return 2;
              const auto window = source.next();
              if (!window || window->bytes().size() != 4) return 3;
              if (!send_soon(SIGTERM)) return 4;
              return is_ended_by(source, SIGTERM) ? kAsExpected : 5;
            }),
            kAsExpected);
}

TEST(InterruptibleSource, EndsBeforeWhatCouldBeRead) {
  EXPECT_EQ(exit_status_of_child([] {
              const auto signals = StopSignals::create();
              const FdPair pipe = make_pipe();
              const auto stream = open_source(pipe.read_end.get(), {.allow_mapping = false});
              if (!signals || !stream) return 1;
              InterruptibleSource source(**stream, pipe.read_end.get(), **signals);
              if (write_text(pipe.write_end.get(), "text") != 4) return 2;
              send(SIGINT);
              return is_ended_by(source, SIGINT) && is_ended_by(source, SIGINT) ? kAsExpected : 3;
            }),
            kAsExpected);
}

TEST(InterruptibleSource, IsNotEndedByOneThatComesBehindItsEnd) {
  EXPECT_EQ(exit_status_of_child([] {
              const auto signals = StopSignals::create();
              FdPair pipe = make_pipe();
              pipe.write_end.reset();
              const auto stream = open_source(pipe.read_end.get(), {.allow_mapping = false});
              if (!signals || !stream) return 1;
              InterruptibleSource source(**stream, pipe.read_end.get(), **signals);
              const auto window = source.next();
              if (!window || !window->bytes().empty()) return 2;
              send(SIGTERM);
              return source.signal() ? 3 : kAsExpected;
            }),
            kAsExpected);
}

// The bytes that come are brought by the call itself: it was made while there were none.
TEST(InterruptibleSource, TellsWhenTheInputBringsNothing) {
  EXPECT_EQ(exit_status_of_child([] {
              const auto signals = StopSignals::create();
              const FdPair pipe = make_pipe();
              const auto input = open_source(pipe.read_end.get());
              if (!signals || !input) return 1;
              InterruptibleSource source(**input, pipe.read_end.get(), **signals);
              int calls = 0;
              source.when_idle([&] {
                ++calls;
                return write_text(pipe.write_end.get(), "x") == 1;
              });
              const auto window = source.next();
              return window && window->bytes().size() == 1 && calls == 1 ? kAsExpected : 2;
            }),
            kAsExpected);
}

TEST(InterruptibleSource, EndsWhereReadingOnIsNoUse) {
  EXPECT_EQ(exit_status_of_child([] {
              const auto signals = StopSignals::create();
              const FdPair pipe = make_pipe();
              const auto input = open_source(pipe.read_end.get());
              if (!signals || !input) return 1;
              InterruptibleSource source(**input, pipe.read_end.get(), **signals);
              source.when_idle([] { return false; });
              const auto window = source.next();
              return window && window->bytes().empty() && !source.signal() ? kAsExpected : 2;
            }),
            kAsExpected);
}

}  // namespace
}  // namespace zsluice::io
