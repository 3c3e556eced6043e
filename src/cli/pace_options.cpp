// SPDX-License-Identifier: BSD-2-Clause
#include "cli/pace_options.hpp"

#include "cli/progress_display.hpp"
#include "cli/rate_text.hpp"
#include "zsluice/base/rate_schedule.hpp"

#include <array>
#include <utility>

namespace zsluice::cli {
namespace {

namespace po = boost::program_options;

constexpr std::array kProgressStyles = {
    std::pair{std::string_view("auto"), ProgressStyle::automatic},
    std::pair{std::string_view("off"), ProgressStyle::off},
    std::pair{std::string_view("line"), ProgressStyle::line},
    std::pair{std::string_view("plain"), ProgressStyle::plain},
    std::pair{std::string_view("json"), ProgressStyle::json}};

}  // namespace

void add_pace_options(po::options_description& options) {
  options.add_options()                                                               //
      ("rate", po::value<std::string>()->value_name("RATE"),                          //
       "pass no more per second: 20M, \"08:00,2M 23:30,off\"")                        //
      ("burst", po::value<std::string>()->value_name("SIZE"),                         //
       "how far above the rate after an idle time (default 100 ms of it)")            //
      ("rate-file", po::value<std::string>()->value_name("FILE"),                     //
       "take the rate from FILE, again on SIGHUP and when it changes")                //
      ("progress", po::value<std::string>()->value_name("auto|off|line|plain|json"),  //
       "how the run is shown on stderr (default auto)")                               //
      ("interval", po::value<std::string>()->value_name("TIME"),                      //
       "between two signs of progress: 500ms, 10s, 5m");
}

void add_metrics_option(po::options_description& options) {
  options.add_options()                                          //
      ("metrics", po::value<std::string>()->value_name("FILE"),  //
       "keep a Prometheus text file of the run");
}

void read_rate(OptionReader& reader, RateOptions& rate) {
  reader.size("burst", rate.burst_bytes);
  reader.text("rate-file", rate.rate_file);
  reader.text("rate", rate.rate);
  reader.demand(rate.rate.empty() || rate.rate_file.empty(),
                "--rate and --rate-file exclude each other");
  if (!reader.flag("rate")) return;
  const auto schedule = parse_rate_schedule(rate.rate);
  reader.demand(schedule || reader.error(),
                schedule ? "" : "--rate: " + rate_error_text(rate.rate, schedule.error()));
}

void read_progress(OptionReader& reader, ProgressOptions& progress) {
  reader.choice("progress", kProgressStyles, progress.style);
  reader.span("interval", kIntervalMin, kIntervalMax, progress.interval);
  reader.text("metrics", progress.metrics_path);
}

}  // namespace zsluice::cli
