// SPDX-License-Identifier: BSD-2-Clause
// Unix seconds as people read them, in UTC: the same text in every locale and time zone.
#pragma once

#include <cstdint>
#include <string>

namespace zsluice::cli {

// "2026-11-21T09:30:00Z"; empty for times past the year 9999, which ISO 8601 cannot write.
[[nodiscard]] std::string utc_text(std::uint64_t unix_seconds);

}  // namespace zsluice::cli
