// SPDX-License-Identifier: BSD-2-Clause
// The verified watermark, row by row of DESIGN.md §4.
#include "support/chop.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

namespace zsluice::drr {
namespace {

using test::StreamBuilder;
using test::StreamImage;

class Watermark : public testing::TestWithParam<ByteOrder> {
 protected:
  static StreamBuilder builder() { return StreamBuilder(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(,
                         Watermark,
                         testing::Values(ByteOrder::little, ByteOrder::big),
                         [](const auto& row) {
                           return std::string(row.param == ByteOrder::little ? "little" : "big");
                         });

// The watermark when each record was reported.
std::vector<std::uint64_t> marks_of(const StreamImage& image) {
  const test::Trace trace = test::parse(image.bytes());
  EXPECT_TRUE(trace.watermark_lawful);
  std::vector<std::uint64_t> marks;
  for (const test::SeenRecord& record : trace.records)
    marks.push_back(record.watermark);
  return marks;
}

TEST_P(Watermark, BeginAndItsNvlistAreProvenByTheNextRecord) {
  const StreamImage image =
      builder().begin({.payload = test::pattern(128)}).free_objects(1, 2).end().build();
  EXPECT_EQ(marks_of(image),
            (std::vector{std::uint64_t{0}, image.header_end(1), image.header_end(2)}));
}

TEST_P(Watermark, APayloadIsProvenByTheNextHeader) {
  const StreamImage image = builder()
                                .begin()
                                .write(1, 0, test::pattern(512))
                                .write(1, 512, test::pattern(512))
                                .end()
                                .build();
  EXPECT_EQ(marks_of(image), (std::vector{std::uint64_t{0}, image.header_end(1),
                                          image.header_end(2), image.header_end(3)}));
}

TEST_P(Watermark, APayloadAloneProvesNothing) {
  const StreamImage image = builder().begin().write(1, 0, test::pattern(512)).end().build();
  const test::Bytes stream = image.bytes();
  Parser parser;
  ByteSpan input = ByteSpan(stream).first(image.end(1));
  while (parser.next(input) != Step::need_input) {
  }
  EXPECT_EQ(parser.consumed(), image.end(1));
  EXPECT_EQ(parser.watermark(), image.header_end(1));
}

TEST_P(Watermark, APackageHeaderIsProvenByItsEnd) {
  const StreamImage image = test::small_package(GetParam()).build();
  EXPECT_EQ(marks_of(image), (std::vector{std::uint64_t{0}, image.end(1), image.end(1),
                                          image.header_end(3), image.end(4), image.end(4),
                                          image.header_end(6), image.end(7), image.end(8)}));
}

TEST_P(Watermark, RecordsWithoutAChecksumProveNothingBeforeEnd) {
  const StreamImage image = builder()
                                .begin()
                                .write(1, 0, test::pattern(512))
                                .free(1, 512, kFreeToEnd)
                                .end()
                                .build(test::Sums::end_only);
  const test::Trace trace = test::parse(image.bytes());
  ASSERT_TRUE(trace.whole()) << described(trace);
  EXPECT_EQ(marks_of(image), (std::vector<std::uint64_t>{0, 0, 0, image.size()}));
  EXPECT_EQ(trace.records_unproven, 2U);
  EXPECT_FALSE(trace.records[1].proven);
  EXPECT_TRUE(trace.records[3].proven);
}

TEST_P(Watermark, ARecordWithAChecksumProvesThoseBeforeItThatHaveNone) {
  StreamImage image = builder().begin().frees(3).end().build();
  image.fill_zero(image.offset(1) + kRecordChecksumAt, image.header_end(1));
  // The later sums cover the zeros.
  test::PlainSum sum;
  sum.absorb(image.piece(0).bytes, GetParam());
  sum.absorb(image.piece(1).bytes, GetParam());
  test::Bytes header = image.piece(2).bytes;
  sum.absorb(ByteSpan(header).first(kRecordChecksumAt), GetParam());
  sum.store_to(header.data() + kRecordChecksumAt, GetParam());
  image.drop(2).drop(2).drop(2).append({header, GetParam()});
  EXPECT_EQ(marks_of(image), (std::vector<std::uint64_t>{0, 0, image.size()}));
}

TEST_P(Watermark, AnEndWithoutItsOwnChecksumHoldsOnlyDeterminedBytes) {
  const StreamImage whole = builder().begin().frees(1).end().build(test::Sums::end_only);
  const std::size_t end = whole.last();
  for (std::size_t at = 4; at < kRecordBytes; ++at) {
    StreamImage damaged = whole;
    damaged.flip_bit(damaged.offset(end) + at);
    const test::Trace trace = test::parse(damaged.bytes());
    SCOPED_TRACE(testing::Message() << "END, byte " << at << ": " << described(trace));
    ASSERT_TRUE(trace.fault);
    EXPECT_EQ(trace.watermark, 0U);
    // With its own checksum no longer zero, that is what is wrong.
    const bool inner = at >= kEndChecksumAt && at < kEndToguidAt;
    const bool own = at >= kRecordChecksumAt;
    EXPECT_EQ(trace.fault->code, own     ? FaultCode::checksum_mismatch
                                 : inner ? FaultCode::end_checksum_mismatch
                                         : FaultCode::nonzero_end_bytes);
  }
}

// Old libzfs leaves the guid out (FORMAT.md §C.4).
TEST_P(Watermark, AnEndWithoutItsOwnChecksumMayLeaveOutTheGuid) {
  StreamImage image = builder().begin().frees(1).end().build();
  image.set_u64(image.last(), kEndToguidAt, 0).resum(test::Sums::end_only);
  EXPECT_TRUE(test::parse(image.bytes()).whole());
}

TEST_P(Watermark, EveryByteOfAPackagesEndsIsDetermined) {
  const StreamImage whole = test::small_package(GetParam()).build();
  for (const std::size_t record : {std::size_t{1}, whole.last()}) {
    for (std::size_t at = 0; at < kRecordBytes; ++at) {
      StreamImage damaged = whole;
      damaged.flip_bit(damaged.offset(record) + at, at % 8);
      const test::Trace trace = test::parse(damaged.bytes());
      SCOPED_TRACE(testing::Message() << "record " << record << ", byte " << at);
      ASSERT_TRUE(trace.fault);
      EXPECT_EQ(trace.fault->at.number, record);
      EXPECT_EQ(trace.watermark, record == 1 ? 0 : whole.offset(record));
    }
  }
}

// Every single bit of a stream matters: none passes below the watermark unnoticed.
TEST_P(Watermark, NeverPassesAFlippedBit) {
  const StreamImage whole = builder()
                                .begin({.payload = test::pattern(32)})
                                .write(1, 0, test::pattern(64))
                                .free(1, 64, kFreeToEnd)
                                .end()
                                .build();
  for (std::uint64_t at = 0; at < whole.size(); ++at) {
    StreamImage damaged = whole;
    const test::Trace trace = test::parse(damaged.flip_bit(at, at % 8).bytes());
    ASSERT_TRUE(trace.fault) << "byte " << at;
    EXPECT_LE(trace.watermark, at);
    EXPECT_LE(trace.fault->begin, at);
    EXPECT_GT(trace.fault->end, at);
  }
}

TEST_P(Watermark, IsWhatAnIndependentSumProves) {
  for (const StreamBuilder& stream :
       {test::every_record_type(GetParam()), test::small_package(GetParam())}) {
    const StreamImage image = stream.build();
    EXPECT_EQ(test::parse(image.bytes()).watermark, proven_end(image));
    for (std::uint64_t size = 0; size < image.size(); size += 13) {
      const test::Bytes part = StreamImage(image).truncate(size).bytes();
      EXPECT_EQ(test::parse(part).watermark, proven_end(StreamImage(part))) << size;
    }
  }
}

}  // namespace
}  // namespace zsluice::drr
