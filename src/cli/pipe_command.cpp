// SPDX-License-Identifier: BSD-2-Clause
#include "cli/commands.hpp"
#include "cli/errno_text.hpp"
#include "cli/exit_status.hpp"
#include "cli/failure_text.hpp"
#include "cli/log.hpp"
#include "cli/notes.hpp"
#include "cli/result_json.hpp"
#include "cli/text_layout.hpp"
#include "io/file_kind.hpp"
#include "io/notice_writer.hpp"
#include "io/signals.hpp"
#include "pipeline/pipe.hpp"

#include <fmt/format.h>

#include <chrono>
#include <memory>

namespace zsluice::cli {
namespace {

using io::BackendKind;
using io::BackendReason;
using io::RefusalCause;
using pipeline::PipeReport;

// How long the last words may wait for a stderr that is not read.
constexpr std::chrono::seconds kLastWords{5};

std::string_view name_of(BackendKind kind) {
  return kind == BackendKind::uring ? "io_uring" : "poll";
}

std::string refusal_reason(const io::UringRefusal& refusal) {
  switch (refusal.cause) {
    case RefusalCause::disabled_by_sysctl:
      return "disabled by the sysctl kernel.io_uring_disabled";
    case RefusalCause::forbidden_by_filter:
      return "forbidden, probably by the seccomp filter of a container or service";
    case RefusalCause::unknown_to_kernel:
      return "unknown to this kernel, or hidden by a seccomp filter";
    case RefusalCause::kernel_too_old:
      return "too old in this kernel (Linux 5.11 is needed)";
    case RefusalCause::memory_lock_limit:
      return "short of lockable memory (`ulimit -l`)";
    case RefusalCause::too_many_open_files:
      return "short of file descriptors (`ulimit -n`)";
    case RefusalCause::other:
      break;
  }
  return errno_text(refusal.error);
}

std::string_view reason_of(const io::ChosenBackend& chosen) {
  switch (chosen.reason) {
    case BackendReason::available:
      return "available";
    case BackendReason::refused:
      return "io_uring refused";
    case BackendReason::asked_for:
      return "asked for";
    case BackendReason::environment:
      return "asked for by ZSLUICE_IO";
  }
  return {};
}

std::string dropped_text(std::size_t count) {
  return fmt::format("zsluice: pipe: {} missing here: nobody took them from standard error\n",
                     counted(count, "message"));
}

// Says things while the stream runs, without ever waiting for stderr.
class Notices final : public pipeline::PipeObserver {
 public:
  Notices(const CommonOptions& common, int fd)
      : common_(common), writer_(fd, [format = common.log_format](std::size_t dropped) {
          return log_text(format, Level::warning, dropped_text(dropped));
        }) {}

  void warn(const std::string& message) {
    if (!common_.quiet) say(Level::warning, message);
  }
  void say(Level level, const std::string& message) {
    writer_.post(log_text(common_.log_format, level, message));
  }
  // The last words: room is made for them first, so that they are not what is dropped.
  void finish(const std::string& last, TimePoint deadline) {
    writer_.finish(deadline);
    writer_.post(last);
    writer_.finish(deadline);
  }

  void on_unknown_features(std::uint64_t bits) override {
    warn(unknown_features_text("pipe", "stdin", bits));
  }
  void on_any_data() override {
    warn("zsluice: pipe: stdin: not a ZFS send stream: passed untouched and unchecked\n");
  }
  void on_turn() override {
    if (!writer_.is_empty()) writer_.flush_ready();
  }

 private:
  const CommonOptions& common_;
  io::NoticeWriter writer_;
};

pipeline::PipeOptions pipe_options(const PipeCommand& command) {
  pipeline::PipeOptions options;
  options.gate.checker.parser.limits.begin_payload_bytes = command.max_header_bytes;
  options.gate.policy = command.policy;
  options.gate.allow_unproven = command.allow_unproven;
  options.gate.any_data = command.any_data;
  options.gate.concatenated = command.concatenated;
  options.buffer_bytes = command.buffer_bytes;
  return options;
}

FailureContext context_of(const PipeReport& report) {
  return {.command = "pipe", .source = "stdin", .forwards = true, .passed_bytes = report.bytes_out};
}

Json result_json(const PipeReport& report) {
  Json json;
  json["schema"] = "zsluice.pipe/1";
  json["source"] = "stdin";
  json["verdict"] = report.failure    ? verdict_of(*report.failure)
                    : report.any_data ? "unchecked"
                                      : "whole";
  json["exit_status"] = report.failure ? exit_status_of(*report.failure) : kExitWhole;
  json["bytes_in"] = report.bytes_in;
  json["bytes_out"] = report.bytes_out;
  json["streams"] = report.streams;
  json["substreams"] = report.substreams;
  json["records_total"] = report.records;
  json["records_unproven"] = report.records_unproven;
  json["io"] = nullptr;
  json["failure"] = failure_json(report.failure, context_of(report));
  return json;
}

Json io_json(const io::ChosenBackend& chosen) {
  return {{"backend", name_of(chosen.kind)},
          {"reason", reason_of(chosen)},
          {"refusal", chosen.refusal ? Json(refusal_reason(*chosen.refusal)) : Json(nullptr)}};
}

std::string summary_text(const PipeReport& report) {
  if (report.any_data) {
    return fmt::format("zsluice: pipe: stdin: {} bytes passed, unchecked\n", report.bytes_out);
  }
  return fmt::format("zsluice: pipe: stdin: whole: {} records, {} bytes passed\n", report.records,
                     report.bytes_out);
}

// What is said at the very end; nothing when all is well.
std::string last_words(const CommonOptions& common,
                       const PipeReport& report,
                       const io::ChosenBackend& chosen) {
  if (common.json) {
    Json json = result_json(report);
    json["io"] = io_json(chosen);
    return dump_line(json);
  }
  if (report.failure) {
    return log_text(common.log_format, Level::error,
                    failure_text(*report.failure, context_of(report)));
  }
  return common.verbose ? log_text(common.log_format, Level::info, summary_text(report)) : "";
}

// Why a run could not begin.
struct Obstacle {
  int exit_status;
  std::string_view code;
  std::string why;
};

int refuse(const PipeCommand& command, const Streams& streams, const Obstacle& obstacle) {
  const std::string message = "zsluice: pipe: " + obstacle.why + '\n';
  TextOutput err(streams.err);
  if (command.common.json) {
    Json json = result_json({});
    put_not_begun(json, obstacle.code, obstacle.exit_status, message);
    err.write(dump_line(json));
  } else {
    err.write(log_text(command.common.log_format, Level::error, message));
  }
  return obstacle.exit_status;
}

void say_backend(const CommonOptions& common, const io::ChosenBackend& chosen, Notices& notices) {
  if (chosen.refusal) {
    notices.warn(fmt::format("zsluice: pipe: io_uring is {}; using poll(2)\n",
                             refusal_reason(*chosen.refusal)));
  } else if (common.verbose) {
    notices.say(Level::info, fmt::format("zsluice: pipe: moving bytes with {} ({})\n",
                                         name_of(chosen.kind), reason_of(chosen)));
  }
}

}  // namespace

int run_command(const PipeCommand& command, const Streams& streams) {
  const CommonOptions& common = command.common;
  if (io::is_terminal(streams.in)) {
    return refuse(command, streams,
                  {kExitUsage, kNotOpened, "stdin is a terminal: pipe a stream into it"});
  }
  if (io::is_terminal(streams.out)) {
    return refuse(command, streams,
                  {kExitUsage, kNotOpened, "stdout is a terminal: a stream is binary data"});
  }
  const auto chosen = io::make_backend(common.io);
  if (!chosen) {
    return refuse(command, streams,
                  {kExitLocalIo, "uring_refused",
                   "--io uring: io_uring is " + refusal_reason(chosen.error())});
  }
  const auto signals = io::Signals::create();
  if (!signals) {
    return refuse(command, streams,
                  {kExitLocalIo, "no_signals",
                   "signals cannot be watched: " + errno_text(signals.error().error)});
  }
  Notices notices(common, streams.err);
  say_backend(common, *chosen, notices);

  pipeline::PipeEnds ends{.backend = *chosen->backend,
                          .input = streams.in,
                          .output = io::Fd(streams.out),
                          .signals = signals->get()};
  const PipeReport report = pipeline::run_pipe(pipe_options(command), std::move(ends), notices);

  notices.finish(last_words(common, report, *chosen), chosen->backend->now() + kLastWords);
  return report.failure ? exit_status_of(*report.failure) : kExitWhole;
}

}  // namespace zsluice::cli
