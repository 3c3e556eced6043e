// SPDX-License-Identifier: BSD-2-Clause
// Stores with something wrong: what `join` says, and that nothing bad passes.
#include "pipeline/store_run.hpp"
#include "support/corpus.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>

namespace zsluice::pipeline {
namespace {

using storage::segment_name;
using storage::SegmentErrorCode;
using test::Bytes;
using Image = MemoryStore::Image;

constexpr std::uint64_t kSegmentBytes = 16 << 10;
const char* const kManifest = "manifest.jsonl";

const Bytes& stream() {
  static const Bytes bytes = test::read_corpus("c128_raw_full");
  return bytes;
}

Image stored(const Bytes& bytes, std::uint64_t segment_bytes = kSegmentBytes) {
  MemoryStore store;
  (void)split_into(store, bytes, splitting(segment_bytes));
  return store.seen();
}

const Image& whole() {
  static const Image image = stored(stream());
  return image;
}

// Where a segment starts in the stream.
std::uint64_t start_of(std::uint64_t sequence) {
  MemoryStore store(whole());
  return peek_header(store, sequence)->start.offset;
}

void expect_stopped_before(const JoinedStream& back, std::uint64_t sequence) {
  ASSERT_NE(back.store_failure(), nullptr);
  EXPECT_EQ(back.store_failure()->sequence, sequence);
  EXPECT_EQ(back.store_failure()->name, segment_name(sequence));
  EXPECT_EQ(back.store_failure()->begin, start_of(sequence));
  EXPECT_EQ(back.bytes.size(), start_of(sequence));
  EXPECT_TRUE(is_prefix(back.bytes, stream()));
}

TEST(StoreDamage, EveryFlippedByteOfASegmentIsFoundBeforeTheSegmentPasses) {
  const std::size_t bytes = whole().at(segment_name(2)).size();
  for (std::size_t at = 0; at < bytes; at += at < 512 ? 1 : 97) {
    SCOPED_TRACE(at);
    Image image = whole();
    image[segment_name(2)][at] ^= std::byte{4};
    const JoinedStream back = joined(image);
    EXPECT_EQ(back.code(), StoreFailureCode::bad_segment);
    expect_stopped_before(back, 2);
    EXPECT_EQ(back.store_failure()->end, start_of(3));
  }
}

TEST(StoreDamage, AShorterAndALongerFileAreBad) {
  for (const std::size_t bytes : {0U, 100U, 512U, 513U, 100000U}) {
    Image image = whole();
    image[segment_name(1)].resize(bytes);
    const JoinedStream back = joined(image);
    EXPECT_EQ(back.code(), StoreFailureCode::bad_segment);
    expect_stopped_before(back, 1);
  }
}

TEST(StoreDamage, AMissingSegmentIsNamed) {
  for (const std::uint64_t sequence : {0U, 3U}) {
    Image image = whole();
    image.erase(segment_name(sequence));
    const JoinedStream back = joined(image);
    EXPECT_EQ(back.code(), StoreFailureCode::missing_segment);
    expect_stopped_before(back, sequence);
    EXPECT_EQ(back.store_failure()->end, start_of(sequence + 1));
    // Without the manifest the segment behind it tells where it ends.
    image.erase(kManifest);
    EXPECT_EQ(joined(image).store_failure()->end, start_of(sequence + 1));
  }
}

TEST(StoreDamage, AMissingTailIsACutOffStore) {
  Image image = whole();
  for (std::uint64_t sequence = 4; image.erase(segment_name(sequence)) > 0;)
    ++sequence;
  const JoinedStream back = joined(image);
  EXPECT_EQ(back.code(), StoreFailureCode::cut_off);
  expect_stopped_before(back, 4);
  // Nothing but the manifest knows that there was more.
  image.erase(kManifest);
  EXPECT_EQ(joined(image).code(), StoreFailureCode::unfinished);
  EXPECT_EQ(joined(image).bytes.size(), start_of(4));
}

TEST(StoreDamage, SwappedSegmentsAreFound) {
  Image image = whole();
  std::swap(image[segment_name(2)], image[segment_name(3)]);
  const JoinedStream back = joined(image);
  ASSERT_EQ(back.code(), StoreFailureCode::bad_segment);
  EXPECT_EQ(back.store_failure()->segment.code, SegmentErrorCode::misplaced);
  expect_stopped_before(back, 2);
  EXPECT_EQ(back.store_failure()->end, start_of(3));
}

TEST(StoreDamage, ASegmentOfAnotherStoreIsFound) {
  Image image = whole();
  image[segment_name(2)] = stored(test::read_corpus("c256_raw_full")).at(segment_name(2));
  JoinedStream back = joined(image);
  ASSERT_EQ(back.code(), StoreFailureCode::bad_segment);
  EXPECT_EQ(back.store_failure()->segment.code, SegmentErrorCode::foreign);
  expect_stopped_before(back, 2);
  // The same stream, cut otherwise.
  image[segment_name(2)] = stored(stream(), 20000).at(segment_name(2));
  back = joined(image);
  ASSERT_EQ(back.code(), StoreFailureCode::bad_segment);
  EXPECT_EQ(back.store_failure()->segment.code, SegmentErrorCode::wrong_settings);
}

TEST(StoreDamage, AForeignManifestIsFoundBeforeAnythingPasses) {
  Image image = whole();
  image[kManifest] = stored(test::read_corpus("c256_raw_full")).at(kManifest);
  EXPECT_EQ(joined(image).code(), StoreFailureCode::other_manifest);
  EXPECT_EQ(joined(image).store_failure()->name, kManifest);
  EXPECT_EQ(joined(image).bytes, Bytes());
  image[kManifest] = stored(stream(), 20000).at(kManifest);
  const JoinedStream back = joined(image);
  // The same stream, cut otherwise: the segments do without it.
  EXPECT_FALSE(back.report.failure);
  EXPECT_EQ(back.report.manifest, ManifestState::damaged);
  EXPECT_EQ(back.bytes, stream());
}

TEST(StoreDamage, AManifestThatIsMissingTornOrDamagedIsDoneWithout) {
  Image image = whole();
  const Bytes manifest = image[kManifest];
  image.erase(kManifest);
  EXPECT_EQ(joined(image).bytes, stream());
  EXPECT_EQ(joined(image).report.manifest, ManifestState::missing);
  image[kManifest] = Bytes(manifest.begin(), manifest.end() - 10);
  EXPECT_EQ(joined(image).bytes, stream());
  EXPECT_EQ(joined(image).report.manifest, ManifestState::torn);
  image[kManifest] = manifest;
  image[kManifest][500] ^= std::byte{1};
  EXPECT_EQ(joined(image).bytes, stream());
  EXPECT_EQ(joined(image).report.manifest, ManifestState::torn);
  // The line of the substream is lost.
  const auto line = std::find(manifest.begin(), manifest.end(), std::byte{'\n'}) + 1;
  image[kManifest] = Bytes(manifest.begin(), line);
  image[kManifest].insert(image[kManifest].end(),
                          std::find(line, manifest.end(), std::byte{'\n'}) + 1, manifest.end());
  EXPECT_EQ(joined(image).bytes, stream());
  EXPECT_EQ(joined(image).report.manifest, ManifestState::damaged);
}

TEST(StoreDamage, AnEmptyFolderIsNoStore) {
  EXPECT_EQ(joined(Image()).code(), StoreFailureCode::not_a_store);
}

TEST(StoreDamage, AStoreThatIsThereIsNotTouched) {
  MemoryStore store(whole());
  EXPECT_EQ(check_vacant(store)->code, StoreFailureCode::holds_whole);
  EXPECT_EQ(check_vacant(store)->begin, stream().size());
  const SplitReport report = split_into(store, stream(), splitting(kSegmentBytes));
  EXPECT_TRUE(report.failure);
  EXPECT_EQ(store.seen(), whole());
  // One segment, far behind, is enough.
  Image image;
  image["000000018/"];
  image[segment_name(74565)] = Bytes(10);
  MemoryStore part(image);
  EXPECT_EQ(check_vacant(part)->code, StoreFailureCode::holds_part);
}

TEST(StoreDamage, AFolderThatCannotBeListedIsNotVacant) {
  Image image = whole();
  image.erase(std::string(storage::kManifestName));
  for (const std::string folder : {"", "000000000"}) {
    MemoryStore store(image);
    store.deny(folder, EACCES);
    const SplitReport report = split_into(store, stream(), splitting(kSegmentBytes));
    const auto& failure = std::get<StoreFailure>(*report.failure);
    EXPECT_EQ(failure.code, StoreFailureCode::unreadable);
    EXPECT_EQ(failure.name, folder);
    EXPECT_EQ(failure.system.error, EACCES);
    EXPECT_EQ(store.seen(), image);
  }
}

TEST(StoreDamage, ANewStoreReplacesNoSegmentThatAppears) {
  MemoryStore store;
  const Bytes foreign(10);
  bool is_there = false;
  store.on_change([&] {
    if (std::exchange(is_there, true)) return;
    ASSERT_TRUE(store.start_file(segment_name(0), ByteSpan(foreign))->finish());
  });
  const SplitReport report = split_into(store, stream(), splitting(kSegmentBytes));
  const auto& failure = std::get<StoreFailure>(*report.failure);
  EXPECT_EQ(failure.code, StoreFailureCode::unwritable);
  EXPECT_EQ(failure.system.error, EEXIST);
  EXPECT_EQ(store.seen().at(segment_name(0)), foreign);
}

TEST(StoreDamage, WhatIsHeldOfSegmentsThatEndBehindABeginStaysBounded) {
  test::StreamBuilder builder;
  builder.package();
  for (std::uint64_t i = 0; i < 50; ++i) {
    test::BeginSpec begin;
    begin.toguid = 1000 + i;
    begin.toname = "pool/fs@s";
    builder.begin(begin).write(5, 0, Bytes(1000)).end();
  }
  const Bytes package = builder.package_end().bytes();
  MemoryStore store;
  (void)split_into(store, package, splitting(2000, storage::Compression::off));
  const JoinedStream back = joined(store);
  EXPECT_FALSE(back.report.failure);
  EXPECT_EQ(back.bytes, package);
  EXPECT_GT(back.report.segments, 50U);
  EXPECT_GT(back.report.held_bytes_max, 0U);
  EXPECT_LE(back.report.held_bytes_max, 2000U);
}

}  // namespace
}  // namespace zsluice::pipeline
