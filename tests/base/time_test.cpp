// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/base/time.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <type_traits>

namespace zsluice {
namespace {

template <class Clock>
concept HasNow = requires {
  Clock::now();
};

TEST(Time, HasNoClockToAsk) {
  static_assert(HasNow<std::chrono::steady_clock>);
  static_assert(!HasNow<TimePoint::clock>);
}

TEST(Time, DoesNotMixWithOtherTimeLines) {
  static_assert(!std::is_convertible_v<std::chrono::steady_clock::time_point, TimePoint>);
  static_assert(!std::is_convertible_v<std::chrono::system_clock::time_point, TimePoint>);
  static_assert(!std::is_convertible_v<Duration, TimePoint>);
}

TEST(Time, CalculatesInNanoseconds) {
  constexpr TimePoint kStart(std::chrono::seconds(5));
  constexpr TimePoint kLater = kStart + std::chrono::milliseconds(1500);
  static_assert(kLater > kStart);
  static_assert((kLater - kStart).count() == 1'500'000'000);
}

}  // namespace
}  // namespace zsluice
