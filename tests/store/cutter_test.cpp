// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/store/cutter.hpp"

#include "store/store_fixture.hpp"
#include "support/corpus.hpp"
#include "support/for_each.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace zsluice::storage {
namespace {

constexpr std::uint64_t kSizes[] = {1, 700, 5000, 64 << 10, 16 << 20};

// --- an independent walk, from a StreamImage and the tables of drr/FORMAT.md §A.1 ---

// What the next record changes, written down without the module's help.
class ImageWalk {
 public:
  explicit ImageWalk(const test::StreamImage& image) : image_(image) {}

  // The position before record `next`, for ascending `next`.
  const Position& position_before(std::size_t next) {
    for (; at_ < next; ++at_)
      step();
    return position_;
  }

 private:
  void step() {
    const bool is_begin =
        image_.type(at_) == 0 && (position_.framing == Framing::outside || between());
    const std::uint64_t offset = image_.offset(at_);
    if (is_begin) {
      begin(offset);
    } else if (image_.type(at_) == 5 || between()) {
      const bool stays = position_.framing == Framing::package_header ||
                         position_.framing == Framing::package_substream;
      Position after;
      after.framing = stays ? Framing::package : Framing::outside;
      after.substreams = position_.substreams;
      after.records = position_.records;
      position_ = after;
    } else {
      body(offset);
    }
    ++position_.records;
    position_.offset = image_.end(at_);
  }

  [[nodiscard]] bool between() const { return position_.framing == Framing::package; }

  void begin(std::uint64_t offset) {
    const bool is_package = (image_.u64(at_, 16) & 3) == 2;
    const bool inside = between();
    const Framing substream = inside ? Framing::package_substream : Framing::substream;
    position_.framing = is_package ? Framing::package_header : substream;
    position_.order = image_.order(at_);
    position_.begin_at = offset;
    position_.toguid = is_package ? 0 : image_.u64(at_, 40);
    position_.features = is_package ? 0 : image_.u64(at_, 16) >> 2;
    position_.begin_flags = is_package ? 0 : image_.u32(at_, 36);
    position_.substreams += is_package ? 0 : 1;
    sum_ = {};
    absorb();
  }

  void body(std::uint64_t offset) {
    const std::uint64_t object = image_.u64(at_, 8);
    switch (image_.type(at_)) {
      case 1:
        position_.object_at = offset;
        position_.object = object;
        break;
      case 3:
        position_.write_at = offset;
        position_.write = {object, image_.u64(at_, 24)};
        break;
      case 8:
        position_.write_at = offset;
        position_.write = {object, image_.u64(at_, 16)};
        break;
      case 9:
        position_.object_range_at = offset;
        break;
      default:
        break;
    }
    absorb();
  }

  void absorb() {
    sum_.absorb(image_.piece(at_).bytes, position_.order);
    position_.sum = sum_.value();
  }

  const test::StreamImage& image_;
  std::size_t at_ = 0;
  Position position_;
  test::PlainSum sum_;
};

std::optional<Place> place_in(const test::StreamImage& image, std::size_t record) {
  switch (image.type(record)) {
    case 1:
    case 7:
      return Place{image.u64(record, 8), 0};
    case 3:
      return Place{image.u64(record, 8), image.u64(record, 24)};
    case 4:
    case 6:
    case 8:
    case 10:
      return Place{image.u64(record, 8), image.u64(record, 16)};
    default:
      return std::nullopt;
  }
}

std::optional<Places> places_in(const test::StreamImage& image, std::size_t from, std::size_t to) {
  std::optional<Places> places;
  for (std::size_t record = from; record < to; ++record) {
    const std::optional<Place> place = place_in(image, record);
    if (!place) continue;
    if (!places) places = Places{*place, *place};
    places->last = *place;
  }
  return places;
}

bool is_whole(const test::Bytes& stream) {
  return test::parse(stream).whole();
}

// Where the last segment of a stream that is cut short ends: behind its last record when its header
// is proven and is all of it, else before that one.
std::uint64_t end_of_torn(const test::Bytes& stream) {
  const test::Trace trace = test::parse(stream);
  const test::SeenRecord& last = trace.records.back();
  const bool is_complete = last.proven && last.payload_bytes == 0;
  return last.offset + (is_complete ? drr::kRecordBytes : 0);
}

void expect_joined(const test::Bytes& back, const test::Bytes& stream) {
  ASSERT_LE(back.size(), stream.size());
  EXPECT_TRUE(std::equal(back.begin(), back.end(), stream.begin()));
  if (is_whole(stream)) {
    EXPECT_EQ(back.size(), stream.size());
  } else {
    EXPECT_EQ(back.size(), end_of_torn(stream));
  }
}

void expect_as_walked(const test::Bytes& stream, std::uint64_t target) {
  const test::StreamImage image(stream);
  ImageWalk walk(image);
  const bool whole = is_whole(stream);
  const bool lacks_sums = test::parse(stream).records_unproven > 0;
  std::size_t record = 0;
  const std::vector<ToldCut> cuts = cuts_of(stream, {.target_bytes = target});
  if (lacks_sums && stream.size() > target) {
    EXPECT_FALSE(!cuts.empty() && cuts.back().cut.is_last);
    return;
  }
  for (const ToldCut& told : cuts) {
    const Cut& cut = told.cut;
    const std::size_t from = record;
    ASSERT_EQ(cut.start, walk.position_before(from));
    while (image.offset(record) < cut.end.offset)
      ++record;
    ASSERT_EQ(cut.end, walk.position_before(record)) << "before record " << record;
    ASSERT_EQ(cut.end.records - cut.start.records, record - from);
    ASSERT_EQ(cut.places, places_in(image, from, record));
    // As many records as fit, or one that does not; more only where cuts cannot be proven.
    ASSERT_TRUE(cut.raw_bytes() <= target || record == from + 1);
    if (&told != &cuts.back()) {
      ASSERT_GT(cut.raw_bytes() + image.end(record) - image.offset(record), target);
    }
    ASSERT_EQ(cut.is_last, whole && record == image.records());
  }
  ASSERT_EQ(cuts.back().cut.is_last, whole);
}

TEST(SegmentCutter, WaypointsOfRealStreamsAreWhatAWalkComputes) {
  test::for_each_stream([](const test::CorpusEntry& entry) {
    const test::Bytes stream = test::read_corpus(entry.name);
    for (const std::uint64_t target : {std::uint64_t{700}, kSegmentTargetBytesMin})
      expect_as_walked(stream, target);
  });
}

TEST(SegmentCutter, WaypointsOfEveryRecordTypeAreWhatAWalkComputes) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    for (const std::uint64_t target : kSizes) {
      expect_as_walked(test::every_record_type(order).bytes(), target);
      expect_as_walked(test::small_package(order).bytes(), target);
    }
  }
}

// --- the round trip ---

TEST(SegmentCutter, SegmentsOfRealStreamsJoinToTheSameBytes) {
  test::for_each_stream([](const test::CorpusEntry& entry) {
    const test::Bytes stream = test::read_corpus(entry.name);
    for (const std::uint64_t target : kSizes) {
      // One record a segment is slow, and short streams show it as well.
      if (target < 5000 && stream.size() > (1U << 20)) continue;
      const CutOptions options = {.target_bytes = target};
      const auto segments = segments_of(stream, options);
      if (test::parse(stream).records_unproven > 0 && stream.size() > target) continue;
      EXPECT_EQ(segments.back().header.is_last, is_whole(stream));
      expect_joined(joined(segments, options), stream);
    }
  });
}

TEST(SegmentCutter, CompressedSegmentsJoinToTheSameBytes) {
  test::for_each_stream([](const test::CorpusEntry& entry) {
    const test::Bytes stream = test::read_corpus(entry.name);
    if (test::parse(stream).records_unproven > 0) return;
    const CutOptions options = {.target_bytes = 1 << 18, .level = 1, .key = kTestKey};
    expect_joined(joined(segments_of(stream, options), options), stream);
  });
}

TEST(SegmentCutter, CutsDoNotDependOnHowTheStreamArrives) {
  for (const test::Bytes& stream :
       {test::every_record_type(ByteOrder::big).bytes(), test::read_corpus("hier_raw_R_i")}) {
    for (const std::uint64_t target : kSizes) {
      const auto whole = segments_of(stream, {.target_bytes = target});
      constexpr std::uint64_t kSeed = 20261122;
      for (const test::Chopper& chopper : {test::in_pieces_of(313), test::at_random(kSeed)}) {
        const auto pieces = segments_of(stream, {.target_bytes = target, .chopper = chopper});
        ASSERT_EQ(whole.size(), pieces.size());
        for (std::size_t i = 0; i < whole.size(); ++i)
          ASSERT_EQ(whole[i].encoded, pieces[i].encoded);
      }
    }
  }
}

// --- proof ---

TEST(SegmentCutter, TellsACutWhenTheHeaderBehindItIsProven) {
  const test::Bytes stream = test::small_package(ByteOrder::little).bytes();
  for (const ToldCut& told : cuts_of(stream, {.target_bytes = 1, .chopper = test::in_pieces_of(1)}))
    EXPECT_EQ(told.read_to, told.cut.end.offset + (told.cut.is_last ? 0 : drr::kRecordBytes));
}

TEST(SegmentCutter, OfATornStreamGivesAProvenPrefixAtARecordsEnd) {
  const test::StreamImage image = test::small_package(ByteOrder::little).build();
  const test::Bytes stream = image.bytes();
  for (std::size_t size = drr::kRecordBytes; size < stream.size(); ++size) {
    SCOPED_TRACE(size);
    const std::uint64_t wanted = end_of_torn(
        test::Bytes(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(size)));
    const CutOptions options = {.target_bytes = 1500};
    const ByteSpan there = ByteSpan(stream).first(size);
    const test::Bytes back = joined(segments_of(there, options), options);
    ASSERT_EQ(back.size(), wanted);
    ASSERT_TRUE(std::equal(back.begin(), back.end(), stream.begin()));
  }
}

TEST(SegmentCutter, OfADamagedStreamGivesWhatIsProven) {
  const test::StreamImage image = test::every_record_type(ByteOrder::little).build();
  const test::Bytes whole = image.bytes();
  for (std::size_t at = 0; at < whole.size(); at += 5) {
    SCOPED_TRACE(at);
    test::Bytes stream = whole;
    stream[at] ^= std::byte{4};
    const CutOptions options = {.target_bytes = 800};
    const test::Bytes back = joined(segments_of(stream, options), options);
    ASSERT_LE(back.size(), at);
    ASSERT_TRUE(std::equal(back.begin(), back.end(), stream.begin()));
    ASSERT_LE(back.size(), test::proven_end(test::StreamImage(stream)));
  }
}

// END alone proves what lies before it: such a stream is one segment, or one and its END, or none.
TEST(SegmentCutter, DoesNotCutBeforeARecordThatProvesNothing) {
  const test::Bytes stream = test::every_record_type(ByteOrder::little).bytes(test::Sums::end_only);
  const std::vector<ToldCut> cuts = cuts_of(stream, {.target_bytes = stream.size()});
  ASSERT_EQ(cuts.size(), 1U);
  EXPECT_TRUE(cuts[0].cut.is_last);
  EXPECT_EQ(cuts_of(stream, {.target_bytes = stream.size() - 1}).size(), 2U);
  EXPECT_TRUE(cuts_of(stream, {.target_bytes = stream.size() - drr::kRecordBytes - 1}).empty());
}

// --- stores that are continued ---

void expect_same(const std::vector<TestSegment>& back, const std::vector<TestSegment>& wanted) {
  ASSERT_EQ(back.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    ASSERT_EQ(back[i].file(), wanted[i].file()) << "segment " << i;
    ASSERT_EQ(back[i].substreams, wanted[i].substreams) << "segment " << i;
  }
}

TEST(SegmentCutter, ATornStoreThatIsContinuedIsTheUninterruptedOne) {
  for (const test::StreamImage& image : {test::small_package(ByteOrder::big).build(),
                                         test::every_record_type(ByteOrder::little).build()}) {
    const test::Bytes stream = image.bytes();
    for (const std::uint64_t target : {1U, 700U, 1500U, 1U << 20}) {
      const CutOptions options = {.target_bytes = target, .level = 1, .key = kTestKey};
      const auto whole = segments_of(stream, options);
      for (std::size_t record = 0; record < image.records(); ++record) {
        for (const std::uint64_t size : {image.header_end(record), image.end(record)}) {
          SCOPED_TRACE(testing::Message() << "target " << target << ", torn at " << size);
          const auto torn = segments_of(ByteSpan(stream).first(size), options);
          if (torn.empty() || torn.back().header.is_last) continue;
          expect_same(continued(torn, stream, options), whole);
        }
      }
    }
  }
}

TEST(SegmentCutter, AStoreThatIsTornAgainAndAgainIsTheUninterruptedOne) {
  const test::Bytes stream = test::read_corpus("hier_raw_R_i");
  const CutOptions options = {.target_bytes = 4096};
  const auto whole = segments_of(stream, options);
  std::vector<TestSegment> segments;
  for (std::size_t size = 3000; size < stream.size(); size += 777) {
    const ByteSpan there = ByteSpan(stream).first(size);
    segments = segments.empty() ? segments_of(there, options)
                                : continued(std::move(segments), there, options);
  }
  expect_same(continued(segments, stream, options), whole);
}

TEST(SegmentCutter, AContinuationThatBringsNothingTakesNothingAway) {
  const test::Bytes stream = test::small_package(ByteOrder::little).bytes();
  const CutOptions options = {.target_bytes = 1500};
  for (std::size_t size = 2 * drr::kRecordBytes; size < stream.size(); size += 52) {
    const auto torn = segments_of(ByteSpan(stream).first(size), options);
    if (torn.empty() || torn.back().header.is_last) continue;
    const std::uint64_t end = torn.back().header.end.offset;
    expect_same(continued(torn, ByteSpan(stream).first(end), options), torn);
  }
}

// A signal, or a disk that cannot be read, while what is there already is read once more.
TEST(SegmentCutter, AReopenedSegmentIsNeverMadeShorter) {
  const test::Bytes stream = test::every_record_type(ByteOrder::little).bytes();
  const CutOptions options = {.target_bytes = 1 << 20};
  const auto torn = segments_of(ByteSpan(stream).first(stream.size() - 500), options);
  ASSERT_EQ(torn.size(), 1U);
  const std::uint64_t end = torn[0].header.end.offset;
  for (std::uint64_t size = 0; size < end; size += 52)
    EXPECT_TRUE(continued(torn, ByteSpan(stream).first(size), options).empty()) << size;
  expect_same(continued(torn, ByteSpan(stream).first(end), options), torn);
}

TEST(SegmentCutter, OfWhatIsCutBehindAnEndTheStreamHasEnded) {
  const test::StreamImage image = test::every_record_type(ByteOrder::little).build();
  SegmentCutter cutter(1 << 20);
  drr::Parser parser;
  const test::Bytes stream = image.bytes();
  ByteSpan input = stream;
  for (drr::Step step = parser.next(input); step != drr::Step::stream_end;
       step = parser.next(input)) {
    if (step == drr::Step::record) {
      EXPECT_FALSE(cutter.on_record(record_met(parser)));
    }
    if (step == drr::Step::payload) cutter.on_payload_end(parser.running_sum());
  }
  const auto cut = cutter.cut_rest();
  ASSERT_TRUE(cut);
  EXPECT_TRUE(cut->is_last);
  EXPECT_EQ(cut->end.offset, stream.size());
  EXPECT_DEATH(static_cast<void>(cutter.on_stream_end()), "ended_");
}

TEST(SegmentCutter, NamesTheSubstreamsThatBeginInASegment) {
  const test::Bytes stream = test::StreamBuilder()
                                 .package()
                                 .begin({.toname = "p/a@1", .toguid = 11})
                                 .end()
                                 .begin({.toname = "p/b@1", .toguid = 12, .fromguid = 10})
                                 .end()
                                 .package_end()
                                 .bytes();
  const auto cuts = cuts_of(stream, {.target_bytes = 4 * drr::kRecordBytes});
  ASSERT_EQ(cuts.size(), 2U);
  EXPECT_EQ(
      cuts[0].cut.substreams,
      (std::vector<Substream>{{.toguid = 11, .fromguid = 0, .begin_at = 624, .toname = "p/a@1"}}));
  EXPECT_EQ(cuts[1].cut.substreams,
            (std::vector<Substream>{
                {.toguid = 12, .fromguid = 10, .begin_at = 1248, .toname = "p/b@1"}}));
}

// --- limits; the records are told without their bytes ---

RecordMet met_write(const test::Bytes& stream, std::uint64_t offset, std::uint64_t payload_bytes) {
  return {.record = drr::RecordView(stream.data() + 2 * drr::kRecordBytes, ByteOrder::little),
          .role = drr::Role::body,
          .payload_bytes = payload_bytes,
          .offset = offset,
          .proven = 0,
          .sum = {}};
}

TEST(SegmentCutter, SaysThatAnUnprovenSegmentIsTooLong) {
  const test::Bytes stream = test::every_record_type(ByteOrder::little).bytes();
  SegmentCutter cutter(kSegmentTargetBytesMax);
  RecordMet met = met_write(stream, 0, drr::kPayloadBytesMax);
  while (!cutter.is_too_long()) {
    EXPECT_LE(met.offset, kSegmentTargetBytesMax);
    EXPECT_FALSE(cutter.on_record(met));
    cutter.on_payload_end({});
    met.offset += drr::kRecordBytes + met.payload_bytes;
  }
  EXPECT_GT(met.offset, kSegmentTargetBytesMax);
  EXPECT_FALSE(cutter.on_stream_end());
}

TEST(SegmentCutter, CutsAtTheLongestTargetThere) {
  const test::Bytes stream = test::every_record_type(ByteOrder::little).bytes();
  SegmentCutter cutter(kSegmentTargetBytesMax);
  std::optional<Cut> cut;
  RecordMet met = met_write(stream, 0, drr::kPayloadBytesMax);
  while (!cut) {
    met.proven = met.offset + drr::kRecordBytes;
    cut = cutter.on_record(met);
    cutter.on_payload_end({});
    met.offset += drr::kRecordBytes + met.payload_bytes;
  }
  EXPECT_LE(cut->raw_bytes(), kRawBytesMax);
  EXPECT_FALSE(cutter.is_too_long());
}

TEST(SegmentCutter, RefusesABeginThatFitsInNoSegment) {
  const test::Bytes stream = test::every_record_type(ByteOrder::little).bytes();
  SegmentCutter cutter(kSegmentTargetBytesMax);
  RecordMet met = met_write(stream, 0, kRawBytesMax);
  met.role = drr::Role::substream_begin;
  EXPECT_FALSE(cutter.on_record(met));
  EXPECT_TRUE(cutter.is_too_long());
}

}  // namespace
}  // namespace zsluice::storage
