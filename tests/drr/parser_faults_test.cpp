// SPDX-License-Identifier: BSD-2-Clause
// Each fault code, what it carries, and truncation at every byte.
#include "support/chop.hpp"
#include "support/damages.hpp"
#include "support/stream_builder.hpp"
#include "zsluice/drr/parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace zsluice::drr {
namespace {

using test::StreamBuilder;
using test::StreamImage;
using test::Trace;

Fault fault_of(const test::Bytes& stream, const ParserOptions& options = {}) {
  const Trace trace = test::parse(stream, test::in_one_piece(), options);
  EXPECT_TRUE(trace.fault);
  return trace.fault.value_or(Fault{});
}

class ParserFault : public testing::TestWithParam<ByteOrder> {
 protected:
  static StreamBuilder builder() { return StreamBuilder(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(,
                         ParserFault,
                         testing::Values(ByteOrder::little, ByteOrder::big),
                         [](const auto& row) {
                           return std::string(row.param == ByteOrder::little ? "little" : "big");
                         });

// --- truncation ---

// What a cut to `size` bytes must be called, given where the records lie.
FaultCode code_of_cut(const StreamImage& image, std::uint64_t size, bool is_package) {
  if (size == 0) return FaultCode::empty_input;
  std::size_t record = 0;
  while (image.end(record) <= size)
    ++record;
  const std::uint64_t there = size - image.offset(record);
  if (there > 0) {
    return there < kRecordBytes ? FaultCode::truncated_header : FaultCode::truncated_payload;
  }
  if (!is_package) return FaultCode::missing_end;
  // Between records: inside a substream, or between the parts of the package?
  const std::size_t before = record - 1;
  const bool in_substream = image.type(before) != 5 && before != 0;
  return in_substream ? FaultCode::missing_end : FaultCode::missing_package_end;
}

void expect_exact_code_at_every_cut(const StreamImage& image, bool is_package) {
  for (std::uint64_t size = 0; size < image.size(); ++size) {
    const Fault fault = fault_of(StreamImage(image).truncate(size).bytes());
    SCOPED_TRACE(testing::Message() << "cut to " << size << ": " << test::described(fault));
    EXPECT_EQ(fault.code, code_of_cut(image, size, is_package));
    EXPECT_EQ(kind_of(fault.code), FaultKind::truncated);
    EXPECT_EQ(fault.end, size);
    EXPECT_LE(fault.begin, size);
  }
}

TEST_P(ParserFault, ASubstreamCutAtAnyByteIsTruncated) {
  expect_exact_code_at_every_cut(test::every_record_type(GetParam()).build(), false);
}

TEST_P(ParserFault, APackageCutAtAnyByteIsTruncated) {
  expect_exact_code_at_every_cut(test::small_package(GetParam()).build(), true);
}

TEST_P(ParserFault, TruncatedHeaderSaysHowMuchIsThere) {
  const StreamImage image = builder().begin().free(9, 4096, 512).end().build();
  const Fault fault = fault_of(StreamImage(image).truncate(image.offset(1) + 40).bytes());
  EXPECT_EQ(fault.found, 40U);
  EXPECT_EQ(fault.limit, kRecordBytes);
  EXPECT_EQ(fault.at.type_code, 4U);
  EXPECT_EQ(fault.at.stream_offset, image.offset(1));
  EXPECT_EQ(fault.at.place.object, 9U);
}

TEST_P(ParserFault, TruncatedHeaderNamesNothingThatIsNotThere) {
  const StreamImage image = builder().begin().free(9, 4096, 512).free(9, 8192, 1).build();
  const Fault without_type = fault_of(StreamImage(image).truncate(image.offset(2) + 3).bytes());
  EXPECT_EQ(without_type.at.type_code, kTypeNotRead);
  EXPECT_EQ(without_type.first.type_code, kTypeNotRead);
  const Fault without_place = fault_of(StreamImage(image).truncate(image.offset(2) + 20).bytes());
  EXPECT_EQ(without_place.at.type_code, 4U);
  EXPECT_EQ(without_place.at.place.object, std::nullopt);
  EXPECT_EQ(without_place.first.place.offset, std::nullopt);
}

TEST_P(ParserFault, TruncatedPayloadSaysHowMuchIsThere) {
  const StreamImage image = builder().begin().write(3, 0, test::pattern(512)).end().build();
  const Fault fault = fault_of(StreamImage(image).truncate(image.header_end(1) + 99).bytes());
  EXPECT_EQ(fault.found, 99U);
  EXPECT_EQ(fault.limit, 512U);
  EXPECT_EQ(fault.at.number, 1U);
  EXPECT_EQ(fault.at.payload_bytes, 512U);
}

TEST(ParserFaultOfNoStream, AFewBytesThatAreNoBeginAreNotATruncatedStream) {
  for (const std::string_view text : {"x", "\n", "hello", "GIF89a", "\x1f\x8b\x08"}) {
    const ByteSpan bytes = bytes_of(text);
    const Fault fault = fault_of({bytes.begin(), bytes.end()});
    EXPECT_EQ(fault.code, FaultCode::not_a_stream) << text;
    EXPECT_EQ(fault.end, text.size());
  }
}

// --- what the faults carry ---

TEST_P(ParserFault, ChecksumMismatchCarriesBothSums) {
  StreamImage image =
      builder().begin().write(3, 0, test::pattern(512)).free(3, 512, 1).end().build();
  image.flip_bit(image.header_end(1));
  test::PlainSum computed;
  computed.absorb(image.piece(0).bytes, GetParam());
  computed.absorb(image.piece(1).bytes, GetParam());
  computed.absorb(ByteSpan(image.piece(2).bytes).first(kRecordChecksumAt), GetParam());
  const Fault fault = fault_of(image.bytes());
  EXPECT_EQ(fault.code, FaultCode::checksum_mismatch);
  EXPECT_EQ(fault.computed, computed.value());
  EXPECT_EQ(fault.expected.a, image.u64(2, kRecordChecksumAt));
  EXPECT_EQ(fault.expected.d, image.u64(2, kRecordChecksumAt + 24));
  // Either the payload of the one or the header of the other.
  EXPECT_EQ(fault.first.number, 1U);
  EXPECT_EQ(fault.first.payload_bytes, 512U);
  EXPECT_EQ(fault.first.place.object, 3U);
  EXPECT_EQ(fault.first.place.offset, 0U);
  EXPECT_EQ(fault.at.number, 2U);
  EXPECT_EQ(fault.at.place.offset, 512U);
}

TEST_P(ParserFault, NamesTheHeaderAloneWhenNoPayloadLiesBeforeIt) {
  StreamImage image = builder().begin().frees(3).end().build();
  const Fault fault = fault_of(image.flip_bit(image.offset(2) + 9).bytes());
  EXPECT_EQ(fault.first.number, 2U);
  EXPECT_EQ(fault.at.number, 2U);
}

TEST_P(ParserFault, NamesBeginAndItsPayloadWhileItIsNotProven) {
  StreamImage image = builder().begin({.payload = test::pattern(64)}).frees(1).end().build();
  const Fault fault = fault_of(image.flip_bit(image.offset(1) + 9).bytes());
  EXPECT_EQ(fault.first.number, 0U);
  EXPECT_EQ(fault.first.payload_bytes, 64U);
}

TEST_P(ParserFault, ZerosWhereARecordBelongsAreAMismatch) {
  StreamImage image = builder().begin().write(1, 0, test::pattern(512)).frees(2).end().build();
  image.fill_zero(image.header_end(1) + 100, image.header_end(2));
  const Fault fault = fault_of(image.bytes());
  EXPECT_EQ(fault.code, FaultCode::checksum_mismatch);
  EXPECT_TRUE(fault.expected.is_zero());
}

TEST_P(ParserFault, EndChecksumMismatchCarriesBothSums) {
  StreamImage image = builder().begin().frees(1).end().build(test::Sums::end_only);
  test::PlainSum computed;
  image.flip_bit(image.offset(1) + 20);
  computed.absorb(image.piece(0).bytes, GetParam());
  computed.absorb(image.piece(1).bytes, GetParam());
  const Fault fault = fault_of(image.bytes());
  EXPECT_EQ(fault.code, FaultCode::end_checksum_mismatch);
  EXPECT_EQ(fault.computed, computed.value());
  EXPECT_EQ(fault.expected.b, image.u64(2, kEndChecksumAt + 8));
}

TEST_P(ParserFault, NonzeroEndBytesSayWhere) {
  StreamImage image = test::small_package(GetParam()).build();
  image.flip_bit(image.offset(image.last()) + 123);
  EXPECT_EQ(fault_of(image.bytes()).found, 123U);
}

TEST_P(ParserFault, UnknownTypesAreNamed) {
  const Fault fault = fault_of(builder().begin().bare(4711).end().bytes());
  EXPECT_EQ(fault.code, FaultCode::unknown_record_type);
  EXPECT_EQ(fault.found, 4711U);
}

TEST_P(ParserFault, UnknownHeaderTypesAreNamed) {
  for (const std::uint64_t type : {0U, 3U}) {
    const Fault fault = fault_of(builder().begin({.header_type = type}).end().bytes());
    EXPECT_EQ(fault.code, FaultCode::unknown_header_type);
    EXPECT_EQ(fault.found, type);
  }
}

// --- lengths ---

TEST_P(ParserFault, BeginPayloadIsBoundedBeforeAnyOfItIsThere) {
  constexpr ParserOptions kOptions{.limits = {.begin_payload_bytes = 64}};
  const test::Bytes within = builder().begin({.payload = test::pattern(64)}).end().bytes();
  EXPECT_TRUE(test::parse(within, test::in_one_piece(), kOptions).whole());

  StreamImage beyond = builder().begin().build();
  beyond.set_u32(0, kPayloadLengthAt, 68);
  const Fault fault = fault_of(beyond.bytes(), kOptions);
  EXPECT_EQ(fault.code, FaultCode::begin_payload_too_long);
  EXPECT_EQ(kind_of(fault.code), FaultKind::refused);
  EXPECT_EQ(fault.found, 68U);
  EXPECT_EQ(fault.limit, 64U);
  EXPECT_EQ(fault.end, kRecordBytes);
}

TEST_P(ParserFault, PackageHeaderPayloadIsBoundedToo) {
  StreamImage beyond = builder().package().build();
  beyond.set_u32(0, kPayloadLengthAt, kBeginPayloadBytesMax + 4);
  EXPECT_EQ(fault_of(beyond.bytes()).code, FaultCode::begin_payload_too_long);
}

// The header is the last that is there: were the length believed, the payload would be missing.
TEST_P(ParserFault, PayloadLengthIsBoundedBeforeItIsTrusted) {
  struct Case {
    std::uint64_t bytes;
    FaultCode code;
  };
  constexpr Case kCases[] = {
      {kPayloadBytesMax, FaultCode::truncated_payload},
      {kPayloadBytesMax + 4, FaultCode::payload_too_long},
      {std::uint64_t{1} << 32, FaultCode::payload_too_long},
      {std::uint64_t{1} << 63, FaultCode::payload_too_long},
      {~std::uint64_t{0} - 3, FaultCode::payload_too_long},
      {~std::uint64_t{0}, FaultCode::payload_too_long},
      {4098, FaultCode::payload_not_summable},
      {1, FaultCode::payload_not_summable},
  };
  for (const Case& length : kCases) {
    SCOPED_TRACE(length.bytes);
    WriteRecord write;
    write.logical_bytes = length.bytes;
    const Fault plain = fault_of(builder().begin().write(write, {}).bytes());
    EXPECT_EQ(plain.code, length.code);
    write.compression = kCompressionOff;
    write.compressed_bytes = length.bytes;
    EXPECT_EQ(fault_of(builder().begin().write(write, {}).bytes()).code, length.code);
    const Fault spill = fault_of(builder().begin().spill({.length = length.bytes}, {}).bytes());
    EXPECT_EQ(spill.code, length.code);
    if (length.code == FaultCode::payload_too_long) {
      EXPECT_EQ(plain.found, length.bytes);
      EXPECT_EQ(plain.limit, kPayloadBytesMax);
    }
  }
}

TEST_P(ParserFault, SmallFieldsCannotWrapPastTheLimit) {
  EXPECT_EQ(fault_of(builder().begin().object({.bonus_bytes = ~0U}).bytes()).code,
            FaultCode::payload_too_long);
  EXPECT_EQ(fault_of(builder().begin().object({.raw_bonus_bytes = ~0U}).bytes()).code,
            FaultCode::payload_too_long);
  EXPECT_EQ(fault_of(builder().begin().embedded({.physical_bytes = ~0U}, {}).bytes()).code,
            FaultCode::payload_too_long);
}

// --- the whole list ---

TEST(FaultCodes, EachIsProducedByADamage) {
  std::set<FaultCode> produced;
  for (const test::Damage& damage : test::damages()) {
    const std::optional<FaultCode> code = damage.make().fault;
    if (code) produced.insert(*code);
  }
  for (int i = 0; i <= static_cast<int>(FaultCode::saved_stream); ++i) {
    const auto code = static_cast<FaultCode>(i);
    if (code == FaultCode::rule_broken) continue;  // not the parser's: StreamChecker
    EXPECT_TRUE(produced.count(code)) << "code " << i;
  }
}

TEST(FaultCodes, AreOfThreeKinds) {
  EXPECT_EQ(kind_of(FaultCode::not_a_stream), FaultKind::damaged);
  EXPECT_EQ(kind_of(FaultCode::rule_broken), FaultKind::damaged);
  EXPECT_EQ(kind_of(FaultCode::payload_not_summable), FaultKind::damaged);
  EXPECT_EQ(kind_of(FaultCode::begin_payload_too_long), FaultKind::refused);
  EXPECT_EQ(kind_of(FaultCode::empty_input), FaultKind::truncated);
  EXPECT_EQ(kind_of(FaultCode::saved_stream), FaultKind::truncated);
}

}  // namespace
}  // namespace zsluice::drr
