// SPDX-License-Identifier: BSD-2-Clause
// A parser that starts in the middle of a stream: it says of the rest what one says that read all.
#include "support/chop.hpp"
#include "support/corpus.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace zsluice::drr {
namespace {

using Inside = StreamPlace::Inside;

Inside inside_after(const Parser& parser) {
  switch (parser.role()) {
    case Role::package_begin:
      return Inside::package_header;
    case Role::package_header_end:
    case Role::substream_end:
    case Role::package_end:
      return Inside::package;
    case Role::substream_begin:
    case Role::body:
      break;
  }
  return parser.in_package() ? Inside::package_substream : Inside::substream;
}

// All that a parser says from offset `from` on, where it stands, to the end of the stream. What is
// proven of the bytes before that is left out.
std::string told(Parser parser, ByteSpan rest, std::uint64_t from) {
  std::string text;
  for (;;) {
    Step step = parser.next(rest);
    if (step == Step::need_input) step = parser.finish();
    if (step == Step::fault) {
      Fault fault = parser.fault();
      fault.first = fault.at;
      fault.begin = std::max(fault.begin, from);
      return text + test::described(fault);
    }
    if (step == Step::stream_end) return text + "end";
    if (step == Step::payload) continue;
    text += test::described(parser.current()) + " role " +
            std::to_string(static_cast<int>(parser.role())) + " proven to " +
            std::to_string(std::max(parser.watermark(), from)) + " sum " +
            std::to_string(parser.running_sum().d) + "\n";
  }
}

// `image` may be damaged; up to its first fault it is started everywhere.
void expect_same_from_everywhere(const test::Bytes& stream) {
  Parser parser;
  ByteSpan rest = stream;
  std::uint64_t toguid = 0;
  for (Step step = parser.next(rest); step != Step::fault && step != Step::stream_end;
       step = parser.next(rest)) {
    if (step == Step::need_input) return;
    if (step == Step::record && parser.role() == Role::substream_begin) {
      toguid = toguid_of(parser.record());
    }
    const bool is_over = step == Step::payload ? parser.payload_bytes_left() == 0
                                               : parser.record_payload_bytes() == 0;
    const bool has_ended = parser.role() == Role::package_end ||
                           (parser.role() == Role::substream_end && !parser.in_package());
    if (!is_over || has_ended) continue;
    const StreamPlace place = {.inside = inside_after(parser),
                               .order = parser.byte_order(),
                               .toguid = toguid,
                               .sum = parser.running_sum(),
                               .record = parser.current().number + 1,
                               .offset = parser.consumed()};
    ASSERT_EQ(told(Parser(place), rest, place.offset), told(parser, rest, place.offset))
        << "at " << place.offset;
  }
}

TEST(ParserFromAPlace, SaysTheSameOfTheRest) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    expect_same_from_everywhere(test::every_record_type(order).bytes());
    expect_same_from_everywhere(test::small_package(order).bytes());
    expect_same_from_everywhere(test::small_package(order).bytes(test::Sums::end_only));
  }
  for (const char* name : {"hier_raw_R_i", "foreign_order/hier_raw_p.be"})
    expect_same_from_everywhere(test::read_corpus(name));
}

TEST(ParserFromAPlace, FindsTheSameFaults) {
  const test::Bytes whole = test::small_package(ByteOrder::little).bytes();
  for (std::size_t at = 0; at < whole.size(); at += 13) {
    test::Bytes stream = whole;
    stream[at] ^= std::byte{4};
    expect_same_from_everywhere(stream);
  }
  for (std::size_t size = 1; size < whole.size(); size += 101)
    expect_same_from_everywhere(
        test::Bytes(whole.begin(), whole.begin() + static_cast<long>(size)));
}

TEST(ParserFromAPlace, WhatIsBeforeItCountsAsProven) {
  const StreamPlace place = {.offset = 5000};
  const Parser parser(place);
  EXPECT_EQ(parser.watermark(), 5000U);
  EXPECT_EQ(parser.consumed(), 5000U);
}

}  // namespace
}  // namespace zsluice::drr
