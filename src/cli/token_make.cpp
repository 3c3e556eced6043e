// SPDX-License-Identifier: BSD-2-Clause
#include "cli/token_make.hpp"

#include "cli/exit_status.hpp"
#include "cli/failure_text.hpp"
#include "cli/open_input.hpp"
#include "cli/store_input.hpp"
#include "cli/text_layout.hpp"
#include "cli/token_input.hpp"
#include "cli/token_json.hpp"
#include "cli/token_report.hpp"
#include "cli/token_text.hpp"
#include "pipeline/stopped.hpp"
#include "pipeline/store_stopped.hpp"
#include "zsluice/base/escape.hpp"

#include <fmt/format.h>

#include <utility>

namespace zsluice::cli {
namespace {

using pipeline::StoppedReport;
using resume::StopKind;

TokenFailure damaged_json(const TokenReport& report, const std::string& why) {
  return {kExitDamaged, "damaged", "bad_json",
          report.head() + "damaged: no token can be made of this JSON: " + why + '\n'};
}

// `text` was made here, so it can be read.
int end_with(TokenReport& report, TokenResult& result, std::string text) {
  result.text = std::move(text);
  auto decoded = token::decode(result.text);
  result.decoded = std::move(decoded).value();
  const token::Token& token = result.decoded->token;
  if (!would_send_raw(token)) {
    report.warn(plaintext_warning(report.head(), token, TokenMaker::ourselves));
  }
  return report.end(result, result.text + '\n');
}

bool is_damaged(const StoppedReport& stopped) {
  return stopped.fault && drr::kind_of(stopped.fault->code) == drr::FaultKind::damaged;
}

// Of what is there, what `zfs send -t` brings again. Behind a damage nobody looked.
std::uint64_t resent_bytes(const StoppedReport& stopped) {
  const std::uint64_t from = stopped.stopped.record_offset;
  const std::uint64_t to = is_damaged(stopped) ? stopped.proven_bytes : stopped.bytes;
  return to > from ? to - from : 0;
}

// `segments`: of a store.
std::string source_json(const StoppedReport& stopped,
                        const std::string& source,
                        std::optional<std::uint64_t> segments) {
  std::string text;
  JsonWriter json(text);
  json.open_object();
  json.text("path", source);
  json.number("bytes", stopped.bytes);
  json.number("proven_bytes", stopped.proven_bytes);
  json.number("segments", segments);
  json.boolean("damaged", is_damaged(stopped));
  json.boolean("in_package", stopped.stopped.in_package);
  json.number("substreams_complete", stopped.stopped.substreams_complete);
  const bool has_token = stopped.stopped.kind == StopKind::token;
  json.number("record_offset", has_token ? std::optional(stopped.stopped.record_offset)
                                         : std::optional<std::uint64_t>());
  json.number("resent_bytes",
              has_token ? std::optional(resent_bytes(stopped)) : std::optional<std::uint64_t>());
  json.close_object();
  return text;
}

// What the user has to know of a stop without a token.
StopKind kind_to_tell(const StoppedReport& stopped) {
  const StopKind kind = stopped.stopped.kind;
  if (kind == StopKind::whole && stopped.fault && !is_damaged(stopped)) {
    return StopKind::nothing_proven;  // of another stream behind it
  }
  if (kind == StopKind::nothing_proven && stopped.stopped.substreams_complete > 0) {
    return StopKind::between_substreams;  // of a later snapshot
  }
  return kind;
}

// Of a store the end was read, and little else.
std::string whole_text(bool is_damaged_behind, bool is_store) {
  if (is_store) {
    return "the stream's end is stored: nothing remains to be sent\n"
           "  Whether each segment before it is there and right, `zsluice verify` tells.";
  }
  return is_damaged_behind ? "it is whole: nothing is missing; what follows its end is no stream"
                           : "it is whole: nothing is missing";
}

std::string nothing_proven_text(const StoppedReport& stopped, bool is_damaged) {
  const std::string_view verdict = is_damaged ? "damaged" : "truncated";
  if (stopped.has_unproven_records) {
    return fmt::format(
        "{}: its records carry no checksums of their own (very old senders made "
        "such): only END would prove them\n"
        "  No token asks for that: send it again from its start.",
        verdict);
  }
  return fmt::format(
      "{}: not even {} beginning is there and proven\n"
      "  No token asks for that: send it again from its start.",
      verdict, stopped.streams > 0 ? "the last stream's" : "its");
}

// Why there is no token.
TokenFailure no_token(const StoppedReport& stopped, const std::string& place, bool is_store) {
  const auto failure = [&](int status, std::string_view verdict, std::string_view code,
                           const std::string& why) {
    return TokenFailure{status, verdict, code, place + why + '\n'};
  };
  const bool damaged = is_damaged(stopped);
  switch (kind_to_tell(stopped)) {
    case StopKind::token:
      break;
    case StopKind::whole:
      return failure(kExitRefused, "refused", "whole", whole_text(damaged, is_store));
    case StopKind::nothing_proven:
      return failure(damaged ? kExitDamaged : kExitTruncated, damaged ? "damaged" : "truncated",
                     "nothing_proven", nothing_proven_text(stopped, damaged));
    case StopKind::between_substreams:
      return failure(
          damaged ? kExitDamaged : kExitTruncated, damaged ? "damaged" : "truncated",
          "between_substreams",
          fmt::format("the package {} between two snapshots: {} complete\n"
                      "  No token asks for what follows: send those snapshots on their own.",
                      damaged ? "is damaged" : "stops",
                      counted(stopped.stopped.substreams_complete, "substream")));
    case StopKind::bad_begin_nvlist:
      return failure(
          kExitDamaged, "damaged", "bad_begin_nvlist",
          fmt::format("damaged: the nvlist behind BEGIN cannot be read (at its byte {}); "
                      "no receiver takes this stream",
                      stopped.stopped.nvlist.offset));
    case StopKind::no_own_point:
      return failure(kExitDamaged, "damaged", "no_own_point",
                     "damaged: it says that it is a resumed stream, but not from where");
    case StopKind::too_many_redactions:
      return failure(kExitRefused, "refused", "too_many_redactions",
                     "refused: it names more redaction snapshots than a token can");
  }
  return {};
}

void say_where(const StoppedReport& stopped, const std::string& place, TokenReport& report) {
  const resume::Stopped& at = stopped.stopped;
  std::string text = fmt::format("{}\"{}\" goes on at object {}, offset {}; {} sent again{}\n",
                                 place, escaped(at.token.toname), at.token.object, at.token.offset,
                                 counted(resent_bytes(stopped), "stored byte"),
                                 is_damaged(stopped) ? ", and all behind the damage" : "");
  if (is_damaged(stopped)) {
    text +=
        fmt::format("  It is damaged between offsets {} and {}; what lies behind is not used.\n",
                    stopped.fault->begin, stopped.fault->end);
  }
  if (at.in_package) {
    text += fmt::format(
        "  It is part of a package, with {} complete before it. `zfs send -t` sends this snapshot "
        "alone: those behind it must be sent on their own.\n",
        counted(at.substreams_complete, "substream"));
  }
  report.inform(text);
}

std::uint64_t redactions_in(const token::Token& token) {
  return (token.redact_snaps ? token.redact_snaps->size() : 0) +
         (token.book_redact_snaps ? token.book_redact_snaps->size() : 0);
}

// What was read, and the token of it if there is one.
struct MakeRun {
  TokenReport& report;
  std::string source;  // escaped
  StoppedReport stopped;
  std::optional<std::uint64_t> segments;
};

int end_make(MakeRun run) {
  TokenReport& report = run.report;
  TokenResult result;
  const StoppedReport& stopped = run.stopped;
  if (stopped.failure) {
    const FailureContext context{.command = report.name(), .source = run.source};
    result.failure =
        TokenFailure{exit_status_of(*stopped.failure), verdict_of(*stopped.failure),
                     code_of(*stopped.failure), failure_text(*stopped.failure, context)};
    return report.end(result, {});
  }
  const std::string place = report.head() + run.source + ": ";
  result.source_json = source_json(stopped, run.source, run.segments);
  if (stopped.stopped.kind != StopKind::token) {
    result.failure = no_token(stopped, place, run.segments.has_value());
    return report.end(result, {});
  }
  // StoppedAt keeps the lists short enough.
  std::string text = token::encode(stopped.stopped.token, stopped.stopped.order).value();
  say_where(stopped, place, report);
  return end_with(report, result, std::move(text));
}

drr::CheckerOptions checker_options(const TokenCommand& command) {
  drr::CheckerOptions options;
  options.parser.limits.begin_payload_bytes = command.max_header_bytes;
  return options;
}

int make_token_of_store(const TokenCommand& command, TokenReport& report) {
  auto store = open_store(command.operand, command.store_auth, report.name());
  if (!store) {
    TokenResult result;
    result.failure = not_opened(store.error());
    return report.end(result, {});
  }
  pipeline::StoreStoppedOptions options;
  options.checker = checker_options(command);
  options.key = std::move(store->key);
  options.no_auth = command.store_auth.no_auth;
  pipeline::StoreStoppedReport read = run_store_stopped(options, *store->folder);
  StoppedReport stopped;
  stopped.failure = std::move(read.failure);
  stopped.stopped = std::move(read.stopped);
  stopped.streams = stopped.stopped.kind == StopKind::whole ? 1 : 0;
  stopped.bytes = read.bytes;
  stopped.proven_bytes = read.bytes;
  return end_make({report, escaped(command.operand), std::move(stopped), read.segments});
}

}  // namespace

int make_token(const TokenCommand& command, const Streams& streams) {
  TokenReport report(command, streams);
  if (is_store(command.operand)) return make_token_of_store(command, report);
  TokenResult result;
  if (command.store_auth.is_given()) {
    result.failure = not_opened(not_for_a_file(report.name()));
    return report.end(result, {});
  }
  // Not mapped: what has been summed must not be another thing when it is read again.
  auto input = open_input(command.operand, report.name(), streams, {.allow_mapping = false});
  if (!input) {
    result.failure = not_opened(input.error());
    return report.end(result, {});
  }
  return end_make({report, input->name,
                   pipeline::run_stopped(checker_options(command), *input->source), std::nullopt});
}

int encode_token(const TokenCommand& command, const Streams& streams) {
  TokenReport report(command, streams);
  TokenResult result;
  const auto text = read_short_text(command.operand, report.name(), streams, kTokenJsonBytesMax);
  if (!text) {
    result.failure = text.error();
    return report.end(result, {});
  }
  const Result<token::Token, std::string> token =
      text->size() > kTokenJsonBytesMax
          ? Result<token::Token, std::string>(Unexpected{std::string("it is longer than 4 MiB")})
          : read_token_json(*text);
  if (!token) {
    result.failure = damaged_json(report, token.error());
    return report.end(result, {});
  }
  auto encoded = token::encode(*token);
  if (!encoded) {
    result.failure = damaged_json(
        report, fmt::format("it packs to more than {} bytes, and no token does: its \"{}\" has {}, "
                            "and it names {}",
                            token::kPackedBytesMax, token::key::kToname,
                            counted(token->toname.size(), "byte"),
                            counted(redactions_in(*token), "redaction snapshot")));
    return report.end(result, {});
  }
  return end_with(report, result, *std::move(encoded));
}

}  // namespace zsluice::cli
