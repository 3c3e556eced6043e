// SPDX-License-Identifier: BSD-2-Clause
// A column of labels beside a column of text, wrapped to a terminal's width.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace zsluice::cli {

inline constexpr std::size_t kLabelColumns = 16;
inline constexpr std::size_t kTextColumns = 100;

// "1 record", "2 records".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view noun);

// Lines with a newline at the end. Breaks at blanks only: a word longer than a line stays whole, so
// that names and numbers can be copied.
[[nodiscard]] std::string labelled(std::string_view label, std::string_view text);
// The same on one line, however long: for foreign text, which may hold blanks of its own.
[[nodiscard]] std::string labelled_whole(std::string_view label, std::string_view text);

}  // namespace zsluice::cli
