// SPDX-License-Identifier: BSD-2-Clause
// Foreign text made fit for a terminal or a log: dataset names, nvlist strings, a peer's or a
// child's stderr. Everything that did not originate in this program goes through here.
//
// Why: whoever makes a stream chooses its strings. Shown as they are, they could move the cursor,
// set the window title or paste into the shell (ESC, C1), forge a line of a log (newlines, U+2028),
// or make a name read as another one (bidirectional overrides, zero-width characters).
//
// What is shown:
//   printable text in valid UTF-8       as it is, in any locale
//   \ and "                             \\ and \", so the result may stand between double quotes
//   newline and tab                     \n and \t
//   other control characters, DEL       \xNN
//   bytes that are not UTF-8            \xNN, each byte (overlong forms and surrogates too)
//   C1, bidi, invisible, line breaking  \u{NNNN}
// A backslash never stands for itself, so two different texts never look the same, and the text can
// be told from the cut mark `\...`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace zsluice {

// Enough for any dataset or property name (255 bytes) with every byte escaped.
inline constexpr std::size_t kEscapedBytesMax = 1024;

// Stands where text was cut off.
inline constexpr std::string_view kEscapeCutMark = "\\...";

// Appends at most `bytes_max` bytes of escaped text, then the cut mark if that was not all. Never
// cuts inside a character or an escape. Work is bounded by `bytes_max`, not by the text.
void append_escaped(std::string& out,
                    std::string_view foreign,
                    std::size_t bytes_max = kEscapedBytesMax);

[[nodiscard]] std::string escaped(std::string_view foreign,
                                  std::size_t bytes_max = kEscapedBytesMax);

}  // namespace zsluice
