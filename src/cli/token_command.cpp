// SPDX-License-Identifier: BSD-2-Clause
#include "cli/commands.hpp"
#include "cli/exit_status.hpp"
#include "cli/token_input.hpp"
#include "cli/token_make.hpp"
#include "cli/token_report.hpp"
#include "cli/token_text.hpp"
#include "zsluice/base/escape.hpp"

#include <fmt/format.h>

namespace zsluice::cli {
namespace {

// A token holds at least two '-'; the operand "-" alone is stdin.
Result<std::string, TokenFailure> read_operand(const TokenCommand& command,
                                               const TokenReport& report,
                                               const Streams& streams) {
  if (command.operand != "-") return command.operand;
  return read_short_text("-", report.name(), streams, token::kTextBytesMax);
}

std::string accepted_line(const token::Token& token) {
  return fmt::format("accepted: {} of \"{}\", from object {}, offset {}\n",
                     would_send_raw(token) ? "a raw stream" : "plaintext", escaped(token.toname),
                     token.object, token.offset);
}

TokenFailure failure_of(const token::Error& error, const TokenReport& report) {
  return {kExitDamaged, "damaged", code_of(error.code), token_error_text(report.head(), error)};
}

TokenFailure failure_of(const token::Refusal& refusal,
                        const TokenReport& report,
                        const token::DecodedToken& decoded,
                        const token::Expectations& expected) {
  return {kExitRefused, "refused", code_of(refusal.code),
          token_refusal_text(report.head(), refusal, decoded, expected)};
}

int decode_or_check(const TokenCommand& command, const Streams& streams) {
  TokenReport report(command, streams);
  TokenResult result;
  const auto text = read_operand(command, report, streams);
  if (!text) {
    result.failure = text.error();
    return report.end(result, {});
  }
  auto decoded = token::decode(*text);
  if (!decoded) {
    result.failure = failure_of(decoded.error(), report);
    return report.end(result, {});
  }
  result.text = *text;
  result.decoded = *std::move(decoded);
  const token::Token& token = result.decoded->token;
  if (command.action == TokenAction::decode) {
    if (!would_send_raw(token)) {
      report.warn(plaintext_warning(report.head(), token, TokenMaker::receiver));
    }
    return report.end(result, token_screen(*result.decoded));
  }
  if (const auto refusal = vet(*result.decoded, command.expected)) {
    result.failure = failure_of(*refusal, report, *result.decoded, command.expected);
  }
  if (!result.failure && !command.expected.toguid) {
    report.warn(report.head() +
                "warning: by --expect-name alone: where that name has another guid, "
                "`zfs send -t` sends the snapshot with the token's guid\n"
                "  --expect-toguid says which one is meant.\n");
  }
  return report.end(result, command.common.quiet ? "" : accepted_line(token));
}

}  // namespace

int run_command(const TokenCommand& command, const Streams& streams) {
  if (command.action != TokenAction::make) return decode_or_check(command, streams);
  return command.is_encode ? encode_token(command, streams) : make_token(command, streams);
}

}  // namespace zsluice::cli
