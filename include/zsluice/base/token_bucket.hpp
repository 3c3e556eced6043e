// SPDX-License-Identifier: BSD-2-Clause
// A limit on a flow of bytes, as arithmetic: the caller says what time it is, asks how much may go,
// says what went, and sleeps where it likes. One bucket belongs to one flow and one thread.
//
// Two promises, over any stretch of time:
//   - no more than rate · time + burst is granted, from the first byte on;
//   - nothing is lost to rounding: parts of a byte are carried on exactly, for years.
//
// The bucket starts empty. A full one would put every run a burst above the line, and a short run
// well above its rate; so the burst is not a gift, it is what an idle flow may make up for. After
// a longer pause, or a suspend of days, it is one burst and no more: there is no catching up.
//
// The flow is smooth because callers are woken for a quantum, about 20 ms of the rate, and never
// for less, since a fast flow would otherwise go out byte by byte.
#pragma once

#include "zsluice/base/size_text.hpp"
#include "zsluice/base/time.hpp"

#include <cstdint>
#include <limits>
#include <optional>

namespace zsluice {

// What available() says when there is no limit.
inline constexpr std::uint64_t kUnlimitedBytes = std::numeric_limits<std::uint64_t>::max();

// The floor matters below 5 KiB/s, where 100 ms are a few bytes, and to wake up late would cost
// them. The ceiling keeps an idle flow from filling every queue along a fast line at once; it is
// 64 ms of 500 MiB/s, more than a busy machine keeps a thread waiting.
inline constexpr std::uint64_t kDefaultBurstBytesMin = 512;
inline constexpr std::uint64_t kDefaultBurstBytesMax = std::uint64_t{32} << 20;

// About 100 ms of the rate, within those bounds: 1 KiB at 10 KiB/s. The ceiling without a limit.
[[nodiscard]] std::uint64_t default_burst(Rate rate);

// The most that is waited for, however fast the flow: writes gain nothing from being longer.
inline constexpr std::uint64_t kQuantumBytesMax = std::uint64_t{1} << 20;

class TokenBucket {
 public:
  // Without `burst_bytes` the burst is default_burst(rate) and follows the rate. A burst of 0 is
  // taken as 1: with none, nothing would ever go.
  TokenBucket(Rate rate, std::optional<std::uint64_t> burst_bytes, TimePoint now);

  // In all calls a `now` before an earlier one counts as that earlier one.

  // From here on. What was saved up to now stays, up to the burst, and so does what is owed, but
  // a limit that comes after none starts with an empty bucket.
  void set_rate(Rate rate, TimePoint now);

  // Bytes that may go now: kUnlimitedBytes without a limit. 0 until a quantum has gathered; from
  // then on all that is there, until take() leaves less than a quarter of a quantum.
  [[nodiscard]] std::uint64_t available(TimePoint now);

  // `bytes` went. More than were available, since they cannot be called back, are owed: nothing
  // goes until the flow is back on the line.
  void take(std::uint64_t bytes, TimePoint now);

  // When available() will be more than 0. Nothing where it is already, or where there is no limit.
  // A point beyond the end of time is that end.
  [[nodiscard]] std::optional<TimePoint> next(TimePoint now);

  [[nodiscard]] Rate rate() const { return rate_; }
  [[nodiscard]] std::uint64_t burst_bytes() const { return burst_bytes_; }

 private:
  void refill(TimePoint now);
  void clear();
  // About 20 ms of the rate, at least a byte, at most the burst.
  [[nodiscard]] std::uint64_t quantum() const;

  Rate rate_;
  std::optional<std::uint64_t> fixed_burst_bytes_;
  std::uint64_t burst_bytes_;  // > 0
  TimePoint refilled_;         // the latest `now`
  // One of the two is 0; the credit is at most the burst.
  std::uint64_t credit_bytes_ = 0;
  std::uint64_t owed_bytes_ = 0;
  std::uint64_t billionths_ = 0;  // of a byte, gathered beyond the credit; less than one byte
  bool flows_ = false;            // a quantum had gathered and is not used up
};

}  // namespace zsluice
