// SPDX-License-Identifier: BSD-2-Clause
#include "cli/commands.hpp"
#include "cli/exit_status.hpp"
#include "cli/failure_text.hpp"
#include "cli/finish_output.hpp"
#include "cli/inspect_json.hpp"
#include "cli/inspect_text.hpp"
#include "cli/log.hpp"
#include "cli/open_input.hpp"
#include "cli/record_line.hpp"
#include "cli/store_reading.hpp"
#include "pipeline/inspect.hpp"
#include "zsluice/base/escape.hpp"

#include <memory>

namespace zsluice::cli {
namespace {

pipeline::WalkOptions walk_options(const InspectCommand& command) {
  pipeline::WalkOptions options;
  options.checker.parser.limits.begin_payload_bytes = command.max_header_bytes;
  options.tell_records = true;
  return options;
}

// One run of the command; what it says on stdout is for its callers to choose.
class Inspection {
 public:
  Inspection(const InspectCommand& command, const Streams& streams)
      : command_(command), out_(streams.out), err_(streams.err) {}

  int run(const Streams& streams) {
    auto input = open_input(command_.path, "inspect", streams, {});
    if (!input) return refuse(input.error());
    source_ = input->name;
    return command_.records ? print_records(*input->source) : tell(*input->source);
  }

 private:
  int refuse(const OpenFailure& failure) {
    if (command_.common.json && !command_.records) {
      const std::string source = command_.path == "-" ? "stdin" : escaped(command_.path);
      out_.write(unopened_json(source, failure.exit_status, failure.message));
    }
    out_.flush();
    err_.write(log_text(command_.common.log_format, Level::error, failure.message));
    return finish(failure.exit_status);
  }

  int print_records(io::ByteSource& input) {
    RecordPrinter printer(out_, command_.common.json ? LineForm::json : LineForm::text);
    return end(pipeline::run_inspect(walk_options(command_), input, printer));
  }

  int tell(io::ByteSource& input) {
    std::unique_ptr<InspectObserver> observer;
    if (command_.common.json) {
      observer = std::make_unique<InspectJson>(out_, source_);
    } else {
      observer = std::make_unique<InspectText>(out_, source_);
    }
    const auto report = pipeline::run_inspect(walk_options(command_), input, *observer);
    const FailureContext context = this->context();
    observer->finish({report, context, status_of(report)});
    return end(report);
  }

  // What was learned goes out first, then the reason why it is not more.
  int end(const pipeline::InspectReport& report) {
    out_.flush();
    if (report.failure) say(*report.failure);
    return finish(status_of(report));
  }

  int finish(int status) {
    return finish_output(out_, err_, "inspect", command_.common.log_format, status);
  }

  [[nodiscard]] static int status_of(const pipeline::InspectReport& report) {
    return report.failure ? exit_status_of(*report.failure) : int{kExitWhole};
  }
  [[nodiscard]] FailureContext context() const {
    return {.command = "inspect", .source = source_, .forwards = false, .passed_bytes = 0};
  }
  void say(const pipeline::Failure& failure) {
    err_.write(
        log_text(command_.common.log_format, Level::error, failure_text(failure, context())));
  }

  const InspectCommand& command_;
  TextOutput out_;
  TextOutput err_;
  std::string source_;
};

}  // namespace

int run_command(const InspectCommand& command, const Streams& streams) {
  if (const auto folder = open_if_store(command.path)) {
    return inspect_store(command, *folder, streams);
  }
  return Inspection(command, streams).run(streams);
}

}  // namespace zsluice::cli
