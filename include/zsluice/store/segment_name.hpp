// SPDX-License-Identifier: BSD-2-Clause
// What files are called within a store (src/store/FORMAT.md §1). The name of a segment's is a
// function of its number alone, so that no list is needed to find one. Names sort as numbers do.
//
//     segment 74565   000000018/000000074565.zss    folder 74565 / 4096 = 18
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace zsluice::storage {

inline constexpr std::string_view kManifestName = "manifest.jsonl";
inline constexpr std::string_view kLockName = "lock";
// Ends the name of a file that is being written.
inline constexpr std::string_view kUnfinishedSuffix = ".part";

// Few enough for any file system to list at once, enough that there are few folders.
inline constexpr std::uint64_t kSegmentsPerFolder = 4096;

// `sequence` < kSegmentsMax.
[[nodiscard]] std::string segment_folder(std::uint64_t sequence);  // "000000018"
[[nodiscard]] std::string segment_name(std::uint64_t sequence);    // folder and file

// The number in a name exactly as segment_name() gives it; nothing for any other text.
[[nodiscard]] std::optional<std::uint64_t> segment_number(std::string_view name);

}  // namespace zsluice::storage
