// SPDX-License-Identifier: BSD-2-Clause
// What `verify` finds in stores: whatever is wrong, all of it, once, and nothing in a store that is
// right.
#include "pipeline/manifest_edit.hpp"
#include "pipeline/store_verify_run.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <variant>

namespace zsluice::pipeline {
namespace {

using storage::segment_name;
using storage::SegmentErrorCode;
using test::Bytes;
using Code = StoreFailureCode;
using Image = MemoryStore::Image;

constexpr std::uint64_t kSegmentBytes = 16 << 10;
const char* const kManifest = "manifest.jsonl";
const std::string kKey = "a key that is long enough for an HMAC";

const Bytes& stream() {
  static const Bytes bytes = test::read_corpus("c128_raw_full");
  return bytes;
}

Image stored(const Bytes& bytes,
             std::uint64_t segment_bytes = kSegmentBytes,
             const std::string& key = {}) {
  MemoryStore store;
  SplitOptions options = splitting(segment_bytes, storage::Compression::always);
  options.store.key = key;
  (void)split_into(store, bytes, options);
  return store.seen();
}

const Image& whole() {
  static const Image image = stored(stream());
  return image;
}

std::uint64_t segments() {
  static const std::uint64_t count = verified(whole()).report.verdict.segments_good;
  return count;
}

std::uint64_t start_of(std::uint64_t sequence) {
  MemoryStore store(whole());
  return sequence == segments() ? stream().size() : peek_header(store, sequence)->start.offset;
}

StoreVerifyOptions with_key(const std::string& key) {
  StoreVerifyOptions options;
  options.key = key;
  return options;
}

// One segment is bad, and nothing else.
void expect_one(const VerifiedStore& seen, Code code, std::uint64_t sequence) {
  ASSERT_EQ(seen.findings.size(), 1U);
  const StoreFailure& failure = seen.findings[0].failure;
  EXPECT_EQ(failure.code, code);
  EXPECT_EQ(failure.sequence, sequence);
  EXPECT_EQ(failure.name, segment_name(sequence));
  EXPECT_EQ(failure.begin, start_of(sequence));
  EXPECT_EQ(failure.end, start_of(sequence + 1));
  ASSERT_EQ(seen.findings[0].snapshots.size(), 1U);
  EXPECT_EQ(seen.findings[0].snapshots[0].toname, "src/c128@s1");
  EXPECT_EQ(seen.report.verdict.segments_bad, 1U);
  EXPECT_EQ(seen.report.verdict.segments_good, segments() - 1);
  EXPECT_EQ(seen.report.verdict.prefix_bytes, start_of(sequence));
}

TEST(StoreVerify, AWholeStoreIsWhole) {
  for (const bool is_quick : {false, true}) {
    StoreVerifyOptions options;
    options.is_quick = is_quick;
    const VerifiedStore seen = verified(whole(), options);
    EXPECT_TRUE(seen.is_whole());
    EXPECT_EQ(seen.report.manifest, ManifestState::good);
    EXPECT_EQ(seen.report.verdict.segments_good, seen.report.segments_expected);
    EXPECT_EQ(seen.report.verdict.raw_bytes, stream().size());
    EXPECT_TRUE(seen.report.verdict.is_prefix_whole);
    EXPECT_EQ(seen.report.verdict.good.size(), 1U);
    EXPECT_EQ(seen.report.verdict.last_substream->toname, "src/c128@s1");
  }
  Image image = whole();
  image.erase(kManifest);
  EXPECT_TRUE(verified(image).is_whole());
  EXPECT_EQ(verified(image).report.manifest, ManifestState::missing);
}

TEST(StoreVerify, EveryStreamOfTheCorpusIsWholeInEverySizeOfSegments) {
  for (const auto& entry : test::counted_corpus_entries()) {
    const Bytes bytes = test::read_corpus(entry.name);
    for (const std::uint64_t size : {4096U, 100000U}) {
      SCOPED_TRACE(entry.name);
      const Image image = stored(bytes, size);
      const VerifiedStore seen = verified(image);
      // A saved stream has no end.
      EXPECT_EQ(seen.is_whole(), seen.report.verdict.has_end);
      EXPECT_EQ(seen.text(), verified(image, quickly()).text());
      EXPECT_EQ(seen.report.verdict.segments_bad, 0U);
    }
  }
}

// What is flipped, and found: a segment by its number, the manifest by its state.
void expect_each_flip_is_named(const Image& image, const StoreVerifyOptions& options) {
  ASSERT_TRUE(verified(image, options).is_whole());
  for (const auto& [name, bytes] : image) {
    if (name.back() == '/' || name == "lock") continue;
    const auto number = storage::segment_number(name);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      Image flipped = image;
      flipped[name][bit / 8] ^= std::byte{1} << (bit % 8);
      const VerifiedStore seen = verified(flipped, options);
      if (number) {
        ASSERT_EQ(seen.findings.size(), 1U) << name << " bit " << bit;
        ASSERT_EQ(seen.findings[0].failure.name, name) << bit;
        ASSERT_EQ(seen.findings[0].failure.sequence, *number) << bit;
        ASSERT_EQ(seen.findings[0].failure.code, Code::bad_segment) << bit;
      } else {
        ASSERT_EQ(name, kManifest);
        ASSERT_NE(seen.report.manifest, ManifestState::good) << bit;
        ASSERT_EQ(seen.report.verdict.segments_bad, 0U) << bit;
        ASSERT_TRUE(seen.report.verdict.is_prefix_whole) << bit;
      }
    }
  }
}

TEST(StoreVerify, EachFlippedBitOfASmallStoreIsFoundAndNamed) {
  const Bytes package = test::small_package(ByteOrder::little).bytes();
  expect_each_flip_is_named(stored(package, 1600), {});
}

TEST(StoreVerify, EachFlippedBitOfASmallStoreWithAKeyIsFoundAndNamed) {
  const Bytes package = test::small_package(ByteOrder::big).bytes();
  // (A key_id is never changed alone: the header has a hash.)
  expect_each_flip_is_named(stored(package, 1600, kKey), with_key(kKey));
}

TEST(StoreVerify, ABadPayloadIsNamedWithItsObjects) {
  Image image = whole();
  image[segment_name(3)].back() ^= std::byte{1};
  const VerifiedStore seen = verified(image);
  expect_one(seen, Code::bad_segment, 3);
  EXPECT_EQ(seen.findings[0].failure.segment.code, SegmentErrorCode::payload_damaged);
  MemoryStore store(whole());
  EXPECT_EQ(seen.findings[0].places, peek_header(store, 3)->places);
  EXPECT_TRUE(verified(image, quickly()).is_whole());
}

TEST(StoreVerify, AMissingSegmentIsNamedWithItsNeighboursObjects) {
  MemoryStore store(whole());
  for (const bool has_manifest : {true, false}) {
    Image image = whole();
    image.erase(segment_name(3));
    if (!has_manifest) image.erase(kManifest);
    const VerifiedStore seen = verified(image);
    expect_one(seen, Code::missing_segment, 3);
    EXPECT_EQ(seen.findings[0].after, peek_header(store, 2)->places->last);
    EXPECT_EQ(seen.findings[0].before, peek_header(store, 4)->places->first);
    // Names stand in payloads, or in the manifest.
    if (has_manifest) {
      EXPECT_EQ(verified(image, quickly()).text(), seen.text());
    }
  }
}

TEST(StoreVerify, ABadHeaderIsOneFindingWithoutAManifestToo) {
  for (const bool has_manifest : {true, false}) {
    Image image = whole();
    image[segment_name(2)][40] ^= std::byte{1};
    if (!has_manifest) image.erase(kManifest);
    const VerifiedStore seen = verified(image);
    expect_one(seen, Code::bad_segment, 2);
    EXPECT_EQ(seen.findings[0].failure.segment.code, SegmentErrorCode::header_damaged);
  }
}

TEST(StoreVerify, TwoBadOnesAreBothNamedInOrder) {
  Image image = whole();
  image[segment_name(5)][2000] ^= std::byte{1};
  image.erase(segment_name(2));
  const VerifiedStore seen = verified(image);
  ASSERT_EQ(seen.findings.size(), 2U);
  EXPECT_EQ(seen.findings[0].failure.code, Code::missing_segment);
  EXPECT_EQ(seen.findings[0].failure.sequence, 2U);
  EXPECT_EQ(seen.findings[1].failure.code, Code::bad_segment);
  EXPECT_EQ(seen.findings[1].failure.sequence, 5U);
  ASSERT_EQ(seen.report.verdict.good.size(), 3U);
  EXPECT_EQ(seen.report.verdict.good[1].first, 3U);
  EXPECT_EQ(seen.report.verdict.good[1].last, 4U);
  EXPECT_EQ(seen.report.verdict.good[1].begin, start_of(3));
  EXPECT_EQ(seen.report.verdict.good[1].end, start_of(5));
}

TEST(StoreVerify, SwappedSegmentsAreBothNamed) {
  for (const bool has_manifest : {true, false}) {
    Image image = whole();
    std::swap(image[segment_name(2)], image[segment_name(3)]);
    if (!has_manifest) image.erase(kManifest);
    const VerifiedStore seen = verified(image);
    ASSERT_EQ(seen.findings.size(), 2U);
    for (std::uint64_t i = 0; i < 2; ++i) {
      EXPECT_EQ(seen.findings[i].failure.sequence, 2 + i);
      EXPECT_EQ(seen.findings[i].failure.segment.code, SegmentErrorCode::misplaced);
    }
  }
}

TEST(StoreVerify, ADuplicatedSegmentIsNamed) {
  Image image = whole();
  image[segment_name(3)] = image[segment_name(2)];
  expect_one(verified(image), Code::bad_segment, 3);
  // One more behind the end does no harm, and does not belong there.
  image = whole();
  image[segment_name(segments())] = image[segment_name(2)];
  const VerifiedStore seen = verified(image);
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(seen.findings[0].failure.sequence, segments());
  EXPECT_TRUE(seen.report.verdict.is_prefix_whole);
}

TEST(StoreVerify, AForeignSegmentIsNamed) {
  for (const std::uint64_t sequence : {0U, 2U}) {
    Image image = whole();
    image[segment_name(sequence)] =
        stored(test::read_corpus("c256_raw_full")).at(segment_name(sequence));
    VerifiedStore seen = verified(image);
    expect_one(seen, Code::bad_segment, sequence);
    EXPECT_EQ(seen.findings[0].failure.segment.code, SegmentErrorCode::foreign);
    image.erase(kManifest);
    seen = verified(image);
    ASSERT_EQ(seen.findings.size(), 1U);
    EXPECT_EQ(seen.findings[0].failure.sequence, sequence);
  }
  Image image = whole();
  image[segment_name(2)] = stored(stream(), 20000).at(segment_name(2));
  const VerifiedStore seen = verified(image);
  expect_one(seen, Code::bad_segment, 2);
  EXPECT_EQ(seen.findings[0].failure.segment.code, SegmentErrorCode::wrong_settings);
}

// The open segment of an interrupted store in place of the one that was continued: its hashes are
// right, and it is shorter.
TEST(StoreVerify, AShorterSegmentOfTheSameStreamIsNamedByTheManifest) {
  const Image longer = stored(stream(), 64 << 10);
  MemoryStore store(longer);
  const auto end = static_cast<std::ptrdiff_t>(peek_header(store, 1)->end.offset);
  const Image part = stored(Bytes(stream().begin(), stream().begin() + end - 1), 64 << 10);
  ASSERT_NE(part.at(segment_name(1)), longer.at(segment_name(1)));
  Image image = longer;
  image[segment_name(1)] = part.at(segment_name(1));
  const VerifiedStore seen = verified(image);
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(seen.findings[0].failure.code, Code::other_segment);
  EXPECT_EQ(seen.findings[0].failure.sequence, 1U);
  // Without one, the segment behind it does not fit.
  image.erase(kManifest);
  ASSERT_EQ(verified(image).findings.size(), 1U);
  EXPECT_EQ(verified(image).findings[0].failure.sequence, 2U);
}

TEST(StoreVerify, AFileOfAnotherLengthIsNamed) {
  for (const std::size_t bytes : {0U, 100U, 768U, 769U, 100000U}) {
    Image image = whole();
    image[segment_name(1)] = Bytes(bytes);
    const Bytes& right = whole().at(segment_name(1));
    std::copy_n(right.begin(), std::min(bytes, right.size()), image[segment_name(1)].begin());
    for (const bool is_quick : {false, true}) {
      StoreVerifyOptions options;
      options.is_quick = is_quick;
      expect_one(verified(image, options), Code::bad_segment, 1);
    }
  }
}

TEST(StoreVerify, AMissingTailIsATruncation) {
  Image image = whole();
  for (std::uint64_t sequence = 4; image.erase(segment_name(sequence)) > 0;)
    ++sequence;
  VerifiedStore seen = verified(image);
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(seen.findings[0].failure.code, Code::cut_off);
  EXPECT_EQ(seen.findings[0].failure.sequence, 4U);
  EXPECT_EQ(seen.findings[0].failure.last, segments() - 1);
  EXPECT_EQ(seen.findings[0].failure.end, stream().size());
  EXPECT_EQ(seen.report.verdict.segments_bad, segments() - 4);
  image.erase(kManifest);
  seen = verified(image);
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(seen.findings[0].failure.code, Code::unfinished);
  EXPECT_EQ(seen.findings[0].failure.begin, start_of(4));
  // Damage is what counts, wherever it stands.
  image[segment_name(1)].back() ^= std::byte{1};
  EXPECT_EQ(verified(image).report.failure->code, Code::bad_segment);
}

TEST(StoreVerify, AStoreWithoutSegments) {
  EXPECT_EQ(verified(Image()).report.failure->code, Code::not_a_store);
  const Image image = {{kManifest, whole().at(kManifest)}};
  const VerifiedStore seen = verified(image);
  EXPECT_EQ(seen.report.failure->code, Code::cut_off);
  EXPECT_EQ(seen.report.verdict.segments_bad, segments());
}

TEST(StoreVerify, AManifestThatIsNotOfThisStoreIsNamed) {
  Image image = whole();
  image[kManifest] = stored(stream(), 20000).at(kManifest);
  const VerifiedStore seen = verified(image);
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(seen.findings[0].failure.code, Code::other_manifest);
  EXPECT_TRUE(seen.report.verdict.is_prefix_whole);
}

TEST(StoreVerify, ACopyThatIsStoredOtherwiseIsRightAndItsLineIsStale) {
  MemoryStore plain;
  (void)split_into(plain, stream(), splitting(kSegmentBytes, storage::Compression::off));
  Image image = whole();
  ASSERT_NE(image[segment_name(0)], plain.seen().at(segment_name(0)));
  image[segment_name(0)] = plain.seen().at(segment_name(0));
  const VerifiedStore seen = verified(image);
  EXPECT_TRUE(seen.is_whole());
  EXPECT_EQ(seen.report.verdict.stale_lines, 1U);
}

TEST(StoreVerify, WhatCannotBeReadIsNamedAndTheOthersAreChecked) {
  MemoryStore store(whole());
  store.deny(segment_name(2), EACCES);
  VerifiedStore seen = verified(store);
  expect_one(seen, Code::unreadable, 2);
  EXPECT_EQ(seen.findings[0].failure.system.error, EACCES);
  store.deny(kManifest, EIO);
  seen = verified(store);
  ASSERT_EQ(seen.findings.size(), 2U);
  EXPECT_EQ(seen.findings[0].failure.name, kManifest);
  EXPECT_EQ(seen.findings[0].failure.system.error, EIO);
  EXPECT_EQ(seen.report.verdict.segments_good, segments() - 1);
}

TEST(StoreVerify, AFolderThatCannotBeListedIsNamed) {
  MemoryStore store(whole());
  store.deny("000000000", EACCES);
  const VerifiedStore seen = verified(store);
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(seen.findings[0].failure.code, Code::unreadable);
  EXPECT_EQ(seen.findings[0].failure.name, "000000000");
  EXPECT_EQ(seen.report.verdict.segments_bad, segments());
  store.deny("", EACCES);
  EXPECT_EQ(verified(store).report.failure->code, Code::unreadable);
}

TEST(StoreVerify, AStraySegmentFarAwayCostsNothing) {
  Image image = whole();
  image["244140624/"];
  image[segment_name(999999999999)] = Bytes(10);
  EXPECT_EQ(verified(image).findings.size(), 1U);
  image.erase(segment_name(segments() - 1));
  const VerifiedStore seen = verified(image);
  ASSERT_EQ(seen.findings.size(), 2U);
  EXPECT_EQ(seen.findings[0].failure.code, Code::cut_off);
  EXPECT_EQ(seen.findings[0].failure.sequence, segments() - 1);
  EXPECT_FALSE(seen.findings[0].failure.last);
  EXPECT_EQ(seen.findings[1].failure.segment.code, SegmentErrorCode::after_last);
}

TEST(StoreVerify, AKeyIsDemandedAndProves) {
  const Image image = stored(stream(), kSegmentBytes, kKey);
  EXPECT_EQ(verified(image).report.failure->code, Code::key_needed);
  EXPECT_EQ(verified(image).findings.size(), 1U);
  StoreVerifyOptions options;
  options.no_auth = true;
  EXPECT_TRUE(verified(image, options).is_whole());
  EXPECT_FALSE(verified(image, options).report.is_authenticated);
  EXPECT_TRUE(verified(image, with_key(kKey)).is_whole());
  EXPECT_TRUE(verified(image, with_key(kKey)).report.is_authenticated);
  options = quickly();
  options.key = kKey;
  EXPECT_TRUE(verified(image, options).is_whole());
  // Another key is said once, and not of every segment.
  const VerifiedStore wrong = verified(image, with_key(kKey + "x"));
  EXPECT_EQ(wrong.report.failure->code, Code::wrong_key);
  EXPECT_EQ(wrong.findings.size(), 1U);
  EXPECT_EQ(verified(whole(), with_key(kKey)).report.failure->code, Code::not_keyed);
}

TEST(StoreVerify, ASegmentThatWasForgedIsNamed) {
  Image image = stored(stream(), kSegmentBytes, kKey);
  image[segment_name(2)] = stored(stream(), kSegmentBytes, kKey + "x").at(segment_name(2));
  const VerifiedStore seen = verified(image, with_key(kKey));
  expect_one(seen, Code::bad_segment, 2);
  EXPECT_EQ(seen.findings[0].failure.segment.code, SegmentErrorCode::wrong_key);
  image = stored(stream(), kSegmentBytes, kKey);
  image[segment_name(2)] = whole().at(segment_name(2));
  const VerifiedStore plain = verified(image, with_key(kKey));
  expect_one(plain, Code::bad_segment, 2);
  EXPECT_EQ(plain.findings[0].failure.segment.code, SegmentErrorCode::not_authenticated);
}

TEST(StoreVerify, AClosingLineOfAnotherKeyIsNamed) {
  Image image = stored(stream(), kSegmentBytes, kKey);
  Image other = stored(stream(), kSegmentBytes, kKey + "x");
  image[kManifest] = other[kManifest];
  const VerifiedStore seen = verified(image, with_key(kKey));
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(seen.findings[0].failure.code, Code::unproven_end);
  EXPECT_EQ(seen.report.verdict.stale_lines, segments());
}

TEST(StoreVerify, AnyNumberOfThreadsSaysTheSame) {
  Image image = whole();
  image[segment_name(1)][900] ^= std::byte{1};
  image.erase(segment_name(3));
  image.erase(segment_name(4));
  image[segment_name(6)][8] ^= std::byte{1};
  std::swap(image[segment_name(8)], image[segment_name(9)]);
  for (const bool has_manifest : {true, false}) {
    if (!has_manifest) image.erase(kManifest);
    const std::string one = verified(image).text();
    for (const unsigned jobs : {2U, 4U, 64U}) {
      StoreVerifyOptions options;
      options.jobs = jobs;
      EXPECT_EQ(verified(image, options).text(), one);
    }
  }
}

// Authentic, but for what it says of the segments before it; the manifest names it.
void forge_chain_digest(Image& image, std::uint64_t sequence) {
  MemoryStore store(image);
  storage::SegmentHeader before = *peek_header(store, sequence - 1);
  before.chain_digest[5] ^= std::byte{1};
  storage::SegmentHeader header = *peek_header(store, sequence);
  checksum::HmacSha256 mac(bytes_of(kKey));
  const auto encoded = storage::SegmentChain(before).append(header, &mac);
  ASSERT_TRUE(encoded);
  std::copy(encoded->begin(), encoded->end(), image[segment_name(sequence)].begin());
  image[kManifest] = rewritten(image[kManifest], [&](const storage::ManifestLine& line) {
    const auto* segment = std::get_if<storage::SegmentLine>(&line);
    const bool is_it = segment != nullptr && segment->sequence == sequence;
    return is_it ? encode_line(line_of(header)) : std::string();
  });
}

TEST(StoreVerify, AForgedChainDigestIsFoundByVerifyAndByJoin) {
  Image image = stored(stream(), kSegmentBytes, kKey);
  forge_chain_digest(image, 4);
  const VerifiedStore seen = verified(image, with_key(kKey));
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(seen.findings[0].failure.sequence, 4U);
  EXPECT_EQ(seen.findings[0].failure.segment.code, SegmentErrorCode::wrong_chain_digest);
  JoinOptions options = joining();
  options.key = kKey;
  const JoinedStream back = joined(image, options);
  ASSERT_NE(back.store_failure(), nullptr);
  EXPECT_EQ(back.store_failure()->sequence, 4U);
  EXPECT_EQ(back.store_failure()->segment.code, SegmentErrorCode::wrong_chain_digest);
}

TEST(StoreVerify, AFirstLineThatDoesNotDescribeSegmentZeroIsABadManifest) {
  Image image = whole();
  change_first_line(image, [](storage::StoreLine& line) { line.settings.level = 7; });
  const VerifiedStore seen = verified(image);
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(seen.findings[0].failure.code, Code::bad_manifest);
  EXPECT_EQ(seen.findings[0].failure.segments, 1U);
  const JoinedStream back = joined(image);
  EXPECT_FALSE(back.report.failure);
  EXPECT_EQ(back.report.manifest, ManifestState::damaged);
  EXPECT_EQ(back.bytes, stream());
}

TEST(StoreVerify, WithAKeyAManifestThatDeniesItIsRefused) {
  Image image = stored(stream(), kSegmentBytes, kKey);
  change_first_line(image, [](storage::StoreLine& line) { line.is_authenticated = false; });
  // Only an open store's manifest can deny it: a closing line has an HMAC.
  image[kManifest] = rewritten(image[kManifest], [&](const storage::ManifestLine& line) {
    return std::holds_alternative<storage::EndLine>(line) ? std::string("torn\n") : std::string();
  });
  const VerifiedStore seen = verified(image, with_key(kKey));
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(seen.findings[0].failure.code, Code::bad_manifest);
  JoinOptions options = joining();
  options.key = kKey;
  const JoinedStream back = joined(image, options);
  EXPECT_EQ(back.code(), Code::bad_manifest);
  EXPECT_TRUE(back.bytes.empty());
}

TEST(StoreVerify, AWrongKeySaysNothingOfTheSegments) {
  Image image = stored(stream(), kSegmentBytes, kKey);
  VerifiedStore seen = verified(image, with_key(kKey + "x"));
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_TRUE(seen.report.is_cut_short);
  EXPECT_EQ(seen.report.verdict.segments_bad, 0U);
  // One segment of another key at the beginning does not end the run.
  image[segment_name(0)] = stored(stream(), kSegmentBytes, kKey + "x").at(segment_name(0));
  seen = verified(image, with_key(kKey));
  EXPECT_FALSE(seen.report.is_cut_short);
  EXPECT_EQ(seen.report.verdict.segments_bad, 1U);
  EXPECT_EQ(seen.report.verdict.segments_good, segments() - 1);
}

TEST(StoreVerify, OnlyAStoreThatHasItsEndIsMendedByOtherCopies) {
  Image image = whole();
  image[segment_name(3)].back() ^= std::byte{1};
  EXPECT_TRUE(verified(image).report.is_mendable);
  Image foreign = image;
  foreign[kManifest] = stored(stream(), 20000).at(kManifest);
  EXPECT_FALSE(verified(foreign).report.is_mendable);
  Image open = stored(Bytes(stream().begin(), stream().begin() + 100000));
  open[segment_name(1)].back() ^= std::byte{1};
  EXPECT_FALSE(verified(open).report.is_mendable);
}

TEST(StoreVerify, OneKeyedCopyInAPlainStoreIsAFindingOfThatSegment) {
  Image image = whole();
  const Image keyed = stored(stream(), kSegmentBytes, kKey);
  image[segment_name(2)] = keyed.at(segment_name(2));
  VerifiedStore seen = verified(image);
  expect_one(seen, Code::key_needed, 2);
  EXPECT_FALSE(seen.report.is_cut_short);
  image = whole();
  image[segment_name(0)] = keyed.at(segment_name(0));
  expect_one(verified(image), Code::key_needed, 0);
}

}  // namespace
}  // namespace zsluice::pipeline
