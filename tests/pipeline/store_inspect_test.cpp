// SPDX-License-Identifier: BSD-2-Clause
// What `inspect` tells of a store, with a manifest and without.
#include "pipeline/store_inspect.hpp"

#include "pipeline/store_run.hpp"

#include <gtest/gtest.h>

namespace zsluice::pipeline {
namespace {

using storage::segment_name;
using Image = MemoryStore::Image;

const char* const kManifest = "manifest.jsonl";

class Diary final : public StoreInspectObserver {
 public:
  void on_store(const storage::StoreLine& line, ManifestState state) override {
    store = line;
    manifest = state;
  }
  void on_substream(const storage::SubstreamLine& line) override { substreams.push_back(line); }
  void on_segment(const storage::SegmentHeader& header) override { segments.push_back(header); }

  std::optional<storage::StoreLine> store;
  ManifestState manifest{};
  std::vector<storage::SubstreamLine> substreams;
  std::vector<storage::SegmentHeader> segments;
};

Image package() {
  MemoryStore store;
  (void)split_into(store, test::read_corpus("hier_raw_R"), splitting(16 << 10));
  return store.seen();
}

TEST(StoreInspect, HeadersTellWhatTheManifestDoes) {
  Image image = package();
  MemoryStore with(image);
  Diary told;
  const StoreInspectReport report = run_inspect_store(false, with, told);
  EXPECT_FALSE(report.failure);
  EXPECT_TRUE(report.is_closed);
  EXPECT_EQ(report.raw_bytes, test::read_corpus("hier_raw_R").size());
  EXPECT_EQ(told.store->created_by, "test");
  EXPECT_GT(told.substreams.size(), 1U);
  EXPECT_TRUE(told.segments.empty());

  image.erase(kManifest);
  MemoryStore without(image);
  Diary found;
  const StoreInspectReport again = run_inspect_store(false, without, found);
  EXPECT_EQ(found.manifest, ManifestState::missing);
  EXPECT_EQ(found.substreams, told.substreams);
  EXPECT_EQ(found.store->settings, told.store->settings);
  EXPECT_EQ(again.segments, report.segments);
  EXPECT_EQ(again.stored_bytes, report.stored_bytes);
  EXPECT_TRUE(again.is_closed);
}

TEST(StoreInspect, EverySegmentIsListedWhenAskedFor) {
  MemoryStore store(package());
  Diary diary;
  const StoreInspectReport report = run_inspect_store(true, store, diary);
  EXPECT_EQ(diary.segments.size(), report.segments);
  EXPECT_EQ(diary.segments.back().end.offset, report.raw_bytes);
  EXPECT_TRUE(diary.segments.back().is_last);
  EXPECT_GT(diary.substreams.size(), 1U);
}

TEST(StoreInspect, SegmentsThatTheManifestDoesNotKnowYetAreTold) {
  Image image = package();
  const test::Bytes manifest = image[kManifest];
  image[kManifest] = test::Bytes(manifest.begin(), manifest.begin() + 2000);
  MemoryStore store(image);
  Diary diary;
  const StoreInspectReport report = run_inspect_store(false, store, diary);
  EXPECT_EQ(report.raw_bytes, test::read_corpus("hier_raw_R").size());
  EXPECT_TRUE(report.is_closed);
  MemoryStore whole(package());
  Diary all;
  (void)run_inspect_store(false, whole, all);
  EXPECT_EQ(diary.substreams, all.substreams);
}

TEST(StoreInspect, WhatIsMissingOrBadIsSaidOnce) {
  Image image = package();
  image.erase(kManifest);
  image.erase(segment_name(1));
  MemoryStore gap(image);
  Diary diary;
  EXPECT_EQ(run_inspect_store(false, gap, diary).failure->code, StoreFailureCode::missing_segment);
  image = package();
  image.erase(kManifest);
  image[segment_name(0)][9] ^= std::byte{1};
  MemoryStore bad(image);
  EXPECT_EQ(run_inspect_store(false, bad, diary).failure->code, StoreFailureCode::bad_segment);
  MemoryStore empty;
  EXPECT_EQ(run_inspect_store(false, empty, diary).failure->code, StoreFailureCode::not_a_store);
}

TEST(StoreInspect, AStoreThatWasCutOffIsOpen) {
  test::Bytes cut = test::read_corpus("hier_raw_R");
  cut.resize(cut.size() / 2);
  MemoryStore store;
  (void)split_into(store, cut, splitting(16 << 10));
  Diary diary;
  const StoreInspectReport report = run_inspect_store(false, store, diary);
  EXPECT_FALSE(report.is_closed);
  EXPECT_EQ(report.failure->code, StoreFailureCode::unfinished);
  EXPECT_EQ(report.failure->begin, report.raw_bytes);
}

TEST(StoreInspect, SegmentsThatTheManifestNamesMustBeThere) {
  const Image image = package();
  MemoryStore gone(Image{{kManifest, image.at(kManifest)}});
  Diary diary;
  StoreInspectReport report = run_inspect_store(false, gone, diary);
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(report.failure->code, StoreFailureCode::cut_off);
  EXPECT_EQ(report.failure->sequence, 0U);
  EXPECT_FALSE(report.is_closed);
  Image gap = image;
  gap.erase(segment_name(1));
  MemoryStore store(gap);
  report = run_inspect_store(false, store, diary);
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(report.failure->code, StoreFailureCode::missing_segment);
  EXPECT_EQ(report.failure->sequence, 1U);
}

TEST(StoreInspect, AManifestOfAnotherStoreIsNotBelieved) {
  Image image = package();
  MemoryStore other;
  (void)split_into(other, test::read_corpus("c128_raw_full"), splitting(16 << 10));
  image[kManifest] = other.seen().at(kManifest);
  MemoryStore store(image);
  Diary diary;
  const StoreInspectReport report = run_inspect_store(false, store, diary);
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(report.failure->code, StoreFailureCode::other_manifest);
  EXPECT_EQ(report.raw_bytes, test::read_corpus("hier_raw_R").size());
}

}  // namespace
}  // namespace zsluice::pipeline
