// SPDX-License-Identifier: BSD-2-Clause
// Quoting for a remote shell. ssh joins its arguments with blanks and hands the result to the
// user's shell on the far side, so every word that is not ours must pass through here first:
// a dataset may be called `a b`, a snapshot from a stream `$(reboot)`.
//
// The result is one word for a POSIX sh (and bash, dash, ksh, zsh), whatever bytes it holds. It
// does not stop a command from taking a word for an option: put `--` before names. A plain word
// stays plain even if the shell reserves it (`if`, `for`): only a command's own name could suffer.
#pragma once

#include "zsluice/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace zsluice {

enum class ShellQuoteError : std::uint8_t {
  contains_nul,  // no argument of a process can hold a NUL; it would be cut short there
};

// Words of letters, digits and `_ @ + : , . / -` stay as they are, so that logged commands read
// well. All others, the empty one too, come back in single quotes.
[[nodiscard]] Result<std::string, ShellQuoteError> shell_quoted(std::string_view word);

}  // namespace zsluice
