// SPDX-License-Identifier: BSD-2-Clause
// A store whose stream was cut off, and the stream that continues it: afterwards every file is as
// if nothing had happened.
#include "pipeline/continue_run.hpp"
#include "pipeline/kept_part.hpp"
#include "pipeline/segment_reader.hpp"
#include "resume/cuts.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace zsluice::pipeline {
namespace {

using storage::Compression;
using storage::segment_name;
using test::Bytes;
using test::read_corpus;
using test::StreamImage;
using Image = MemoryStore::Image;

constexpr std::string_view kKey = "a key that is long enough for an HMAC";
const char* const kManifest = "manifest.jsonl";

Bytes first_bytes(const Bytes& stream, std::uint64_t count) {
  return {stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(count)};
}

Image stored(const Bytes& stream, const SplitOptions& options) {
  MemoryStore store;
  (void)split_into(store, stream, options);
  return store.seen();
}

// What a store holds, without judging it.
Bytes bytes_of_store(const Image& image) {
  MemoryStore store(image);
  SegmentReader reader({.key = {}, .no_auth = true, .store_id = {}}, store);
  Bytes bytes;
  while (const auto segment = reader.next())
    bytes.insert(bytes.end(), segment->raw.begin(), segment->raw.end());
  return bytes;
}

std::vector<std::string> names_that_differ(const Image& one, const Image& other) {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : one) {
    const auto found = other.find(name);
    if (found == other.end() || found->second != bytes) names.push_back(name);
  }
  for (const auto& [name, bytes] : other) {
    if (one.count(name) == 0) names.push_back(name);
  }
  return names;
}

void expect_same(const Image& one, const Image& other) {
  EXPECT_EQ(names_that_differ(one, other), std::vector<std::string>());
}

class RealContinuations : public testing::TestWithParam<test::Cut> {};
INSTANTIATE_TEST_SUITE_P(,
                         RealContinuations,
                         testing::ValuesIn(test::cuts_with_whole_and_resumed()),
                         [](const testing::TestParamInfo<test::Cut>& row) {
                           return test::test_name_of(row.param.name);
                         });

TEST_P(RealContinuations, GiveTheUninterruptedStore) {
  const Bytes whole = GetParam().whole();
  for (const std::uint64_t segment_bytes : {1U, 5000U, 64U << 10, 16U << 20}) {
    for (const Compression compression :
         {Compression::off, Compression::automatic, Compression::always}) {
      // Segments of one record are as many whatever is done with them.
      if (segment_bytes == 1 && (compression != Compression::off || whole.size() > 400000))
        continue;
      SCOPED_TRACE(segment_bytes);
      const SplitOptions options = splitting(segment_bytes, compression);
      MemoryStore store(stored(GetParam().partial(), options));
      const SplitReport report = continue_in(store, GetParam().resumed(), options, 50000);
      EXPECT_FALSE(report.failure);
      EXPECT_TRUE(report.store.is_whole);
      EXPECT_EQ(report.store.raw_bytes, whole.size());
      ASSERT_TRUE(report.continued);
      EXPECT_LE(report.continued->kept_bytes, report.continued->had_bytes);
      MemoryStore uninterrupted;
      const SplitReport wanted = split_into(uninterrupted, whole, options);
      expect_same(store.seen(), uninterrupted.seen());
      EXPECT_EQ(report.records, wanted.records);
      EXPECT_EQ(report.substreams, wanted.substreams);
      EXPECT_EQ(report.toname, wanted.toname);
      EXPECT_EQ(report.store.stored_bytes, wanted.store.stored_bytes);
      EXPECT_EQ(report.store.segments_compressed, wanted.store.segments_compressed);
      EXPECT_EQ(store.kept(), store.seen());
    }
  }
}

// At the first bytes of headers and payloads, and on either side; from where a store is made on.
TEST(StoreContinue, CutAtEveryRecordsBorderItIsMadeWholeAgain) {
  std::size_t continued = 0;
  for (const bool is_raw : {false, true}) {
    const StreamImage image = test::every_record_in_order(ByteOrder::little, is_raw).build();
    const Bytes whole = image.bytes();
    for (std::size_t record = 1; record < image.records(); ++record) {
      for (const std::uint64_t border : {image.header_end(record), image.end(record) + 1}) {
        for (std::uint64_t cut = border - 1; cut <= border + 1 && cut < whole.size(); ++cut) {
          if (cut < image.header_end(1)) continue;
          SCOPED_TRACE(cut);
          const SplitOptions options = splitting(cut % 2 == 0 ? 1 : 1500, Compression::off);
          MemoryStore store(stored(first_bytes(whole, cut), options));
          const Bytes there = bytes_of_store(store.seen());
          ASSERT_FALSE(there.empty());
          const SplitReport report = continue_in(store, continuation_for(there, whole), options);
          EXPECT_FALSE(report.failure);
          expect_same(store.seen(), stored(whole, options));
          ++continued;
        }
      }
    }
  }
  EXPECT_EQ(continued, 186U);
}

// A sweep over cuts, settings and streams. The seed is fixed; a failure names what was drawn.
TEST(StoreContinue, CutAnywhereItIsMadeWholeAgain) {
  constexpr std::array kStreams{"c256_raw_full",   "reuse_raw_incr",
                                "sparse_raw_incr", "sp_raw_incr",
                                "g256_raw_incr",   "foreign_order/pl_e.be",
                                "red_redacted",    "foreign_order/sp_raw_full.be_xdr",
                                "many_raw_incr",   "lbp_plain_full"};
  std::mt19937_64 random(5);
  std::size_t continued = 0;
  for (const char* const name : kStreams) {
    const Bytes whole = read_corpus(name);
    for (int i = 0; i < 25; ++i) {
      const std::uint64_t segment_bytes = std::uint64_t{300} << (random() % 10);
      const std::uint64_t cut = random() % whole.size();
      SCOPED_TRACE(std::string(name) + " " + std::to_string(segment_bytes) + " " +
                   std::to_string(cut));
      const SplitOptions options = splitting(segment_bytes, Compression::off);
      MemoryStore store(stored(first_bytes(whole, cut), options));
      const Bytes there = bytes_of_store(store.seen());
      if (there.empty()) continue;
      const SplitReport report = continue_in(store, continuation_for(there, whole), options);
      EXPECT_FALSE(report.failure);
      expect_same(store.seen(), stored(whole, options));
      ++continued;
    }
  }
  EXPECT_EQ(continued, 246U);  // the other four were cut in their BEGIN
}

TEST(StoreContinue, InterruptedAgainAndAgain) {
  std::mt19937_64 random(6);
  for (const char* const name :
       {"c256_raw_full", "sp_raw_incr", "g256_raw_incr", "many_raw_incr"}) {
    const Bytes whole = read_corpus(name);
    for (const std::uint64_t segment_bytes : {2000U, 20000U}) {
      SplitOptions options = splitting(segment_bytes, Compression::always);
      options.store.key = kKey;
      MemoryStore store(stored(first_bytes(whole, whole.size() / 10), options));
      for (int turn = 0; turn < 4; ++turn) {
        const Bytes there = bytes_of_store(store.seen());
        const Bytes rest = continuation_for(there, whole);
        const Bytes part = first_bytes(rest, random() % rest.size());
        SCOPED_TRACE(std::string(name) + " " + std::to_string(part.size()));
        const SplitReport report = continue_in(store, part, options);
        ASSERT_TRUE(report.failure);
        EXPECT_TRUE(std::holds_alternative<drr::Fault>(*report.failure));
        const Bytes now = bytes_of_store(store.seen());
        EXPECT_TRUE(is_prefix(now, whole));
        EXPECT_EQ(report.store.raw_bytes, now.size());
        EXPECT_FALSE(report.store.is_whole);
      }
      const Bytes rest = continuation_for(bytes_of_store(store.seen()), whole);
      EXPECT_FALSE(continue_in(store, rest, options).failure);
      expect_same(store.seen(), stored(whole, options));
    }
  }
}

// All of a store that its token names comes again: the end of it is never given up for less.
TEST(StoreContinue, AContinuationThatBreaksOffAtOnceTakesNothingAway) {
  const Bytes whole = read_corpus("c128_raw_full");
  const SplitOptions options = splitting(20000);
  const Image before = stored(first_bytes(whole, whole.size() / 2), options);
  const Bytes there = bytes_of_store(before);
  const Bytes rest = continuation_for(there, whole);
  for (std::size_t bytes = 0; bytes < 20000; bytes += 500) {
    MemoryStore store(before);
    const SplitReport report = continue_in(store, first_bytes(rest, bytes), options);
    EXPECT_TRUE(report.failure);
    EXPECT_EQ(report.store.raw_bytes, bytes_of_store(store.seen()).size());
    EXPECT_GE(report.store.raw_bytes, there.size());
  }
}

// What an older token asks for is there already. Replacing much of it by what may never come would
// be no progress.
TEST(StoreContinue, AnOlderTokenTakesNothingAwayThatHasNotComeAgain) {
  const Bytes whole = read_corpus("lb_raw_full");
  const SplitOptions options = splitting(64 << 10);
  const Image before = stored(first_bytes(whole, 2'500'000), options);
  const std::uint64_t had = bytes_of_store(before).size();
  MemoryStore store(before);
  const Bytes rest = continuation_for(first_bytes(whole, 400'000), whole);
  const SplitReport report = continue_in(store, rest, options);
  ASSERT_TRUE(report.failure);
  const auto* const failure = std::get_if<StoreFailure>(&*report.failure);
  ASSERT_NE(failure, nullptr);
  EXPECT_EQ(failure->code, StoreFailureCode::older_token);
  EXPECT_EQ(failure->end, had);
  EXPECT_EQ(store.operations(), 0U);
  EXPECT_EQ(report.store.raw_bytes, had);
}

TEST(StoreContinue, WhatAnOlderTokenReplacesStaysUntilAsMuchHasComeAgain) {
  const Bytes whole = read_corpus("g256_raw_full");
  const SplitOptions options = splitting(64 << 10);
  const Image before = stored(first_bytes(whole, 800'000), options);
  const std::uint64_t had = bytes_of_store(before).size();
  const Bytes rest = continuation_for(first_bytes(whole, 300'000), whole);
  for (std::size_t bytes = 1000; bytes < rest.size(); bytes += 20'000) {
    SCOPED_TRACE(bytes);
    MemoryStore store(before);
    const SplitReport report = continue_in(store, first_bytes(rest, bytes), options);
    ASSERT_TRUE(report.failure);
    EXPECT_TRUE(std::holds_alternative<drr::Fault>(*report.failure));
    const Bytes now = bytes_of_store(store.seen());
    EXPECT_TRUE(is_prefix(now, whole));
    EXPECT_EQ(report.store.raw_bytes, now.size());
    EXPECT_GE(now.size(), had);
  }
  MemoryStore store(before);
  EXPECT_FALSE(continue_in(store, rest, options).failure);
  expect_same(store.seen(), stored(whole, options));
}

TEST(StoreContinue, APackageIsContinuedToTheEndOfItsSubstream) {
  const Bytes whole = read_corpus("hier_raw_R");
  std::size_t continued = 0;
  for (const test::ProvenRecord& it : test::proven_records(whole)) {
    if (it.role != drr::Role::substream_end) continue;
    const Bytes partial = first_bytes(whole, it.end() - 100);
    if (test::stopped_at(partial).kind != resume::StopKind::token) continue;
    for (const std::uint64_t segment_bytes : {1U, 3000U, 1U << 20}) {
      const SplitOptions options = splitting(segment_bytes);
      MemoryStore store(stored(partial, options));
      const Bytes rest = continuation_for(bytes_of_store(store.seen()), whole);
      const SplitReport report = continue_in(store, rest, options);
      ASSERT_TRUE(report.failure);
      EXPECT_TRUE(std::holds_alternative<UnfinishedPackage>(*report.failure));
      EXPECT_FALSE(report.store.is_whole);
      expect_same(store.seen(), stored(first_bytes(whole, it.end()), options));
      ++continued;
    }
  }
  EXPECT_EQ(continued, 24U);
}

TEST(StoreContinue, BytesBehindTheEndAreAFailureAndTheStoreIsWhole) {
  const Bytes whole = read_corpus("c256_raw_full");
  const SplitOptions options = splitting(8192);
  MemoryStore store(stored(first_bytes(whole, 50000), options));
  Bytes rest = continuation_for(bytes_of_store(store.seen()), whole);
  rest.insert(rest.end(), 1000, std::byte{0});
  const SplitReport report = continue_in(store, rest, options);
  ASSERT_TRUE(report.failure);
  EXPECT_TRUE(std::holds_alternative<TrailingBytes>(*report.failure));
  EXPECT_TRUE(report.store.is_whole);
  expect_same(store.seen(), stored(whole, options));
}

// --- what is there before ---

struct Broken {
  const Bytes whole = read_corpus("many_raw_incr");
  const SplitOptions options = splitting(16 << 10);
  const Image part = stored(first_bytes(whole, 300000), options);
  const Image all = stored(whole, options);
  const Bytes rest = continuation_for(bytes_of_store(part), whole);

  [[nodiscard]] SplitReport go_on(MemoryStore& store) const {
    return continue_in(store, rest, options);
  }
};

// The first lines of a manifest.
Bytes lines_of(const Bytes& manifest, std::size_t count) {
  auto end = manifest.begin();
  for (; count > 0; --count)
    end = std::find(end, manifest.end(), std::byte{'\n'}) + 1;
  return {manifest.begin(), end};
}

TEST(StoreContinue, AManifestThatIsMissingTornOrDamagedIsMadeGood) {
  const Broken broken;
  const Bytes manifest = broken.part.at(kManifest);
  Bytes torn = manifest;
  torn[manifest.size() - 700] ^= std::byte{1};
  Bytes lost = lines_of(manifest, 1);
  const Bytes two = lines_of(manifest, 2);
  lost.insert(lost.end(), manifest.begin() + static_cast<std::ptrdiff_t>(two.size()),
              manifest.end());
  const std::pair<Bytes, ManifestState> table[] = {
      {manifest, ManifestState::good},
      {lines_of(manifest, 1), ManifestState::good},
      {lines_of(manifest, 2), ManifestState::torn},  // the substream's without the segment's
      {lines_of(manifest, 5), ManifestState::good},
      {torn, ManifestState::torn},
      {lost, ManifestState::damaged},
      {broken.all.at(kManifest), ManifestState::good},
      {Bytes(), ManifestState::missing},
  };
  for (const auto& [there, state] : table) {
    Image image = broken.part;
    image[kManifest] = there;
    if (state == ManifestState::missing) image.erase(kManifest);
    MemoryStore store(image);
    const SplitReport report = broken.go_on(store);
    if (there == broken.all.at(kManifest)) {  // it has lines of segments that are not there
      ASSERT_TRUE(report.failure);
      EXPECT_EQ(std::get<StoreFailure>(*report.failure).code, StoreFailureCode::cut_off);
      expect_same(store.seen(), image);
      continue;
    }
    EXPECT_FALSE(report.failure);
    ASSERT_TRUE(report.continued);
    EXPECT_EQ(report.continued->manifest, state);
    expect_same(store.seen(), broken.all);
    EXPECT_EQ(store.kept(), store.seen());
  }
}

TEST(StoreContinue, OnlyTheClosingLineIsMissing) {
  const Broken broken;
  Image image = broken.all;
  const Bytes manifest = image.at(kManifest);
  const auto lines =
      static_cast<std::size_t>(std::count(manifest.begin(), manifest.end(), std::byte{'\n'}));
  for (const std::size_t there : {lines - 1, lines - 2, std::size_t{0}}) {
    image[kManifest] = lines_of(manifest, there);
    MemoryStore store(image);
    const SplitReport report = continue_in(store, {}, broken.options);
    EXPECT_FALSE(report.failure);
    EXPECT_TRUE(report.store.is_whole);
    EXPECT_EQ(report.bytes_in, 0U);
    expect_same(store.seen(), broken.all);
  }
}

std::size_t segments_in(const Image& image) {
  return static_cast<std::size_t>(std::count_if(image.begin(), image.end(), [](const auto& entry) {
    return storage::segment_number(entry.first).has_value();
  }));
}

void expect_refused(const Image& image,
                    const SplitReport& report,
                    const MemoryStore& store,
                    StoreFailureCode code) {
  ASSERT_TRUE(report.failure);
  const auto* const failure = std::get_if<StoreFailure>(&*report.failure);
  ASSERT_NE(failure, nullptr);
  EXPECT_EQ(failure->code, code);
  expect_same(store.seen(), image);
}

TEST(StoreContinue, WhatCannotBeContinuedIsNotTouched) {
  const Broken broken;
  const auto refuse = [&broken](const Image& image, StoreFailureCode code) {
    MemoryStore store(image);
    expect_refused(image, broken.go_on(store), store, code);
    EXPECT_EQ(store.operations(), 0U);
  };
  refuse({}, StoreFailureCode::holds_nothing);
  refuse({{kManifest, lines_of(broken.part.at(kManifest), 1)}}, StoreFailureCode::holds_nothing);
  refuse(broken.all, StoreFailureCode::holds_whole);

  Image image = broken.part;
  image.erase(segment_name(0));
  refuse(image, StoreFailureCode::missing_segment);
  image = broken.part;
  image.erase(segment_name(4));
  image[kManifest] = lines_of(image.at(kManifest), 4);
  refuse(image, StoreFailureCode::missing_segment);
  // One in the middle, which nobody would read, and which has a line.
  for (const Image& whole_or_part : {broken.part, broken.all}) {
    image = whole_or_part;
    image.erase(segment_name(3));
    refuse(image, StoreFailureCode::missing_segment);
  }
  // A segment without a line that is damaged, or does not link, is no end.
  image = broken.part;
  image[kManifest] = lines_of(image.at(kManifest), 4);
  image[segment_name(4)][1000] ^= std::byte{1};
  refuse(image, StoreFailureCode::bad_segment);
  image[segment_name(4)] = stored(broken.whole, splitting(10000)).at(segment_name(4));
  refuse(image, StoreFailureCode::bad_segment);
  // So is one behind the last line.
  image = broken.part;
  image[segment_name(20)] = Bytes(10);
  refuse(image, StoreFailureCode::missing_segment);
  image = broken.part;
  image[kManifest] = stored(read_corpus("c256_raw_full"), broken.options).at(kManifest);
  refuse(image, StoreFailureCode::other_manifest);
  // The last one, which has a line.
  image = broken.part;
  image[segment_name(segments_in(image) - 1)].back() ^= std::byte{1};
  refuse(image, StoreFailureCode::bad_segment);
  image = broken.all;
  image[kManifest] = stored(broken.whole, splitting(10000)).at(kManifest);
  MemoryStore other(image);
  EXPECT_FALSE(broken.go_on(other).failure);  // the manifest is made again
  expect_same(other.seen(), broken.all);
}

struct NoRecords final : RecordSink {
  bool take(const ProvenRecord& /*record*/) override {
    ADD_FAILURE() << "there is none";
    return false;
  }
};

// What a header says of another segment may be forged, where nobody has linked the two.
void expect_no_begin_at(const OpenedStore& opened, MemoryStore& store, std::uint64_t begin_at) {
  SCOPED_TRACE(begin_at);
  OpenedStore forged = opened;
  forged.last.end.begin_at = begin_at;
  KeptPart kept(forged, "", store);
  resume::Stitcher stitcher;
  NoRecords sink;
  const auto failure = kept.read_head({forged.last, false}, stitcher, sink);
  ASSERT_TRUE(failure);
  const auto* const in_store = std::get_if<StoreFailure>(&*failure);
  ASSERT_NE(in_store, nullptr);
  EXPECT_EQ(in_store->segment.code, storage::SegmentErrorCode::wrong_waypoint);
}

TEST(KeptPart, AForgedPlaceIsNotReadBeyondItsSegment) {
  const Broken broken;
  MemoryStore store(broken.part);
  const OpenedStore opened = *open_store(store, "");
  const auto third = *peek_header(store, 3);
  for (std::uint64_t at = third.start.offset + 1; at < third.end.offset; at += 501) {
    expect_no_begin_at(opened, store, at);
  }
  for (const std::uint64_t left : {1U, 8U, 311U, 312U}) {
    expect_no_begin_at(opened, store, third.end.offset - left);
  }
}

// It stands in a WRITE, so that the sender has summed it.
TEST(KeptPart, AForgedBeginIsNotReadBeyondItsSegment) {
  test::BeginSpec inner;
  inner.payload = Bytes(1 << 20);
  const Bytes begin = test::StreamBuilder().begin(inner).bytes();
  Bytes payload(4096);
  std::copy_n(begin.begin(), drr::kRecordBytes, payload.begin());
  test::StreamBuilder builder;
  builder.begin();
  for (std::uint64_t i = 0; i < 10; ++i) {
    builder.write(1, i * 4096, payload);
  }
  MemoryStore store(stored(builder.bytes(), splitting(16384, Compression::off)));
  const OpenedStore opened = *open_store(store, "");
  ASSERT_GT(opened.segments(), 1U);
  expect_no_begin_at(opened, store, 2 * drr::kRecordBytes);
}

TEST(StoreContinue, AKeyIsDemandedAndNoOther) {
  const Broken broken;
  SplitOptions keyed = broken.options;
  keyed.store.key = kKey;
  const Image part = stored(first_bytes(broken.whole, 300000), keyed);
  MemoryStore store(part);
  expect_refused(part, broken.go_on(store), store, StoreFailureCode::key_needed);
  SplitOptions other = keyed;
  other.store.key = "another key that is long enough, too";
  expect_refused(part, continue_in(store, broken.rest, other), store, StoreFailureCode::wrong_key);
  MemoryStore unkeyed(broken.part);
  expect_refused(broken.part, continue_in(unkeyed, broken.rest, keyed), unkeyed,
                 StoreFailureCode::not_keyed);
  for (const bool has_manifest : {true, false}) {
    Image image = part;
    if (!has_manifest) image.erase(kManifest);
    MemoryStore right(image);
    EXPECT_FALSE(continue_in(right, broken.rest, keyed).failure);
    expect_same(right.seen(), stored(broken.whole, keyed));
  }
}

TEST(StoreContinue, WhatDoesNotBelongHereIsRefusedAndNothingTouched) {
  const Broken broken;
  const auto refuse = [&broken](const Bytes& continuation, resume::RefusalCode code) {
    SCOPED_TRACE(static_cast<int>(code));
    MemoryStore store(broken.part);
    const SplitReport report = continue_in(store, continuation, broken.options);
    ASSERT_TRUE(report.failure);
    const auto* const refusal = std::get_if<resume::Refusal>(&*report.failure);
    ASSERT_NE(refusal, nullptr);
    EXPECT_EQ(refusal->code, code);
    EXPECT_EQ(store.operations(), 0U);
    EXPECT_EQ(report.store.segments, segments_in(broken.part));
    expect_same(store.seen(), broken.part);
  };
  using resume::RefusalCode;
  refuse(broken.whole, RefusalCode::not_a_continuation);
  const Bytes other = read_corpus("c256_raw_full");
  refuse(continuation_for(first_bytes(other, 50000), other), RefusalCode::unknown_snapshot);
  refuse(continuation_for(first_bytes(broken.whole, 390000), broken.whole), RefusalCode::gap);
  // It says that it goes on here, and brings less.
  const std::size_t write = test::StreamImage(broken.rest).find(drr::RecordType::write);
  refuse(test::StreamImage(broken.rest).drop(write).resum().bytes(), RefusalCode::brings_less);
}

TEST(StoreContinue, APolicyJudgesWhatTheStoreHolds) {
  const Broken broken;
  SplitOptions options = broken.options;
  options.gate.policy.expect_name = "other/*";
  MemoryStore store(broken.part);
  const SplitReport named = continue_in(store, broken.rest, options);
  ASSERT_TRUE(named.failure);
  EXPECT_TRUE(std::holds_alternative<drr::Refusal>(*named.failure));
  EXPECT_EQ(store.operations(), 0U);
  options.gate.policy = {};
  options.gate.policy.max_bytes = 350000;
  const SplitReport large = continue_in(store, broken.rest, options);
  ASSERT_TRUE(large.failure);
  EXPECT_TRUE(std::holds_alternative<drr::Refusal>(*large.failure));
  EXPECT_LE(bytes_of_store(store.seen()).size(), 350000U);
  EXPECT_GE(bytes_of_store(store.seen()).size(), bytes_of_store(broken.part).size());
}

// Damage in the continuation: what is proven of it is kept.
TEST(StoreContinue, ADamagedContinuationIsTakenAsFarAsItIsProven) {
  const Broken broken;
  for (std::size_t at = 400; at < broken.rest.size(); at += 5003) {
    SCOPED_TRACE(at);
    Bytes rest = broken.rest;
    rest[at] ^= std::byte{16};
    MemoryStore store(broken.part);
    EXPECT_TRUE(continue_in(store, rest, broken.options).failure);
    const Bytes there = bytes_of_store(store.seen());
    EXPECT_TRUE(is_prefix(there, broken.whole));
    EXPECT_FALSE(continue_in(store, continuation_for(there, broken.whole), broken.options).failure);
    expect_same(store.seen(), broken.all);
  }
}

}  // namespace
}  // namespace zsluice::pipeline
