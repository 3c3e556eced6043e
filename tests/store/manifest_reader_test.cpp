// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/store/manifest_reader.hpp"

#include "store/store_fixture.hpp"
#include "support/allocation_counter.hpp"
#include "support/chop.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace zsluice::storage {
namespace {

using Code = ManifestErrorCode;
using Step = ManifestReader::Step;

constexpr std::size_t kSegments = 5;

StoreLine store_line() {
  return {.store_id = {1, 2},
          .settings = {.segment_bytes = 65536},
          .is_authenticated = false,
          .created_by = "test"};
}

SegmentLine segment_line(std::uint64_t sequence) {
  return {.sequence = sequence,
          .offset = sequence * 1000,
          .raw_bytes = 1000,
          .stored_bytes = 900,
          .substreams = sequence == 2 ? 1U : 0U,
          .is_last = sequence + 1 == kSegments,
          .payload_hash = {3, sequence},
          .content_hash = {4, sequence},
          .header_hash = {5, sequence}};
}

// The one of segment 2.
SubstreamLine substream_line() {
  return {.sequence = 2,
          .substream = {.toguid = 1, .fromguid = 0, .begin_at = 2400, .toname = "p/a@1"}};
}
constexpr std::size_t kLines = kSegments + 3;
constexpr std::size_t kSubstreamAt = 3;

EndLine end_line() {
  return {.segments = kSegments,
          .raw_bytes = kSegments * 1000,
          .stored_bytes = kSegments * 900,
          .chain = {4, kSegments - 1},
          .hmac = {}};
}

std::vector<std::string> sample() {
  std::vector<std::string> lines = {encode_line(store_line())};
  for (std::uint64_t sequence = 0; sequence < kSegments; ++sequence) {
    if (sequence == 2) lines.push_back(encode_line(substream_line()));
    lines.push_back(encode_line(segment_line(sequence)));
  }
  lines.push_back(encode_line(end_line()));
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines)
    text += line;
  return text;
}

// Everything a reader said of a manifest.
struct Reading {
  std::size_t lines = 0;
  std::uint64_t segments = 0;
  std::uint64_t good_bytes = 0;
  std::uint64_t torn_bytes = 0;
  bool is_closed = false;
  std::optional<ManifestError> error;
  friend bool operator==(const Reading&, const Reading&) = default;
};

Reading read(std::string_view text, const test::Chopper& chopper = test::in_one_piece()) {
  ManifestReader reader;
  Reading reading;
  for (ByteSpan rest = bytes_of(text); !rest.empty() && !reading.error;) {
    ByteSpan piece = take_prefix(rest, chopper(rest.size()));
    Step step = reader.next(piece);
    for (; step == Step::line; step = reader.next(piece))
      ++reading.lines;
    if (step == Step::fault) reading.error = reader.error();
  }
  if (!reading.error && reader.finish() == Step::fault) reading.error = reader.error();
  reading.segments = reader.segments();
  reading.good_bytes = reader.good_bytes();
  reading.torn_bytes = reader.torn_bytes();
  reading.is_closed = reader.end().has_value();
  return reading;
}

ManifestError error_in(const std::vector<std::string>& lines) {
  const Reading reading = read(joined(lines));
  if (!reading.error) throw std::logic_error("nothing is wrong");
  return *reading.error;
}

TEST(ManifestReader, ReadsAWholeOne) {
  const std::string text = joined(sample());
  EXPECT_EQ(read(text), (Reading{.lines = kLines,
                                 .segments = kSegments,
                                 .good_bytes = text.size(),
                                 .torn_bytes = 0,
                                 .is_closed = true,
                                 .error = {}}));
}

TEST(ManifestReader, HandsOutEachLine) {
  const std::string text = joined(sample());
  ByteSpan input = bytes_of(text);
  ManifestReader reader;
  ASSERT_EQ(reader.next(input), Step::line);
  EXPECT_TRUE(reader.line() == ManifestLine(store_line()));
  EXPECT_EQ(reader.store(), store_line());
  for (std::uint64_t sequence = 0; sequence < kSegments; ++sequence) {
    if (sequence == 2) {
      ASSERT_EQ(reader.next(input), Step::line);
      EXPECT_TRUE(reader.line() == ManifestLine(substream_line()));
    }
    ASSERT_EQ(reader.next(input), Step::line);
    EXPECT_TRUE(reader.line() == ManifestLine(segment_line(sequence)));
  }
  ASSERT_EQ(reader.next(input), Step::line);
  EXPECT_EQ(reader.end(), end_line());
  EXPECT_EQ(reader.raw_bytes(), kSegments * 1000);
  EXPECT_EQ(reader.stored_bytes(), kSegments * 900);
  EXPECT_EQ(reader.chain(), end_line().chain);
  EXPECT_EQ(reader.next(input), Step::need_input);
  EXPECT_EQ(reader.finish(), Step::end);
}

TEST(ManifestReader, AnEmptyOneHasNoStore) {
  ManifestReader reader;
  EXPECT_EQ(reader.finish(), Step::end);
  EXPECT_FALSE(reader.store());
}

// --- the tail ---

TEST(ManifestReader, IgnoresWhatIsTornAtEveryByte) {
  const std::vector<std::string> lines = sample();
  const std::string text = joined(lines);
  std::size_t whole = 0;
  std::uint64_t good = 0;
  std::uint64_t at = 0;
  for (std::size_t size = lines[0].size(); size <= text.size(); ++size) {
    SCOPED_TRACE(size);
    while (whole < lines.size() && at + lines[whole].size() <= size) {
      at += lines[whole++].size();
      // A substream's line counts when that of its segment is there.
      if (whole != kSubstreamAt + 1) good = at;
    }
    const Reading reading = read(text.substr(0, size));
    ASSERT_EQ(reading.error, std::nullopt);
    ASSERT_EQ(reading.lines, whole);
    ASSERT_EQ(reading.good_bytes, good);
    ASSERT_EQ(reading.torn_bytes, size - good);
    ASSERT_EQ(reading.is_closed, whole == lines.size());
  }
}

TEST(ManifestReader, IgnoresABadLastLine) {
  const std::vector<std::string> lines = sample();
  const std::string before = joined({lines.begin(), lines.end() - 1});
  for (std::size_t at = 0; at < lines.back().size(); ++at) {
    std::string last = lines.back();
    last[at] = static_cast<char>(last[at] ^ 2);
    const Reading reading = read(before + last);
    ASSERT_EQ(reading.error, std::nullopt) << at;
    ASSERT_EQ(reading.good_bytes, before.size()) << at;
    ASSERT_FALSE(reading.is_closed) << at;
  }
}

TEST(ManifestReader, IgnoresATailOfAnyShape) {
  const std::vector<std::string> lines = sample();
  const std::string good = joined({lines.begin(), lines.begin() + 3});
  for (const std::string& tail :
       {std::string(1, '\0'), std::string(9000, '\0'), std::string("\n\n\n"),
        std::string(9000, 'x') + "\n" + std::string(9000, 'y') + "\n{",
        std::string("{\"type\":\"end\"}\n{\"type\":\"end\"}\n")}) {
    for (const test::Chopper& chopper : {test::in_one_piece(), test::in_pieces_of(7)}) {
      const Reading reading = read(good + tail, chopper);
      EXPECT_EQ(reading.error, std::nullopt);
      EXPECT_EQ(reading.good_bytes, good.size());
      EXPECT_EQ(reading.torn_bytes, tail.size());
    }
  }
}

// More than a crash can leave: never cut off in silence.
TEST(ManifestReader, ATailThatIsTooLongIsAnError) {
  const std::vector<std::string> lines = sample();
  const std::string good = joined({lines.begin(), lines.begin() + 3});
  const auto tail_of = [&](const std::string& tail, const test::Chopper& chopper) {
    return read(good + tail, chopper).error;
  };
  for (const test::Chopper& chopper : {test::in_one_piece(), test::in_pieces_of(777)}) {
    EXPECT_FALSE(tail_of(std::string(kManifestUnsyncedBytesMax, 'x'), chopper));
    EXPECT_EQ(tail_of(std::string(kManifestUnsyncedBytesMax + 1, 'x'), chopper),
              (ManifestError{.code = Code::bad_line,
                             .line = 4,
                             .offset = good.size(),
                             .expected = kManifestUnsyncedBytesMax,
                             .found = kManifestUnsyncedBytesMax + 1}));
    std::string bad_lines;
    while (bad_lines.size() <= kManifestUnsyncedBytesMax)
      bad_lines += "{\"type\":\"end\"}\n";
    const auto error = tail_of(bad_lines, chopper).value();
    EXPECT_EQ(error.code, Code::bad_line);
    EXPECT_EQ(error.line, 4U);
    EXPECT_EQ(error.found, kManifestUnsyncedBytesMax + 1);
  }
}

TEST(ManifestReader, BytesWithoutAGoodLineAreAStoreThatWasJustBegun) {
  const std::string first = sample()[0];
  for (const std::string& text : {std::string("x"), std::string("\n"), std::string(500, '\0'),
                                  first.substr(0, first.size() - 1)}) {
    const Reading reading = read(text);
    EXPECT_EQ(reading.error, std::nullopt);
    EXPECT_EQ(reading.lines, 0U);
    EXPECT_EQ(reading.torn_bytes, text.size());
  }
}

TEST(ManifestReader, PassesOverForeignTypes) {
  std::vector<std::string> lines = sample();
  const std::string extra = hashed_line(R"({"type":"x-note","n":1)") + "\n";
  for (std::size_t at = 1; at <= sample().size(); ++at) {
    lines = sample();
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), extra);
    const Reading reading = read(joined(lines));
    EXPECT_EQ(reading.error, std::nullopt);
    EXPECT_EQ(reading.lines, kLines);
    EXPECT_EQ(reading.torn_bytes, 0U);
  }
  EXPECT_EQ(error_in({extra, sample()[0]}).code, Code::not_a_store_line);
}

TEST(ManifestReader, SubstreamsAreThoseOfTheirSegment) {
  const auto code_with = [](auto change) {
    std::vector<std::string> lines = sample();
    SubstreamLine line = substream_line();
    change(line);
    lines[kSubstreamAt] = encode_line(line);
    return error_in(lines).code;
  };
  EXPECT_EQ(code_with([](SubstreamLine& line) { line.sequence = 1; }), Code::wrong_sequence);
  EXPECT_EQ(code_with([](SubstreamLine& line) { line.sequence = 3; }), Code::wrong_sequence);
  EXPECT_EQ(code_with([](SubstreamLine& l) { l.substream.begin_at = 1999; }), Code::wrong_begin);
  EXPECT_EQ(code_with([](SubstreamLine& l) { l.substream.begin_at = 3000; }), Code::wrong_begin);
  std::vector<std::string> lines = sample();
  lines.erase(lines.begin() + kSubstreamAt);
  EXPECT_EQ(error_in(lines).code, Code::wrong_substreams);
  lines = sample();
  lines.insert(lines.begin() + kSubstreamAt, lines[kSubstreamAt]);
  EXPECT_EQ(error_in(lines).code, Code::wrong_begin);
}

TEST(ManifestReader, OnlyASegmentThatEndsTheStreamIsTheLastOne) {
  std::vector<std::string> lines = sample();
  SegmentLine line = segment_line(kSegments - 1);
  line.is_last = false;
  lines[kLines - 2] = encode_line(line);
  EXPECT_EQ(error_in(lines).code, Code::not_last);
  lines = sample();
  line = segment_line(1);
  line.is_last = true;
  lines[2] = encode_line(line);
  EXPECT_EQ(error_in(lines).code, Code::after_last);
}

// Pages reach the disk in any order: what stands behind a lost one may be there.
TEST(ManifestReader, FromTheFirstBadLineOnAllIsTorn) {
  const std::vector<std::string> good = sample();
  std::uint64_t offset = 0;
  for (std::size_t bad = 0; bad < good.size(); ++bad) {
    for (const bool is_lost : {false, true}) {
      std::vector<std::string> lines = good;
      lines[bad][20] = static_cast<char>(lines[bad][20] ^ 1);
      if (is_lost) lines[bad] = std::string(lines[bad].size(), '\0');
      const Reading reading = read(joined(lines));
      EXPECT_EQ(reading.error, std::nullopt);
      EXPECT_EQ(reading.lines, bad);
      // With the line of a substream whose segment's line is the bad one.
      const std::uint64_t substream = bad == kSubstreamAt + 1 ? good[kSubstreamAt].size() : 0;
      EXPECT_EQ(reading.torn_bytes, joined(good).size() - offset + substream);
    }
    offset += good[bad].size();
  }
}

TEST(ManifestReader, ABadLineWithMoreBehindItThanACrashCanSpoilIsAnError) {
  std::vector<std::string> lines = sample();
  const std::string extra = hashed_line(R"({"type":"x-note","n":1)") + "\n";
  std::uint64_t behind = joined(lines).size() - lines[0].size();
  lines[1][20] = static_cast<char>(lines[1][20] ^ 1);
  while (behind <= kManifestUnsyncedBytesMax) {
    EXPECT_EQ(read(joined(lines)).error, std::nullopt);
    lines.push_back(extra);
    behind += extra.size();
  }
  const ManifestError error = error_in(lines);
  EXPECT_EQ(error.code, Code::bad_line);
  EXPECT_EQ(error.line, 2U);
  EXPECT_EQ(error.offset, lines[0].size());
  EXPECT_EQ(error.expected, kManifestUnsyncedBytesMax);
}

TEST(ManifestReader, ALineThatIsTooLongIsABadOne) {
  std::vector<std::string> lines = sample();
  const std::uint64_t good = lines[0].size() + lines[1].size();
  lines[2] = std::string(kManifestLineBytesMax, 'x') + "\n";
  const Reading reading = read(joined(lines));
  EXPECT_EQ(reading.error, std::nullopt);
  EXPECT_EQ(reading.lines, 2U);
  EXPECT_EQ(reading.torn_bytes, joined(lines).size() - good);
}

// --- what lines say one after another ---

TEST(ManifestReader, MissingSwappedAndRepeatedLinesAreErrors) {
  const std::vector<std::string> good = sample();
  std::vector<std::string> lines = good;
  lines.erase(lines.begin() + 2);
  EXPECT_EQ(error_in(lines).code, Code::wrong_sequence);
  EXPECT_EQ(error_in(lines).expected, 1U);
  EXPECT_EQ(error_in(lines).found, 2U);
  lines = good;
  std::swap(lines[1], lines[2]);
  EXPECT_EQ(error_in(lines).code, Code::wrong_sequence);
  lines = good;
  lines.insert(lines.begin() + 2, lines[2]);
  EXPECT_EQ(error_in(lines).code, Code::wrong_sequence);
  lines = good;
  lines.insert(lines.begin(), lines[0]);
  EXPECT_EQ(error_in(lines).code, Code::second_store_line);
  lines = good;
  lines.erase(lines.begin());
  EXPECT_EQ(error_in(lines).code, Code::not_a_store_line);
  EXPECT_EQ(error_in({good.back()}).code, Code::not_a_store_line);
}

TEST(ManifestReader, NothingFollowsTheEnd) {
  for (const std::size_t again : {std::size_t{0}, std::size_t{1}, kLines - 1}) {
    std::vector<std::string> lines = sample();
    lines.push_back(lines[again]);
    EXPECT_EQ(error_in(lines).code, again == 0 ? Code::second_store_line : Code::line_after_end);
  }
}

TEST(ManifestReader, OffsetsThatDoNotContinueAreErrors) {
  std::vector<std::string> lines = sample();
  SegmentLine line = segment_line(2);
  line.offset += 4;
  lines[kSubstreamAt + 1] = encode_line(line);
  EXPECT_EQ(error_in(lines).code, Code::wrong_offset);
  EXPECT_EQ(error_in(lines).expected, 2000U);
}

TEST(ManifestReader, AClosingLineThatCountsOtherwiseIsAnError) {
  const auto code_with = [](auto change) {
    std::vector<std::string> lines = sample();
    EndLine line = end_line();
    change(line);
    lines.back() = encode_line(line);
    return error_in(lines).code;
  };
  EXPECT_EQ(code_with([](EndLine& line) { ++line.segments; }), Code::wrong_segments);
  EXPECT_EQ(code_with([](EndLine& line) { ++line.raw_bytes; }), Code::wrong_raw_bytes);
  EXPECT_EQ(code_with([](EndLine& line) { ++line.stored_bytes; }), Code::wrong_stored_bytes);
  EXPECT_EQ(code_with([](EndLine& line) { ++line.chain.low; }), Code::wrong_chain);
  EXPECT_EQ(code_with([](EndLine& line) { line.hmac.emplace(); }), Code::wrong_authentication);
}

TEST(ManifestReader, AFaultStays) {
  std::vector<std::string> lines = sample();
  lines.erase(lines.begin());
  const std::string text = joined(lines);
  ByteSpan input = bytes_of(text);
  ManifestReader reader;
  EXPECT_EQ(reader.next(input), Step::fault);
  EXPECT_EQ(reader.next(input), Step::fault);
}

TEST(ManifestReader, CutsOfTheInputChangeNothing) {
  std::vector<std::string> damaged = sample();
  damaged[3][5] = 'X';
  for (const std::string& text : {joined(sample()), joined(damaged), joined(sample()) + "torn"}) {
    const Reading whole = read(text);
    EXPECT_EQ(read(text, test::in_pieces_of(1)).error, whole.error);
    EXPECT_EQ(read(text, test::in_pieces_of(1)).lines, whole.lines);
    if (whole.error) continue;
    for (const test::Chopper& chopper :
         {test::in_pieces_of(1), test::in_pieces_of(97), test::at_random(20261122)}) {
      EXPECT_EQ(read(text, chopper), whole);
    }
  }
}

// 655,360 lines are a store of 10 TiB.
TEST(ManifestReader, KeepsNoLines) {
  ManifestReader reader;
  const auto take = [&reader](const std::string& line) {
    ByteSpan input = bytes_of(line);
    EXPECT_EQ(reader.next(input), Step::line);
  };
  take(encode_line(store_line()));
  take(encode_line(segment_line(0)));
  for (std::uint64_t sequence = 1; sequence < 200; ++sequence) {
    SegmentLine segment = segment_line(sequence);
    segment.substreams = 0;
    segment.is_last = false;
    const std::string line = encode_line(segment);
    const test::AllocationCounter counter;
    ByteSpan input = bytes_of(line);
    ASSERT_EQ(reader.next(input), Step::line);
    ASSERT_EQ(counter.count(), 0U);
  }
}

}  // namespace
}  // namespace zsluice::storage
