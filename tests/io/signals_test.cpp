// SPDX-License-Identifier: BSD-2-Clause
#include "io/signals.hpp"

#include "backend_fixture.hpp"

#include <sys/resource.h>
#include <sys/time.h>

namespace zsluice::io {
namespace {

constexpr int kAsExpected = 0;

TEST(WriteSignals, AreErrorsOfTheWriteOnceIgnored) {
  EXPECT_EQ(exit_status_of_child([] {
              ignore_write_signals();
              FdPair pipe = make_pipe();
              pipe.read_end.reset();
              if (write_text(pipe.write_end.get(), "x") != -1 || errno != EPIPE) return 1;
              const TempFile file;
              const rlimit nothing{0, 0};
              if (::setrlimit(RLIMIT_FSIZE, &nothing) != 0) return 2;
              const Fd fd = file.open(O_WRONLY);
              return write_text(fd.get(), "x") == -1 && errno == EFBIG ? kAsExpected : 3;
            }),
            kAsExpected);
}

TEST(Signals, AreReadInsteadOfEndingTheProcess) {
  EXPECT_EQ(exit_status_of_child([] {
              const auto signals = Signals::create();
              if (!signals) return 1;
              if ((*signals)->read_signal()) return 2;
              for (const int sent : {SIGINT, SIGTERM, SIGHUP}) {
                static_cast<void>(::kill(::getpid(), sent));
                if ((*signals)->read_signal() != sent) return 3;
              }
              return (*signals)->read_signal() ? 4 : kAsExpected;
            }),
            kAsExpected);
}

TEST(Signals, IgnoredOnesStayIgnored) {
  EXPECT_EQ(exit_status_of_child([] {
              static_cast<void>(std::signal(SIGHUP, SIG_IGN));
              const auto signals = Signals::create();
              if (!signals) return 1;
              static_cast<void>(::kill(::getpid(), SIGHUP));
              return (*signals)->read_signal() ? 2 : kAsExpected;
            }),
            kAsExpected);
}

TEST(Signals, UnreadOneTakesEffectWhenTheyAreRestored) {
  const int status = status_of_child([] {
    {
      const auto signals = Signals::create();
      static_cast<void>(::kill(::getpid(), SIGTERM));
    }
    return 1;
  });
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

TEST(Signals, OneKeptBlockedHasNoEffectWhenTheyAreRestored) {
  EXPECT_EQ(exit_status_of_child([] {
              {
                const auto signals = Signals::create();
                if (!signals) return 1;
                (*signals)->keep_blocked(SIGHUP);
                static_cast<void>(::kill(::getpid(), SIGHUP));
              }
              return kAsExpected;
            }),
            kAsExpected);
}

class SignalsByBackend : public BackendTest {};

INSTANTIATE_TEST_SUITE_P(AllBackends,
                         SignalsByBackend,
                         ::testing::ValuesIn(kBackendCases),
                         name_of_case);

// Blocked in the whole process, as the program does it: the mask of other threads would let the
// signal through.
TEST_P(SignalsByBackend, SignalIsReadWhileDataFlows) {
  const auto signals = Signals::create();
  ASSERT_TRUE(signals);
  backend_->read(1, (*signals)->fd(), (*signals)->buffer());
  poll_now();
  EXPECT_EQ(result_of(1), std::nullopt);

  const Fd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(write_now(null.get(), {bytes_of("data")}), 4);
  ASSERT_EQ(::kill(::getpid(), SIGINT), 0);
  EXPECT_EQ(write_now(null.get(), {bytes_of("data")}), 4);
  EXPECT_EQ(finish(1), static_cast<std::int32_t>((*signals)->buffer().size()));
  EXPECT_EQ((*signals)->received(), SIGINT);
}

TEST_P(SignalsByBackend, InterruptedWaitGoesOn) {
  struct sigaction action {};
  action.sa_handler = [](int) {};  // without SA_RESTART
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGALRM, &action, &before), 0);
  const itimerval soon{.it_interval = {0, 2000}, .it_value = {0, 2000}};
  ASSERT_EQ(::setitimer(ITIMER_REAL, &soon, nullptr), 0);

  FdPair pipe = make_pipe();
  Bytes buffer(10);
  backend_->read(1, pipe.read_end.get(), buffer);
  const TimePoint deadline = backend_->now() + std::chrono::milliseconds(20);
  EXPECT_TRUE(backend_->wait(deadline).empty());
  EXPECT_GE(backend_->now(), deadline) << "a signal is no deadline";

  const itimerval off{};
  ::setitimer(ITIMER_REAL, &off, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
  ASSERT_EQ(write_text(pipe.write_end.get(), "x"), 1);
  EXPECT_EQ(finish(1), 1);
}

}  // namespace
}  // namespace zsluice::io
