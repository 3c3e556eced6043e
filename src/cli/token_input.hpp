// SPDX-License-Identifier: BSD-2-Clause
// Short texts that `token` reads: a token from stdin, a token in JSON from a file.
#pragma once

#include "cli/open_input.hpp"
#include "cli/output.hpp"
#include "cli/token_report.hpp"
#include "zsluice/base/result.hpp"

#include <cstddef>
#include <string>

namespace zsluice::cli {

[[nodiscard]] TokenFailure not_opened(const OpenFailure& failure);

// What stands at `path` ("-": stdin), without blanks and newlines around it. Longer than
// `bytes_max` it is cut one byte behind that, so that whoever reads it refuses it.
[[nodiscard]] Result<std::string, TokenFailure> read_short_text(const std::string& path,
                                                                std::string_view command,
                                                                const Streams& streams,
                                                                std::size_t bytes_max);

}  // namespace zsluice::cli
