// SPDX-License-Identifier: BSD-2-Clause
#include "cli/ascii_name.hpp"

#include "zsluice/base/escape.hpp"

#include <fmt/format.h>

#include <bit>
#include <vector>

namespace zsluice::cli {
namespace {

constexpr std::string_view kGap = "...";

// The length of what begins the text: a character, or a whole escape.
std::size_t unit_size(std::string_view text) {
  if (text.front() != '\\' || text.size() < 2) return 1;
  if (text[1] == 'x' || text[1] == '.') return 4;
  if (text[1] == 'u') return text.find('}') + 1;
  return 2;
}

std::vector<std::string_view> units_of(std::string_view text) {
  std::vector<std::string_view> units;
  while (!text.empty()) {
    units.push_back(text.substr(0, unit_size(text)));
    text.remove_prefix(units.back().size());
  }
  return units;
}

}  // namespace

std::string ascii_escaped(std::string_view foreign) {
  const std::string shown = escaped(foreign);
  std::string ascii;
  // What is not ASCII here is valid UTF-8: escaped() leaves nothing else.
  for (std::size_t at = 0; at < shown.size();) {
    const auto lead = static_cast<unsigned char>(shown[at++]);
    if (lead < 0x80) {
      ascii += static_cast<char>(lead);
      continue;
    }
    const int bytes = std::countl_one(lead);
    std::uint32_t code_point = lead & (0x7FU >> bytes);
    for (int i = 1; i < bytes; ++i) {
      code_point = code_point << 6 | (static_cast<unsigned char>(shown[at++]) & 0x3FU);
    }
    ascii += fmt::format("\\u{{{:04x}}}", code_point);
  }
  return ascii;
}

std::string shortened(std::string_view name, std::size_t columns) {
  if (name.size() <= columns) return std::string(name);
  if (columns <= kGap.size()) return std::string(kGap.substr(0, columns));
  const std::vector<std::string_view> units = units_of(name);
  const std::size_t room = columns - kGap.size();
  // The end says more than the beginning: it is the snapshot.
  std::string head;
  for (auto unit = units.begin(); head.size() + unit->size() <= room / 2; ++unit) {
    head += *unit;
  }
  std::string tail;
  for (auto unit = units.rbegin(); head.size() + tail.size() + unit->size() <= room; ++unit) {
    tail.insert(0, *unit);
  }
  return head.append(kGap).append(tail);
}

}  // namespace zsluice::cli
