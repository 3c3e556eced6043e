// SPDX-License-Identifier: BSD-2-Clause
// Spans of time as people read them.
#pragma once

#include "zsluice/base/time.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace zsluice::cli {

// "0:07:13", "1d 02:03:04"; a negative span is none.
[[nodiscard]] std::string clock_text(std::chrono::seconds span);
// What has passed: "12.3 s" below a minute, then as above.
[[nodiscard]] std::string elapsed_text(Duration span);
// What is left: as clock_text, and ">99 days" beyond that.
[[nodiscard]] std::string time_left_text(std::chrono::seconds span);

// A whole number with ms, s, m or h; without a unit it is seconds. Nothing when it is none of that,
// or longer than a year.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_span(std::string_view text);

}  // namespace zsluice::cli
