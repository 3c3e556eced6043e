// SPDX-License-Identifier: BSD-2-Clause
#include "cli/commands.hpp"
#include "cli/duration_text.hpp"
#include "cli/errno_text.hpp"
#include "cli/exit_status.hpp"
#include "cli/failure_text.hpp"
#include "cli/log.hpp"
#include "cli/notes.hpp"
#include "cli/rate_control.hpp"
#include "cli/result_json.hpp"
#include "cli/run_watch.hpp"
#include "cli/store_failure_text.hpp"
#include "cli/store_finding_text.hpp"
#include "cli/store_key.hpp"
#include "cli/text_layout.hpp"
#include "cli/user_command.hpp"
#include "io/file_kind.hpp"
#include "io/poll_backend.hpp"
#include "io/stop_signals.hpp"
#include "io/store_folder.hpp"
#include "pipeline/fetched_store.hpp"
#include "pipeline/join.hpp"
#include "pipeline/paced_writer.hpp"
#include "zsluice/base/escape.hpp"
#include "zsluice/base/size_text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <variant>

namespace zsluice::cli {
namespace {

using pipeline::JoinReport;
using pipeline::ManifestState;

constexpr std::string_view kHead = "zsluice: join: ";

// What is read, as messages name it.
std::string store_text(const JoinCommand& command) {
  return command.store.empty() ? fmt::format("\"{}\"", escaped(command.fetch))
                               : escaped(command.store);
}

int status_of(const JoinReport& report) {
  return report.failure ? exit_status_of(*report.failure) : kExitWhole;
}

// Whether an end that was wanted is why there is not all that commands were to give.
bool is_unfetched(const JoinReport& report) {
  if (!report.failure) return false;
  const auto* const store = std::get_if<pipeline::StoreFailure>(&*report.failure);
  return store != nullptr && store->system == pipeline::kFetchStopped;
}

// A signal, or a reader that has gone, ended the writing or the fetching; or the output failed at
// its very end. One that came only behind a failure is not its cause.
void blame_output(const pipeline::PacedWriter& out, JoinReport& report) {
  const auto stopped = out.stopped();
  const bool is_signalled = out.error() == io::SysError{io::SysOperation::write, EINTR};
  if (stopped && (is_signalled || is_unfetched(report))) {
    report.failure = stopped;
  } else if (out.error() && !report.failure) {
    report.failure = pipeline::IoFailure{pipeline::IoSide::output, *out.error(), out.written()};
  }
}

// One run of the command. Data goes to stdout, so all words and the result for machines go to
// stderr.
class JoinRun {
 public:
  JoinRun(const JoinCommand& command, const Streams& streams)
      : command_(command), streams_(streams), err_(streams.err), store_(store_text(command)) {}

  int run();

 private:
  [[nodiscard]] pipeline::JoinOptions options(std::string key) const;
  int run(const pipeline::JoinOptions& options, io::StoreFolder* folder);
  int give_up(const OpenFailure& failure);
  [[nodiscard]] std::string last_words(const JoinReport& report) const;
  [[nodiscard]] std::string notes(const JoinReport& report) const;
  [[nodiscard]] Json result(const JoinReport& report) const;
  [[nodiscard]] FailureContext context_of(const JoinReport& report) const {
    return {
        .command = "join", .source = store_, .forwards = true, .passed_bytes = report.bytes_out};
  }
  [[nodiscard]] std::string line(Level level, const std::string& message) const {
    return log_text(command_.common.log_format, level, message);
  }
  void warn_of_failed_try(const pipeline::FailedTry& failed, RunWatch& watch) {
    if (command_.common.json) return;
    // At once: a pause follows.
    watch.warn(failed_try_text("join", store_, failed));
    watch.on_turn();
  }

  const JoinCommand& command_;
  const Streams& streams_;
  TextOutput err_;
  std::string store_;
  std::string speed_;
};

pipeline::JoinOptions JoinRun::options(std::string key) const {
  pipeline::JoinOptions options;
  options.gate.checker.parser.limits.begin_payload_bytes = command_.max_header_bytes;
  options.gate.policy = command_.policy;
  options.key = std::move(key);
  options.no_auth = command_.no_auth;
  return options;
}

int JoinRun::run() {
  if (io::is_terminal(streams_.out)) {
    return give_up(
        {kExitUsage, fmt::format("{}stdout is a terminal: a stream is binary data\n", kHead)});
  }
  auto key = read_store_key(command_.key_path, "join");
  if (!key) return give_up(key.error());
  std::unique_ptr<io::StoreFolder> folder;
  if (!command_.store.empty()) {
    auto opened = io::StoreFolder::open_to_read(command_.store);
    if (!opened) {
      return give_up({kExitLocalIo, fmt::format("{}{}: cannot be opened: {}\n", kHead, store_,
                                                errno_text(opened.error().error))});
    }
    folder = *std::move(opened);
  }
  return run(options(*std::move(key)), folder.get());
}

int JoinRun::run(const pipeline::JoinOptions& options, io::StoreFolder* folder) {
  const auto signals = io::StopSignals::create(
      command_.rate.rate_file.empty() ? io::Hangup::stops : io::Hangup::is_wish);
  if (!signals) {
    return give_up({kExitLocalIo, fmt::format("{}signals cannot be watched: {}\n", kHead,
                                              errno_text(signals.error().error))});
  }
  io::PollBackend backend;
  RunWatch watch({.command = "join",
                  .source = store_,
                  .common = command_.common,
                  .progress = command_.progress,
                  .err = streams_.err,
                  .started = backend.now()},
                 {});
  RateControl rate("join", command_.rate, [&](const std::string& text) { watch.warn(text); });
  if (const std::string error = rate.load(); !error.empty()) {
    return give_up({kExitUsage, fmt::format("{}{}\n", kHead, error)});
  }
  pipeline::PacedWriter out({.backend = backend,
                             .output = io::Fd(streams_.out),
                             .signals = signals->get(),
                             .rate = command_.rate.is_given() ? &rate : nullptr,
                             .burst_bytes = command_.rate.burst_bytes},
                            watch);
  pipeline::CommandOptions fetch = command_options(
      command_.fetch,
      [&](const pipeline::FailedTry& failed) { warn_of_failed_try(failed, watch); });
  fetch.sleep = [&](Duration pause) { out.pause(pause); };
  fetch.is_stopped = [&] { return out.stopped().has_value(); };
  pipeline::FetchedStore fetched(folder, fetch);
  io::StoreFiles& files = command_.fetch.empty() ? static_cast<io::StoreFiles&>(*folder) : fetched;
  JoinReport report = run_join(options, files, out, &out);
  // A wish that comes too late must not turn what has passed into a failure.
  (*signals)->ignore_wishes_afterwards();
  out.close();
  blame_output(out, report);
  const ProgressView view = watch.last_view();
  speed_ = fmt::format(", in {}, average {}", elapsed_text(elapsed(view)),
                       format_rate(view.rates.average));
  watch.finish(status_of(report), last_words(report), backend.now() + kLastWords);
  return status_of(report);
}

int JoinRun::give_up(const OpenFailure& failure) {
  if (command_.common.json) {
    Json json = result({});
    put_not_begun(json, kNotOpened, failure.exit_status, failure.message);
    err_.write(dump_line(json));
  } else {
    err_.write(line(Level::error, failure.message));
  }
  return failure.exit_status;
}

Json JoinRun::result(const JoinReport& report) const {
  Json json;
  json["schema"] = "zsluice.join/1";
  json["store"] = command_.store.empty() ? Json(nullptr) : Json(store_);
  json["fetch"] = command_.fetch.empty() ? Json(nullptr) : Json(escaped(command_.fetch));
  json["verdict"] = report.failure ? verdict_of(*report.failure) : "whole";
  json["exit_status"] = status_of(report);
  json["bytes_out"] = report.bytes_out;
  json["records_total"] = report.records;
  json["substreams"] = report.substreams;
  json["toname"] = report.toname.empty() ? Json(nullptr) : Json(report.toname);
  json["segments"] = report.segments;
  json["stored_bytes"] = report.stored_bytes;
  json["manifest"] = manifest_state_name(report.manifest);
  json["authenticated"] = report.is_authenticated;
  json["failure"] = failure_json(report.failure, context_of(report));
  return json;
}

std::string JoinRun::notes(const JoinReport& report) const {
  std::string text;
  if (report.unknown_features != 0) {
    text += line(Level::warning, unknown_features_text("join", store_, report.unknown_features));
  }
  // Who wanted an end is told of that alone: a command may have ended by the same Ctrl-C.
  const bool is_signalled =
      report.failure && std::holds_alternative<pipeline::Signalled>(*report.failure);
  const bool is_noteworthy = report.segments > 0 && (report.manifest == ManifestState::damaged ||
                                                     report.manifest == ManifestState::missing);
  if (!is_noteworthy || is_signalled) return text;
  const std::string state = report.manifest_error
                                ? "cannot be read: " + unreadable_text(*report.manifest_error)
                                : fmt::format("is {}", manifest_state_name(report.manifest));
  return text + line(Level::warning,
                     fmt::format("{}{}: the manifest {}: the segments' own headers were used\n",
                                 kHead, store_, state));
}

// What is said at the very end.
std::string JoinRun::last_words(const JoinReport& report) const {
  if (command_.common.json) return dump_line(result(report));
  std::string text = command_.common.quiet ? std::string() : notes(report);
  if (report.failure) {
    text += line(Level::error, failure_text(*report.failure, context_of(report)));
  } else if (!command_.common.quiet) {
    text += line(Level::info,
                 fmt::format("{}{}: whole: {} of \"{}\" from {}{}{}\n", kHead, store_,
                             counted(report.bytes_out, "byte"), escaped(report.toname),
                             counted(report.segments, "segment"),
                             report.is_authenticated ? ", each proven by the key" : "", speed_));
  }
  return text;
}

}  // namespace

int run_command(const JoinCommand& command, const Streams& streams) {
  return JoinRun(command, streams).run();
}

}  // namespace zsluice::cli
