// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/base/token_bucket.hpp"

#include <algorithm>

namespace zsluice {
namespace {

__extension__ using Uint128 = unsigned __int128;

// In a nanosecond, a byte per second brings a billionth of a byte.
constexpr std::uint64_t kBillion = 1'000'000'000;
constexpr std::uint64_t kQuantaPerSecond = 50;
constexpr std::uint64_t kBurstsPerSecond = 10;
constexpr std::uint64_t kQuarter = 4;

// From `from` to the later `to`. Wraps to the right difference where a signed one would overflow.
std::uint64_t nanoseconds_between(TimePoint from, TimePoint to) {
  return static_cast<std::uint64_t>(to.time_since_epoch().count()) -
         static_cast<std::uint64_t>(from.time_since_epoch().count());
}

TimePoint later_by(TimePoint from, Uint128 nanoseconds) {
  if (nanoseconds >= nanoseconds_between(from, TimePoint::max())) return TimePoint::max();
  const std::uint64_t to = static_cast<std::uint64_t>(from.time_since_epoch().count()) +
                           static_cast<std::uint64_t>(nanoseconds);
  return TimePoint{Duration{static_cast<Duration::rep>(to)}};
}

std::uint64_t burst_for(Rate rate, const std::optional<std::uint64_t>& fixed_bytes) {
  return std::max<std::uint64_t>(fixed_bytes.value_or(default_burst(rate)), 1);
}

}  // namespace

std::uint64_t default_burst(Rate rate) {
  if (rate.is_unlimited()) return kDefaultBurstBytesMax;
  return std::clamp(rate.bytes_per_second / kBurstsPerSecond, kDefaultBurstBytesMin,
                    kDefaultBurstBytesMax);
}

TokenBucket::TokenBucket(Rate rate, std::optional<std::uint64_t> burst_bytes, TimePoint now)
    : rate_(rate),
      fixed_burst_bytes_(burst_bytes),
      burst_bytes_(burst_for(rate, burst_bytes)),
      refilled_(now) {}

void TokenBucket::set_rate(Rate rate, TimePoint now) {
  refill(now);
  if (rate_.is_unlimited() || rate.is_unlimited()) clear();
  rate_ = rate;
  burst_bytes_ = burst_for(rate, fixed_burst_bytes_);
  credit_bytes_ = std::min(credit_bytes_, burst_bytes_);
  flows_ = credit_bytes_ >= quantum();
}

std::uint64_t TokenBucket::available(TimePoint now) {
  if (rate_.is_unlimited()) return kUnlimitedBytes;
  refill(now);
  if (credit_bytes_ >= quantum()) flows_ = true;
  return flows_ ? credit_bytes_ : 0;
}

void TokenBucket::take(std::uint64_t bytes, TimePoint now) {
  refill(now);
  if (rate_.is_unlimited()) return;
  const std::uint64_t paid = std::min(bytes, credit_bytes_);
  credit_bytes_ -= paid;
  const std::uint64_t unpaid = bytes - paid;
  owed_bytes_ += std::min(unpaid, std::numeric_limits<std::uint64_t>::max() - owed_bytes_);
  if (credit_bytes_ <= quantum() / kQuarter) flows_ = false;
}

std::optional<TimePoint> TokenBucket::next(TimePoint now) {
  if (available(now) > 0) return std::nullopt;
  // Less than a quantum is there, so this is more than nothing.
  const Uint128 missing =
      (Uint128{owed_bytes_} + (quantum() - credit_bytes_)) * kBillion - billionths_;
  const Uint128 rate = rate_.bytes_per_second;
  return later_by(refilled_, (missing + rate - 1) / rate);
}

void TokenBucket::refill(TimePoint now) {
  if (now <= refilled_) return;
  // The product of two 64-bit numbers leaves room for two more of them.
  const Uint128 gathered =
      Uint128{nanoseconds_between(refilled_, now)} * rate_.bytes_per_second + billionths_;
  refilled_ = now;
  Uint128 bytes = gathered / kBillion;
  billionths_ = static_cast<std::uint64_t>(gathered % kBillion);

  const auto repaid = static_cast<std::uint64_t>(std::min<Uint128>(bytes, owed_bytes_));
  owed_bytes_ -= repaid;
  bytes -= repaid;
  if (bytes >= burst_bytes_ - credit_bytes_) {
    credit_bytes_ = burst_bytes_;
    billionths_ = 0;
  } else {
    credit_bytes_ += static_cast<std::uint64_t>(bytes);
  }
}

void TokenBucket::clear() {
  credit_bytes_ = 0;
  owed_bytes_ = 0;
  billionths_ = 0;
}

std::uint64_t TokenBucket::quantum() const {
  const std::uint64_t bytes_max = std::min(kQuantumBytesMax, burst_bytes_);
  return std::clamp<std::uint64_t>(rate_.bytes_per_second / kQuantaPerSecond, 1, bytes_max);
}

}  // namespace zsluice
