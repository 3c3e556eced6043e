// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/base/shell_quote.hpp"

#include <algorithm>

namespace zsluice {
namespace {

// Not `=` (an assignment before a command, a path lookup in zsh), nor `%` (a job) or `~` (a home).
bool is_plain(char c) {
  const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  const bool is_digit = c >= '0' && c <= '9';
  return is_letter || is_digit || std::string_view("_@+:,./-").find(c) != std::string_view::npos;
}

}  // namespace

Result<std::string, ShellQuoteError> shell_quoted(std::string_view word) {
  if (word.find('\0') != std::string_view::npos) {
    return Unexpected{ShellQuoteError::contains_nul};
  }
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain)) return std::string(word);

  // Between single quotes nothing is special but the quote itself: close, escape it, open again.
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  quoted += '\'';
  return quoted;
}

}  // namespace zsluice
