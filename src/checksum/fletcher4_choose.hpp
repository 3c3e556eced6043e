// SPDX-License-Identifier: BSD-2-Clause
// Which Fletcher-4 implementation runs: the rule by itself, so that tests can put any name and any
// set of supported ones to it.
#pragma once

#include "zsluice/checksum/fletcher4.hpp"

#include <span>
#include <string_view>

namespace zsluice::checksum {

// The first supported one called `wanted`, else the first supported one. The last of `from` is the
// fallback and counts as supported; `from` is not empty.
[[nodiscard]] const Fletcher4Implementation& fletcher4_choose(
    std::span<const Fletcher4Implementation> from, std::string_view wanted);

}  // namespace zsluice::checksum
