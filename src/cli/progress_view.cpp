// SPDX-License-Identifier: BSD-2-Clause
#include "cli/progress_view.hpp"

#include <algorithm>

namespace zsluice::cli {
namespace {

__extension__ using Uint128 = unsigned __int128;

std::optional<std::uint64_t> unless_zero(std::optional<std::uint64_t> bytes) {
  return bytes == 0U ? std::nullopt : bytes;
}

}  // namespace

ProgressView make_view(const pipeline::PipeState& state,
                       const RateMeter& meter,
                       const SizePlan& plan,
                       std::optional<std::uint64_t> size_bytes) {
  ProgressView view;
  view.state = state;
  view.rates = meter.rates();
  const auto known_bytes = state.size_bytes ? state.size_bytes : plan.total_bytes;
  view.size_bytes = unless_zero(size_bytes ? size_bytes : known_bytes);
  if (view.size_bytes && *view.size_bytes > state.bytes_out) {
    view.time_left = meter.time_left(*view.size_bytes - state.bytes_out);
  }
  if (!plan.snapshots.empty() && state.substreams <= plan.snapshots.size()) {
    view.snapshots = plan.snapshots.size();
  }
  const PlannedSnapshot* const planned = plan.find(state.snapshot, state.substreams);
  if (planned != nullptr) view.snapshot_bytes = unless_zero(planned->bytes);
  return view;
}

unsigned permille_of(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return 0;
  return static_cast<unsigned>(std::min<Uint128>(Uint128{part} * 1000 / whole, 1000));
}

std::optional<unsigned> done_permille(const ProgressView& view) {
  if (!view.size_bytes) return std::nullopt;
  return permille_of(view.state.bytes_out, *view.size_bytes);
}

std::optional<unsigned> snapshot_permille(const ProgressView& view) {
  if (!view.snapshot_bytes) return std::nullopt;
  const std::uint64_t begin = std::min(view.state.substream_offset, view.state.bytes_in);
  return permille_of(view.state.bytes_in - begin, *view.snapshot_bytes);
}

unsigned buffer_permille(const ProgressView& view) {
  return permille_of(view.state.buffered_bytes, view.state.buffer_bytes);
}

Duration elapsed(const ProgressView& view) {
  return elapsed_between(view.state.started, view.state.now);
}

bool has_snapshot_number(const ProgressView& view) {
  return view.state.substreams > 1 || (view.state.is_package && view.state.substreams == 1);
}

}  // namespace zsluice::cli
