// SPDX-License-Identifier: BSD-2-Clause
// Whatever the records: the rules judge them the same each time, and what the rules shared by all
// receivers refuse, the newest receiver's refuse too.
#include "support/fuzz_script.hpp"
#include "zsluice/drr/rules.hpp"

using namespace zsluice;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const test::Bytes stream = test::fuzzed_stream(data, size).image.bytes();
  drr::Parser parser;
  drr::RecordRules shared(drr::Strictness::shared);
  drr::RecordRules newest(drr::Strictness::newest);
  drr::RecordRules again(drr::Strictness::newest);
  ByteSpan input = stream;
  for (drr::Step step = parser.next(input); step != drr::Step::need_input;
       step = parser.next(input)) {
    if (step == drr::Step::fault) break;
    if (step != drr::Step::record) continue;
    const auto loose = shared.check(parser.role(), parser.record());
    const auto strict = newest.check(parser.role(), parser.record());
    const auto repeated = again.check(parser.role(), parser.record());
    test::require(!loose || strict, "the newest rules hold all shared ones");
    test::require(strict.has_value() == repeated.has_value(), "the rules are deterministic");
    if (!strict) continue;
    test::require(strict->rule == repeated->rule && strict->found == repeated->found,
                  "the rules are deterministic");
    test::require(!drr::rule_text(strict->rule).empty(), "every rule has a text");
  }
  return 0;
}
