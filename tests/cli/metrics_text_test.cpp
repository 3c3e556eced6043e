// SPDX-License-Identifier: BSD-2-Clause
// Metrics in the text format, word for word.
#include "cli/metrics_text.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace zsluice::cli {
namespace {

Metrics metrics_of_a_run() {
  Metrics metrics;
  metrics.state.bytes_in = 2000;
  metrics.state.bytes_out = 1500;
  metrics.state.buffered_bytes = 500;
  metrics.state.buffer_bytes = 67'108'864;
  metrics.state.records = 7;
  metrics.started_at = 1'795'253'400;
  return metrics;
}

constexpr std::string_view kCounts =
    R"(# HELP zsluice_bytes_in_total Bytes read and checked in this run.
# TYPE zsluice_bytes_in_total counter
zsluice_bytes_in_total 2000
# HELP zsluice_bytes_out_total Bytes taken by the reader in this run.
# TYPE zsluice_bytes_out_total counter
zsluice_bytes_out_total 1500
# HELP zsluice_records_total Records of the stream read in this run.
# TYPE zsluice_records_total counter
zsluice_records_total 7
# HELP zsluice_buffer_bytes Size of the buffer.
# TYPE zsluice_buffer_bytes gauge
zsluice_buffer_bytes 67108864
# HELP zsluice_buffer_used_bytes Bytes in the buffer, read and not yet taken.
# TYPE zsluice_buffer_used_bytes gauge
zsluice_buffer_used_bytes 500
)";

TEST(MetricsText, OfARunThatGoesOn) {
  EXPECT_EQ(metrics_text(metrics_of_a_run()),
            std::string(kCounts) +
                R"(# HELP zsluice_running 1 while the run goes on, 0 when it has ended.
# TYPE zsluice_running gauge
zsluice_running 1
# HELP zsluice_start_timestamp_seconds When the run started.
# TYPE zsluice_start_timestamp_seconds gauge
zsluice_start_timestamp_seconds 1795253400
)");
}

TEST(MetricsText, OfARunWithoutABuffer) {
  Metrics metrics = metrics_of_a_run();
  metrics.state.buffer_bytes = 0;
  EXPECT_EQ(metrics_text(metrics).find("buffer"), std::string::npos);
}

TEST(MetricsText, OfARunThatHasEnded) {
  Metrics metrics = metrics_of_a_run();
  metrics.state.snapshot = "tank/data@a";
  metrics.state.toguid = 42;
  metrics.exit_status = 0;
  metrics.last_success_at = 1'795'253'500;
  EXPECT_EQ(metrics_text(metrics),
            std::string(kCounts) +
                R"(# HELP zsluice_stream_info The snapshot read last; always 1.
# TYPE zsluice_stream_info gauge
zsluice_stream_info{snapshot="tank/data@a",toguid="42"} 1
# HELP zsluice_running 1 while the run goes on, 0 when it has ended.
# TYPE zsluice_running gauge
zsluice_running 0
# HELP zsluice_start_timestamp_seconds When the run started.
# TYPE zsluice_start_timestamp_seconds gauge
zsluice_start_timestamp_seconds 1795253400
# HELP zsluice_exit_status Exit status of the run, 0 for a whole stream.
# TYPE zsluice_exit_status gauge
zsluice_exit_status 0
# HELP zsluice_last_success_timestamp_seconds When a run last ended with exit status 0.
# TYPE zsluice_last_success_timestamp_seconds gauge
zsluice_last_success_timestamp_seconds 1795253500
)");
}

TEST(MetricsText, EscapesNamesForTerminalsAndForTheFormat) {
  const std::vector<std::pair<std::string, std::string>> names = {
      {"a b@c", "a b@c"},   {"a\\b", R"(a\\\\b)"},        {"a\"b", R"(a\\\"b)"},
      {"a\nb", R"(a\\nb)"}, {"a\x1b[2J", R"(a\\x1b[2J)"}, {"\xc3\xbc\xff", "\xc3\xbc\\\\xff"},
  };
  for (const auto& [name, shown] : names) {
    Metrics metrics;
    metrics.state.snapshot = name;
    const std::string line = "\nzsluice_stream_info{snapshot=\"" + shown + "\",toguid=\"0\"} 1\n";
    EXPECT_NE(metrics_text(metrics).find(line), std::string::npos) << line;
  }
}

TEST(MetricsText, IsBoundedForAnyName) {
  Metrics metrics;
  const std::string name(4096, '\\');
  metrics.state.snapshot = name;
  EXPECT_LT(metrics_text(metrics).size(), 4096U);
}

TEST(MetricsText, CarriesTheLastSuccessOverAFailure) {
  Metrics success = metrics_of_a_run();
  success.exit_status = 0;
  success.last_success_at = std::numeric_limits<std::uint64_t>::max();
  Metrics failure = metrics_of_a_run();
  failure.exit_status = 3;
  failure.last_success_at = last_success_in(metrics_text(success));
  EXPECT_EQ(failure.last_success_at, success.last_success_at);
  EXPECT_EQ(last_success_in(metrics_text(failure)), success.last_success_at);
}

TEST(MetricsText, ReadsNoLastSuccessWhereThereIsNone) {
  const std::string name = "zsluice_last_success_timestamp_seconds";
  for (const std::string& text :
       {std::string(), name, name + "\n", name + " \n", name + " x\n", name + "_x 5\n",
        name + " -5\n", name + " 99999999999999999999\n", "# HELP " + name + " 5\n",
        std::string(kMetricsTextBytesMax, '\n') + name + " 5\n"}) {
    EXPECT_EQ(last_success_in(text), std::nullopt) << text.substr(0, 100);
  }
  EXPECT_EQ(last_success_in("x 1\n" + name + " x\n" + name + " 5"), 5U);
}

}  // namespace
}  // namespace zsluice::cli
