// SPDX-License-Identifier: BSD-2-Clause
// Words for stderr, as text or as JSON lines (--log-format). The text of a message is made once;
// the JSON form carries the same sentences, so that nothing is said in one form only.
#pragma once

#include "cli/options.hpp"

#include <string>
#include <string_view>

namespace zsluice::cli {

enum class Level : std::uint8_t { info, warning, error };

// `message`: lines with a newline at the end, the first one beginning with "zsluice: ". As JSON:
// {"level":"error","message":"pipe: stdin: …","details":["…"]} on one line.
[[nodiscard]] std::string log_text(LogFormat format, Level level, std::string_view message);

}  // namespace zsluice::cli
