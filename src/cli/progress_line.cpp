// SPDX-License-Identifier: BSD-2-Clause
#include "cli/progress_line.hpp"

#include "cli/ascii_name.hpp"
#include "cli/duration_text.hpp"
#include "cli/progress_text.hpp"
#include "cli/text_layout.hpp"
#include "zsluice/base/size_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace zsluice::cli {
namespace {

constexpr std::size_t kNameColumnsMin = 12;
constexpr std::size_t kBarColumnsMin = 12;
constexpr std::size_t kBarColumnsMax = 40;

// The most important first.
enum class PartKind : std::uint8_t {
  percentage,
  bytes,
  rate,
  time_left,
  snapshot_number,
  buffer,
  name,
  bar,
  size,
  average,
  object,
  records,
  end,
};

struct Part {
  PartKind kind;
  std::string text;
  std::size_t columns;  // what it gets
  std::size_t gap = 2;  // columns before it
  bool is_shown = false;
};

void add(std::vector<Part>& parts, PartKind kind, std::string text) {
  const std::size_t columns = text.size();
  parts.push_back({kind, std::move(text), columns});
}

void add_size_parts(std::vector<Part>& parts, const ProgressView& view) {
  const std::optional<unsigned> done = done_permille(view);
  if (done) {
    add(parts, PartKind::percentage, fmt::format("{:>3}%", *done / 10));
    parts.push_back({PartKind::bar, {}, kBarColumnsMin, 1});
  }
  add(parts, PartKind::bytes, format_size(view.state.bytes_out));
  if (done) {
    parts.back().gap = 1;
    add(parts, PartKind::size, "of " + format_size(*view.size_bytes));
    parts.back().gap = 1;
  }
}

// In the order in which they stand.
std::vector<Part> parts_of(const ProgressView& view) {
  const pipeline::PipeState& state = view.state;
  std::vector<Part> parts;
  add_size_parts(parts, view);
  add(parts, PartKind::rate, format_rate(view.rates.now));
  add(parts, PartKind::average, "avg " + format_rate(view.rates.average));
  if (view.time_left) add(parts, PartKind::time_left, "ETA " + time_left_text(*view.time_left));
  if (state.buffer_bytes > 0) {
    add(parts, PartKind::buffer, fmt::format("buf {:>3}%", buffer_permille(view) / 10));
  }
  if (!state.snapshot.empty()) {
    add(parts, PartKind::name, ascii_escaped(state.snapshot));
    parts.back().columns = std::min(parts.back().columns, kNameColumnsMin);
  }
  if (has_snapshot_number(view)) {
    add(parts, PartKind::snapshot_number, snapshot_number_text(view));
  }
  if (state.object) add(parts, PartKind::object, fmt::format("object {}", *state.object));
  if (!state.any_data) add(parts, PartKind::records, counted(state.records, "record"));
  return parts;
}

std::size_t columns_of(const std::vector<Part>& parts) {
  std::size_t columns = 0;
  for (const Part& part : parts) {
    if (part.is_shown) columns += (columns == 0 ? 0 : part.gap) + part.columns;
  }
  return columns;
}

void choose(std::vector<Part>& parts, std::size_t width) {
  for (auto kind = PartKind::percentage; kind != PartKind::end;
       kind = static_cast<PartKind>(static_cast<unsigned>(kind) + 1)) {
    for (Part& part : parts) {
      if (part.kind != kind) continue;
      part.is_shown = true;
      part.is_shown = columns_of(parts) <= width;
    }
  }
}

// Gives the columns that are left to the part that is cut short.
void grow(std::vector<Part>& parts, PartKind kind, std::size_t width) {
  for (Part& part : parts) {
    if (part.kind != kind || !part.is_shown) continue;
    const std::size_t most = kind == PartKind::bar ? kBarColumnsMax : part.text.size();
    const std::size_t left = width - columns_of(parts);
    part.columns = std::max(part.columns, std::min(part.columns + left, most));
  }
}

std::string bar(std::size_t columns, unsigned permille) {
  const std::size_t room = columns - 2;
  std::string text(room * permille / 1000, '=');
  if (!text.empty() && text.size() < room) text.back() = '>';
  text.resize(room, ' ');
  return '[' + text + ']';
}

}  // namespace

std::string progress_line(const ProgressView& view, unsigned width) {
  std::vector<Part> parts = parts_of(view);
  choose(parts, width);
  grow(parts, PartKind::name, width);
  grow(parts, PartKind::bar, width);

  std::string line;
  for (const Part& part : parts) {
    if (!part.is_shown) continue;
    if (!line.empty()) line.append(part.gap, ' ');
    if (part.kind == PartKind::bar) {
      line += bar(part.columns, done_permille(view).value_or(0));
    } else {
      line += shortened(part.text, part.columns);
    }
  }
  return line;
}

}  // namespace zsluice::cli
