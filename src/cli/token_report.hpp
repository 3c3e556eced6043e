// SPDX-License-Identifier: BSD-2-Clause
// How the three forms of `token` end: one result, for people or for machines (TOKEN_JSON.md), and
// words on stderr.
#pragma once

#include "cli/json_writer.hpp"
#include "cli/log.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "zsluice/token/token.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace zsluice::cli {

// Why there is no result.
struct TokenFailure {
  int exit_status = 0;
  std::string_view verdict;  // "damaged", "truncated", "refused", "local_io", "usage"
  std::string_view code;     // stable
  std::string message;       // whole, with a newline at the end
};

// What a run knows when it ends; absent parts are null in JSON.
struct TokenResult {
  std::optional<TokenFailure> failure;
  std::string text;  // the token as text; empty: there is none
  std::optional<token::DecodedToken> decoded;
  std::string source_json;  // member `source`, already JSON; empty: none
};

class TokenReport {
 public:
  TokenReport(const TokenCommand& command, const Streams& streams);

  // "zsluice: token decode: "
  [[nodiscard]] const std::string& head() const { return head_; }
  [[nodiscard]] std::string_view name() const { return name_; }
  void warn(const std::string& message);
  void inform(const std::string& message);
  // `screen`: what people get on stdout when nothing failed. Gives the exit status.
  [[nodiscard]] int end(const TokenResult& result, std::string_view screen);

 private:
  void write_json(const TokenResult& result);

  const TokenCommand& command_;
  std::string name_;
  std::string head_;
  TextOutput out_;
  TextOutput err_;
};

}  // namespace zsluice::cli
