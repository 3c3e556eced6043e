// SPDX-License-Identifier: BSD-2-Clause
#include "cli/commands.hpp"
#include "cli/errno_text.hpp"
#include "cli/exit_status.hpp"
#include "cli/failure_text.hpp"
#include "cli/finish_output.hpp"
#include "cli/log.hpp"
#include "cli/notes.hpp"
#include "cli/open_input.hpp"
#include "cli/pipe_result.hpp"
#include "cli/result_json.hpp"
#include "cli/store_failure_text.hpp"
#include "cli/store_key.hpp"
#include "cli/text_layout.hpp"
#include "cli/user_command.hpp"
#include "cli/version.hpp"
#include "io/interruptible_source.hpp"
#include "io/make_backend.hpp"
#include "io/stop_signals.hpp"
#include "io/store_folder.hpp"
#include "pipeline/filtered_store.hpp"
#include "pipeline/split_continue.hpp"
#include "zsluice/base/escape.hpp"
#include "zsluice/base/size_text.hpp"
#include "zsluice/store/segment_name.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <variant>

namespace zsluice::cli {
namespace {

using pipeline::SplitReport;

constexpr std::string_view kHead = "zsluice: split: ";

// One run of the command. stdout carries no data: the result for machines goes there.
class SplitRun {
 public:
  SplitRun(const SplitCommand& command, const Streams& streams)
      : command_(command),
        streams_(streams),
        out_(streams.out),
        err_(streams.err),
        store_(escaped(command.store)) {}

  int run();

 private:
  [[nodiscard]] pipeline::SplitOptions options(std::string key) const;
  int begin(pipeline::SplitOptions options, io::ByteSource& input);
  int go_on(const pipeline::SplitOptions& options, io::ByteSource& input, io::StoreFolder& folder);
  [[nodiscard]] Result<std::unique_ptr<io::StoreFolder>, io::SysError> open_folder() const {
    auto folder = io::StoreFolder::open_to_write(command_.store, std::string(storage::kLockName));
    if (folder) (*folder)->write_by(command_.common.io);
    return folder;
  }
  [[nodiscard]] std::string other_settings(const storage::StoreSettings& there) const;
  int give_up(const OpenFailure& failure, std::string_view code);
  int cannot_open(const io::SysError& error);
  // Whether signals are watched from now on.
  [[nodiscard]] Result<void, io::SysError> watch_signals();
  [[nodiscard]] pipeline::CommandOptions filter_options();
  int no_signals(const io::SysError& error);
  int end(const SplitReport& report);
  void say_end(const SplitReport& report);
  [[nodiscard]] Json result(const SplitReport& report) const;
  [[nodiscard]] FailureContext context_of(const SplitReport& report) const;

  void say(Level level, const std::string& message) {
    err_.write(log_text(command_.common.log_format, level, message));
  }
  // At once: a pause follows.
  void say_failed_try(const pipeline::FailedTry& failed) {
    if (command_.common.quiet || command_.common.json) return;
    say(Level::warning, failed_try_text("split", store_, failed));
    err_.flush();
  }
  int finish(int status) {
    return finish_output(out_, err_, "split", command_.common.log_format, status);
  }

  const SplitCommand& command_;
  const Streams& streams_;
  std::unique_ptr<io::StopSignals> signals_;  // goes when everything has been written
  TextOutput out_;
  TextOutput err_;
  std::string store_;
};

pipeline::SplitOptions SplitRun::options(std::string key) const {
  pipeline::SplitOptions options;
  options.gate.checker.parser.limits.begin_payload_bytes = command_.max_header_bytes;
  options.gate.policy = command_.policy;
  options.store.settings = command_.settings;
  options.store.threads = command_.threads;
  options.store.key = std::move(key);
  options.store.created_by = fmt::format("zsluice {}", kVersion);
  return options;
}

int SplitRun::run() {
  auto key = read_store_key(command_.key_path, "split");
  if (!key) return give_up(key.error(), kNotOpened);
  if (command_.common.io == io::BackendChoice::uring) {
    if (const auto made = io::make_backend(command_.common.io); !made) {
      return give_up({kExitLocalIo, fmt::format("{}--io uring: io_uring is {}\n", kHead,
                                                refusal_reason(made.error()))},
                     "uring_refused");
    }
  }
  // What is checked must be what is stored: no mapped file, which others may write to.
  auto input = open_input("-", "split", streams_, {.allow_mapping = false});
  if (!input) return give_up(input.error(), kNotOpened);
  pipeline::SplitOptions split = options(*std::move(key));
  if (!command_.is_continued) return begin(std::move(split), *input->source);
  auto folder = open_folder();
  if (!folder) return cannot_open(folder.error());
  return go_on(split, *input->source, **folder);
}

Result<void, io::SysError> SplitRun::watch_signals() {
  auto signals = io::StopSignals::create();
  if (!signals) return Unexpected{signals.error()};
  signals_ = *std::move(signals);
  return {};
}

pipeline::CommandOptions SplitRun::filter_options() {
  pipeline::CommandOptions options = command_options(
      command_.filter, [this](const pipeline::FailedTry& failed) { say_failed_try(failed); });
  options.sleep = [this](Duration pause) { signals_->wait(pause); };
  options.is_stopped = [this] { return signals_->received().has_value(); };
  return options;
}

// A signal ended the input, or a command, or is why that was not tried again: what of the stream
// was proven is stored, and the signal is the cause.
void blame_signal(const io::StopSignals& signals,
                  const io::InterruptibleSource& source,
                  SplitReport& report) {
  const std::optional<int> signal = signals.received();
  if (!signal || !report.failure) return;
  if (const auto* const store = std::get_if<pipeline::StoreFailure>(&*report.failure)) {
    if (store->code != pipeline::StoreFailureCode::filter_failed) return;
    report.not_taken = *store;
  } else if (!source.signal() || !std::holds_alternative<pipeline::IoFailure>(*report.failure)) {
    return;
  }
  report.failure = pipeline::Signalled{*signal, report.store.is_whole};
}

int SplitRun::begin(pipeline::SplitOptions options, io::ByteSource& input) {
  if (const auto watched = watch_signals(); !watched) return no_signals(watched.error());
  auto folder = open_folder();
  if (!folder) return cannot_open(folder.error());
  const pipeline::CommandOptions command = filter_options();
  const bool is_filtered = !command_.filter.empty();
  if (is_filtered) options.store.is_stopped = command.is_stopped;
  pipeline::FilteredStore filtered(**folder, command);
  io::StoreFiles& files = is_filtered ? static_cast<io::StoreFiles&>(filtered) : **folder;
  io::InterruptibleSource source(input, streams_.in, *signals_);
  SplitReport report = run_split(options, source, files);
  blame_signal(*signals_, source, report);
  // A stream that was refused leaves no trace.
  if (report.store.segments == 0) (*folder)->unmake();
  return end(report);
}

int SplitRun::go_on(const pipeline::SplitOptions& options,
                    io::ByteSource& input,
                    io::StoreFolder& folder) {
  const auto opened = pipeline::open_store(folder, options.store.key);
  if (!opened) {
    folder.unmake();
    SplitReport report;
    report.failure = opened.error();
    return end(report);
  }
  const std::string other = other_settings(opened->first.settings);
  if (!other.empty()) {
    return give_up(
        {kExitUsage, fmt::format("{}{}: the store was written with {}\n", kHead, store_, other)},
        "other_settings");
  }
  // Not before: so far nothing was written, and a signal may end the process.
  if (const auto watched = watch_signals(); !watched) return no_signals(watched.error());
  io::InterruptibleSource source(input, streams_.in, *signals_);
  SplitReport report = run_continue(options, *opened, source, folder);
  blame_signal(*signals_, source, report);
  return end(report);
}

std::string compression_text(const storage::StoreSettings& settings) {
  if (settings.compression == storage::Compression::off) return "off";
  if (settings.compression == storage::Compression::automatic) return "auto";
  return fmt::format("{}", settings.level);
}

// What of the settings on the command line is not that of the store; empty: nothing.
std::string SplitRun::other_settings(const storage::StoreSettings& there) const {
  const storage::StoreSettings& asked = command_.settings;
  if (command_.names_segment_bytes && asked.segment_bytes != there.segment_bytes) {
    return fmt::format("segments of {}", format_size(there.segment_bytes, SizeForm::exact));
  }
  const bool is_same = asked.compression == there.compression && asked.level == there.level;
  if (!command_.names_compression || is_same) return {};
  return fmt::format("--compress {}", compression_text(there));
}

int SplitRun::give_up(const OpenFailure& failure, std::string_view code) {
  if (command_.common.json) {
    Json json = result({});
    put_not_begun(json, code, failure.exit_status, failure.message);
    out_.write(dump_line(json));
  } else {
    say(Level::error, failure.message);
  }
  return finish(failure.exit_status);
}

int SplitRun::cannot_open(const io::SysError& error) {
  if (error.operation == io::SysOperation::lock && error.error == EWOULDBLOCK) {
    return give_up({kExitLocalIo,
                    fmt::format("{}{}: another process is writing to this store\n", kHead, store_)},
                   "store_in_use");
  }
  const std::string what = error.operation == io::SysOperation::lock
                               ? fmt::format("/{}: cannot be locked", storage::kLockName)
                               : ": cannot be opened";
  return give_up(
      {kExitLocalIo, fmt::format("{}{}{}: {}\n", kHead, store_, what, errno_text(error.error))},
      kNotOpened);
}

int SplitRun::no_signals(const io::SysError& error) {
  return give_up({kExitLocalIo,
                  fmt::format("{}signals cannot be watched: {}\n", kHead, errno_text(error.error))},
                 "no_signals");
}

FailureContext SplitRun::context_of(const SplitReport& report) const {
  const bool is_of_the_store =
      report.failure && std::holds_alternative<pipeline::StoreFailure>(*report.failure);
  return {.command = "split",
          .source = is_of_the_store ? std::string_view(store_) : "stdin",
          .continues = command_.is_continued,
          .filters = !command_.filter.empty()};
}

Json continued_json(const SplitReport& report) {
  if (!report.continued) return nullptr;
  const pipeline::ContinuedStore& continued = *report.continued;
  return {{"segments", continued.had_segments},
          {"raw_bytes", continued.had_bytes},
          {"kept_bytes", continued.kept_bytes},
          {"segments_taken_in", continued.taken_in},
          {"manifest", manifest_state_name(continued.manifest)}};
}

Json SplitRun::result(const SplitReport& report) const {
  Json json;
  json["schema"] = "zsluice.split/1";
  json["store"] = store_;
  json["filter"] = command_.filter.empty() ? Json(nullptr) : Json(escaped(command_.filter));
  json["verdict"] = report.failure ? verdict_of(*report.failure) : "whole";
  json["exit_status"] = report.failure ? exit_status_of(*report.failure) : kExitWhole;
  json["bytes_in"] = report.bytes_in;
  json["records_total"] = report.records;
  json["substreams"] = report.substreams;
  json["toname"] = report.toname.empty() ? Json(nullptr) : Json(report.toname);
  json["segments"] = report.store.segments;
  json["segments_compressed"] = report.store.segments_compressed;
  json["raw_bytes"] = report.store.raw_bytes;
  json["stored_bytes"] = report.store.stored_bytes;
  json["chain"] =
      report.store.segments == 0
          ? Json(nullptr)
          : Json(fmt::format("{:016x}{:016x}", report.store.chain.high, report.store.chain.low));
  json["closed"] = report.store.is_whole;
  json["manifest_taken"] =
      command_.filter.empty() ? Json(nullptr) : Json(report.store.is_published);
  json["continued"] = continued_json(report);
  json["failure"] = failure_json(report.failure, context_of(report));
  const FailureContext of_store{.command = "split", .source = store_};
  json["not_taken"] = failure_json(report.not_taken, of_store);
  return json;
}

// A segment that an earlier run has stored is not there, or not right.
bool is_hurt(const SplitReport& report) {
  using enum pipeline::StoreFailureCode;
  const auto* const store = std::get_if<pipeline::StoreFailure>(&*report.failure);
  return report.continued && store != nullptr &&
         (store->code == bad_segment || store->code == missing_segment ||
          store->code == unreadable);
}

// Where the run leaves what was stored.
std::string kept_lines(const SplitReport& report, const std::string& store, bool is_filtered) {
  const pipeline::StoreTotals& totals = report.store;
  const bool is_unchanged = report.continued && !report.store.is_whole &&
                            report.store.raw_bytes == report.continued->had_bytes;
  if (is_hurt(report)) {
    return is_unchanged ? "  Nothing was changed.\n"
                        : fmt::format(
                              "  The store goes on behind it, to offset {}: when it is "
                              "right again, go on with --continue.\n",
                              report.store.raw_bytes);
  }
  if (is_unchanged) {
    return fmt::format("  {} holds the first {} of the stream, as before.\n", store,
                       counted(report.store.raw_bytes, "byte"));
  }
  std::string text;
  if (report.not_taken) {
    text = fmt::format("  {} was not taken: {}\n", report.not_taken->name,
                       command_end_text(report.not_taken->system));
  }
  if (totals.segments == 0) return text + "  Nothing was stored.\n";
  const std::string_view keeper = is_filtered ? "The command" : std::string_view(store);
  const std::string_view verb = is_filtered ? "took" : "holds";
  text += totals.is_whole ? fmt::format("  {} {} the stream whole.\n", keeper, verb)
                          : fmt::format("  {} {} the first {} of the stream, all of them proven.\n",
                                        keeper, verb, counted(totals.raw_bytes, "byte"));
  if (is_filtered && !totals.is_published) {
    text += fmt::format("  It has not got the manifest, which is {}/{}.\n", store,
                        storage::kManifestName);
  }
  if (is_filtered && !totals.is_whole) {
    text += fmt::format(
        "  To go on, copy its segments into {}, and use --continue there, without --filter.\n",
        store);
  }
  return text;
}

// What is wrong with it is said, and that nothing was done to it.
bool is_untouched(const SplitReport& report, bool is_continued) {
  const auto* const store = std::get_if<pipeline::StoreFailure>(&*report.failure);
  if (store == nullptr) return false;
  return store->code == pipeline::StoreFailureCode::holds_whole ||
         store->code == pipeline::StoreFailureCode::holds_part ||
         (is_continued && !report.continued);
}

bool is_made_again(pipeline::ManifestState found) {
  return found == pipeline::ManifestState::damaged || found == pipeline::ManifestState::missing;
}

// What `--continue` has done; empty: no more than that.
std::string continued_line(const SplitReport& report) {
  if (!report.continued) return {};
  const pipeline::ContinuedStore& continued = *report.continued;
  std::string text;
  if (report.bytes_in > 0) {
    text = fmt::format("  The first {} were there already; {} came again.\n",
                       counted(continued.kept_bytes, "byte"),
                       counted(continued.had_bytes - continued.kept_bytes, "byte"));
  }
  if (is_made_again(continued.manifest)) {
    text += fmt::format("  The manifest was {}: it was made again from the segments.\n",
                        manifest_state_name(continued.manifest));
  } else if (report.bytes_in == 0) {
    const bool is_more = continued.taken_in > 0;
    text += is_more ? "  Only the last lines of the manifest were missing: they were added.\n"
                    : "  Only its closing line was missing: it was added.\n";
  }
  return text +
         "  Of what was there only the headers and the end were read: `zsluice verify` proves all "
         "of it.\n";
}

void SplitRun::say_end(const SplitReport& report) {
  if (report.unknown_features != 0 && !command_.common.quiet) {
    say(Level::warning, unknown_features_text("split", "stdin", report.unknown_features));
  }
  if (report.failure) {
    const std::string rest = is_untouched(report, command_.is_continued)
                                 ? ""
                                 : kept_lines(report, store_, !command_.filter.empty());
    return say(Level::error, failure_text(*report.failure, context_of(report)) + rest);
  }
  if (command_.common.quiet) return;
  const std::string name =
      report.toname.empty() ? "" : fmt::format(" of \"{}\"", escaped(report.toname));
  std::string text = fmt::format("{}{}: whole: {}{} in {}, {} stored\n", kHead, store_,
                                 counted(report.store.raw_bytes, "byte"), name,
                                 counted(report.store.segments, "segment"),
                                 counted(report.store.stored_bytes, "byte"));
  text += continued_line(report);
  if (command_.common.verbose) {
    text += fmt::format("  {} compressed; the chain ends in {:016x}{:016x}\n",
                        counted(report.store.segments_compressed, "segment"),
                        report.store.chain.high, report.store.chain.low);
  }
  say(Level::info, text);
}

int SplitRun::end(const SplitReport& report) {
  if (command_.common.json) {
    out_.write(dump_line(result(report)));
  } else {
    say_end(report);
  }
  return finish(report.failure ? exit_status_of(*report.failure) : kExitWhole);
}

}  // namespace

int run_command(const SplitCommand& command, const Streams& streams) {
  return SplitRun(command, streams).run();
}

}  // namespace zsluice::cli
