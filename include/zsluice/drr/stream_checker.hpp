// SPDX-License-Identifier: BSD-2-Clause
// StreamChecker: the parser and the rules for records as one judge, which is what every command
// reads streams with. The same pull interface as Parser; a violated rule is a fault like any other.
#pragma once

#include "zsluice/drr/parser.hpp"
#include "zsluice/drr/rules.hpp"

#include <optional>

namespace zsluice::drr {

struct CheckerOptions {
  ParserOptions parser;
  Strictness strictness = Strictness::shared;
};

class StreamChecker {
 public:
  explicit StreamChecker(CheckerOptions options = {})
      : parser_(options.parser), rules_(options.strictness) {}
  // From a place in mid-stream: rules that need what came before it start afresh.
  explicit StreamChecker(const StreamPlace& place, CheckerOptions options = {})
      : parser_(place, options.parser), rules_(options.strictness) {
    rules_.enter(place.features, place.begin_flags);
  }

  // As Parser's; Step::fault with FaultCode::rule_broken ends the stream like any fault.
  [[nodiscard]] Step next(ByteSpan& input);
  [[nodiscard]] Step finish();
  [[nodiscard]] const Fault& fault() const { return broken_rule_ ? rule_fault_ : parser_.fault(); }

  // Goes on behind the fault where that is possible (Parser::reanchor). Behind a broken rule it
  // always is: the record was well summed, so the framing is not in doubt.
  [[nodiscard]] bool reanchor();
  // Parser::resume_at: rules that need what came before start afresh.
  [[nodiscard]] bool resume_at(ByteSpan record, std::uint64_t skipped);

  // Records, payloads, notes: see Parser.
  [[nodiscard]] const Parser& parser() const { return parser_; }
  void add_payload_sum(const checksum::Fletcher4& sum) { parser_.add_payload_sum(sum); }

  // The parser's watermark, but never past a record that broke a rule.
  [[nodiscard]] std::uint64_t watermark() const {
    return broken_rule_ ? rule_fault_.begin : parser_.watermark();
  }

 private:
  Step judge_record();
  Step fail(const Violation& violation, const RecordNote& at);
  void start_afresh(bool is_begin_in_doubt);

  Parser parser_;
  RecordRules rules_;
  bool broken_rule_ = false;
  bool record_pending_ = false;  // reanchor() let a record pass that next() has yet to report
  bool is_pending_judged_ = true;
  bool record_doubtful_ = false;  // the next record's header may be the damaged one
  bool rules_suspended_ = false;  // BEGIN is in doubt: its features say nothing until the next one
  // A BEGIN is proven by the record after it: until then a broken rule may as well be damage.
  std::optional<Violation> begin_violation_;
  RecordNote begin_note_;
  Fault rule_fault_;
};

}  // namespace zsluice::drr
