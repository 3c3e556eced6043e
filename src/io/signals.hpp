// SPDX-License-Identifier: BSD-2-Clause
// Signals as input: they are read from a descriptor where the program is ready for them, so there
// is no handler that could run in the middle of something.
#pragma once

#include "io/fd.hpp"
#include "io/sys_error.hpp"
#include "zsluice/base/bytes.hpp"

#include <sys/signalfd.h>

#include <csignal>
#include <memory>
#include <optional>

namespace zsluice::io {

// A reader that has gone (EPIPE) and a file that may not grow further (EFBIG) are then errors of
// the write, said once, not the silent end of the process by SIGPIPE or SIGXFSZ. To be called at
// the start; children get the default back.
void ignore_write_signals();

// While it lives, SIGINT, SIGTERM, SIGHUP and SIGUSR1 do not end the process but can be read from
// fd(). Those that were ignored when it was made stay ignored (nohup). Its end restores the mask; a
// signal that was not read takes effect then. To be made before any thread is started, which
// inherits the mask; a child must be given original_mask() before it executes another program.
class Signals {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Signals>, SysError> create();

  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();

  // For Backend::read() into buffer(), which stays here until that read has completed; a full read
  // makes received() the number of the signal. So this object is made before the backend.
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] MutableByteSpan buffer();
  [[nodiscard]] int received() const { return static_cast<int>(buffer_.ssi_signo); }

  // One that is waiting, without a backend and without blocking.
  [[nodiscard]] std::optional<int> read_signal();

  [[nodiscard]] const sigset_t& original_mask() const { return original_mask_; }

  // The end does not let this signal through: for a wish that nothing is left of once the work is
  // done, and that must not end the process then. To be called when no child is started any more.
  void keep_blocked(int signal);

 private:
  Signals() = default;

  sigset_t original_mask_{};
  bool is_blocking_ = false;
  Fd fd_;
  signalfd_siginfo buffer_{};
};

}  // namespace zsluice::io
