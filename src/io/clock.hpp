// SPDX-License-Identifier: BSD-2-Clause
// The one clock of the process: CLOCK_BOOTTIME, which goes on while the machine sleeps, as a
// TimePoint. Nothing above asks the system for the time; it asks Backend::now(), so that tests can
// run on a clock of their own.
#pragma once

#include "zsluice/base/time.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>

namespace zsluice::io {

[[nodiscard]] inline TimePoint clock_now() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return TimePoint{std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec)};
}

// How long until `deadline`, never negative, as the kernel takes it. The kernel's timeouts stand
// still while the machine sleeps: a deadline may be noticed late after a suspend, never early.
template <class Timespec>
[[nodiscard]] Timespec time_left(TimePoint deadline) {
  const Duration left = std::max(deadline - clock_now(), Duration::zero());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  Timespec result{};
  result.tv_sec = seconds.count();
  result.tv_nsec = (left - seconds).count();
  return result;
}

}  // namespace zsluice::io
