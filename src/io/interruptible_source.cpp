// SPDX-License-Identifier: BSD-2-Clause
#include "io/interruptible_source.hpp"

#include "io/without_interruption.hpp"

#include <poll.h>

#include <array>

namespace zsluice::io {

Result<Window, SourceError> InterruptibleSource::next() {
  if (!signal_) wait();
  if (!signal_) return source_.next();
  return Unexpected{SourceError{{SysOperation::read, EINTR}, source_.offset(), false}};
}

void InterruptibleSource::wait() {
  std::array<pollfd, 2> ends = {pollfd{.fd = signals_.fd(), .events = POLLIN, .revents = 0},
                                pollfd{.fd = fd_, .events = POLLIN, .revents = 0}};
  // Where even waiting fails, read(2) says what is wrong with the input.
  (void)without_interruption([&] { return ::poll(ends.data(), ends.size(), -1); });
  signal_ = signals_.received();
}

}  // namespace zsluice::io
