// SPDX-License-Identifier: BSD-2-Clause
// Files of one store in the folder of another one: nothing foreign passes, and the right file is
// blamed.
#include "pipeline/manifest_edit.hpp"
#include "pipeline/remote_store.hpp"
#include "pipeline/store_verify_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace zsluice::pipeline {
namespace {

using storage::segment_name;
using storage::SegmentErrorCode;
using test::Bytes;
using Code = StoreFailureCode;
using Image = MemoryStore::Image;

constexpr std::uint64_t kSegmentBytes = 16 << 10;
const std::string kManifest(storage::kManifestName);
const std::string kKey = "a key that is long enough for an HMAC";

const Bytes& stream() {
  static const Bytes bytes = test::read_corpus("c128_raw_full");
  return bytes;
}

Image stored(const Bytes& bytes,
             const std::string& key = {},
             std::uint64_t segment_bytes = kSegmentBytes) {
  MemoryStore store;
  SplitOptions options = splitting(segment_bytes, storage::Compression::always);
  options.store.key = key;
  (void)split_into(store, bytes, options);
  return store.seen();
}

Image foreign(const std::string& key = {}) {
  return stored(test::read_corpus("c256_raw_full"), key);
}

std::uint64_t segments_of(const Image& image) {
  std::uint64_t count = 0;
  while (image.count(segment_name(count)) > 0)
    ++count;
  return count;
}

JoinOptions joining_with(const std::string& key) {
  JoinOptions options = joining();
  options.key = key;
  return options;
}

StoreVerifyOptions with_key(const std::string& key) {
  StoreVerifyOptions options;
  options.key = key;
  return options;
}

void expect_segment_zero_is_blamed(const Image& image,
                                   SegmentErrorCode code,
                                   const std::string& key = {}) {
  const JoinedStream back = joined(image, joining_with(key));
  ASSERT_EQ(back.code(), Code::bad_segment);
  EXPECT_EQ(back.store_failure()->sequence, 0U);
  EXPECT_EQ(back.store_failure()->segment.code, code);
  EXPECT_EQ(back.bytes, Bytes());
  const VerifiedStore seen = verified(image, with_key(key));
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(seen.findings[0].failure.sequence, 0U);
  EXPECT_EQ(seen.findings[0].failure.segment.code, code);
}

TEST(StoreForeign, AForeignSegmentZeroPassesNothingWithoutAManifestToo) {
  for (const std::string& key : {std::string(), kKey}) {
    Image image = stored(stream(), key);
    image[segment_name(0)] = foreign(key).at(segment_name(0));
    expect_segment_zero_is_blamed(image, SegmentErrorCode::foreign, key);
    image.erase(kManifest);
    expect_segment_zero_is_blamed(image, SegmentErrorCode::foreign, key);
  }
}

TEST(StoreForeign, ASegmentZeroThatWasCutOtherwiseIsBlamedAndNotTheManifest) {
  for (const std::string& key : {std::string(), kKey}) {
    Image image = stored(stream(), key);
    image[segment_name(0)] = stored(stream(), key, 20000).at(segment_name(0));
    expect_segment_zero_is_blamed(image, SegmentErrorCode::wrong_settings, key);
    EXPECT_EQ(joined(image, joining_with(key)).report.manifest, ManifestState::good);
    image.erase(kManifest);
    expect_segment_zero_is_blamed(image, SegmentErrorCode::wrong_settings, key);
  }
}

TEST(StoreForeign, AForeignKeyedManifestAsksForNoKey) {
  Image image = stored(stream());
  image[kManifest] = foreign(kKey).at(kManifest);
  EXPECT_EQ(verified(image).report.failure->code, Code::other_manifest);
  EXPECT_EQ(joined(image).code(), Code::other_manifest);
}

TEST(StoreForeign, VerifySaysThatJoinGivesNothingBesideAForeignManifest) {
  Image image = stored(stream());
  image[kManifest] = foreign().at(kManifest);
  image[segment_name(5)].back() ^= std::byte{1};
  const VerifiedStore seen = verified(image);
  EXPECT_TRUE(seen.report.verdict.is_join_refused);
  EXPECT_EQ(seen.report.verdict.prefix_bytes, 0U);
  EXPECT_EQ(seen.report.verdict.segments_good, segments_of(image) - 1);
}

TEST(StoreForeign, AKeyForAStoreWithoutOneIsRefusedOnce) {
  const Image image = stored(stream());
  for (const bool has_manifest : {true, false}) {
    Image plain = image;
    if (!has_manifest) plain.erase(kManifest);
    const VerifiedStore seen = verified(plain, with_key(kKey));
    ASSERT_EQ(seen.findings.size(), 1U);
    EXPECT_EQ(seen.findings[0].failure.code, Code::not_keyed);
    EXPECT_TRUE(seen.report.is_cut_short);
    EXPECT_FALSE(seen.report.is_mendable);
    EXPECT_EQ(joined(plain, joining_with(kKey)).code(), Code::not_keyed);
  }
  // A plain copy in a store that has a key is damage of that segment.
  Image keyed = stored(stream(), kKey);
  keyed[segment_name(0)] = image.at(segment_name(0));
  expect_segment_zero_is_blamed(keyed, SegmentErrorCode::not_authenticated, kKey);
}

TEST(StoreForeign, ALineThatNamesAnotherContentIsTheManifestsFault) {
  for (const std::string& key : {std::string(), kKey}) {
    const Image whole = stored(stream(), key);
    for (const std::uint64_t sequence : {std::uint64_t{0}, std::uint64_t{5}}) {
      Image image = whole;
      change_content(image, sequence);
      const VerifiedStore seen = verified(image, with_key(key));
      ASSERT_EQ(seen.findings.size(), 1U);
      EXPECT_EQ(seen.findings[0].failure.code, Code::wrong_line);
      EXPECT_EQ(seen.findings[0].failure.sequence, sequence);
      EXPECT_EQ(seen.report.verdict.segments_bad, 0U);
      EXPECT_TRUE(seen.report.verdict.is_prefix_whole);
      EXPECT_EQ(joined(image, joining_with(key)).bytes, stream());
    }
  }
}

TEST(StoreForeign, ASegmentBehindTheEndIsNamedWhenTheStreamHasPassed) {
  const Image whole = stored(stream());
  const std::uint64_t count = segments_of(whole);
  for (const std::uint64_t behind : {count, count + 7}) {
    Image image = whole;
    image[segment_name(behind)] = behind == count ? whole.at(segment_name(2)) : Bytes(10);
    const JoinedStream back = joined(image);
    EXPECT_EQ(back.bytes, stream());
    ASSERT_EQ(back.code(), Code::bad_segment);
    EXPECT_EQ(back.store_failure()->sequence, behind);
    EXPECT_EQ(back.store_failure()->name, segment_name(behind));
    EXPECT_EQ(back.store_failure()->begin, stream().size());
    EXPECT_EQ(back.store_failure()->segment.code, SegmentErrorCode::after_last);
    const VerifiedStore seen = verified(image);
    ASSERT_EQ(seen.findings.size(), 1U);
    EXPECT_TRUE(seen.findings[0].snapshots.empty());
    EXPECT_FALSE(seen.findings[0].after);
  }
}

TEST(StoreForeign, AClosingLineOfAnotherKeyIsUnprovenAndNoOtherEnd) {
  Image image = stored(stream(), kKey);
  const std::uint64_t last = segments_of(image) - 1;
  image[kManifest] = stored(stream(), kKey + "x").at(kManifest);
  const JoinedStream back = joined(image, joining_with(kKey));
  EXPECT_EQ(back.code(), Code::unproven_end);
  EXPECT_EQ(back.store_failure()->name, kManifest);
  EXPECT_EQ(back.report.segments, last);
}

TEST(StoreForeign, WhereABadSegmentEndsOnlyItsOwnNeighbourTells) {
  const Image whole = stored(stream());
  const Image others[] = {foreign(), stored(stream(), {}, 20000)};
  for (const Image& other : others) {
    Image image = whole;
    image.erase(kManifest);
    image[segment_name(3)].front() ^= std::byte{1};
    image[segment_name(4)] = other.at(segment_name(4));
    EXPECT_EQ(joined(image).store_failure()->sequence, 3U);
    EXPECT_EQ(joined(image).store_failure()->end, std::nullopt);
    image.erase(segment_name(3));
    EXPECT_EQ(joined(image).store_failure()->end, std::nullopt);
    // Nor one that stands at another place.
    image[segment_name(4)] = whole.at(segment_name(6));
    EXPECT_EQ(joined(image).store_failure()->end, std::nullopt);
  }
}

TEST(StoreForeign, OfAStoreBehindACommandTheSecondSegmentDecidesWhoIsForeign) {
  const Image whole = stored(stream());
  const std::pair<Image, SegmentErrorCode> others[] = {
      {foreign(), SegmentErrorCode::foreign},
      {stored(stream(), {}, 20000), SegmentErrorCode::wrong_settings},
  };
  for (const auto& [other, code] : others) {
    Image image = whole;
    image[segment_name(0)] = other.at(segment_name(0));
    RemoteStore segment(image);
    const JoinedStream back = joined(segment);
    ASSERT_EQ(back.code(), Code::bad_segment);
    EXPECT_EQ(back.store_failure()->segment.code, code);
    EXPECT_EQ(back.store_failure()->sequence, 0U);
    image = whole;
    image[kManifest] = other.at(kManifest);
    RemoteStore manifest(image);
    EXPECT_EQ(joined(manifest).code(), Code::other_manifest);
    EXPECT_EQ(joined(manifest).bytes, Bytes());
  }
}

TEST(StoreForeign, WhatIsNotFetchedIsNotMissing) {
  Image image = stored(stream());
  image.erase(segment_name(3));
  RemoteStore store(image);
  const VerifiedStore seen = verified(store);
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(seen.findings[0].failure.code, Code::fetch_failed);
  EXPECT_EQ(seen.findings[0].failure.system, (io::SysError{io::SysOperation::run, EIO, 7}));
  EXPECT_EQ(seen.findings[0].segments(), 1U);
  EXPECT_FALSE(seen.report.is_cut_short);
  EXPECT_EQ(seen.report.verdict.segments_good, segments_of(stored(stream())) - 1);
}

TEST(StoreForeign, VerifyGivesUpWhenNothingIsFetched) {
  Image image = stored(stream(), {}, 4096);
  const std::uint64_t count = segments_of(image);
  ASSERT_GT(count, kUnfetchedMax + 6U);
  for (std::uint64_t sequence = 4; sequence < count; ++sequence) {
    image.erase(segment_name(sequence));
  }
  RemoteStore store(image);
  const VerifiedStore seen = verified(store);
  EXPECT_TRUE(seen.report.has_given_up);
  EXPECT_TRUE(seen.report.is_cut_short);
  EXPECT_EQ(seen.findings.size(), kUnfetchedMax);
  EXPECT_EQ(seen.report.failure->code, Code::fetch_failed);
  EXPECT_EQ(seen.report.verdict.segments_good, 4U);
  EXPECT_EQ(store.asked().count(segment_name(count - 1)), 0U);
}

// A folder beside a writer: one segment is not listed, and not there when it is first looked for.
class StoreInTheMaking final : public RemoteStore {
 public:
  StoreInTheMaking(const Image& image, std::uint64_t sequence, unsigned late_for)
      : RemoteStore(image), late_(segment_name(sequence)), late_for_(late_for) {}

  [[nodiscard]] bool is_remote() const override { return false; }
  [[nodiscard]] Result<std::unique_ptr<io::StoredFile>, io::SysError> open(
      const std::string& name) override {
    if (name == late_ && late_for_ > 0) {
      --late_for_;
      return io::sys_failure(io::SysOperation::open, ENOENT);
    }
    return store_.open(name);
  }
  [[nodiscard]] Result<std::vector<std::string>, io::SysError> list(
      const std::string& folder) override {
    auto names = store_.list(folder);
    if (names) {
      names->erase(std::remove(names->begin(), names->end(), late_.substr(late_.find('/') + 1)),
                   names->end());
    }
    return names;
  }

 private:
  std::string late_;
  unsigned late_for_;
};

TEST(StoreForeign, ASegmentThatIsBeingMadeIsNotMissing) {
  Image image = stored(stream());
  image.erase(kManifest);
  StoreInTheMaking verifying(image, 5, 0);
  EXPECT_TRUE(verified(verifying).is_whole());
  StoreInTheMaking passing(image, 5, 1);
  EXPECT_EQ(joined(passing).code(), Code::unfinished);
  StoreInTheMaking missing(image, 5, 100);
  EXPECT_EQ(joined(missing).code(), Code::missing_segment);
}

TEST(StoreForeign, AStoreWhoseManifestSpeaksOfAKeyIsNotPassedWithoutOne) {
  Image image = stored(stream(), kKey);
  image[segment_name(0)] = stored(stream()).at(segment_name(0));
  EXPECT_EQ(joined(image).code(), Code::key_needed);
  EXPECT_EQ(joined(image).bytes, Bytes());
  JoinOptions options = joining();
  options.no_auth = true;
  EXPECT_EQ(joined(image, options).bytes, stream());
}

}  // namespace
}  // namespace zsluice::pipeline
