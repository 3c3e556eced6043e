// SPDX-License-Identifier: BSD-2-Clause
#include "cli/commands.hpp"
#include "cli/errno_text.hpp"
#include "cli/exit_status.hpp"
#include "cli/failure_text.hpp"
#include "cli/log.hpp"
#include "cli/notes.hpp"
#include "cli/result_json.hpp"
#include "cli/store_failure_text.hpp"
#include "cli/store_finding_text.hpp"
#include "cli/store_key.hpp"
#include "cli/text_layout.hpp"
#include "cli/user_command.hpp"
#include "io/file_kind.hpp"
#include "io/store_folder.hpp"
#include "pipeline/fetched_store.hpp"
#include "pipeline/join.hpp"
#include "zsluice/base/escape.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

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

// One run of the command. Data goes to stdout, so all words and the result for machines go to
// stderr.
class JoinRun {
 public:
  JoinRun(const JoinCommand& command, const Streams& streams)
      : command_(command), streams_(streams), err_(streams.err), store_(store_text(command)) {}

  int run();

 private:
  [[nodiscard]] pipeline::JoinOptions options(std::string key) const;
  int give_up(const OpenFailure& failure);
  int end(const JoinReport& report);
  void say_notes(const JoinReport& report);
  [[nodiscard]] Json result(const JoinReport& report) const;
  [[nodiscard]] FailureContext context_of(const JoinReport& report) const {
    return {
        .command = "join", .source = store_, .forwards = true, .passed_bytes = report.bytes_out};
  }
  void say(Level level, const std::string& message) {
    err_.write(log_text(command_.common.log_format, level, message));
  }
  // At once: a pause follows.
  void say_failed_try(const pipeline::FailedTry& failed) {
    if (command_.common.quiet || command_.common.json) return;
    say(Level::warning, failed_try_text("join", store_, failed));
    err_.flush();
  }

  const JoinCommand& command_;
  const Streams& streams_;
  TextOutput err_;
  std::string store_;
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
  pipeline::FetchedStore fetched(
      folder.get(), command_options(command_.fetch, [&](const pipeline::FailedTry& failed) {
        say_failed_try(failed);
      }));
  io::StoreFiles& files = command_.fetch.empty() ? static_cast<io::StoreFiles&>(*folder) : fetched;
  io::BlockingWriter out(streams_.out);
  return end(run_join(options(*std::move(key)), files, out));
}

int JoinRun::give_up(const OpenFailure& failure) {
  if (command_.common.json) {
    Json json = result({});
    put_not_begun(json, kNotOpened, failure.exit_status, failure.message);
    err_.write(dump_line(json));
  } else {
    say(Level::error, failure.message);
  }
  return failure.exit_status;
}

Json JoinRun::result(const JoinReport& report) const {
  Json json;
  json["schema"] = "zsluice.join/1";
  json["store"] = command_.store.empty() ? Json(nullptr) : Json(store_);
  json["fetch"] = command_.fetch.empty() ? Json(nullptr) : Json(escaped(command_.fetch));
  json["verdict"] = report.failure ? verdict_of(*report.failure) : "whole";
  json["exit_status"] = report.failure ? exit_status_of(*report.failure) : kExitWhole;
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

void JoinRun::say_notes(const JoinReport& report) {
  if (report.unknown_features != 0) {
    say(Level::warning, unknown_features_text("join", store_, report.unknown_features));
  }
  const bool is_noteworthy = report.segments > 0 && (report.manifest == ManifestState::damaged ||
                                                     report.manifest == ManifestState::missing);
  if (!is_noteworthy) return;
  say(Level::warning, fmt::format("{}{}: the manifest is {}: the segments' own headers were used\n",
                                  kHead, store_, manifest_state_name(report.manifest)));
}

int JoinRun::end(const JoinReport& report) {
  const int status = report.failure ? exit_status_of(*report.failure) : kExitWhole;
  if (command_.common.json) {
    err_.write(dump_line(result(report)));
    return status;
  }
  if (!command_.common.quiet) say_notes(report);
  if (report.failure) {
    say(Level::error, failure_text(*report.failure, context_of(report)));
  } else if (!command_.common.quiet) {
    say(Level::info, fmt::format("{}{}: whole: {} of \"{}\" from {}{}\n", kHead, store_,
                                 counted(report.bytes_out, "byte"), escaped(report.toname),
                                 counted(report.segments, "segment"),
                                 report.is_authenticated ? ", each proven by the key" : ""));
  }
  return status;
}

}  // namespace

int run_command(const JoinCommand& command, const Streams& streams) {
  return JoinRun(command, streams).run();
}

}  // namespace zsluice::cli
