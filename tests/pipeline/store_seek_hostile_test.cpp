// SPDX-License-Identifier: BSD-2-Clause
// `token make` and `resume` of stores that cannot be read, or that were made to mislead.
#include "pipeline/counting_store.hpp"
#include "pipeline/manifest_edit.hpp"
#include "pipeline/store_resume.hpp"
#include "pipeline/store_run.hpp"
#include "pipeline/store_stopped.hpp"
#include "zsluice/store/segment.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace zsluice::pipeline {
namespace {

using resume::StopKind;
using storage::kSegmentsMax;
using storage::segment_name;
using test::Bytes;
using test::read_corpus;

using Image = MemoryStore::Image;
const std::string kManifest(storage::kManifestName);

Image stored(ByteSpan stream, std::uint64_t segment_bytes, const std::string& key = "") {
  SplitOptions options = splitting(segment_bytes, storage::Compression::off);
  options.store.key = key;
  MemoryStore store;
  (void)split_into(store, stream, options);
  return store.seen();
}

std::uint64_t segments_in(const Image& image) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      image, [](const auto& file) { return storage::segment_number(file.first).has_value(); }));
}

StoreStoppedReport stopped(io::StoreFiles& store, const std::string& key = "") {
  StoreStoppedOptions options;
  options.key = key;
  return run_store_stopped(options, store);
}

// What is asked for where this much of the stream has been received.
resume::Target target_behind(ByteSpan part) {
  MemoryStore store(stored(part, 20000));
  return resume::target_of(stopped(store).stopped.token);
}

struct Resumed {
  ResumeReport report;
  Bytes bytes;
};

Resumed resumed(io::StoreFiles& store, const resume::Target& target, const std::string& key = "") {
  StoreResumeOptions options;
  options.resume.target = target;
  options.resume.policy.allow_plaintext = true;
  options.key = key;
  const Scratch output;
  io::BlockingWriter writer(output.fd());
  Resumed made;
  made.report = run_store_resume(options, store, writer);
  made.bytes = output.content();
  return made;
}

// One without a code that any store has, if it is none of a store.
StoreFailure store_failure(const std::optional<Failure>& failure) {
  const auto* const found = failure ? std::get_if<StoreFailure>(&*failure) : nullptr;
  if (found != nullptr) return *found;
  ADD_FAILURE() << "no failure of the store";
  return {};
}

// As of a folder without search permission, or a file server that is gone: names that are not there
// cannot be opened either.
void deny_all(MemoryStore& store, int error) {
  for (std::uint64_t from = 0; from < 64; ++from) {
    store.deny(segment_name(from), error);
    for (std::uint64_t step = 1; from + step <= kSegmentsMax; step *= 2) {
      store.deny(segment_name(from + step - 1), error);
    }
  }
}

TEST(HostileStore, WhereNoFileCanBeOpenedTheStoreIsUnreadable) {
  const Bytes stream = read_corpus("g256_raw_full");
  Image image = stored(stream, 20000);
  const resume::Target target = target_behind(ByteSpan(stream).first(500'000));
  for (const bool has_manifest : {true, false}) {
    if (!has_manifest) image.erase(kManifest);
    for (const int error : {EACCES, EIO, ESTALE}) {
      MemoryStore store(image);
      deny_all(store, error);
      store.deny(storage::segment_folder(0), error);
      const std::string named = segment_name(has_manifest ? segments_in(image) - 1 : 0);
      for (const StoreFailure& failure : {store_failure(stopped(store).failure),
                                          store_failure(resumed(store, target).report.failure)}) {
        EXPECT_EQ(failure.code, StoreFailureCode::unreadable);
        EXPECT_EQ(failure.system.error, error);
        EXPECT_EQ(failure.name, named);
      }
    }
  }
}

TEST(HostileStore, WhereTheFolderCanBeListedTheLastSegmentIsUnreadable) {
  const Bytes stream = read_corpus("g256_raw_full");
  Image image = stored(stream, 20000);
  image.erase(kManifest);
  MemoryStore store(image);
  deny_all(store, EACCES);
  const StoreFailure failure = store_failure(stopped(store).failure);
  EXPECT_EQ(failure.code, StoreFailureCode::unreadable);
  EXPECT_EQ(failure.name, segment_name(segments_in(image) - 1));
}

// No permission, or no file.
TEST(HostileStore, OneFileThatCannotBeOpenedIsNoHindranceWhereItIsNotNeeded) {
  const Bytes stream = read_corpus("g256_raw_full");
  const Image image = stored(ByteSpan(stream).first(stream.size() - 400), 20000);
  MemoryStore good(image);
  const token::Token wanted = stopped(good).stopped.token;
  for (std::uint64_t i = 1; i + 2 < segments_in(image); ++i) {
    for (const bool has_manifest : {true, false}) {
      Image part = image;
      if (!has_manifest) part.erase(kManifest);
      for (const int error : {EACCES, EINVAL}) {
        MemoryStore store(part);
        store.deny(segment_name(i), error);
        const StoreStoppedReport report = stopped(store);
        ASSERT_FALSE(report.failure) << i;
        EXPECT_EQ(report.stopped.token, wanted);
      }
    }
  }
}

// The line of the last segment that has one.
void say_last_is(Image& image, std::uint64_t sequence) {
  const std::uint64_t last = segments_in(image) - 1;
  image[kManifest] = rewritten(image.at(kManifest), [&](const storage::ManifestLine& line) {
    const auto* const segment = std::get_if<storage::SegmentLine>(&line);
    if (segment == nullptr || segment->sequence != last) return std::string();
    storage::SegmentLine changed = *segment;
    changed.sequence = sequence;
    return encode_line(changed);
  });
}

TEST(HostileStore, AFileWithTheHighestNumberIsOneLikeAnyOther) {
  const Bytes stream = read_corpus("g256_raw_full");
  for (const std::string& key : {std::string(), std::string(32, 'k')}) {
    Image image = stored(ByteSpan(stream).first(500'000), 20000, key);
    say_last_is(image, kSegmentsMax - 1);
    const resume::Target target = target_behind(ByteSpan(stream).first(400'000));
    image[segment_name(kSegmentsMax - 1)] = Bytes(1);
    MemoryStore store(image);
    for (const StoreFailure& failure :
         {store_failure(stopped(store, key).failure),
          store_failure(resumed(store, target, key).report.failure)}) {
      EXPECT_EQ(failure.code, StoreFailureCode::bad_segment);
      EXPECT_EQ(failure.sequence, kSegmentsMax - 1);
    }
  }
}

// Of 10^12 segments the first and the last one: both are good, and nothing else is there.
TEST(HostileStore, AGapCostsNoTimeHoweverWideItIs) {
  const Bytes stream = read_corpus("g256_raw_full");
  Image image = stored(ByteSpan(stream).first(500'000), 20000);
  const std::uint64_t last = segments_in(image) - 1;
  say_last_is(image, kSegmentsMax - 1);
  Bytes moved = image.at(segment_name(last));
  auto header = storage::decode_segment_header(moved).value();
  header.sequence = kSegmentsMax - 1;
  std::ranges::copy(storage::encode_segment_header(header), moved.begin());
  for (std::uint64_t i = 1; i <= last; ++i)
    image.erase(segment_name(i));
  image[segment_name(kSegmentsMax - 1)] = moved;

  CountingStore made(image);
  EXPECT_EQ(stopped(made).segments, kSegmentsMax);
  EXPECT_LT(made.opens(), 500U);

  CountingStore store(image);
  const resume::Target target = target_behind(ByteSpan(stream).first(400'000));
  const Resumed none = resumed(store, target);
  const StoreFailure failure = store_failure(none.report.failure);
  EXPECT_EQ(failure.code, StoreFailureCode::missing_segment);
  EXPECT_EQ(failure.sequence, 1U);
  EXPECT_TRUE(none.bytes.empty());
  EXPECT_LT(store.opens(), 500U);
}

}  // namespace
}  // namespace zsluice::pipeline
