// SPDX-License-Identifier: BSD-2-Clause
// What is wrong with a rate or a timetable, as words.
#pragma once

#include "zsluice/base/rate_schedule.hpp"

#include <string>
#include <string_view>

namespace zsluice::cli {

// `text`: what was parsed. Half a sentence, without an end.
[[nodiscard]] std::string rate_error_text(std::string_view text, const RateScheduleError& error);

}  // namespace zsluice::cli
