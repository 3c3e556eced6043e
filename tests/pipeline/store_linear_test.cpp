// SPDX-License-Identifier: BSD-2-Clause
// 10 TiB are 655,360 segments: no command may ask more of a store, per segment, the more segments
// there are. What is asked is counted; no clock is looked at.
#include "pipeline/continue_run.hpp"
#include "pipeline/counting_store.hpp"
#include "pipeline/store_inspect.hpp"
#include "pipeline/store_resume.hpp"
#include "pipeline/store_stopped.hpp"
#include "pipeline/store_verify_run.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

namespace zsluice::pipeline {
namespace {

using test::Bytes;
using Counts = CountingStore::Counts;

constexpr std::uint64_t kObjects = 1250;
constexpr std::uint64_t kFrees = 14;
constexpr std::uint64_t kPerObject = kFrees + 2;
constexpr std::uint64_t kSegments = kObjects * kPerObject + 2;  // BEGIN and END have their own
constexpr std::uint64_t kFolders = kSegments / storage::kSegmentsPerFolder + 1;
constexpr std::uint64_t kBlock = 512;
// Of one segment, with its lines in the manifest.
constexpr std::uint64_t kStoredBytes = 1400;

const Bytes& stream() {
  static const Bytes bytes = [] {
    test::StreamBuilder builder;
    builder.begin();
    for (std::uint64_t object = 1; object <= kObjects; ++object) {
      builder.object({.object = object, .type = 19, .block_bytes = kBlock})
          .write(object, 0, test::pattern(kBlock, object));
      for (std::uint64_t i = 1; i <= kFrees; ++i)
        builder.free(object, i * kBlock, kBlock);
    }
    return builder.end().bytes();
  }();
  return bytes;
}

SplitOptions each_record() {
  return splitting(1, storage::Compression::off);
}

void store_in(CountingStore& store, ByteSpan part) {
  (void)split_into(store, part, each_record());
}

void lose_manifest(CountingStore& store) {
  ASSERT_TRUE(store.remove(std::string(storage::kManifestName)));
  store.forget();
}

// Since the last time; `bytes` are those that are read.
void expect_at_most(CountingStore& store, const char* what, const Counts& limits) {
  SCOPED_TRACE(what);
  const Counts counts = store.counts();
  EXPECT_LE(counts.opens, limits.opens);
  EXPECT_LE(counts.lists, limits.lists);
  EXPECT_LE(counts.bytes_read, limits.bytes_read);
  EXPECT_LE(counts.changes, limits.changes);
  EXPECT_LE(counts.bytes_written, limits.bytes_written);
  store.forget();
}

// What a command may ask that looks at so many segments, and knows which those are.
Counts looking_at(std::uint64_t segments) {
  return {.opens = segments + 300,
          .lists = 2 * kFolders + 4,
          .bytes_read = 2 * kStoredBytes * (segments + 300)};
}

class Counter final : public StoreInspectObserver {
 public:
  void on_store(const storage::StoreLine& /*line*/, ManifestState /*state*/) override {}
  void on_substream(const storage::SubstreamLine& /*line*/) override {}
  void on_segment(const storage::SegmentHeader& /*header*/) override { ++segments; }
  std::uint64_t segments = 0;
};

TEST(StoreLinear, EachSegmentIsWrittenOnceAndReadOnce) {
  CountingStore store;
  store_in(store, stream());
  expect_at_most(store, "split",
                 {.opens = 4,
                  .lists = 4,
                  .changes = 4 * kSegments + 200,
                  .bytes_written = kSegments * kStoredBytes});
  for (const bool has_manifest : {true, false}) {
    SCOPED_TRACE(has_manifest);
    if (!has_manifest) lose_manifest(store);
    for (const bool is_quick : {false, true}) {
      const StoreVerdict verdict = verified(store, {.is_quick = is_quick}).report.verdict;
      EXPECT_EQ(verdict.segments_good, kSegments);
      EXPECT_GE(store.opens(), kSegments);
      expect_at_most(store, "verify", looking_at(kSegments));
    }
    EXPECT_TRUE(joined(store).bytes == stream());
    EXPECT_GE(store.opens(), kSegments);
    expect_at_most(store, "join", looking_at(kSegments));
    for (const bool tells_segments : {true, false}) {
      Counter told;
      EXPECT_EQ(run_inspect_store(tells_segments, store, told).segments, kSegments);
      EXPECT_EQ(told.segments, tells_segments ? kSegments : 0);
      expect_at_most(store, "inspect", looking_at(kSegments));
    }
  }
}

TEST(StoreLinear, AFewSegmentsTellWhereItStops) {
  CountingStore store;
  store_in(store, ByteSpan(stream()).first(stream().size() - 3000));
  store.forget();
  for (const bool has_manifest : {true, false}) {
    if (!has_manifest) lose_manifest(store);
    const StoreStoppedReport report = run_store_stopped({}, store);
    EXPECT_EQ(report.stopped.kind, resume::StopKind::token);
    EXPECT_EQ(report.stopped.token.object, kObjects);
    expect_at_most(store, "token make", looking_at(0));
  }
}

TEST(StoreLinear, WhatIsResumedIsReadAndLittleElse) {
  CountingStore store;
  store_in(store, stream());
  store.forget();
  for (const bool has_manifest : {true, false}) {
    if (!has_manifest) lose_manifest(store);
    for (const std::uint64_t object : {std::uint64_t{2}, kObjects / 2, kObjects - 10}) {
      SCOPED_TRACE(object);
      StoreResumeOptions options;
      options.resume.target = {.toguid = test::BeginSpec().toguid, .point = {object, 0}};
      options.resume.policy.allow_plaintext = true;
      const Scratch output;
      io::BlockingWriter writer(output.fd());
      const ResumeReport made = run_store_resume(options, store, writer);
      EXPECT_FALSE(made.failure);
      const std::uint64_t sent = (kObjects - object + 1) * kPerObject + 1;
      EXPECT_GE(made.bytes_out, sent * drr::kRecordBytes);
      expect_at_most(store, "resume", looking_at(sent));
    }
  }
}

// With a manifest its lines are read, of the segments only the last ones, and once, before the
// closing line, all headers; else those twice, and the manifest is made again.
TEST(StoreLinear, WhatIsContinuedIsNotReadAgain) {
  const ByteSpan part = ByteSpan(stream()).first(stream().size() - 30'000);
  const Bytes rest = continuation_for(Bytes(part.begin(), part.end()), stream());
  for (const bool has_manifest : {true, false}) {
    SCOPED_TRACE(has_manifest);
    CountingStore store;
    store_in(store, part);
    store.forget();
    if (!has_manifest) lose_manifest(store);
    const SplitReport report = continue_in(store, rest, each_record());
    EXPECT_FALSE(report.failure);
    EXPECT_EQ(report.store.segments, kSegments);
    Counts limits{.opens = kSegments + 300,
                  .lists = 3 * kFolders,
                  .bytes_read = kSegments * kStoredBytes * 3 / 2,
                  .changes = 600,
                  .bytes_written = 200'000};
    if (!has_manifest) {
      limits.opens += 2 * kSegments;
      limits.bytes_read += 2 * kSegments * kStoredBytes;
      limits.changes += kSegments;
      limits.bytes_written += kSegments * kStoredBytes / 4;
    }
    expect_at_most(store, "--continue", limits);
  }
}

}  // namespace
}  // namespace zsluice::pipeline
