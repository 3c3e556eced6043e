// SPDX-License-Identifier: BSD-2-Clause
#include "cli/progress_display.hpp"

#include "cli/progress_json.hpp"
#include "cli/progress_line.hpp"
#include "cli/progress_text.hpp"
#include "cli/utc_text.hpp"

#include <algorithm>

namespace zsluice::cli {
namespace {

std::chrono::milliseconds interval_of(const ProgressOptions& options, ProgressStyle style) {
  if (options.interval) return std::clamp(*options.interval, kIntervalMin, kIntervalMax);
  if (style == ProgressStyle::line) return kLineInterval;
  return style == ProgressStyle::json ? kJsonInterval : kPlainInterval;
}

}  // namespace

ProgressStyle progress_style(const ProgressOptions& options, bool is_quiet, bool is_terminal) {
  if (is_quiet) return ProgressStyle::off;
  if (options.style != ProgressStyle::automatic) return options.style;
  if (is_terminal) return ProgressStyle::line;
  return options.interval ? ProgressStyle::plain : ProgressStyle::off;
}

ProgressDisplay::ProgressDisplay(DisplaySetup setup)
    : command_(setup.command),
      source_(setup.source),
      options_(setup.options),
      plan_(std::move(setup.plan)),
      meter_(setup.started),
      style_(progress_style(setup.options, setup.is_quiet, setup.is_terminal)),
      interval_(interval_of(setup.options, style_)) {
  if (style_ == ProgressStyle::off) return;
  due_ = setup.started + (style_ == ProgressStyle::line ? Duration(kFirstLineAfter) : interval_);
}

std::string ProgressDisplay::update(const pipeline::PipeState& state,
                                    unsigned columns,
                                    std::uint64_t unix_seconds) {
  take_in(state);
  if (!due_ || state.now < *due_) return {};
  set_next_due(state.now);
  switch (style_) {
    case ProgressStyle::line:
      return renewed_line(view(state), columns);
    case ProgressStyle::plain:
      return progress_plain(view(state));
    case ProgressStyle::json:
      return progress_json(view(state), utc_text(unix_seconds));
    case ProgressStyle::automatic:
    case ProgressStyle::off:
      break;
  }
  return {};
}

std::string ProgressDisplay::interrupt() {
  if (shown_columns_ == 0) return {};
  const std::string blanks(shown_columns_, ' ');
  shown_columns_ = 0;
  return '\r' + blanks + '\r';
}

std::string ProgressDisplay::finish(const pipeline::PipeState& state, std::uint64_t unix_seconds) {
  const bool is_first = due_.has_value();
  due_.reset();
  if (style_ != ProgressStyle::json || !is_first) return interrupt();
  return progress_json(view(state), utc_text(unix_seconds));
}

ProgressView ProgressDisplay::view(const pipeline::PipeState& state) {
  take_in(state);
  ProgressView view = make_view(state, meter_, plan_, options_.size_bytes);
  view.command = command_;
  view.source = source_;
  view.buffer_peak_bytes = buffer_peak_bytes_;
  return view;
}

void ProgressDisplay::take_in(const pipeline::PipeState& state) {
  meter_.sample(state.now, state.bytes_out);
  buffer_peak_bytes_ = std::max(buffer_peak_bytes_, state.buffered_bytes);
}

// Keeps the beat, but makes up for nothing after a pause.
void ProgressDisplay::set_next_due(TimePoint now) {
  *due_ += interval_;
  if (*due_ <= now) due_ = now + interval_;
}

std::string ProgressDisplay::renewed_line(const ProgressView& view, unsigned columns) {
  // A full last column would make some terminals go on to the next line.
  const unsigned width = columns > 0 ? columns - 1 : 0;
  std::string line = progress_line(view, width);
  const std::size_t shown = line.size();
  // On a terminal that was made narrower, the old line's rest is out of reach.
  const std::size_t covered = std::min<std::size_t>(shown_columns_, width);
  if (covered > shown) line.append(covered - shown, ' ');
  shown_columns_ = shown;
  return line.empty() ? line : '\r' + line;
}

}  // namespace zsluice::cli
