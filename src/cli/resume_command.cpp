// SPDX-License-Identifier: BSD-2-Clause
#include "cli/commands.hpp"
#include "cli/exit_status.hpp"
#include "cli/failure_text.hpp"
#include "cli/json_writer.hpp"
#include "cli/log.hpp"
#include "cli/open_input.hpp"
#include "cli/result_json.hpp"
#include "cli/store_input.hpp"
#include "cli/text_layout.hpp"
#include "cli/token_input.hpp"
#include "cli/token_text.hpp"
#include "io/file_kind.hpp"
#include "pipeline/resume.hpp"
#include "pipeline/stitch.hpp"
#include "pipeline/store_resume.hpp"
#include "zsluice/base/escape.hpp"
#include "zsluice/base/shell_quote.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <optional>
#include <string>
#include <utility>

namespace zsluice::cli {
namespace {

using pipeline::ResumeReport;
using pipeline::StitchReport;

constexpr std::string_view kHead = "zsluice: resume: ";

std::string in_quotes(std::string_view foreign) {
  return '"' + escaped(foreign) + '"';
}

std::string_view dataset_of(std::string_view snapshot) {
  return snapshot.substr(0, snapshot.find('@'));
}

// Nothing comes before (1, 0), where receivers begin: all is sent then, as the token asks.
bool is_placed(const ResumeReport& report, const token::Token& token) {
  return report.is_placed ||
         !resume::is_before({.object = 1, .offset = 0}, {token.object, token.offset});
}

// What the continuation needs of PARTIAL, which has not got it.
std::string lack_line(const resume::Refusal& lack) {
  if (lack.code != resume::RefusalCode::gap) {
    return fmt::format("  The second stream goes on with the snapshot with guid {}.\n",
                       lack.wanted);
  }
  return fmt::format(
      "  The second stream goes on at object {}, offset {}; the first is good up to object {}, "
      "offset {}.\n",
      lack.wanted, lack.wanted_offset, lack.found, lack.found_offset);
}

// What a run made.
struct Made {
  std::uint64_t bytes_out = 0;
  Output output = Output::rest;
  std::uint64_t snapshots_out = 0;
  std::string_view toname;
  bool is_package = false;
  std::optional<bool> is_placed;  // whether the token's place was found
  std::string_view own_root;  // a dataset that the receiver will make an encryption root of its own
  std::string root_there = "CHILD";  // as a word of a shell
  std::string summary;
};

// One run of the command. Data goes to stdout, so all words and the result for machines go to
// stderr.
class Resuming {
 public:
  Resuming(const ResumeCommand& command, const Streams& streams)
      : command_(command), streams_(streams), err_(streams.err), source_(escaped(command.path)) {}

  int run() {
    if (io::is_terminal(streams_.out)) {
      return give_up(kExitUsage, kNotOpened,
                     fmt::format("{}stdout is a terminal: a stream is binary data\n", kHead));
    }
    return command_.is_stitch ? stitch() : resume_by_token();
  }

 private:
  int resume_by_token();
  int rebuild(const token::Token& token);
  int rebuild_from_store(const token::Token& token);
  int end_rebuild(const ResumeReport& report, const token::Token& token);
  [[nodiscard]] pipeline::ResumeOptions resume_options(const token::Token& token) const;
  int stitch();

  Result<OpenedInput, OpenFailure> open(const std::string& path);
  int give_up(int exit_status, std::string_view code, const std::string& message);
  int give_up(const OpenFailure& failure) {
    return give_up(failure.exit_status, kNotOpened, failure.message);
  }
  int end(const std::optional<pipeline::Failure>& failure,
          const Made& made,
          std::string_view more = {});
  void write_json(const Made& made, std::string_view verdict, int exit_status, const Json& failure);

  [[nodiscard]] drr::CheckerOptions checker_options() const {
    drr::CheckerOptions options;
    options.parser.limits.begin_payload_bytes = command_.max_header_bytes;
    return options;
  }
  void say(Level level, const std::string& message) {
    err_.write(log_text(command_.common.log_format, level, message));
  }
  void say_what_is_there(const ResumeReport& report);
  void say_notes(const Made& made);

  const ResumeCommand& command_;
  const Streams& streams_;
  TextOutput err_;
  std::string source_;
};

// Refuses what cannot be read twice where that is needed, and a file that is written to meanwhile.
Result<OpenedInput, OpenFailure> Resuming::open(const std::string& path) {
  struct stat input {};
  struct stat output {};
  const bool is_stdin = path == "-";
  const bool is_known =
      (is_stdin ? ::fstat(streams_.in, &input) : ::stat(path.c_str(), &input)) == 0;
  const auto refuse = [&](std::string_view why) {
    const std::string name = is_stdin ? "stdin" : escaped(path);
    return Unexpected{OpenFailure{kExitUsage, fmt::format("{}{}: {}\n", kHead, name, why)}};
  };
  const bool is_regular = is_known && S_ISREG(input.st_mode);
  if (is_known && !command_.is_stitch && !is_regular && !S_ISBLK(input.st_mode)) {
    return refuse("no regular file, and it has to be read twice");
  }
  if (is_regular && ::fstat(streams_.out, &output) == 0 && input.st_dev == output.st_dev &&
      input.st_ino == output.st_ino) {
    return refuse("input and output are the same file");
  }
  // Bytes that are summed here must not change any more (pipeline/proven_records.hpp).
  return open_input(path, "resume", streams_, {.allow_mapping = false});
}

void Resuming::write_json(const Made& made,
                          std::string_view verdict,
                          int exit_status,
                          const Json& failure) {
  std::string text;
  JsonWriter json(text);
  const auto foreign = [&json](std::string_view key, std::string_view value) {
    if (value.empty()) return json.null(key);
    json.foreign(key, value);
  };
  json.open_object();
  json.text("schema", "zsluice.resume/1");
  json.text("source", source_);
  json.text("verdict", verdict);
  json.number("exit_status", static_cast<std::uint64_t>(exit_status));
  json.number("bytes_out", made.bytes_out);
  foreign("toname", made.toname);
  json.boolean("package", made.is_package);
  if (made.is_placed) {
    json.boolean("place_found", *made.is_placed);
  } else {
    json.null("place_found");
  }
  foreign("own_encryption_root", made.own_root);
  const std::string dumped = dump_line(failure);
  json.raw("failure", std::string_view(dumped).substr(0, dumped.size() - 1));
  json.close_object();
  err_.write(text + '\n');
}

int Resuming::give_up(int exit_status, std::string_view code, const std::string& message) {
  if (!command_.common.json) {
    say(Level::error, message);
    return exit_status;
  }
  const std::string_view verdict = exit_status == kExitDamaged ? "damaged"
                                   : exit_status == kExitRefused
                                       ? "refused"
                                       : verdict_of_not_begun(exit_status);
  write_json({}, verdict, exit_status,
             {{"code", code}, {"exit_status", exit_status}, {"message", message}});
  return exit_status;
}

int Resuming::end(const std::optional<pipeline::Failure>& failure,
                  const Made& made,
                  std::string_view more) {
  const FailureContext context{.command = "resume",
                               .source = source_,
                               .forwards = true,
                               .passed_bytes = made.bytes_out,
                               .output = made.output,
                               .passed_snapshots = made.snapshots_out,
                               .more = more};
  const int status = failure ? exit_status_of(*failure) : kExitWhole;
  if (command_.common.json) {
    write_json(made, failure ? verdict_of(*failure) : "whole", status,
               failure_json(failure, context));
  } else if (failure) {
    say(Level::error, failure_text(*failure, context));
  } else if (!command_.common.quiet) {
    say(Level::info, made.summary);
    say_notes(made);
  }
  return status;
}

// A wrong token is often one for another stream: which are here?
void Resuming::say_what_is_there(const ResumeReport& report) {
  const auto* refusal = report.failure ? std::get_if<resume::Refusal>(&*report.failure) : nullptr;
  if (refusal == nullptr || refusal->code != resume::RefusalCode::unknown_snapshot) return;
  std::string text = fmt::format("{}{}: what is here:\n", kHead, source_);
  for (const resume::SeenSubstream& seen : report.seen) {
    text += fmt::format(
        "  {}, guid {}{}\n", in_quotes(seen.toname), seen.toguid,
        seen.fromguid == 0 ? std::string() : fmt::format(", from guid {}", seen.fromguid));
  }
  if (report.substreams > report.seen.size()) {
    text += fmt::format("  and {} more\n", report.substreams - report.seen.size());
  }
  say(Level::info, text);
}

void Resuming::say_notes(const Made& made) {
  if (!made.is_placed.value_or(true)) {
    say(Level::warning,
        fmt::format("{}{}: the token's place is not in this stream: all of it is sent\n", kHead,
                    source_));
  }
  if (!made.own_root.empty()) {
    say(Level::warning,
        fmt::format("{}{}: the receiver makes its copy of {} an encryption root of its own, "
                    "although that may have inherited its key\n"
                    "  Then, there, with TARGET for what `zfs receive` is given: `zfs load-key -r "
                    "TARGET` and\n"
                    "  `zfs change-key -i {}`.\n",
                    kHead, source_, in_quotes(made.own_root), made.root_there));
  }
  if (command_.is_rest && !made.is_package) {
    say(Level::warning, fmt::format("{}{}: --rest: the snapshot is in no package: nothing that "
                                    "follows it was taken\n",
                                    kHead, source_));
  }
}

int Resuming::resume_by_token() {
  std::string text = command_.token;
  if (text == "-") {
    auto read = read_short_text("-", "resume", streams_, token::kTextBytesMax);
    if (!read) {
      return give_up(read.error().exit_status, read.error().code, read.error().message);
    }
    text = *std::move(read);
  }
  const std::string head = fmt::format("{}the token is ", kHead);
  const auto decoded = token::decode(text);
  if (!decoded) {
    return give_up(kExitDamaged, code_of(decoded.error().code),
                   token_error_text(head, decoded.error()));
  }
  // It may ask for any snapshot that is here, but for nothing else.
  token::Expectations expected;
  expected.allow_plaintext = true;
  if (const auto refusal = vet(*decoded, expected)) {
    return give_up(kExitRefused, code_of(refusal->code),
                   token_refusal_text(head, *refusal, *decoded, expected));
  }
  return is_store(command_.path) ? rebuild_from_store(decoded->token) : rebuild(decoded->token);
}

pipeline::ResumeOptions Resuming::resume_options(const token::Token& token) const {
  pipeline::ResumeOptions options;
  options.target = resume::target_of(token);
  options.rest = command_.is_rest;
  options.checker = checker_options();
  options.policy = command_.policy;
  return options;
}

int Resuming::rebuild_from_store(const token::Token& token) {
  auto store = open_store(command_.path, command_.store_auth, "resume");
  if (!store) return give_up(store.error());
  const pipeline::StoreResumeOptions options{.resume = resume_options(token),
                                             .key = std::move(store->key),
                                             .no_auth = command_.store_auth.no_auth};
  io::BlockingWriter out(streams_.out);
  return end_rebuild(run_store_resume(options, *store->folder, out), token);
}

int Resuming::rebuild(const token::Token& token) {
  if (command_.store_auth.is_given()) return give_up(not_for_a_file("resume"));
  auto search = open(command_.path);
  if (!search) return give_up(search.error());
  auto source = open(command_.path);
  if (!source) return give_up(source.error());
  io::BlockingWriter out(streams_.out);
  return end_rebuild(
      pipeline::run_resume(resume_options(token), *search->source, *source->source, out), token);
}

int Resuming::end_rebuild(const ResumeReport& report, const token::Token& token) {
  Made made;
  made.bytes_out = report.bytes_out;
  if (report.ends_between_snapshots) made.output = Output::rest_between_snapshots;
  made.snapshots_out = report.snapshots_out;
  made.toname = report.toname;
  made.is_package = report.is_package;
  const std::string_view dataset = dataset_of(report.toname);
  const bool is_encrypted = report.is_raw;
  if (report.is_package && is_encrypted && dataset != dataset_of(report.package_name)) {
    made.own_root = dataset;
    const std::string_view top = dataset_of(report.package_name);
    if (dataset.substr(0, top.size()) == top) {
      made.root_there = shell_quoted("TARGET" + escaped(dataset.substr(top.size()))).value();
    }
  }
  // Until the second pass has begun nothing is known of it.
  if (!report.toname.empty()) made.is_placed = is_placed(report, token);
  made.summary = fmt::format("{}{}: whole: {} of {}, from {} on{}\n", kHead, source_,
                             counted(report.bytes_out, "byte"), in_quotes(report.toname),
                             made.is_placed.value_or(true)
                                 ? fmt::format("object {}, offset {}", token.object, token.offset)
                                 : std::string("its start"),
                             report.is_package ? ", and what follows it in its package" : "");
  const int status = end(report.failure, made);
  if (!command_.common.quiet && !command_.common.json) say_what_is_there(report);
  return status;
}

int Resuming::stitch() {
  for (const std::string* path : {&command_.path, &command_.continuation}) {
    if (!is_store(*path)) continue;
    return give_up(
        kExitUsage, kNotOpened,
        fmt::format("{}{} is a store, and --stitch takes files: `zsluice split --continue` goes on "
                    "with it,\n  `zsluice join` makes a stream of it.\n",
                    kHead, escaped(*path)));
  }
  auto partial = open(command_.path);
  if (!partial) return give_up(partial.error());
  auto continuation = open(command_.continuation);
  if (!continuation) return give_up(continuation.error());
  io::BlockingWriter out(streams_.out);
  const StitchReport report =
      pipeline::run_stitch({.checker = checker_options(), .policy = command_.policy},
                           *partial->source, *continuation->source, out);
  const bool is_unfinished =
      report.failure && std::holds_alternative<pipeline::UnfinishedPackage>(*report.failure);
  if (report.failure && !report.failed_in_partial && !is_unfinished) source_ = continuation->name;
  Made made;
  made.bytes_out = report.bytes_out;
  made.output = Output::file;
  made.toname = report.toname;
  made.is_package = report.is_in_package;
  made.summary = fmt::format("{}{}: whole: {}: the first {} and what continues them\n", kHead,
                             source_, in_quotes(report.toname), counted(report.kept_bytes, "byte"));
  return end(report.failure, made, report.lack ? lack_line(*report.lack) : std::string());
}

}  // namespace

int run_command(const ResumeCommand& command, const Streams& streams) {
  return Resuming(command, streams).run();
}

}  // namespace zsluice::cli
