// SPDX-License-Identifier: BSD-2-Clause
// What the parser reports of streams that are as they should be: records, roles, payloads, ends.
#include "zsluice/drr/parser.hpp"

#include "support/chop.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

namespace zsluice::drr {
namespace {

using test::StreamBuilder;
using test::StreamImage;
using test::Trace;

class ParserOfEitherOrder : public testing::TestWithParam<ByteOrder> {
 protected:
  static StreamBuilder builder() { return StreamBuilder(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(,
                         ParserOfEitherOrder,
                         testing::Values(ByteOrder::little, ByteOrder::big),
                         [](const auto& row) {
                           return std::string(row.param == ByteOrder::little ? "little" : "big");
                         });

std::vector<Role> roles_of(const Trace& trace) {
  std::vector<Role> roles;
  for (const test::SeenRecord& record : trace.records)
    roles.push_back(record.role);
  return roles;
}

TEST_P(ParserOfEitherOrder, ReportsEveryRecordTypeWithItsPlaceAndPayload) {
  const StreamImage image = test::every_record_type(GetParam()).build();
  const Trace trace = test::parse(image.bytes());
  ASSERT_TRUE(trace.whole()) << test::described(trace);
  EXPECT_EQ(trace.streams, 1U);
  ASSERT_EQ(trace.records.size(), image.records());
  for (std::size_t i = 0; i < image.records(); ++i) {
    SCOPED_TRACE(i);
    const test::SeenRecord& record = trace.records[i];
    EXPECT_EQ(record.number, i);
    EXPECT_EQ(record.type, image.type(i));
    EXPECT_EQ(record.offset, image.offset(i));
    EXPECT_EQ(record.payload_bytes, image.payload_bytes(i));
    EXPECT_EQ(record.payload_seen, image.payload_bytes(i));
    EXPECT_EQ(record.proven, i != 0);
  }
}

TEST_P(ParserOfEitherOrder, GivesRolesToThePartsOfAPackage) {
  const Trace trace = test::parse(test::small_package(GetParam()).bytes());
  ASSERT_TRUE(trace.whole()) << test::described(trace);
  EXPECT_EQ(trace.streams, 1U);
  EXPECT_EQ(roles_of(trace),
            (std::vector{Role::package_begin, Role::package_header_end, Role::substream_begin,
                         Role::body, Role::substream_end, Role::substream_begin, Role::body,
                         Role::substream_end, Role::package_end}));
}

// FORMAT.md §D.2.
TEST_P(ParserOfEitherOrder, TakesAPackageWithAnEmptyHeader) {
  const Trace trace = test::parse(builder().package().begin().end().package_end().bytes());
  EXPECT_TRUE(trace.whole()) << test::described(trace);
  EXPECT_EQ(trace.records.size(), 5U);
}

TEST_P(ParserOfEitherOrder, TakesAPackageWithoutSubstreams) {
  EXPECT_TRUE(test::parse(builder().package(test::pattern(16)).package_end().bytes()).whole());
}

// A receiver compares the type with END in both orders (FORMAT.md §C.3).
TEST_P(ParserOfEitherOrder, TakesAPackageEndInTheOtherByteOrder) {
  StreamImage image = builder().package().begin().end().build();
  image.append(StreamBuilder(opposite(GetParam())).package_end().build().piece(0));
  EXPECT_TRUE(test::parse(image.bytes()).whole());
}

TEST_P(ParserOfEitherOrder, TakesAResumedStream) {
  const test::Bytes stream =
      builder()
          .begin({.features = feature::kResuming | feature::kRaw, .payload = test::pattern(1108)})
          .object_range({.first_object = 32, .objects = 32})
          .end()
          .bytes();
  EXPECT_TRUE(test::parse(stream).whole());
}

TEST_P(ParserOfEitherOrder, TakesARedactedIncremental) {
  const test::Bytes stream =
      builder()
          .begin({.features = feature::kRedacted, .fromguid = 5, .payload = test::pattern(56)})
          .redact(3, 0, 131072)
          .end()
          .bytes();
  EXPECT_TRUE(test::parse(stream).whole());
}

TEST_P(ParserOfEitherOrder, TakesADeduplicatedStream) {
  const test::Bytes stream = builder()
                                 .begin({.features = feature::kDedup | feature::kDedupProps})
                                 .write(1, 0, test::pattern(512))
                                 .write_byref({.object = 2, .length = 512, .refobject = 1})
                                 .end()
                                 .bytes();
  EXPECT_TRUE(test::parse(stream).whole());
}

TEST_P(ParserOfEitherOrder, TakesASubstreamOfBeginAndEnd) {
  const Trace trace = test::parse(builder().begin().end().bytes());
  EXPECT_TRUE(trace.whole());
  EXPECT_EQ(roles_of(trace), (std::vector{Role::substream_begin, Role::substream_end}));
}

// The body's records may state another guid than BEGIN; receivers do not mind (FORMAT.md §0.3).
TEST_P(ParserOfEitherOrder, TakesRecordsOfAnotherToguidWhenEndIsThere) {
  const test::Bytes stream = builder().begin({.record_toguid = 5}).free_objects(1, 2).end().bytes();
  EXPECT_TRUE(test::parse(stream).whole());
}

TEST_P(ParserOfEitherOrder, KnowsASavedStreamByItsToguidsAndMissingEnd) {
  StreamBuilder saved = builder().begin({.record_toguid = 5}).free_objects(1, 2);
  EXPECT_EQ(test::parse(saved.bytes()).fault->code, FaultCode::saved_stream);
  StreamBuilder mixed = saved;
  mixed.object({.object = 1, .toguid = test::BeginSpec{}.toguid});
  EXPECT_EQ(test::parse(mixed.bytes()).fault->code, FaultCode::missing_end);
  EXPECT_EQ(test::parse(builder().begin().bytes()).fault->code, FaultCode::missing_end);
}

TEST_P(ParserOfEitherOrder, ReadsSeveralStreamsOneAfterAnother) {
  StreamImage image = test::small_package(GetParam()).build();
  const StreamImage second = StreamBuilder(opposite(GetParam())).begin().frees(2).end().build();
  image.splice(image.records(), second, 0, second.records());
  const Trace trace = test::parse(image.bytes());
  ASSERT_TRUE(trace.whole()) << test::described(trace);
  EXPECT_EQ(trace.streams, 2U);
  EXPECT_EQ(trace.watermark, image.size());
  // Numbers start again with each stream, offsets go on.
  EXPECT_EQ(trace.records[9].number, 0U);
  EXPECT_EQ(trace.records[9].offset, image.offset(9));
  EXPECT_EQ(trace.records.back().number, 3U);
}

TEST_P(ParserOfEitherOrder, CountsUnprovenRecordsOfEachStreamAnew) {
  StreamImage image = builder().begin().frees(3).end().build(test::Sums::end_only);
  EXPECT_EQ(test::parse(image.bytes()).records_unproven, 3U);
  const StreamImage second = builder().begin().frees(2).end().build();
  image.splice(image.records(), second, 0, second.records());
  EXPECT_EQ(test::parse(image.bytes()).records_unproven, 0U);
}

TEST_P(ParserOfEitherOrder, LeavesThePackageAtItsEnd) {
  StreamImage image = test::small_package(GetParam()).build();
  const std::size_t package_records = image.records();
  const StreamImage second = builder().begin().end().build();
  image.splice(package_records, second, 0, second.records());
  const test::Bytes stream = image.bytes();
  Parser parser;
  ByteSpan input = stream;
  std::size_t records = 0;
  for (Step step = parser.next(input); step != Step::need_input; step = parser.next(input)) {
    ASSERT_NE(step, Step::fault);
    if (step != Step::record) continue;
    EXPECT_EQ(parser.in_package(), records < package_records) << records;
    ++records;
  }
}

TEST(Parser, ReportsTheEndOfAStreamBeforeTheNextOneIsThere) {
  const test::Bytes stream = StreamBuilder().begin().end().bytes();
  Parser parser;
  ByteSpan input = stream;
  EXPECT_EQ(parser.next(input), Step::record);
  EXPECT_EQ(parser.next(input), Step::record);
  EXPECT_TRUE(input.empty());
  EXPECT_EQ(parser.next(input), Step::stream_end);
  EXPECT_EQ(parser.next(input), Step::need_input);
  EXPECT_EQ(parser.finish(), Step::stream_end);
}

TEST(Parser, ReportsTheEndOfAStreamAtTheEndOfTheInputToo) {
  const test::Bytes stream = StreamBuilder().begin().end().bytes();
  Parser parser;
  ByteSpan input = stream;
  EXPECT_EQ(parser.next(input), Step::record);
  EXPECT_EQ(parser.next(input), Step::record);
  EXPECT_EQ(parser.finish(), Step::stream_end);
}

TEST(Parser, HandsOutViewsOfTheInputWithoutCopying) {
  const test::Bytes stream = StreamBuilder().begin().write(1, 0, test::pattern(512)).end().bytes();
  Parser parser;
  ByteSpan input = stream;
  ASSERT_EQ(parser.next(input), Step::record);
  EXPECT_EQ(parser.record().bytes().data(), stream.data());
  ASSERT_EQ(parser.next(input), Step::record);
  ASSERT_EQ(parser.next(input), Step::payload);
  EXPECT_EQ(parser.payload().data(), stream.data() + 2 * kRecordBytes);
  EXPECT_EQ(parser.payload().size(), 512U);
  EXPECT_EQ(parser.payload_bytes_left(), 0U);
}

TEST(Parser, CountsDownThePayloadThatIsStillToCome) {
  const test::Bytes stream = StreamBuilder().begin().write(1, 0, test::pattern(512)).end().bytes();
  Parser parser;
  ByteSpan input = ByteSpan(stream).first(2 * kRecordBytes + 100);
  ASSERT_EQ(parser.next(input), Step::record);
  ASSERT_EQ(parser.next(input), Step::record);
  EXPECT_EQ(parser.record_payload_bytes(), 512U);
  ASSERT_EQ(parser.next(input), Step::payload);
  EXPECT_EQ(parser.payload_bytes_left(), 412U);
  EXPECT_EQ(parser.next(input), Step::need_input);
}

TEST(Parser, KeepsTheSumOfEverythingSinceBegin) {
  const StreamImage image = StreamBuilder().begin().write(1, 0, test::pattern(512)).end().build();
  const test::Bytes stream = image.bytes();
  test::PlainSum sum;
  sum.absorb(ByteSpan(stream).first(image.offset(2)), ByteOrder::little);
  Parser parser;
  ByteSpan input = ByteSpan(stream).first(image.offset(2));
  while (parser.next(input) != Step::need_input) {
  }
  EXPECT_EQ(parser.running_sum(), sum.value());
}

TEST_P(ParserOfEitherOrder, TakesPayloadSumsFromTheCallerInstead) {
  for (const StreamBuilder& stream :
       {test::every_record_type(GetParam()), test::small_package(GetParam())}) {
    const test::Bytes bytes = stream.bytes();
    const Trace summing = test::parse(bytes);
    const Trace handed_in = test::parse(bytes, test::in_pieces_of(100), {.sum_payloads = false});
    EXPECT_EQ(described(summing), described(handed_in));
    EXPECT_EQ(summing.records, handed_in.records);
  }
}

TEST(Parser, NoticesAWrongHandedInSum) {
  const test::Bytes stream = StreamBuilder().begin().write(1, 0, test::pattern(512)).end().bytes();
  Parser parser({.sum_payloads = false});
  ByteSpan input = stream;
  ASSERT_EQ(parser.next(input), Step::record);
  ASSERT_EQ(parser.next(input), Step::record);
  ASSERT_EQ(parser.next(input), Step::payload);
  parser.add_payload_sum({1, 2, 3, 4});
  EXPECT_EQ(parser.next(input), Step::fault);
  EXPECT_EQ(parser.fault().code, FaultCode::checksum_mismatch);
}

// --- reanchor ---

// Reads to the first fault, goes on behind every fault, and returns how many there were.
struct Salvage {
  std::vector<FaultCode> faults;
  std::uint64_t records = 0;
  bool to_the_end = false;
};

Salvage salvage(const test::Bytes& stream) {
  Salvage result;
  Parser parser;
  ByteSpan input = stream;
  for (;;) {
    const Step step = parser.next(input);
    if (step == Step::record) ++result.records;
    if (step == Step::need_input) break;
    if (step != Step::fault) continue;
    result.faults.push_back(parser.fault().code);
    if (!parser.reanchor()) return result;
  }
  result.to_the_end = parser.finish() == Step::stream_end;
  return result;
}

TEST_P(ParserOfEitherOrder, GoesOnBehindADamagedPayload) {
  StreamImage image = test::every_record_type(GetParam()).build();
  image.flip_bit(image.header_end(image.find(RecordType::write)) + 9);
  const Salvage result = salvage(image.bytes());
  EXPECT_EQ(result.faults, (std::vector{FaultCode::checksum_mismatch}));
  EXPECT_EQ(result.records, image.records());
  EXPECT_TRUE(result.to_the_end);
}

TEST_P(ParserOfEitherOrder, GoesOnBehindSeveralDamages) {
  StreamImage image = builder().begin().frees(9).end().build();
  for (const std::size_t record : {2U, 5U, 9U})
    image.flip_bit(image.offset(record) + 20);
  const Salvage result = salvage(image.bytes());
  EXPECT_EQ(result.faults.size(), 3U);
  EXPECT_TRUE(result.to_the_end);
}

TEST_P(ParserOfEitherOrder, GoesOnBehindADamagedEnd) {
  StreamImage image = builder().begin().frees(1).end().build();
  image.flip_bit(image.offset(image.last()) + 60);
  const Salvage result = salvage(image.bytes());
  EXPECT_EQ(result.faults, (std::vector{FaultCode::checksum_mismatch}));
  EXPECT_TRUE(result.to_the_end);
}

TEST_P(ParserOfEitherOrder, GoesOnBehindAnEndWithAWrongInnerSum) {
  StreamImage image = builder().begin().frees(1).end().build(test::Sums::end_only);
  image.flip_bit(image.offset(1) + 20);
  const Salvage result = salvage(image.bytes());
  EXPECT_EQ(result.faults, (std::vector{FaultCode::end_checksum_mismatch}));
  EXPECT_TRUE(result.to_the_end);
}

TEST_P(ParserOfEitherOrder, GoesOnBehindADamagedPackageHeader) {
  StreamImage image = test::small_package(GetParam()).build();
  image.flip_bit(image.header_end(0) + 5);
  const Salvage result = salvage(image.bytes());
  EXPECT_EQ(result.faults, (std::vector{FaultCode::header_sum_mismatch}));
  EXPECT_EQ(result.records, image.records());
  EXPECT_TRUE(result.to_the_end);
}

TEST_P(ParserOfEitherOrder, DoesNotGoOnWhereNothingSaysWhereTheNextRecordStarts) {
  StreamImage image = test::every_record_type(GetParam()).build();
  const std::size_t write = image.find(RecordType::write);
  image.set_u64(write, 32, kPayloadBytesMax + 4);
  Parser parser;
  const test::Bytes stream = image.bytes();
  ByteSpan input = stream;
  while (parser.next(input) != Step::fault) {
  }
  const std::string before = test::described(parser.fault());
  EXPECT_FALSE(parser.reanchor());
  EXPECT_EQ(test::described(parser.fault()), before) << "a fault stays what it is";
  EXPECT_EQ(parser.next(input), Step::fault);
  EXPECT_FALSE(parser.reanchor());
}

TEST_P(ParserOfEitherOrder, DoesNotGoOnBehindATruncation) {
  const test::Bytes stream = builder().begin().frees(3).bytes();
  Parser parser;
  ByteSpan input = stream;
  while (parser.next(input) != Step::need_input) {
  }
  ASSERT_EQ(parser.finish(), Step::fault);
  EXPECT_FALSE(parser.reanchor());
  EXPECT_EQ(parser.fault().code, FaultCode::missing_end);
}

}  // namespace
}  // namespace zsluice::drr
