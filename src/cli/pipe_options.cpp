// SPDX-License-Identifier: BSD-2-Clause
#include "cli/pipe_options.hpp"

#include "cli/policy_options.hpp"
#include "cli/progress_display.hpp"
#include "cli/rate_text.hpp"
#include "pipeline/pipe.hpp"
#include "zsluice/base/rate_schedule.hpp"

namespace zsluice::cli {
namespace {

namespace po = boost::program_options;

// Above that the list of its blocks alone would weigh: no machine has it to spare.
constexpr std::uint64_t kBufferBytesMax = std::uint64_t{1} << 40;

constexpr std::array kProgressStyles = {
    std::pair{std::string_view("auto"), ProgressStyle::automatic},
    std::pair{std::string_view("off"), ProgressStyle::off},
    std::pair{std::string_view("line"), ProgressStyle::line},
    std::pair{std::string_view("plain"), ProgressStyle::plain},
    std::pair{std::string_view("json"), ProgressStyle::json}};

void read_flow(OptionReader& reader, PipeCommand& command) {
  reader.percent("start-at", command.start_at_percent);
  reader.percent("drain-to", command.drain_to_percent);
  reader.size("burst", command.rate.burst_bytes);
  reader.text("rate-file", command.rate.rate_file);
  reader.text("rate", command.rate.rate);
  if (!reader.flag("rate")) return;
  const auto schedule = parse_rate_schedule(command.rate.rate);
  reader.demand(schedule || reader.error(),
                schedule ? "" : "--rate: " + rate_error_text(command.rate.rate, schedule.error()));
}

void read_progress(OptionReader& reader, ProgressOptions& progress) {
  reader.choice("progress", kProgressStyles, progress.style);
  reader.span("interval", kIntervalMin, kIntervalMax, progress.interval);
  reader.size("size", progress.size_bytes);
  reader.text("size-from", progress.size_from);
  reader.text("metrics", progress.metrics_path);
}

// What only makes sense together, or not together.
void demand_sense(OptionReader& reader, const PipeCommand& command) {
  const bool demands_a_stream = command.policy.expect_toguid || command.policy.expect_fromguid ||
                                command.policy.expect_name || command.policy.single_dataset ||
                                command.policy.no_properties;
  reader.demand(!(command.any_data && demands_a_stream),
                "--any-data excludes what only a stream can answer: --expect-toguid, "
                "--expect-fromguid, --expect-name, --single-dataset, --no-properties");
  reader.demand(command.rate.rate.empty() || command.rate.rate_file.empty(),
                "--rate and --rate-file exclude each other");
  reader.demand(
      command.start_at_percent == 0 || command.start_at_percent > command.drain_to_percent % 100,
      "--start-at must be above --drain-to");
  reader.demand(command.buffer_bytes >= pipeline::kBufferBytesMin,
                "--buffer: " + format_size(command.buffer_bytes) +
                    " is too small: 34 MiB are needed to hold the two largest records");
  reader.demand(command.buffer_bytes <= kBufferBytesMax,
                "--buffer: " + format_size(command.buffer_bytes) + " is too much: 1 TiB at most");
}

}  // namespace

PipeCommand read_pipe(OptionReader& reader, const CommonOptions& common) {
  PipeCommand command;
  command.common = common;
  command.copies_all = reader.is("io", "copy");
  // Both go to stderr: one form for all of it.
  if (command.common.json && !reader.flag("log-format")) {
    command.common.log_format = LogFormat::json;
  }
  command.policy = read_policy(reader);
  reader.size("buffer", command.buffer_bytes);
  reader.size("max-header", command.max_header_bytes);
  command.allow_unproven = reader.flag("allow-unproven");
  command.any_data = reader.flag("any-data");
  command.concatenated = reader.flag("concatenated");
  read_flow(reader, command);
  read_progress(reader, command.progress);
  demand_sense(reader, command);
  return command;
}

po::options_description pipe_options() {
  po::options_description options("Options of pipe");
  add_policy_options(options);
  options.add_options()                                                               //
      ("buffer", po::value<std::string>()->value_name("SIZE"),                        //
       "memory for the stream, 34M or more (default 64M)")                            //
      ("start-at", po::value<std::string>()->value_name("PERCENT"),                   //
       "write nothing before the buffer has been filled so far")                      //
      ("drain-to", po::value<std::string>()->value_name("PERCENT"),                   //
       "read on from a full buffer only when it is drained so far")                   //
      ("rate", po::value<std::string>()->value_name("RATE"),                          //
       "pass no more per second: 20M, \"08:00,2M 23:30,off\"")                        //
      ("burst", po::value<std::string>()->value_name("SIZE"),                         //
       "how far above the rate after an idle time (default 100 ms of it)")            //
      ("rate-file", po::value<std::string>()->value_name("FILE"),                     //
       "take the rate from FILE, again on SIGHUP and when it changes")                //
      ("progress", po::value<std::string>()->value_name("auto|off|line|plain|json"),  //
       "how the run is shown on stderr (default auto)")                               //
      ("interval", po::value<std::string>()->value_name("TIME"),                      //
       "between two signs of progress: 500ms, 10s, 5m")                               //
      ("size", po::value<std::string>()->value_name("SIZE"),                          //
       "how long the stream will be, for the time left")                              //
      ("size-from", po::value<std::string>()->value_name("FILE"),                     //
       "take that from the output of `zfs send -nP`")                                 //
      ("metrics", po::value<std::string>()->value_name("FILE"),                       //
       "keep a Prometheus text file of the run")                                      //
      ("max-header", po::value<std::string>()->value_name("SIZE"),                    //
       "longest nvlist accepted behind a BEGIN (default 64M)")                        //
      ("allow-unproven", "pass records that carry no checksum of their own")          //
      ("any-data", "pass input that is no send stream untouched")                     //
      ("concatenated", "pass several streams one after another");
  return options;
}

}  // namespace zsluice::cli
