// SPDX-License-Identifier: BSD-2-Clause
#include "cli/text_layout.hpp"

#include <algorithm>

namespace zsluice::cli {
namespace {

constexpr std::size_t kWrapColumns = kTextColumns - kLabelColumns;

// Takes a line from the front of `text`: up to the last blank that fits.
std::string_view take_line(std::string_view& text) {
  std::size_t end = text.size();
  if (end > kWrapColumns) {
    end = text.rfind(' ', kWrapColumns);
    // A blank in the indentation of a list is no place to break.
    if (end == std::string_view::npos || end < 2) end = text.find(' ', kWrapColumns);
    end = std::min(end, text.size());
  }
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

std::string counted(std::uint64_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

std::string labelled_whole(std::string_view label, std::string_view text) {
  std::string line = "  " + std::string(label);
  line.append(kLabelColumns - std::min(line.size(), kLabelColumns - 1), ' ');
  return line.append(text) + '\n';
}

std::string labelled(std::string_view label, std::string_view text) {
  std::string lines = "  " + std::string(label);
  const bool is_item = text.substr(0, 2) == "- ";
  bool is_first = true;
  do {
    const std::string_view line = take_line(text);
    if (!line.empty()) {
      const std::size_t column = is_first ? lines.size() : 0;
      lines.append(kLabelColumns - std::min(column, kLabelColumns - 1), ' ');
      if (!is_first && is_item) lines += "  ";
      lines += line;
    }
    lines += '\n';
    is_first = false;
  } while (!text.empty());
  return lines;
}

}  // namespace zsluice::cli
