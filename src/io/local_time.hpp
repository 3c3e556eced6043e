// SPDX-License-Identifier: BSD-2-Clause
// What a wall clock here shows: for timetables only, never for measuring how long something takes
// (clock.hpp). It jumps: at the changes of summer time, when somebody sets it, after a suspend. Who
// follows a timetable asks again at least each minute, and so follows the jumps.
#pragma once

#include "zsluice/base/rate_schedule.hpp"

#include <ctime>

namespace zsluice::io {

struct LocalMoment {
  MinuteOfWeek minute_of_week = 0;
  unsigned second = 0;  // of the minute, 0 to 59: a leap second is the 59th once more

  friend bool operator==(const LocalMoment&, const LocalMoment&) = default;
};

// Now, in the machine's time zone or that of TZ, as they are at the time of the call.
[[nodiscard]] LocalMoment local_moment();

// The same for a given time. One whose year the C library cannot express is taken as UTC.
[[nodiscard]] LocalMoment local_moment_at(std::time_t time);

}  // namespace zsluice::io
