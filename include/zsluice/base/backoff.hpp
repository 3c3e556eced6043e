// SPDX-License-Identifier: BSD-2-Clause
// How long to wait before trying again. Arithmetic only: the caller sleeps, and decides when enough
// has been tried. One Backoff belongs to one thing that is retried.
#pragma once

#include "zsluice/base/time.hpp"

#include <chrono>
#include <cstdint>

namespace zsluice {

struct BackoffOptions {
  Duration first = std::chrono::seconds(1);  // upper end of the first delay; > 0
  Duration cap = std::chrono::minutes(1);    // upper end of every delay; >= first
};

// The upper end doubles from `first` until it meets `cap`. Each delay is drawn evenly from the
// upper half of [0, upper end]: when a switch restarts, the ends that lost it must not all knock in
// the same instant, and none of them may knock at once.
class Backoff {
 public:
  // The same seed gives the same delays, with every compiler and library. Programs seed it from the
  // system's randomness, tests with a number.
  Backoff(const BackoffOptions& options, std::uint64_t seed);

  // The delay before the next try.
  [[nodiscard]] Duration next();

  // After a success: starts again at `first`. The random sequence goes on.
  void reset() { upper_end_ = options_.first; }

 private:
  BackoffOptions options_;
  Duration upper_end_;  // of the next delay
  std::uint64_t random_state_;
};

}  // namespace zsluice
