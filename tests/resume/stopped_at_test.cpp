// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/resume/stopped_at.hpp"

#include "resume/stream_records.hpp"
#include "support/corpus.hpp"
#include "support/policy_streams.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

namespace zsluice::resume {
namespace {

using test::Bytes;
using test::StreamBuilder;
using test::StreamImage;

constexpr std::uint64_t kBlock = 4096;

// Records: 0 BEGIN, 1 OBJECT, 2 WRITE 0, 3 WRITE 1, 4 FREE, 5 EMBEDDED 3, 6 END
StreamImage some_stream(const test::BeginSpec& spec = {}) {
  return StreamBuilder()
      .begin(spec)
      .object({.object = 34})
      .write(34, 0, test::pattern(kBlock))
      .write(34, kBlock, test::pattern(kBlock))
      .free(34, 2 * kBlock, kBlock)
      .embedded({.object = 34, .offset = 3 * kBlock, .length = kBlock, .physical_bytes = 8},
                test::pattern(8))
      .end()
      .build();
}

Stopped at(const StreamImage& image, std::uint64_t bytes) {
  const Bytes stream = image.bytes();
  return test::stopped_at(ByteSpan(stream).first(bytes));
}

TEST(StoppedAt, ARecordCountsWhenItsPayloadAndTheNextHeaderAreThere) {
  const StreamImage image = some_stream();
  struct Row {
    std::uint64_t bytes;
    drr::ResumePoint point;
    std::size_t record;
    std::uint64_t receiver_bytes;
  };
  const std::array<Row, 9> rows{{
      {image.header_end(1), {1, 0}, 1, 0},
      {image.end(2) + 311, {1, 0}, 1, 0},
      {image.end(2) + 312, {34, 0}, 2, image.end(2) - 312},
      {image.end(3), {34, 0}, 2, image.end(2) - 312},
      {image.header_end(4), {34, kBlock}, 3, image.end(3) - 312},
      // The header behind the FREE makes the FREE count, which makes the receiver write down.
      {image.header_end(5), {34, kBlock}, 3, image.end(4) - 312},
      {image.end(5), {34, kBlock}, 3, image.end(4) - 312},
      {image.end(5) + 311, {34, kBlock}, 3, image.end(4) - 312},
      {image.end(4) + 311, {34, kBlock}, 3, image.end(3) - 312},
  }};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.bytes);
    const Stopped stopped = at(image, row.bytes);
    ASSERT_EQ(stopped.kind, StopKind::token);
    EXPECT_EQ(stopped.token.object, row.point.object);
    EXPECT_EQ(stopped.token.offset, row.point.offset);
    EXPECT_EQ(stopped.token.bytes, row.receiver_bytes);
    EXPECT_EQ(stopped.record_offset, image.offset(row.record));
  }
}

TEST(StoppedAt, AnEmbeddedWriteCountsToo) {
  StreamImage image = some_stream();
  image.flip_bit(image.offset(image.last()) + 100);
  EXPECT_EQ(at(image, image.size()).token.offset, kBlock);
  StreamBuilder longer;
  longer.begin()
      .embedded({.object = 34, .offset = 3 * kBlock, .length = kBlock, .physical_bytes = 8},
                test::pattern(8))
      .frees(2)
      .end();
  image = longer.build();
  const Stopped stopped = at(image, image.header_end(2));
  EXPECT_EQ(stopped.token.offset, 3 * kBlock);
  EXPECT_EQ(stopped.token.bytes, image.end(1) - 312);
}

TEST(StoppedAt, WithoutTheHeaderBehindBeginThereIsNoToken) {
  const StreamImage image = some_stream({.payload = test::crypt_payload()});
  for (const std::uint64_t bytes :
       {std::uint64_t{0}, std::uint64_t{311}, image.end(0), image.header_end(1) - 1}) {
    EXPECT_EQ(at(image, bytes).kind, StopKind::nothing_proven) << bytes;
  }
  EXPECT_EQ(at(image, image.header_end(1)).kind, StopKind::token);
}

TEST(StoppedAt, AWholeStreamNeedsNone) {
  const StreamImage image = some_stream();
  EXPECT_EQ(at(image, image.size()).kind, StopKind::whole);
}

TEST(StoppedAt, ADamageIsACut) {
  StreamImage image = some_stream();
  image.flip_bit(image.header_end(3) + 5);  // payload of the second WRITE
  const Stopped stopped = at(image, image.size());
  EXPECT_EQ(stopped.kind, StopKind::token);
  EXPECT_EQ(stopped.record_offset, image.offset(2));
}

TEST(StoppedAt, NothingOfAStreamWithoutRecordChecksumsIsProven) {
  StreamImage image = some_stream();
  image.resum(test::Sums::end_only);
  EXPECT_EQ(at(image, image.offset(5)).kind, StopKind::nothing_proven);
}

TEST(StoppedAt, TheTokenSaysHowTheStreamWasSent) {
  using namespace drr::feature;
  const Stopped plain = at(some_stream(), 2000);
  EXPECT_EQ(plain.token, (token::Token{.fromguid = {},
                                       .object = 1,
                                       .toguid = test::kToGuid,
                                       .toname = "pool/fs@snap",
                                       .redact_snaps = {},
                                       .book_redact_snaps = {}}));
  const auto token_with = [](std::uint64_t features) {
    return at(some_stream({.features = features, .fromguid = 7}), 2000).token;
  };
  EXPECT_TRUE(token_with(kLargeBlocks).large_block_ok);
  EXPECT_TRUE(token_with(kEmbedData).embed_ok);
  EXPECT_TRUE(token_with(kCompressed).compress_ok);
  EXPECT_TRUE(token_with(kRaw).raw_ok);
  EXPECT_EQ(token_with(kRaw).fromguid, 7U);
}

TEST(StoppedAt, RedactionsAreHandedOn) {
  const Bytes payload = test::NvlistBuilder()
                            .u64s("redact_snaps", {1, 2, 3})
                            .u64s("redact_from_snaps", {})
                            .pack(test::kPackedXdr);
  const token::Token token =
      at(some_stream({.features = drr::feature::kRedacted, .payload = payload}), 3000).token;
  EXPECT_EQ(token.redact_snaps, (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(token.book_redact_snaps, std::vector<std::uint64_t>{});
}

// `zfs send` of a redacted dataset names its snapshots without being a redacted send.
TEST(StoppedAt, WithoutTheFeatureAReceiverKeepsNoRedactSnaps) {
  const Bytes payload = test::NvlistBuilder()
                            .u64s("redact_snaps", {1, 2, 3})
                            .u64s("redact_from_snaps", {4})
                            .pack(test::kPackedXdr);
  const StreamImage image = some_stream({.payload = payload});
  const token::Token token = at(image, 3000).token;
  EXPECT_FALSE(token.redact_snaps);
  EXPECT_EQ(token.book_redact_snaps, (std::vector<std::uint64_t>{4}));
  EXPECT_TRUE(test::search(image.bytes(), target_of(token)));
}

TEST(StoppedAt, SaysInWhichByteOrderTheSenderReadsIt) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    const StreamImage image = StreamBuilder(order)
                                  .begin()
                                  .object({.object = 34})
                                  .write(34, 0, test::pattern(kBlock))
                                  .end()
                                  .build();
    EXPECT_EQ(at(image, image.end(2)).order, order);
  }
}

TEST(StoppedAt, TooManyRedactionsAreNotKept) {
  test::NvlistBuilder list;
  list.numbers(nvlist::DataType::uint64_array, "redact_snaps",
               std::vector<std::uint64_t>(StoppedAt::kRedactionsMax + 1));
  const StreamImage image = some_stream({.payload = list.pack(test::kPackedAsSent)});
  EXPECT_EQ(at(image, image.end(1) + 400).kind, StopKind::too_many_redactions);
}

TEST(StoppedAt, AResumedStreamStartsAtItsOwnPoint) {
  const Bytes payload = test::NvlistBuilder()
                            .u64("resume_object", 34)
                            .u64("resume_offset", 512)
                            .pack(test::kPackedAsSent);
  const StreamImage image = some_stream({.features = drr::feature::kResuming, .payload = payload});
  const Stopped stopped = at(image, image.end(2));
  EXPECT_EQ(stopped.kind, StopKind::token);
  EXPECT_TRUE(stopped.is_resumed);
  EXPECT_EQ(stopped.token.object, 34U);
  EXPECT_EQ(stopped.token.offset, 512U);
  EXPECT_EQ(stopped.record_offset, image.offset(1));
  EXPECT_EQ(at(image, image.header_end(4)).token.offset, kBlock);
}

TEST(StoppedAt, ABeginThatNoReceiverTakesGivesNoToken) {
  EXPECT_EQ(at(some_stream({.features = drr::feature::kResuming}), 2000).kind,
            StopKind::no_own_point);
  EXPECT_EQ(at(some_stream({.payload = test::pattern(64)}), 2000).kind, StopKind::bad_begin_nvlist);
}

// --- packages ---

TEST(StoppedAt, OfAPackageTheSubstreamThatWasCutIsNamed) {
  const StreamImage image = test::package_stream(
      test::package_list({}), {{.toname = "pool/a@snap", .toguid = 1},
                               {.toname = "pool/b@snap", .toguid = 2, .fromguid = 3}});
  // Records: 0 header, 1 its END; 2 BEGIN, 3 FREEOBJECTS, 4 WRITE, 5 FREE, 6 END; 7 BEGIN, …
  EXPECT_EQ(at(image, image.end(0)).kind, StopKind::nothing_proven);
  EXPECT_EQ(at(image, image.end(1)).kind, StopKind::between_substreams);
  EXPECT_EQ(at(image, image.end(2)).kind, StopKind::nothing_proven);
  const Stopped between = at(image, image.end(6));
  EXPECT_EQ(between.kind, StopKind::between_substreams);
  EXPECT_EQ(between.substreams_complete, 1U);
  const Stopped second = at(image, image.end(10));
  EXPECT_EQ(second.kind, StopKind::token);
  EXPECT_TRUE(second.in_package);
  EXPECT_EQ(second.substreams_complete, 1U);
  EXPECT_EQ(second.substream_offset, image.offset(7));
  EXPECT_EQ(second.record_offset, image.offset(9));
  EXPECT_EQ(second.token.toname, "pool/b@snap");
  EXPECT_EQ(second.token.fromguid, 3U);
  EXPECT_EQ(second.token.bytes, image.end(9) - image.offset(7) - 312);
  EXPECT_EQ(at(image, image.size() - 1).kind, StopKind::between_substreams);
  EXPECT_EQ(at(image, image.size()).kind, StopKind::whole);
}

TEST(StoppedAt, AStreamBehindAWholeOneStartsAfresh) {
  const Bytes first = test::simple_stream().bytes();
  Bytes file = test::joined({first, test::simple_stream({.toguid = 9}).bytes()});
  file.pop_back();
  const Stopped stopped = test::stopped_at(file);
  EXPECT_EQ(stopped.kind, StopKind::token);
  EXPECT_EQ(stopped.token.toguid, 9U);
  EXPECT_EQ(stopped.substream_offset, first.size());
  EXPECT_EQ(stopped.substreams_complete, 0U);
}

}  // namespace
}  // namespace zsluice::resume
