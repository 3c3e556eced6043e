// SPDX-License-Identifier: BSD-2-Clause
#include "cli/progress_json.hpp"

#include "cli/json_writer.hpp"

#include <fmt/format.h>

namespace zsluice::cli {
namespace {

std::string tenths_json(std::optional<unsigned> permille) {
  if (!permille) return "null";
  return fmt::format("{}.{}", *permille / 10, *permille % 10);
}

std::string thousandths_json(std::uint64_t count) {
  return fmt::format("{}.{:03}", count / 1000, count % 1000);
}

}  // namespace

std::string progress_json(const ProgressView& view, std::string_view ts) {
  const pipeline::PipeState& state = view.state;
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed(view));
  const bool is_named = !state.snapshot.empty();
  std::string text;
  JsonWriter json(text);
  json.open_object();
  json.text("schema", "zsluice.progress/1");
  json.text("ts", ts);
  json.raw("elapsed_seconds", thousandths_json(static_cast<std::uint64_t>(milliseconds.count())));
  json.number("bytes_in", state.bytes_in);
  json.number("bytes_out", state.bytes_out);
  json.number("rate", view.rates.now);
  json.number("average_rate", view.rates.average);
  json.raw("buffer_fill",
           state.buffer_bytes > 0 ? thousandths_json(buffer_permille(view)) : "null");
  json.number("records", state.records);
  json.number("substreams", state.substreams);
  json.number("substreams_planned", view.snapshots);
  if (is_named) {
    json.foreign("snapshot", state.snapshot);
    json.guid("toguid", state.toguid);
  } else {
    json.null("snapshot");
    json.null("toguid");
  }
  json.raw("snapshot_pct", tenths_json(snapshot_permille(view)));
  json.number("object", state.object);
  json.number("size", view.size_bytes);
  json.raw("pct", tenths_json(done_permille(view)));
  if (view.time_left) {
    json.number("eta_seconds", static_cast<std::uint64_t>(view.time_left->count()));
  } else {
    json.null("eta_seconds");
  }
  json.close_object();
  return text + '\n';
}

}  // namespace zsluice::cli
