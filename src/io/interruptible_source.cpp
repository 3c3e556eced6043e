// SPDX-License-Identifier: BSD-2-Clause
#include "io/interruptible_source.hpp"

#include "io/without_interruption.hpp"

#include <poll.h>

#include <array>

namespace zsluice::io {

Result<Window, SourceError> InterruptibleSource::next() {
  if (!signal_ && !wait()) return Window();
  if (!signal_) return source_.next();
  return Unexpected{SourceError{{SysOperation::read, EINTR}, source_.offset(), false}};
}

bool InterruptibleSource::wait() {
  std::array<pollfd, 2> ends = {pollfd{.fd = signals_.fd(), .events = POLLIN, .revents = 0},
                                pollfd{.fd = fd_, .events = POLLIN, .revents = 0}};
  // Where even waiting fails, read(2) says what is wrong with the input.
  const auto wait_for = [&](int milliseconds) {
    return without_interruption([&] { return ::poll(ends.data(), ends.size(), milliseconds); });
  };
  constexpr int kIdleMilliseconds = 100;
  bool goes_on = true;
  if (!idle_) {
    (void)wait_for(-1);
  } else if (wait_for(kIdleMilliseconds) == 0) {
    goes_on = idle_();
    if (goes_on) (void)wait_for(-1);
  }
  signal_ = signals_.received();
  return goes_on || signal_.has_value();
}

}  // namespace zsluice::io
