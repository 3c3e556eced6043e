// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/base/backoff.hpp"

#include "base/check.hpp"

namespace zsluice {
namespace {

// SplitMix64 (Steele, Lea and Flood 2014). The standard's engines are large, and its distributions
// differ between libraries, which would make delays depend on the build.
std::uint64_t next_random(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15;
  std::uint64_t mixed = state;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
  return mixed ^ (mixed >> 31);
}

}  // namespace

Backoff::Backoff(const BackoffOptions& options, std::uint64_t seed)
    : options_(options), upper_end_(options.first), random_state_(seed) {
  ZSLUICE_CHECK(options.first > Duration::zero());
  ZSLUICE_CHECK(options.cap >= options.first);
}

Duration Backoff::next() {
  const Duration upper_end = upper_end_;
  // Compared before it is doubled: a cap near the largest duration must not overflow.
  upper_end_ = upper_end > options_.cap / 2 ? options_.cap : upper_end * 2;

  const Duration lower_end = upper_end - upper_end / 2;
  // The modulo's bias is the span over 2^64: nothing that a delay could show.
  const auto choices = static_cast<std::uint64_t>((upper_end - lower_end).count()) + 1;
  return lower_end + Duration(static_cast<Duration::rep>(next_random(random_state_) % choices));
}

}  // namespace zsluice
