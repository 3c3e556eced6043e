// SPDX-License-Identifier: BSD-2-Clause
#include "io/signals.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <span>

namespace zsluice::io {
namespace {

constexpr std::array kWatched = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && (action.sa_flags & SA_SIGINFO) == 0 &&
         action.sa_handler == SIG_IGN;
}

}  // namespace

void ignore_write_signals() {
  struct sigaction action {};
  action.sa_handler = SIG_IGN;
  for (const int signal : {SIGPIPE, SIGXFSZ}) {
    ::sigaction(signal, &action, nullptr);
  }
}

Result<std::unique_ptr<Signals>, SysError> Signals::create() {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  for (const int signal : kWatched) {
    if (!is_ignored(signal)) ::sigaddset(&wanted, signal);
  }
  std::unique_ptr<Signals> signals(new Signals);
  // Non-blocking is right here: the description is our own, and backends cope with it.
  signals->fd_ = Fd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals->fd_) return sys_failure(SysOperation::open);
  const int error = ::pthread_sigmask(SIG_BLOCK, &wanted, &signals->original_mask_);
  if (error != 0) return sys_failure(SysOperation::set_signal, error);
  signals->is_blocking_ = true;
  return signals;
}

Signals::~Signals() {
  if (is_blocking_) ::pthread_sigmask(SIG_SETMASK, &original_mask_, nullptr);
}

void Signals::keep_blocked(int signal) {
  ::sigaddset(&original_mask_, signal);
}

MutableByteSpan Signals::buffer() {
  return std::as_writable_bytes(std::span(&buffer_, 1));
}

std::optional<int> Signals::read_signal() {
  const ssize_t count = ::read(fd_.get(), &buffer_, sizeof(buffer_));
  if (count != static_cast<ssize_t>(sizeof(buffer_))) return std::nullopt;
  return received();
}

}  // namespace zsluice::io
