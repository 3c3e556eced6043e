// SPDX-License-Identifier: BSD-2-Clause
#include "cli/notes.hpp"

#include <fmt/format.h>

namespace zsluice::cli {

std::string unknown_features_text(std::string_view command,
                                  std::string_view source,
                                  std::uint64_t bits) {
  std::string names;
  for (unsigned bit = 0; bit < 64; ++bit) {
    if (((bits >> bit) & 1) == 0) continue;
    names += names.empty() ? "" : ", ";
    names += std::to_string(bit);
  }
  return fmt::format(
      "zsluice: {}: {}: the stream uses features unknown to this version (bits {})\n"
      "  It is checked and handled like any other; whether a receiver knows them is not known.\n",
      command, source, names);
}

}  // namespace zsluice::cli
