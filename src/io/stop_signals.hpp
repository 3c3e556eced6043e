// SPDX-License-Identifier: BSD-2-Clause
// Signals that ask a program to stop which may wait in any system call, also for a child. The first
// is noted, and the program brings its work to an end; another one ends it, wherever it is. Others
// are wishes, noted too, which end nothing. For a loop that only waits for events: signals.hpp.
#pragma once

#include "io/fd.hpp"
#include "io/sys_error.hpp"
#include "zsluice/base/time.hpp"

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace zsluice::io {

// What SIGHUP is: the wish for another look at files, or an end.
enum class Hangup : std::uint8_t { stops, is_wish };

// While it lives, the first SIGINT, SIGTERM or SIGHUP does not end the process. One that comes more
// than 100 ms later takes its default effect at once: within that time they are one wish, since
// timeout(1) sends each signal twice, to a process and to its group. SIGUSR1 is a wish. Those that
// were ignored when it was made stay ignored (nohup).
//
// System calls go on (SA_RESTART), but for those that wait for a time or for descriptors. No mask
// is changed, and a program that a child executes has the default effects by itself.
//
// One at a time in a process: a handler finds its state nowhere but in a global. Its end puts the
// effects back that were there before; a signal that was noted is not sent again. EBUSY: there is
// one already.
class StopSignals {
 public:
  [[nodiscard]] static Result<std::unique_ptr<StopSignals>, SysError> create(
      Hangup hangup = Hangup::stops);

  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  // The first one. May be called from any thread.
  [[nodiscard]] std::optional<int> received() const;
  // Readable from then on, for poll(2); never to be read.
  [[nodiscard]] int fd() const { return event_.get(); }
  // Whether this wish has come since it was last asked for.
  [[nodiscard]] bool take_wish(int signal);
  // For a loop that reads it: readable when an end or a wish has come since then. What is read is a
  // count of 8 bytes, of no account.
  [[nodiscard]] int wake_fd() const { return wake_.get(); }
  // From the end of this object on wishes have no effect: nothing is left of them once the work is
  // done, and they must not end the process then. For a program that will only exit.
  void ignore_wishes_afterwards();
  // Until then, and no longer than this.
  void wait(Duration longest) const;

 private:
  static constexpr std::size_t kSignals = 4;

  StopSignals() = default;
  [[nodiscard]] Result<void, SysError> set_handlers();

  Hangup hangup_ = Hangup::stops;
  Fd event_;
  Fd wake_;
  // What was there before: of as many signals as have got a handler.
  std::array<struct sigaction, kSignals> before_{};
  std::size_t handled_ = 0;
};

}  // namespace zsluice::io
