// SPDX-License-Identifier: BSD-2-Clause
#include "cli/progress_text.hpp"

#include "cli/ascii_name.hpp"
#include "cli/duration_text.hpp"
#include "cli/text_layout.hpp"
#include "zsluice/base/size_text.hpp"

#include <fmt/format.h>

#include <vector>

namespace zsluice::cli {
namespace {

using Facts = std::vector<std::string>;

std::string joined(const Facts& facts) {
  std::string text;
  for (const std::string& fact : facts) {
    if (!text.empty()) text += ", ";
    text += fact;
  }
  return text;
}

std::string exact_and_rounded(std::uint64_t bytes) {
  if (bytes < 1024) return counted(bytes, "byte");
  return fmt::format("{} bytes ({})", bytes, format_size(bytes));
}

std::string head(const ProgressView& view) {
  return fmt::format("zsluice: {}: ", view.command);
}

std::string share_of_size(const ProgressView& view) {
  return fmt::format("{}% of {}", *done_permille(view) / 10, format_size(*view.size_bytes));
}

void add_rates(Facts& facts, const ProgressView& view) {
  facts.push_back(format_rate(view.rates.now) + " now");
  facts.push_back(format_rate(view.rates.average) + " on average");
}

void add_place(Facts& facts, const ProgressView& view) {
  const pipeline::PipeState& state = view.state;
  if (has_snapshot_number(view)) facts.push_back(snapshot_number_text(view));
  if (!state.snapshot.empty()) facts.push_back('"' + ascii_escaped(state.snapshot) + '"');
  if (state.object) facts.push_back(fmt::format("object {}", *state.object));
  if (!state.any_data) facts.push_back(counted(state.records, "record"));
}

}  // namespace

std::string snapshot_number_text(const ProgressView& view) {
  std::string text = fmt::format("snapshot {}", view.state.substreams);
  if (view.snapshots) text += fmt::format(" of {}", *view.snapshots);
  const std::optional<unsigned> done = snapshot_permille(view);
  if (done) text += fmt::format(" ({}%)", *done / 10);
  return text;
}

std::string progress_plain(const ProgressView& view) {
  Facts facts;
  if (view.size_bytes) facts.push_back(share_of_size(view));
  facts.push_back(fmt::format("{} passed in {}", format_size(view.state.bytes_out),
                              elapsed_text(elapsed(view))));
  add_rates(facts, view);
  if (view.time_left) facts.push_back(time_left_text(*view.time_left) + " left");
  if (view.state.buffer_bytes > 0) {
    facts.push_back(fmt::format("buffer {}% full", buffer_permille(view) / 10));
  }
  add_place(facts, view);
  return head(view) + joined(facts) + '\n';
}

std::string state_text(const ProgressView& view) {
  const pipeline::PipeState& state = view.state;
  Facts passed{fmt::format("{} passed in {}", exact_and_rounded(state.bytes_out),
                           elapsed_text(elapsed(view)))};
  add_rates(passed, view);
  std::string text = head(view) + joined(passed) + '\n';

  Facts share;
  if (view.size_bytes) share.push_back(share_of_size(view));
  if (view.time_left) share.push_back(time_left_text(*view.time_left) + " left");
  if (!share.empty()) text += "  " + joined(share) + '\n';

  text += fmt::format("  {} read", exact_and_rounded(state.bytes_in));
  if (state.buffer_bytes > 0) {
    text += fmt::format(", buffer {}% full ({} of {})", buffer_permille(view) / 10,
                        format_size(state.buffered_bytes), format_size(state.buffer_bytes));
  }
  text += '\n';
  Facts place;
  add_place(place, view);
  return place.empty() ? text : text + "  " + joined(place) + '\n';
}

std::string summary_text(const ProgressView& view, std::string_view verdict) {
  const pipeline::PipeState& state = view.state;
  std::string text = fmt::format("{}{}: ", head(view), view.source);
  if (!verdict.empty()) text.append(verdict).append(": ");
  if (!state.any_data) text += counted(state.records, "record") + ", ";
  return text + fmt::format("{} passed in {}, average {}, buffer peak {}% ({} of {})\n",
                            exact_and_rounded(state.bytes_out), elapsed_text(elapsed(view)),
                            format_rate(view.rates.average),
                            permille_of(view.buffer_peak_bytes, state.buffer_bytes) / 10,
                            format_size(view.buffer_peak_bytes), format_size(state.buffer_bytes));
}

}  // namespace zsluice::cli
