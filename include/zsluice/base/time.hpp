// SPDX-License-Identifier: BSD-2-Clause
// Time as a value. The pure layers are told what time it is and answer with time points; only io
// reads a clock, so everything else runs on a virtual one.
//
// The origin is whatever the reader of the clock uses (since boot, say): only differences mean
// something. A TimePoint is never a date; creation times in a stream are plain Unix seconds.
#pragma once

#include <chrono>

namespace zsluice {

using Duration = std::chrono::nanoseconds;

// Names the time line of TimePoint: steady, and counted on while the machine sleeps. It has no
// now() on purpose: a layer without a clock cannot ask for the time by mistake.
struct MonotonicClock {};

using TimePoint = std::chrono::time_point<MonotonicClock, Duration>;

}  // namespace zsluice
