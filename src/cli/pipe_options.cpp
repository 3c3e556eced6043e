// SPDX-License-Identifier: BSD-2-Clause
#include "cli/pipe_options.hpp"

#include "cli/pace_options.hpp"
#include "cli/policy_options.hpp"
#include "pipeline/pipe.hpp"

namespace zsluice::cli {
namespace {

namespace po = boost::program_options;

// Above that the list of its blocks alone would weigh: no machine has it to spare.
constexpr std::uint64_t kBufferBytesMax = std::uint64_t{1} << 40;

// What only makes sense together, or not together.
void demand_sense(OptionReader& reader, const PipeCommand& command) {
  const bool demands_a_stream = command.policy.expect_toguid || command.policy.expect_fromguid ||
                                command.policy.expect_name || command.policy.single_dataset ||
                                command.policy.no_properties;
  reader.demand(!(command.any_data && demands_a_stream),
                "--any-data excludes what only a stream can answer: --expect-toguid, "
                "--expect-fromguid, --expect-name, --single-dataset, --no-properties");
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
  reader.percent("start-at", command.start_at_percent);
  reader.percent("drain-to", command.drain_to_percent);
  read_rate(reader, command.rate);
  read_progress(reader, command.progress);
  reader.size("size", command.progress.size_bytes);
  reader.text("size-from", command.progress.size_from);
  demand_sense(reader, command);
  return command;
}

po::options_description pipe_options() {
  po::options_description options("Options of pipe");
  add_policy_options(options);
  options.add_options()                                              //
      ("buffer", po::value<std::string>()->value_name("SIZE"),       //
       "memory for the stream, 34M or more (default 64M)")           //
      ("start-at", po::value<std::string>()->value_name("PERCENT"),  //
       "write nothing before the buffer has been filled so far")     //
      ("drain-to", po::value<std::string>()->value_name("PERCENT"),  //
       "read on from a full buffer only when it is drained so far");
  add_pace_options(options);
  options.add_options()                                            //
      ("size", po::value<std::string>()->value_name("SIZE"),       //
       "how long the stream will be, for the time left")           //
      ("size-from", po::value<std::string>()->value_name("FILE"),  //
       "take that from the output of `zfs send -nP`");
  add_metrics_option(options);
  options.add_options()                                                       //
      ("max-header", po::value<std::string>()->value_name("SIZE"),            //
       "longest nvlist accepted behind a BEGIN (default 64M)")                //
      ("allow-unproven", "pass records that carry no checksum of their own")  //
      ("any-data", "pass input that is no send stream untouched")             //
      ("concatenated", "pass several streams one after another");
  return options;
}

}  // namespace zsluice::cli
