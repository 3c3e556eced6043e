// SPDX-License-Identifier: BSD-2-Clause
// Foreign names where columns are counted: printable ASCII only, so that one byte is one column in
// every locale and on every terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace zsluice::cli {

// As escaped() (zsluice/base/escape.hpp), with every other character as \u{NNNN}.
[[nodiscard]] std::string ascii_escaped(std::string_view foreign);

// At most `columns` of it, the middle left out for "..."; no escape is cut in two.
// `name`: from ascii_escaped().
[[nodiscard]] std::string shortened(std::string_view name, std::size_t columns);

}  // namespace zsluice::cli
