// SPDX-License-Identifier: BSD-2-Clause
// What each kind of keyed message begins with (FORMAT.md §9), its zero byte included: no message of
// one kind can be taken for one of another.
#pragma once

#include <string_view>

namespace zsluice::storage {

inline constexpr std::string_view kSegmentLabel("zsluice segment 1\0", 18);
inline constexpr std::string_view kEndLabel("zsluice end 1\0", 14);
inline constexpr std::string_view kChainLabel("zsluice chain 1\0", 16);
inline constexpr std::string_view kKeyLabel("zsluice key 1\0", 14);

}  // namespace zsluice::storage
