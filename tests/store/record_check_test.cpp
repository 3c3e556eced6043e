// SPDX-License-Identifier: BSD-2-Clause
// A payload that is checked piece by piece is judged as one that is checked as a whole.
#include "zsluice/store/record_check.hpp"

#include "store/store_fixture.hpp"
#include "support/stream_builder.hpp"
#include "support/stream_image.hpp"
#include "zsluice/store/segment_check.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace zsluice::storage {
namespace {

using Code = SegmentErrorCode;

struct Verdict {
  std::optional<SegmentError> error;
  std::vector<Substream> begun;  // of a payload that is right
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

template <class Check>
void give(Check& check, ByteSpan bytes, std::size_t piece_bytes) {
  while (!bytes.empty()) {
    const ByteSpan piece = bytes.first(std::min(bytes.size(), piece_bytes));
    check.update(piece);
    bytes = bytes.subspan(piece.size());
  }
}

Verdict verdict_in_pieces(const SegmentHeader& header, ByteSpan raw, std::size_t piece_bytes) {
  Verdict verdict;
  RecordCheck check(header, &verdict.begun);
  give(check, raw, piece_bytes);
  if (const auto checked = check.finish(); !checked) return {checked.error(), {}};
  return verdict;
}

void expect_same_verdicts(const SegmentHeader& header, ByteSpan raw) {
  Verdict whole;
  if (const auto checked = check_records(header, raw, &whole.begun); !checked) {
    whole = {checked.error(), {}};
  }
  // Around the length of a record, and some that fit nothing.
  for (const std::size_t piece_bytes : {1U, 7U, 311U, 312U, 313U, 1000U}) {
    EXPECT_EQ(verdict_in_pieces(header, raw, piece_bytes), whole) << piece_bytes;
  }
}

std::vector<test::Bytes> streams() {
  return {test::small_package(ByteOrder::little).bytes(),
          test::small_package(ByteOrder::big).bytes(),
          test::every_record_type(ByteOrder::little).bytes(),
          test::every_record_type(ByteOrder::big).bytes(test::Sums::end_only)};
}

TEST(RecordCheck, AnyChoppingGivesTheSameVerdict) {
  for (const test::Bytes& stream : streams()) {
    for (const std::uint64_t target : {1U, 800U, 1U << 20}) {
      for (const TestSegment& segment : segments_of(stream, {.target_bytes = target})) {
        EXPECT_TRUE(check_records(segment.header, segment.stored));
        expect_same_verdicts(segment.header, segment.stored);
      }
    }
  }
}

TEST(RecordCheck, AnyChoppingGivesTheSameVerdictOfDamage) {
  for (const test::Bytes& stream : streams()) {
    for (TestSegment segment : segments_of(stream, {.target_bytes = 1500})) {
      for (std::size_t at = 0; at < segment.stored.size(); at += 61) {
        segment.stored[at] ^= std::byte{1};
        EXPECT_FALSE(check_records(segment.header, segment.stored));
        expect_same_verdicts(segment.header, segment.stored);
        segment.stored[at] ^= std::byte{1};
      }
    }
  }
}

// The header claims what is there, so that its length is not what tells.
TEST(RecordCheck, AnyChoppingGivesTheSameVerdictOfAnotherLength) {
  const test::Bytes stream = streams().front();
  const SegmentHeader first = segments_of(stream, {.target_bytes = 1500}).at(0).header;
  const SegmentHeader all = segments_of(stream, {.target_bytes = 1 << 20}).at(0).header;
  test::Bytes more = stream;
  more.insert(more.end(), stream.begin(), stream.end());
  for (SegmentHeader header : {first, all}) {
    for (std::size_t size = 1; size <= more.size(); size += 41) {
      header.raw_bytes = size;
      header.end.offset = header.start.offset + size;
      expect_same_verdicts(header, ByteSpan(more).first(size));
    }
  }
}

TEST(RecordCheck, BytesBehindTheStreamsEndAreWrongHoweverTheyCome) {
  const test::Bytes stream = streams().front();
  SegmentHeader header = segments_of(stream, {.target_bytes = 1 << 20}).at(0).header;
  ++header.raw_bytes;
  ++header.end.offset;
  RecordCheck check(header);
  check.update(stream);
  check.update({});
  check.update(bytes_of("x"));
  EXPECT_EQ(check.finish().error().code, Code::records_damaged);
}

// `raw` is not there: neither its records nor its length can be right.
TEST(RecordCheck, NothingIsNoSegment) {
  const test::Bytes stream = streams().front();
  for (const TestSegment& segment : segments_of(stream, {.target_bytes = 800})) {
    RecordCheck check(segment.header);
    EXPECT_EQ(check.finish().error().code, Code::records_damaged);
  }
}

// A record is not told from the end of the payload before it by its length alone: there are
// segments of one record, of several, and BEGINs with a payload.
TEST(RecordCheck, SaysWhetherTheLastRecordIsASubstreamsBegin) {
  std::size_t alone = 0;
  std::size_t behind_others = 0;
  for (const std::uint64_t target : {1U, 400U, 700U, 1000U, 1300U, 1600U, 1900U, 1U << 20}) {
    for (const TestSegment& segment : segments_of(streams().front(), {.target_bytes = target})) {
      RecordCheck check(segment.header);
      check.update(segment.stored);
      ASSERT_TRUE(check.finish());
      const test::StreamImage all(streams().front());
      std::size_t last = 0;
      while (last + 1 < all.records() && all.offset(last + 1) < segment.header.end.offset) {
        ++last;
      }
      const auto begin = drr::begin_byte_order(streams().front().data() + all.offset(last));
      const bool is_substream = begin && is_in_substream(segment.header.end.framing);
      EXPECT_EQ(check.ends_in_begin(), is_substream) << segment.header.sequence;
      if (is_substream) ++(segment.header.records() == 1 ? alone : behind_others);
    }
  }
  EXPECT_GT(alone, 0U);
  EXPECT_GT(behind_others, 0U);
}

// A BEGIN alone, one with others behind it, and one whose payload comes in pieces.
TEST(RecordCheck, TheFirstSegmentIsThatOfItsStore) {
  for (const test::Bytes& stream : streams()) {
    for (const std::uint64_t target : {1U, 800U, 1U << 20}) {
      const auto segments = segments_of(stream, {.target_bytes = target});
      if (segments.empty()) continue;  // summed at its end only, it cannot be cut before
      TestSegment segment = segments[0];
      segment.header.store_id.low ^= 1;
      EXPECT_EQ(check_records(segment.header, segment.stored).error().code, Code::wrong_store_id);
      expect_same_verdicts(segment.header, segment.stored);
    }
  }
}

// The header counts fewer of them than a forged payload has.
TEST(RecordCheck, NamesNoMoreSubstreamsThanTheHeaderCounts) {
  TestSegment segment = segments_of(streams().front(), {.target_bytes = 1 << 20}).at(0);
  ASSERT_GT(segment.header.substreams_begun(), 1U);
  segment.header.end.substreams = segment.header.start.substreams + 1;
  std::vector<Substream> begun;
  RecordCheck check(segment.header, &begun);
  check.update(segment.stored);
  EXPECT_EQ(check.finish().error().code, Code::wrong_waypoint);
  EXPECT_EQ(begun.size(), 1U);
}

// --- hashes ---

std::optional<SegmentError> error_of(const Result<void, SegmentError>& result) {
  return result ? std::nullopt : std::optional(result.error());
}

void expect_same_hash_errors(const SegmentHeader& header, ByteSpan bytes) {
  for (const std::size_t piece_bytes : {1U, 100U, 100'000U}) {
    const bool with_digest = header.hmac.has_value();
    PayloadHashes stored(with_digest);
    give(stored, bytes, piece_bytes);
    EXPECT_EQ(error_of(stored.check_stored(header)),
              error_of(check_payload(header, bytes, with_digest)));
    PayloadHashes raw(with_digest);
    give(raw, bytes, piece_bytes);
    EXPECT_EQ(error_of(raw.check_raw(header)), error_of(check_raw(header, bytes, with_digest)));
  }
}

TEST(PayloadHashes, OfPiecesAreThoseOfTheWhole) {
  for (const std::string_view key : {std::string_view(), kTestKey}) {
    for (const int level : {0, 1}) {
      TestSegment segment =
          segments_of(streams().front(), {.target_bytes = 1 << 20, .level = level, .key = key})
              .at(0);
      EXPECT_TRUE(check_payload(segment.header, segment.stored, !key.empty()));
      expect_same_hash_errors(segment.header, segment.stored);
      expect_same_hash_errors(segment.header, raw_of(segment));
      expect_same_hash_errors(segment.header, ByteSpan(segment.stored).first(10));
      expect_same_hash_errors(segment.header, {});
      segment.stored.back() ^= std::byte{1};
      expect_same_hash_errors(segment.header, segment.stored);
      // What XXH3 takes for the same, and SHA-256 does not.
      segment.stored.back() ^= std::byte{1};
      segment.header.payload_digest[0] ^= std::byte{1};
      segment.header.raw_digest[0] ^= std::byte{1};
      expect_same_hash_errors(segment.header, segment.stored);
    }
  }
}

}  // namespace
}  // namespace zsluice::storage
