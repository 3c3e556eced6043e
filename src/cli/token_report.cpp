// SPDX-License-Identifier: BSD-2-Clause
#include "cli/token_report.hpp"

#include "cli/exit_status.hpp"
#include "cli/finish_output.hpp"
#include "cli/token_json.hpp"
#include "zsluice/token/vet.hpp"

namespace zsluice::cli {
namespace {

std::string_view word_of(TokenAction action) {
  switch (action) {
    case TokenAction::decode:
      return "decode";
    case TokenAction::check:
      return "check";
    case TokenAction::make:
      return "make";
  }
  return {};
}

void write_failure(JsonWriter& json, const TokenFailure& failure) {
  json.open_object("failure");
  json.text("code", failure.code);
  json.number("exit_status", static_cast<std::uint64_t>(failure.exit_status));
  json.text("message", failure.message);
  json.close_object();
}

void write_packing(JsonWriter& json, const token::DecodedToken& decoded) {
  json.boolean("sends_raw", would_send_raw(decoded.token));
  json.text("encoding", decoded.encoding == nvlist::Encoding::native ? "native" : "xdr");
  json.text("byte_order", decoded.producer_order == ByteOrder::little ? "little" : "big");
  json.number("packed_bytes", decoded.packed_bytes);
  json.open_array("unknown_keys");
  for (const std::string& name : decoded.unknown_keys) {
    json.open_object();
    json.foreign("name", name);
    json.close_object();
  }
  json.close_array();
}

}  // namespace

TokenReport::TokenReport(const TokenCommand& command, const Streams& streams)
    : command_(command),
      name_("token " + std::string(word_of(command.action))),
      head_("zsluice: " + name_ + ": "),
      out_(streams.out),
      err_(streams.err) {}

void TokenReport::warn(const std::string& message) {
  if (command_.common.quiet) return;
  err_.write(log_text(command_.common.log_format, Level::warning, message));
}

void TokenReport::inform(const std::string& message) {
  if (command_.common.quiet || command_.common.json) return;
  err_.write(log_text(command_.common.log_format, Level::info, message));
}

void TokenReport::write_json(const TokenResult& result) {
  std::string text;
  JsonWriter json(text);
  json.open_object();
  json.text("schema", "zsluice.token/1");
  json.text("action", word_of(command_.action));
  json.text("verdict", result.failure ? result.failure->verdict : "valid");
  const int status = result.failure ? result.failure->exit_status : kExitWhole;
  json.number("exit_status", static_cast<std::uint64_t>(status));
  if (result.text.empty()) {
    json.null("text");
  } else {
    json.text("text", result.text);
  }
  if (result.decoded) {
    write_token(json, result.decoded->token);
    write_packing(json, *result.decoded);
  } else {
    json.null("token");
  }
  if (!result.source_json.empty()) json.raw("source", result.source_json);
  if (result.failure) {
    write_failure(json, *result.failure);
  } else {
    json.null("failure");
  }
  json.close_object();
  out_.write(text + '\n');
}

int TokenReport::end(const TokenResult& result, std::string_view screen) {
  if (command_.common.json) {
    write_json(result);
  } else if (result.failure) {
    err_.write(log_text(command_.common.log_format, Level::error, result.failure->message));
  } else {
    out_.write(screen);
  }
  return finish_output(out_, err_, name_, command_.common.log_format,
                       result.failure ? result.failure->exit_status : kExitWhole);
}

}  // namespace zsluice::cli
