// SPDX-License-Identifier: BSD-2-Clause
#include "cli/metrics_text.hpp"

#include "zsluice/base/escape.hpp"
#include "zsluice/base/number_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace zsluice::cli {
namespace {

constexpr std::string_view kLastSuccess = "zsluice_last_success_timestamp_seconds";

struct Family {
  std::string_view name;
  std::string_view type;
  std::string_view help;
};

template <class Value>
void add(std::string& text, const Family& family, Value value, std::string_view labels = {}) {
  text += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n{0}{3} {4}\n", family.name, family.help,
                      family.type, labels, value);
}

// Foreign text is escaped as everywhere, and that once more as the format wants it.
std::string label_value(std::string_view foreign) {
  std::string value;
  for (const char c : escaped(foreign)) {
    if (c == '\\' || c == '"') value += '\\';
    value += c;
  }
  return value;
}

void add_counts(std::string& text, const pipeline::PipeState& state) {
  add(text, {"zsluice_bytes_in_total", "counter", "Bytes read and checked in this run."},
      state.bytes_in);
  add(text, {"zsluice_bytes_out_total", "counter", "Bytes taken by the reader in this run."},
      state.bytes_out);
  add(text, {"zsluice_records_total", "counter", "Records of the stream read in this run."},
      state.records);
  if (state.buffer_bytes == 0) return;
  add(text, {"zsluice_buffer_bytes", "gauge", "Size of the buffer."}, state.buffer_bytes);
  add(text, {"zsluice_buffer_used_bytes", "gauge", "Bytes in the buffer, read and not yet taken."},
      state.buffered_bytes);
}

}  // namespace

std::string metrics_text(const Metrics& metrics) {
  const pipeline::PipeState& state = metrics.state;
  std::string text;
  add_counts(text, state);
  if (!state.snapshot.empty()) {
    const std::string labels =
        fmt::format(R"({{snapshot="{}",toguid="{}"}})", label_value(state.snapshot), state.toguid);
    add(text, {"zsluice_stream_info", "gauge", "The snapshot read last; always 1."}, 1, labels);
  }
  add(text, {"zsluice_running", "gauge", "1 while the run goes on, 0 when it has ended."},
      metrics.exit_status ? 0 : 1);
  add(text, {"zsluice_start_timestamp_seconds", "gauge", "When the run started."},
      metrics.started_at);
  if (metrics.exit_status) {
    add(text, {"zsluice_exit_status", "gauge", "Exit status of the run, 0 for a whole stream."},
        *metrics.exit_status);
  }
  if (metrics.last_success_at) {
    add(text, {kLastSuccess, "gauge", "When a run last ended with exit status 0."},
        *metrics.last_success_at);
  }
  return text;
}

std::optional<std::uint64_t> last_success_in(std::string_view old_text) {
  old_text = old_text.substr(0, kMetricsTextBytesMax);
  while (!old_text.empty()) {
    std::string_view line = old_text.substr(0, old_text.find('\n'));
    old_text.remove_prefix(std::min(line.size() + 1, old_text.size()));
    if (line.substr(0, kLastSuccess.size()) != kLastSuccess) continue;
    line.remove_prefix(kLastSuccess.size());
    if (line.empty() || line.front() != ' ') continue;
    const auto seconds = parse_u64(line.substr(1));
    if (seconds) return *seconds;
  }
  return std::nullopt;
}

}  // namespace zsluice::cli
