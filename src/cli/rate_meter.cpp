// SPDX-License-Identifier: BSD-2-Clause
#include "cli/rate_meter.hpp"

#include "cli/wide_ratio.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace zsluice::cli {
namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::uint64_t kU64Max = std::numeric_limits<std::uint64_t>::max();

std::uint64_t saturated(double value) {
  constexpr double kTwoTo64 = 18446744073709551616.0;
  if (!(value > 0)) return 0;
  return value >= kTwoTo64 ? kU64Max : static_cast<std::uint64_t>(value);
}

double in_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

void DecayingRate::add(std::uint64_t bytes, Duration over) {
  const double kept = std::exp2(-in_seconds(over) / in_seconds(half_life_));
  const double rate = static_cast<double>(bytes) / in_seconds(over);
  weighed_rate_ = weighed_rate_ * kept + rate * (1 - kept);
  weight_ = weight_ * kept + (1 - kept);
}

std::uint64_t DecayingRate::bytes_per_second() const {
  if (!(weight_ > 0)) return 0;
  return saturated(weighed_rate_ / weight_ + 0.5);
}

void RateMeter::sample(TimePoint now, std::uint64_t bytes) {
  seen_at_ = std::max(seen_at_, now);
  seen_bytes_ = std::max(seen_bytes_, bytes);
  const Duration over = elapsed_between(weighed_at_, now);
  if (over < kRateSampleMin) return;
  now_.add(seen_bytes_ - weighed_bytes_, over);
  steady_.add(seen_bytes_ - weighed_bytes_, over);
  weighed_bytes_ = seen_bytes_;
  weighed_at_ = now;
  has_recent_ = true;
}

Rates RateMeter::rates() const {
  const std::uint64_t average = average_rate(seen_bytes_, elapsed_between(started_, seen_at_));
  if (!has_recent_) return {.now = average, .steady = average, .average = average};
  return {.now = now_.bytes_per_second(), .steady = steady_.bytes_per_second(), .average = average};
}

std::optional<std::chrono::seconds> RateMeter::time_left(std::uint64_t bytes_left) const {
  const std::uint64_t rate = rates().steady;
  if (rate == 0 || elapsed_between(started_, seen_at_) < kTimeLeftAfter) return std::nullopt;
  const std::uint64_t seconds = bytes_left / rate + (bytes_left % rate != 0 ? 1 : 0);
  const auto most = static_cast<std::uint64_t>(kTimeLeftMax.count());
  return std::chrono::seconds(static_cast<std::int64_t>(std::min(seconds, most)));
}

Duration elapsed_between(TimePoint begin, TimePoint end) {
  if (end <= begin) return Duration::zero();
  // The difference of two such numbers can be too big for their own type.
  const std::uint64_t count = static_cast<std::uint64_t>(end.time_since_epoch().count()) -
                              static_cast<std::uint64_t>(begin.time_since_epoch().count());
  const auto most = static_cast<std::uint64_t>(Duration::max().count());
  return Duration(static_cast<Duration::rep>(std::min(count, most)));
}

std::uint64_t average_rate(std::uint64_t bytes, Duration over) {
  const Duration::rep nanoseconds = over.count();
  if (nanoseconds <= 0) return 0;
  return whole_ratio(bytes, kNanosecondsPerSecond, static_cast<std::uint64_t>(nanoseconds));
}

}  // namespace zsluice::cli
