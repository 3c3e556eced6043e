// SPDX-License-Identifier: BSD-2-Clause
// What a token may continue, and where in a stored stream that is.
#include "zsluice/resume/target.hpp"

#include "resume/stream_records.hpp"
#include "support/corpus.hpp"
#include "support/policy_streams.hpp"
#include "support/stream_builder.hpp"
#include "zsluice/resume/point_search.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace zsluice::resume {
namespace {

namespace feature = drr::feature;
using test::Bytes;
using test::StreamBuilder;
using test::StreamImage;

const Target kTarget{.toguid = test::kToGuid, .fromguid = 5, .point = {34, 4096}};

StreamImage stored(std::uint64_t features = feature::kSaSpill, const Bytes& payload = {}) {
  return StreamBuilder()
      .begin({.features = features, .fromguid = 5, .payload = payload})
      .object({.object = 31})
      .object_range({.first_object = 32, .objects = 32})
      .object({.object = 34})
      .write(34, 0, test::pattern(4096))
      .end()
      .build();
}

Bytes point_list(std::uint64_t object, std::uint64_t offset) {
  return test::NvlistBuilder()
      .u64("resume_object", object)
      .u64("resume_offset", offset)
      .pack(test::kPackedAsSent);
}

TEST(Target, IsWhatATokenSays) {
  const token::Token token{.fromguid = 5,
                           .object = 34,
                           .offset = 4096,
                           .toguid = 7,
                           .toname = "a@b",
                           .compress_ok = true,
                           .raw_ok = true,
                           .redact_snaps = {},
                           .book_redact_snaps = {}};
  const Target target = target_of(token);
  EXPECT_EQ(target.toguid, 7U);
  EXPECT_EQ(target.fromguid, 5U);
  EXPECT_EQ(target.point, (drr::ResumePoint{34, 4096}));
  EXPECT_TRUE(target.raw && target.compressed);
  EXPECT_FALSE(target.large_blocks || target.embedded || target.redact_snaps);
  EXPECT_EQ(target_of({}).fromguid, 0U);
}

struct Row {
  const char* what;
  StreamImage stream;
  Target target;
  RefusalCode code;
};

Target with(const std::function<void(Target&)>& change) {
  Target target = kTarget;
  change(target);
  return target;
}

TEST(Target, AStreamThatDoesNotBelongToItIsRefused) {
  const std::vector<Row> rows{
      {"another snapshot", stored(), with([](Target& it) { it.toguid = 1; }),
       RefusalCode::unknown_snapshot},
      {"from another snapshot", stored(), with([](Target& it) { it.fromguid = 1; }),
       RefusalCode::other_origin},
      {"full instead of incremental", stored(), with([](Target& it) { it.fromguid = 0; }),
       RefusalCode::other_origin},
      {"plain, wanted raw", stored(), with([](Target& it) { it.raw = true; }),
       RefusalCode::raw_differs},
      {"raw, wanted plain", stored(feature::kRaw), kTarget, RefusalCode::raw_differs},
      {"compressed", stored(feature::kCompressed), kTarget, RefusalCode::compressed_differs},
      {"large blocks", stored(feature::kLargeBlocks), kTarget, RefusalCode::large_blocks_differ},
      {"embedded", stored(feature::kEmbedData), kTarget, RefusalCode::embedded_differs},
      {"redacted",
       stored(feature::kRedacted,
              test::NvlistBuilder().u64s("redact_snaps", {1}).pack(test::kPackedAsSent)),
       kTarget, RefusalCode::redacted_differs},
      {"redacted otherwise",
       stored(feature::kRedacted,
              test::NvlistBuilder().u64s("redact_snaps", {1}).pack(test::kPackedAsSent)),
       with([](Target& it) { it.redact_snaps = {2}; }), RefusalCode::redacted_differs},
      {"wanted from a redaction bookmark", stored(),
       with([](Target& it) { it.book_redact_snaps = {1}; }), RefusalCode::redacted_differs},
      {"deduplicated", stored(feature::kDedup), kTarget, RefusalCode::deduplicated},
      {"no nvlist", stored(feature::kSaSpill, test::pattern(64)), kTarget,
       RefusalCode::bad_begin_nvlist},
      {"resumed without a point", stored(feature::kResuming), kTarget, RefusalCode::no_own_point},
      {"resumed behind the point", stored(feature::kResuming, point_list(34, 8192)), kTarget,
       RefusalCode::before_own_point},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    const auto found = test::search(row.stream.bytes(), row.target);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, row.code);
    // Without a first pass the same refusal comes with BEGIN; guids that differ are passed over.
    const auto made = test::rebuild_all(row.stream.bytes(), {.target = row.target});
    EXPECT_TRUE(made.bytes.empty());
    EXPECT_FALSE(made.done);
    if (made.refusal) {
      EXPECT_EQ(made.refusal->code, row.code);
    }
  }
}

TEST(Target, AResumedStreamContinuesWhatStopsAtItsPointOrBehind) {
  for (const std::uint64_t offset : {0U, 4096U}) {
    const Bytes stream = stored(feature::kResuming, point_list(34, offset)).bytes();
    EXPECT_TRUE(test::search(stream, kTarget));
  }
}

TEST(Target, ARefusalNamesBothSides) {
  const auto origin = test::search(stored().bytes(), with([](Target& it) { it.fromguid = 1; }));
  ASSERT_FALSE(origin);
  EXPECT_EQ(origin.error().wanted, 1U);
  EXPECT_EQ(origin.error().found, 5U);
  const auto raw = test::search(stored(feature::kRaw).bytes(), kTarget);
  ASSERT_FALSE(raw);
  EXPECT_EQ(raw.error().wanted, 0U);
  EXPECT_EQ(raw.error().found, 1U);
  const auto point = test::search(stored(feature::kResuming, point_list(35, 0)).bytes(), kTarget);
  ASSERT_FALSE(point);
  EXPECT_EQ(point.error().wanted, 34U);
  EXPECT_EQ(point.error().wanted_offset, 4096U);
  EXPECT_EQ(point.error().found, 35U);
}

Target target_of_corpus() {
  return {.toguid = 15659996431542376708U, .raw = true, .compressed = true};
}

TEST(PointSearch, FindsTheRangeAndObjectToStartWith) {
  const StreamImage image = stored();
  const auto found = test::search(image.bytes(), with([](Target& it) { it.point = {34, 0}; }));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->object_is_there);
  EXPECT_FALSE(found->in_package);
  EXPECT_EQ(found->substream_offset, 0U);
  EXPECT_EQ(found->first_offset, image.offset(2));
}

TEST(PointSearch, WithoutTheObjectItIsTheFirstRecord) {
  const StreamImage image = stored();
  const auto found = test::search(image.bytes(), with([](Target& it) { it.point = {1, 0}; }));
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->object_is_there);
  EXPECT_EQ(found->first_offset, image.offset(1));
}

TEST(PointSearch, IsDecidedAsSoonAsTheObjectIsMet) {
  const Bytes stream = stored().bytes();
  PointSearch search(with([](Target& it) { it.point = {34, 0}; }));
  std::size_t fed = 0;
  for (const test::ProvenRecord& it : test::proven_records(stream)) {
    if (search.is_decided()) break;
    search.add(it.role, it.record, it.payload, it.offset);
    ++fed;
  }
  EXPECT_EQ(fed, 4U);
}

// Whatever is sent too much is received once more; a gap nobody notices.
TEST(PointSearch, APointThatIsNoRecordsIsNotPlaced) {
  const Bytes stream = test::read_corpus("g256_raw_full");
  std::size_t placed = 0;
  for (const test::ProvenRecord& it : test::proven_records(stream)) {
    if (it.record.type_code() != static_cast<std::uint32_t>(drr::RecordType::write)) continue;
    const drr::WriteRecord write = drr::decode_write(it.record);
    Target target = target_of_corpus();
    target.point = {write.object, write.offset};
    const auto exact = test::search(stream, target);
    ASSERT_TRUE(exact);
    EXPECT_TRUE(exact->object_is_there) << write.object << ' ' << write.offset;
    target.point.offset = write.offset + write.logical_bytes / 2;
    EXPECT_TRUE(test::search(stream, target)->object_is_there) << "inside a block";
    target.point.offset = ~std::uint64_t{0} >> 1U;
    const auto beyond = test::search(stream, target);
    EXPECT_FALSE(beyond->object_is_there) << "behind all data";
    EXPECT_EQ(beyond->first_offset, test::proven_records(stream)[1].offset);
    ++placed;
  }
  EXPECT_GT(placed, 20U);
}

TEST(PointSearch, AStreamThatWillNotDoDoesNotHideOneThatWill) {
  const Bytes will_not = stored(feature::kRaw).bytes();
  const Bytes file = test::joined({will_not, stored().bytes()});
  const auto found = test::search(file, with([](Target& it) { it.point = {34, 0}; }));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->stream_offset, will_not.size());
}

TEST(PointSearch, FindsASubstreamOfAPackageBehindOtherStreams) {
  const Bytes first = test::simple_stream().bytes();
  const StreamImage package =
      test::package_stream(test::package_list({}), {{.toguid = 1}, {.toguid = 2}});
  const Bytes file = test::joined({first, package.bytes()});
  const auto found = test::search(file, {.toguid = 2, .point = {40, 0}, .raw = true});
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->in_package);
  EXPECT_EQ(found->stream_offset, first.size());
  EXPECT_EQ(found->substream_offset, first.size() + package.offset(7));
}

TEST(PointSearch, RemembersTheFirstSubstreamsItSaw) {
  StreamBuilder package;
  package.package();
  for (std::uint64_t guid = 1; guid <= 20; ++guid)
    test::add_substream(package, {.toguid = guid, .raw = false});
  const Bytes stream = package.package_end().bytes();
  PointSearch search({.toguid = 99});
  for (const test::ProvenRecord& it : test::proven_records(stream))
    search.add(it.role, it.record, it.payload, it.offset);
  EXPECT_EQ(search.substreams(), 20U);
  ASSERT_EQ(search.seen().size(), PointSearch::kSeenMax);
  EXPECT_EQ(search.seen().back().toguid, 16U);
  EXPECT_EQ(search.seen().back().toname, "pool/fs@snap");
}

}  // namespace
}  // namespace zsluice::resume
