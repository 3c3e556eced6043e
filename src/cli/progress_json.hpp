// SPDX-License-Identifier: BSD-2-Clause
// Progress for machines: one object on one line of ASCII, documented in PROGRESS_JSON.md.
#pragma once

#include "cli/progress_view.hpp"

#include <string>
#include <string_view>

namespace zsluice::cli {

// `ts`: the time in UTC (utc_text.hpp). With a newline at the end.
[[nodiscard]] std::string progress_json(const ProgressView& view, std::string_view ts);

}  // namespace zsluice::cli
