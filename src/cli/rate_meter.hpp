// SPDX-License-Identifier: BSD-2-Clause
// How fast bytes go by. Pure: the time is an argument, samples may come at any distance.
//
// A recent rate is an average in which a moment weighs half as much after each half-life. Every
// sample is taken as an even flow since the one before, and weighed as the integral over that time,
// so cutting an even flow into other pieces gives the same figures. From the first sample on the
// figures are averages of what was seen, not of an imagined standstill before it.
#pragma once

#include "zsluice/base/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace zsluice::cli {

// Of the rate that is shown.
inline constexpr Duration kRateHalfLife = std::chrono::seconds(5);
// Of the rate that says how long it will take: that should not jump.
inline constexpr Duration kSteadyHalfLife = std::chrono::seconds(30);
// Samples closer together count as one.
inline constexpr Duration kRateSampleMin = std::chrono::milliseconds(100);
// Nothing is said about the time left before that.
inline constexpr Duration kTimeLeftAfter = std::chrono::seconds(2);
// Stands for this and everything longer.
inline constexpr std::chrono::seconds kTimeLeftMax = std::chrono::hours(100 * 24);

// Bytes per second.
struct Rates {
  std::uint64_t now = 0;
  std::uint64_t steady = 0;
  std::uint64_t average = 0;  // since the start
  friend bool operator==(const Rates&, const Rates&) = default;
};

class DecayingRate {
 public:
  explicit DecayingRate(Duration half_life) : half_life_(half_life) {}
  // `over` > 0.
  void add(std::uint64_t bytes, Duration over);
  [[nodiscard]] std::uint64_t bytes_per_second() const;

 private:
  Duration half_life_;
  double weighed_rate_ = 0;
  double weight_ = 0;  // goes towards 1
};

class RateMeter {
 public:
  explicit RateMeter(TimePoint started)
      : started_(started), weighed_at_(started), seen_at_(started) {}

  // `bytes`: since the start. A clock that stands still, or goes back, adds no sample; the bytes
  // count with the next one.
  void sample(TimePoint now, std::uint64_t bytes);

  // As of the last sample; all of them the average until there is a recent one.
  [[nodiscard]] Rates rates() const;
  // Absent when it is not known yet, or nothing moves; never more than kTimeLeftMax.
  [[nodiscard]] std::optional<std::chrono::seconds> time_left(std::uint64_t bytes_left) const;

 private:
  TimePoint started_;
  TimePoint weighed_at_;
  TimePoint seen_at_;
  std::uint64_t weighed_bytes_ = 0;
  std::uint64_t seen_bytes_ = 0;
  bool has_recent_ = false;
  DecayingRate now_{kRateHalfLife};
  DecayingRate steady_{kSteadyHalfLife};
};

// From `begin` to `end`; zero when the clock went back.
[[nodiscard]] Duration elapsed_between(TimePoint begin, TimePoint end);
// Bytes per second; 0 when no time has passed.
[[nodiscard]] std::uint64_t average_rate(std::uint64_t bytes, Duration over);

}  // namespace zsluice::cli
