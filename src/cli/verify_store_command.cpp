// SPDX-License-Identifier: BSD-2-Clause
#include "cli/errno_text.hpp"
#include "cli/exit_status.hpp"
#include "cli/finish_output.hpp"
#include "cli/log.hpp"
#include "cli/store_failure_text.hpp"
#include "cli/store_finding_text.hpp"
#include "cli/store_key.hpp"
#include "cli/store_reading.hpp"
#include "cli/text_layout.hpp"
#include "cli/user_command.hpp"
#include "pipeline/fetched_store.hpp"
#include "pipeline/store_verify.hpp"
#include "zsluice/base/escape.hpp"
#include "zsluice/store/segment_name.hpp"

#include <fmt/format.h>

#include <memory>
#include <mutex>
#include <utility>

namespace zsluice::cli {
namespace {

using pipeline::GoodRange;
using pipeline::ManifestState;
using pipeline::StoreFailureCode;
using pipeline::StoreFinding;
using pipeline::StoreVerifyReport;

// Listed one by one in a JSON result; beyond that they are counted.
constexpr std::size_t kListedMax = 1000;

class StoreVerifyRun {
 public:
  StoreVerifyRun(const VerifyCommand& command, const Streams& streams)
      : command_(command),
        out_(streams.out),
        err_(streams.err),
        store_(command.path.empty() ? fmt::format("\"{}\"", escaped(command.fetch))
                                    : escaped(command.path)),
        head_(fmt::format("zsluice: verify: {}: ", store_)) {}

  int run(io::StoreFiles& files);
  int run_fetched();

 private:
  int give_up(int exit_status, const std::string& message);
  void tell(const StoreFinding& finding);
  void tell_end(const StoreVerifyReport& report);
  void tell_whole(const StoreVerifyReport& report);
  [[nodiscard]] std::string manifest_made_again() const;
  [[nodiscard]] std::string summary_of_right(const StoreVerifyReport& report) const;
  void tell_notes(const StoreVerifyReport& report);
  [[nodiscard]] std::string summary(const StoreVerifyReport& report) const;
  [[nodiscard]] Json result(const StoreVerifyReport& report) const;
  [[nodiscard]] bool lacks_manifest(const pipeline::StoreFailure& failure) const {
    return !command_.fetch.empty() && (failure.code == StoreFailureCode::not_a_store ||
                                       (failure.code == StoreFailureCode::fetch_failed &&
                                        failure.name == storage::kManifestName));
  }
  [[nodiscard]] FailureContext context() const { return {.command = "verify", .source = store_}; }
  // Also from threads that fetch.
  void say(Level level, const std::string& message) {
    const std::lock_guard lock(mutex_);
    err_.write(log_text(command_.common.log_format, level, message));
    err_.flush();
  }
  int finish(int status) {
    return finish_output(out_, err_, "verify", command_.common.log_format, status);
  }

  const VerifyCommand& command_;
  TextOutput out_;
  TextOutput err_;
  std::mutex mutex_;  // of err_
  std::string store_;
  std::string head_;
  Json findings_ = Json::array();
};

int status_of(const StoreVerifyReport& report) {
  return report.failure ? exit_status_of(*report.failure) : int{kExitWhole};
}

int StoreVerifyRun::run_fetched() {
  std::unique_ptr<io::StoreFolder> folder;
  if (!command_.path.empty()) {
    auto opened = io::StoreFolder::open_to_read(command_.path);
    if (!opened) {
      return give_up(kExitLocalIo, fmt::format("{}cannot be opened: {}\n", head_,
                                               errno_text(opened.error().error)));
    }
    folder = *std::move(opened);
  }
  pipeline::FetchedStore fetched(
      folder.get(), command_options(command_.fetch, [this](const pipeline::FailedTry& failed) {
        if (command_.common.quiet || command_.common.json) return;
        say(Level::warning, failed_try_text("verify", store_, failed));
      }));
  return run(fetched);
}

int StoreVerifyRun::run(io::StoreFiles& files) {
  const std::string_view odd = command_.blocks   ? "--blocks"
                               : command_.strict ? "--strict"
                               : command_.max_header_bytes != drr::kBeginPayloadBytesMax
                                   ? "--max-header"
                                   : "";
  if (!odd.empty()) {
    return give_up(kExitUsage, fmt::format("{}{} is for streams: pipe `zsluice join` into "
                                           "`zsluice verify`\n",
                                           head_, odd));
  }
  auto key = read_store_key(command_.key_path, "verify");
  if (!key) return give_up(key.error().exit_status, key.error().message);
  pipeline::StoreVerifyOptions options;
  options.key = *std::move(key);
  options.no_auth = command_.no_auth;
  options.is_quick = command_.quick;
  options.jobs = command_.jobs;
  const StoreVerifyReport report =
      run_verify_store(options, files, [this](const StoreFinding& finding) { tell(finding); });
  if (command_.common.json) {
    out_.write(dump_line(result(report)));
  } else {
    tell_end(report);
  }
  return finish(status_of(report));
}

int StoreVerifyRun::give_up(int exit_status, const std::string& message) {
  say(Level::error, message);
  if (command_.common.json) {
    Json json = result({});
    put_not_begun(json, kNotOpened, exit_status, message);
    out_.write(dump_line(json));
  }
  return finish(exit_status);
}

void StoreVerifyRun::tell(const StoreFinding& finding) {
  if (!command_.common.json) {
    if (!lacks_manifest(finding.failure)) {
      return say(Level::error, store_finding_text(finding, context()));
    }
    const bool has_failed = finding.failure.code == StoreFailureCode::fetch_failed;
    return say(Level::error,
               fmt::format("{}{}: nobody else knows which segments there should be\n"
                           "  Name a STORE that holds it.\n",
                           head_,
                           has_failed ? fmt::format("the manifest was not fetched: {}",
                                                    command_end_text(finding.failure.system))
                                      : "no manifest was there"));
  }
  if (findings_.size() < kListedMax) findings_.push_back(store_finding_json(finding, context()));
}

void StoreVerifyRun::tell_end(const StoreVerifyReport& report) {
  if (report.has_given_up) {
    say(Level::error, fmt::format("{}ended early: {} in a row were not fetched\n"
                                  "  Nothing is known of those behind them.\n",
                                  head_, counted(pipeline::kUnfetchedMax, "segment")));
  }
  if (report.failure) {
    const bool has_segments = report.verdict.segments_good + report.verdict.segments_bad > 0;
    if (has_segments && !report.is_cut_short) say(Level::error, summary(report));
  } else if (!command_.common.quiet) {
    tell_whole(report);
  }
  if (!command_.common.quiet) tell_notes(report);
}

void StoreVerifyRun::tell_whole(const StoreVerifyReport& report) {
  const pipeline::StoreVerdict& verdict = report.verdict;
  std::string text = fmt::format("{}: {}: ", store_, command_.quick ? "complete" : "whole");
  // Of a name the key proves nothing but in the payload.
  const bool is_name_proven = !command_.quick || !report.is_authenticated;
  if (verdict.last_substream && is_name_proven) {
    text += '"' + escaped(verdict.last_substream->toname) + "\", ";
  }
  text += fmt::format("{}, {}, {}, {} stored", counted(verdict.segments_good, "segment"),
                      counted(verdict.records, "record"), counted(verdict.raw_bytes, "byte"),
                      counted(verdict.stored_bytes, "byte"));
  if (report.is_authenticated) text += ", each proven by the key";
  if (command_.quick) text += "; what the segments hold was not read";
  out_.write(text + '\n');
  out_.flush();
}

// Where the segments are here, and may be written on.
std::string StoreVerifyRun::manifest_made_again() const {
  if (!command_.fetch.empty() || command_.no_auth) return {};
  return fmt::format("  `zsluice split --continue{} STORE </dev/null` makes it again.\n",
                     command_.key_path.empty() ? "" : " --auth-key KEY");
}

// Nothing but the manifest is wrong, and `join` goes by what it says.
bool is_manifest_in_the_way(const StoreVerifyReport& report) {
  return report.verdict.has_end && report.failure &&
         (report.verdict.is_join_refused ||
          report.failure->code == pipeline::StoreFailureCode::unproven_end);
}

// All segments are right, and something else is not.
std::string StoreVerifyRun::summary_of_right(const StoreVerifyReport& report) const {
  const pipeline::StoreVerdict& verdict = report.verdict;
  std::string text =
      fmt::format("{}{} {} right, {}: {}\n", head_, counted(verdict.segments_good, "segment"),
                  verdict.segments_good == 1 ? "is" : "are", counted(verdict.raw_bytes, "byte"),
                  verdict.has_end ? "the whole stream" : "a valid beginning of the stream");
  if (!is_manifest_in_the_way(report)) {
    const bool is_damaged = report.manifest == ManifestState::damaged;
    if (report.failure && report.failure->code == pipeline::StoreFailureCode::unreadable) {
      return text + fmt::format("  Make {} readable, or move it away{}.\n", storage::kManifestName,
                                verdict.has_end ? ": all else is here" : "");
    }
    return is_damaged && verdict.has_end ? text + manifest_made_again() : text;
  }
  return text + fmt::format("  Without the manifest `zsluice join` gives it: move {} away.\n{}",
                            storage::kManifestName, manifest_made_again());
}

// What is left, and what it is good for.
std::string StoreVerifyRun::summary(const StoreVerifyReport& report) const {
  const pipeline::StoreVerdict& verdict = report.verdict;
  if (verdict.segments_bad == 0) return summary_of_right(report);
  std::string text = fmt::format("{}{} bad or missing; {} right{}\n", head_,
                                 counted(verdict.segments_bad, "segment"), verdict.segments_good,
                                 command_.quick ? ", as far as sizes and headers tell" : "");
  for (const GoodRange& range : verdict.good) {
    text += range.first == range.last
                ? fmt::format("  right: segment {}", range.first)
                : fmt::format("  right: segments {} to {}", range.first, range.last);
    text += fmt::format(", offsets {} to {}\n", range.begin, range.end);
  }
  if (verdict.good_more > 0) {
    text += fmt::format("  and {} behind them\n", counted(verdict.good_more, "range"));
  }
  const std::string join =
      verdict.is_plain ? "  `zsluice join --allow-plaintext`" : "  `zsluice join`";
  if (verdict.is_prefix_whole) return text + join + " gives the whole stream all the same.\n";
  // That the manifest stands in the way has been said.
  if (!verdict.is_join_refused) {
    text += verdict.prefix_bytes == 0 ? "  `zsluice join` gives nothing of it.\n"
                                      : fmt::format("{} gives the first {}, without an END.\n",
                                                    join, counted(verdict.prefix_bytes, "byte"));
  }
  if (report.is_mendable) {
    text +=
        "  With the segments named above replaced from another copy, all of it is there again.\n";
  }
  return text;
}

void StoreVerifyRun::tell_notes(const StoreVerifyReport& report) {
  const bool has_segments = report.verdict.segments_good + report.verdict.segments_bad > 0;
  if (!has_segments || report.is_cut_short) return;
  const bool has_end = report.verdict.has_end;
  if (report.manifest == ManifestState::missing) {
    say(Level::warning, head_ + "the manifest is missing: the segments' own headers were used\n" +
                            (has_end ? manifest_made_again() : ""));
  } else if (report.manifest == ManifestState::torn) {
    say(Level::warning,
        fmt::format("{}the end of the manifest is {}: behind it the segments' own "
                    "headers were used\n{}",
                    head_, has_end ? "torn or damaged" : "torn, as a crash leaves it",
                    has_end ? manifest_made_again() : ""));
  }
  if (!command_.fetch.empty() && !report.has_closing_line && report.segments_expected > 0) {
    say(Level::warning,
        fmt::format("{}the manifest has no closing line: behind segment {} nobody looked\n", head_,
                    report.segments_expected - 1));
  }
  if (report.verdict.stale_lines > 0) {
    say(Level::warning,
        fmt::format("{}{} of the manifest {} of other copies of the same segments\n", head_,
                    counted(report.verdict.stale_lines, "line"),
                    report.verdict.stale_lines == 1 ? "speaks" : "speak"));
  }
}

Json StoreVerifyRun::result(const StoreVerifyReport& report) const {
  const pipeline::StoreVerdict& verdict = report.verdict;
  Json json;
  json["schema"] = "zsluice.verify-store/1";
  json["store"] = store_;
  json["verdict"] = report.failure ? verdict_of(*report.failure) : "whole";
  json["exit_status"] = status_of(report);
  json["quick"] = command_.quick;
  json["authenticated"] = report.is_authenticated;
  json["manifest"] = manifest_state_name(report.manifest);
  json["stale_lines"] = verdict.stale_lines;
  json["segments_good"] = verdict.segments_good;
  json["segments_bad"] = verdict.segments_bad;
  json["raw_bytes"] = verdict.raw_bytes;
  json["stored_bytes"] = verdict.stored_bytes;
  json["records_total"] = verdict.records;
  json["substreams"] = verdict.substreams;
  json["closed"] = verdict.has_end;
  json["cut_short"] = report.is_cut_short;
  json["prefix_segments"] = verdict.prefix_segments;
  json["prefix_bytes"] = verdict.prefix_bytes;
  Json good = Json::array();
  for (const GoodRange& range : verdict.good) {
    good.push_back({{"first_segment", range.first},
                    {"last_segment", range.last},
                    {"begin", range.begin},
                    {"end", range.end}});
  }
  json["good"] = std::move(good);
  json["good_more"] = verdict.good_more;
  json["findings_total"] = report.findings;
  json["findings"] = findings_;
  const std::optional<pipeline::Failure> failure =
      report.failure ? std::optional<pipeline::Failure>(*report.failure) : std::nullopt;
  json["failure"] = failure_json(failure, context());
  return json;
}

}  // namespace

std::unique_ptr<io::StoreFolder> open_if_store(const std::string& path) {
  if (path == "-") return nullptr;
  auto folder = io::StoreFolder::open_to_read(path);
  return folder ? *std::move(folder) : nullptr;
}

int verify_fetched_store(const VerifyCommand& command, const Streams& streams) {
  return StoreVerifyRun(command, streams).run_fetched();
}

int verify_store(const VerifyCommand& command, io::StoreFolder& folder, const Streams& streams) {
  return StoreVerifyRun(command, streams).run(folder);
}

}  // namespace zsluice::cli
