// SPDX-License-Identifier: BSD-2-Clause
// Command lines of other programs: single letters that may stand together (`-ptebr`), values behind
// a blank or none (`-m 16M`, `-m16M`), `--name=value`, `--name value`, long names cut short where
// that is clear, operands anywhere, `--` before operands that begin with a minus sign.
//
// Not getopt_long(3), which keeps its place in globals and prints; not Boost, whose options have
// one meaning everywhere in this program while mbuffer's and pv's letters contradict each other.
#pragma once

#include "zsluice/base/result.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zsluice::cli {

struct FlagName {
  char letter = 0;        // 0: it has none
  std::string_view name;  // without the two minus signs; empty: it has none
  bool takes_value = false;
};

struct FlagUse {
  std::optional<std::size_t> flag;  // place in the table; absent: an operand
  std::string spelled;              // "-m", "--size": how a message names it
  std::string_view value;           // of the flag, or the operand
};

// All of a command line in order, or what is wrong with it: a sentence, escaped.
[[nodiscard]] Result<std::vector<FlagUse>, std::string> read_flags(
    std::span<const FlagName> table, std::span<const std::string_view> arguments);

// A flag and what it does to a Reader. Operands go to Reader::operand().
template <class Reader>
struct Flag {
  FlagName name;
  void (Reader::*take)(const FlagUse& use);
};

// Answers with what is wrong, if something is.
template <class Reader, std::size_t Count>
[[nodiscard]] std::optional<std::string> apply_flags(const std::array<Flag<Reader>, Count>& table,
                                                     std::span<const std::string_view> arguments,
                                                     Reader& reader) {
  std::array<FlagName, Count> names{};
  for (std::size_t i = 0; i < Count; ++i) {
    names[i] = table[i].name;
  }
  const auto uses = read_flags(names, arguments);
  if (!uses) return uses.error();
  for (const FlagUse& use : *uses) {
    if (use.flag) {
      (reader.*table[*use.flag].take)(use);
    } else {
      reader.operand(use);
    }
  }
  return std::nullopt;
}

}  // namespace zsluice::cli
