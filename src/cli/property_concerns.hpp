// SPDX-License-Identifier: BSD-2-Clause
// Properties in a package that do something on the host that receives them, or tell it something
// it should not know. `zfs receive` sets them without asking; `-x PROPERTY` and `-o` keep them out.
#pragma once

#include "zsluice/nvlist/value.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace zsluice::cli {

inline constexpr std::size_t kPropertyConcerns = 26;

// Which concern a property with this value raises, if any: an index for the functions below.
[[nodiscard]] std::optional<std::size_t> concern_of(std::string_view name,
                                                    const nvlist::Value& value);
// "mountpoint", "keylocation_url", …: stable, for machines.
[[nodiscard]] std::string_view concern_code(std::size_t concern);
// The property as an administrator writes it; "com.sun:auto-snapshot*" for a family.
[[nodiscard]] std::string_view concern_property(std::size_t concern);
// Why it matters and what to do, in one sentence.
[[nodiscard]] std::string_view concern_reason(std::size_t concern);

// How often each was met.
using ConcernCounts = std::array<std::uint64_t, kPropertyConcerns>;

// The value as `zfs get` shows it where that is known ("noauto", "lz4"), else the number or the
// quoted and escaped text.
[[nodiscard]] std::string property_value_text(std::string_view name, const nvlist::Value& value);

}  // namespace zsluice::cli
