// SPDX-License-Identifier: BSD-2-Clause
// Signals that ask a program to stop which may wait in any system call, also for a child. The first
// is noted, and the program brings its work to an end; another one ends it, wherever it is. For a
// loop that reads signals as events: signals.hpp.
#pragma once

#include "io/fd.hpp"
#include "io/sys_error.hpp"
#include "zsluice/base/time.hpp"

#include <array>
#include <csignal>
#include <cstddef>
#include <memory>
#include <optional>

namespace zsluice::io {

// While it lives, the first SIGINT, SIGTERM or SIGHUP does not end the process. One that comes more
// than 100 ms later takes its default effect at once: within that time they are one wish, since
// timeout(1) sends each signal twice, to a process and to its group. SIGUSR1 has no effect. Those
// that were ignored when it was made stay ignored (nohup).
//
// System calls go on (SA_RESTART), but for those that wait for a time or for descriptors. No mask
// is changed, and a program that a child executes has the default effects by itself.
//
// One at a time in a process: a handler finds its state nowhere but in a global. Its end puts the
// effects back that were there before; a signal that was noted is not sent again. EBUSY: there is
// one already.
class StopSignals {
 public:
  [[nodiscard]] static Result<std::unique_ptr<StopSignals>, SysError> create();

  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  // The first one. May be called from any thread.
  [[nodiscard]] std::optional<int> received() const;
  // Readable from then on, for poll(2); never to be read.
  [[nodiscard]] int fd() const { return event_.get(); }
  // Until then, and no longer than this.
  void wait(Duration longest) const;

 private:
  static constexpr std::size_t kSignals = 4;

  StopSignals() = default;
  [[nodiscard]] Result<void, SysError> set_handlers();

  Fd event_;
  // What was there before: of as many signals as have got a handler.
  std::array<struct sigaction, kSignals> before_{};
  std::size_t handled_ = 0;
};

}  // namespace zsluice::io
