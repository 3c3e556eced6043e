// SPDX-License-Identifier: BSD-2-Clause
#include "cli/commands.hpp"
#include "cli/exit_status.hpp"
#include "cli/failure_text.hpp"
#include "cli/finish_output.hpp"
#include "cli/log.hpp"
#include "cli/notes.hpp"
#include "cli/open_input.hpp"
#include "cli/result_json.hpp"
#include "cli/store_reading.hpp"
#include "cli/text_layout.hpp"
#include "pipeline/verify.hpp"
#include "zsluice/base/escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace zsluice::cli {
namespace {

using pipeline::VerifyReport;

// Listed one by one in a JSON result; beyond that they are counted.
constexpr std::size_t kListedMax = 1000;

std::string kind_text(const drr::SubstreamSummary& stream) {
  std::string text = stream.fromguid == 0 ? "full" : "incremental";
  if (stream.is_raw()) text += " raw";
  if (stream.is_resumed()) text += " resumed";
  return text + " stream";
}

// Says what is found as soon as it is found, or collects it for JSON.
class VerifyObserver final : public pipeline::WalkObserver {
 public:
  VerifyObserver(const VerifyCommand& command,
                 const std::string& name,
                 TextOutput& out,
                 TextOutput& err)
      : command_(command), name_(name), out_(out), err_(err) {}

  void on_package(const drr::BeginRecord& begin, ByteSpan /*nvlist*/) override {
    package_name_ = begin.toname;
  }
  void on_substream_begin(const drr::SubstreamSummary& summary) override {
    what_ = fmt::format("{} of \"{}\"", kind_text(summary), escaped(summary.toname));
  }
  void on_substream_end(const drr::SubstreamSummary& /*summary*/) override {}
  void on_stream_end(const pipeline::StreamTotals& totals) override;
  void on_damage(const drr::Fault& fault) override;
  void on_block_mismatch(const drr::RecordNote& record) override;
  void on_record(const drr::Parser& /*parser*/) override {}

  [[nodiscard]] FailureContext context() const {
    return {.command = "verify", .source = name_, .goes_on = command_.keep_going};
  }
  void say(Level level, const std::string& message) {
    err_.write(log_text(command_.common.log_format, level, message));
    err_.flush();
  }
  [[nodiscard]] const Json& streams() const { return streams_; }
  [[nodiscard]] const Json& damages() const { return damages_; }
  [[nodiscard]] const Json& mismatches() const { return mismatches_; }

 private:
  const VerifyCommand& command_;
  const std::string& name_;
  TextOutput& out_;
  TextOutput& err_;
  std::string what_;
  std::string package_name_;
  Json streams_ = Json::array();
  Json damages_ = Json::array();
  Json mismatches_ = Json::array();
};

void VerifyObserver::on_stream_end(const pipeline::StreamTotals& totals) {
  if (!totals.is_whole) return;
  if (totals.is_package) {
    what_ =
        fmt::format("package \"{}\" of {} substreams", escaped(package_name_), totals.substreams);
  }
  if (command_.common.json) {
    if (streams_.size() >= kListedMax) return;
    Json stream;
    stream["offset"] = totals.offset;
    stream["bytes"] = totals.bytes;
    stream["records_total"] = totals.records_total;
    stream["substreams"] = totals.substreams;
    stream["package"] = totals.is_package;
    stream["repeated"] = totals.is_repeated;
    streams_.push_back(std::move(stream));
  } else if (!command_.common.quiet) {
    out_.write(fmt::format("{}: whole: {}, {} records, {} bytes{}\n", name_, what_,
                           totals.records_total, totals.bytes,
                           totals.offset > 0 ? fmt::format(" from offset {}", totals.offset) : ""));
    out_.flush();
  }
}

// The verdict is said at the end: should the file prove unreadable there, it never was a damage.
void VerifyObserver::on_damage(const drr::Fault& fault) {
  if (!command_.common.json) {
    if (command_.keep_going) say(Level::error, failure_text(fault, context()));
    return;
  }
  if (damages_.size() < kListedMax) damages_.push_back(failure_json(fault, context()));
}

void VerifyObserver::on_block_mismatch(const drr::RecordNote& record) {
  if (command_.common.json) {
    if (mismatches_.size() < kListedMax) mismatches_.push_back(record_json(record));
    return;
  }
  if (command_.common.quiet) return;
  say(Level::warning,
      fmt::format("zsluice: verify: {}: {} at offset {}: its block's own checksum does not match\n"
                  "  The stream is as it was sent; the block was wrong before, or a tool that "
                  "rewrites streams left its checksum behind.\n",
                  name_, record_text(record), record.stream_offset));
}

Json blocks_json(const drr::BlockCounts& blocks) {
  return {{"matched", blocks.matched},
          {"mismatched", blocks.mismatched},
          {"salted", blocks.salted},
          {"no_checksum", blocks.no_checksum},
          {"not_as_stored", blocks.not_as_stored}};
}

Json result_json(const VerifyCommand& command,
                 const VerifyReport& report,
                 const VerifyObserver& observer,
                 const std::string& name) {
  Json json;
  json["schema"] = "zsluice.verify/1";
  json["source"] = name;
  json["verdict"] = report.failure ? verdict_of(*report.failure) : "whole";
  json["exit_status"] = report.failure ? exit_status_of(*report.failure) : kExitWhole;
  json["bytes"] = report.bytes;
  json["streams_whole"] = report.streams;
  json["substreams"] = report.substreams;
  json["records_total"] = report.records;
  json["records_unproven"] = report.records_unproven;
  json["streams"] = observer.streams();
  json["failure"] = failure_json(report.failure, observer.context());
  json["damages_total"] = report.damages;
  json["damages"] = observer.damages();
  json["judged_until"] = report.lost_at ? Json(*report.lost_at) : Json(nullptr);
  if (command.blocks) {
    json["blocks"] = blocks_json(report.blocks);
    json["block_mismatches"] = observer.mismatches();
  }
  return json;
}

void say_notes(const VerifyReport& report, VerifyObserver& observer, const std::string& name) {
  if (report.unknown_features != 0) {
    observer.say(Level::warning, unknown_features_text("verify", name, report.unknown_features));
  }
  if (report.records_unproven > 0) {
    observer.say(Level::warning,
                 fmt::format("zsluice: verify: {}: {} without a checksum of their own: END alone "
                             "judges them (very old senders made such streams)\n",
                             name, counted(report.records_unproven, "record")));
  }
  const bool is_repeated =
      report.failure && std::holds_alternative<pipeline::RepeatedStream>(*report.failure);
  if (report.streams > 1 && !is_repeated) {
    observer.say(Level::warning, fmt::format("zsluice: verify: {}: {} streams one after another: "
                                             "one `zfs receive` takes only the first\n",
                                             name, report.streams));
  }
}

void print_blocks(const drr::BlockCounts& blocks, const std::string& name, TextOutput& out) {
  out.write(fmt::format(
      "{}: blocks: {} match their on-disk checksum, {} do not; not checked: {} salted, {} without "
      "a checksum, {} not sent as stored\n",
      name, blocks.matched, blocks.mismatched, blocks.salted, blocks.no_checksum,
      blocks.not_as_stored));
}

std::string damages_text(const VerifyReport& report, const std::string& name) {
  return fmt::format("zsluice: verify: {}: {} damaged range{}; {}\n", name, report.damages,
                     report.damages == 1 ? "" : "s",
                     report.lost_at
                         ? fmt::format("nothing behind offset {} could be judged", *report.lost_at)
                         : std::string("everything outside agrees with the sums it carries"));
}

// What was not said while reading: damages were.
void say_rest(const VerifyCommand& command,
              const VerifyReport& report,
              VerifyObserver& observer,
              const std::string& name,
              TextOutput& out) {
  const bool is_listed =
      command.keep_going && report.failure && std::holds_alternative<drr::Fault>(*report.failure);
  if (report.failure && !is_listed) {
    observer.say(Level::error, failure_text(*report.failure, observer.context()));
  }
  if (is_listed && exit_status_of(*report.failure) == kExitDamaged) {
    observer.say(Level::error, damages_text(report, name));
  }
  if (command.common.quiet) return;
  say_notes(report, observer, name);
  if (command.blocks) print_blocks(report.blocks, name, out);
}

pipeline::VerifyOptions verify_options(const VerifyCommand& command) {
  pipeline::VerifyOptions options;
  options.walk.checker.parser.limits.begin_payload_bytes = command.max_header_bytes;
  options.walk.checker.strictness =
      command.strict ? drr::Strictness::newest : drr::Strictness::shared;
  options.walk.check_blocks = command.blocks;
  options.walk.keep_going = command.keep_going;
  options.jobs = command.jobs;
  return options;
}

Result<OpenedInput, OpenFailure> open_stream(const VerifyCommand& command,
                                             const Streams& streams,
                                             const pipeline::VerifyOptions& options) {
  const bool is_for_stores = command.quick || command.no_auth || !command.key_path.empty();
  auto input = open_input(command.path, "verify", streams, pipeline::source_options(options));
  if (!input || !is_for_stores) return input;
  return Unexpected{OpenFailure{
      kExitUsage, fmt::format("zsluice: verify: {}: --quick, --auth-key and --no-auth are for "
                              "stores, and this is none\n",
                              input->name)}};
}

}  // namespace

int run_command(const VerifyCommand& command, const Streams& streams) {
  if (!command.fetch.empty()) return verify_fetched_store(command, streams);
  if (const auto folder = open_if_store(command.path)) {
    return verify_store(command, *folder, streams);
  }
  const pipeline::VerifyOptions options = verify_options(command);
  TextOutput out(streams.out);
  TextOutput err(streams.err);
  const auto finish = [&](int status) {
    return finish_output(out, err, "verify", command.common.log_format, status);
  };
  auto input = open_stream(command, streams, options);
  if (!input) {
    const OpenFailure& failure = input.error();
    const std::string name = command.path == "-" ? "stdin" : escaped(command.path);
    VerifyObserver observer(command, name, out, err);
    observer.say(Level::error, failure.message);
    if (command.common.json) {
      Json json = result_json(command, {}, observer, name);
      put_not_begun(json, kNotOpened, failure.exit_status, failure.message);
      out.write(dump_line(json));
    }
    return finish(failure.exit_status);
  }
  VerifyObserver observer(command, input->name, out, err);
  const VerifyReport report = pipeline::run_verify(options, *input->source, observer);
  if (command.common.json) {
    out.write(dump_line(result_json(command, report, observer, input->name)));
  } else {
    say_rest(command, report, observer, input->name, out);
  }
  return finish(report.failure ? exit_status_of(*report.failure) : kExitWhole);
}

}  // namespace zsluice::cli
