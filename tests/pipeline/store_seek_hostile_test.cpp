// SPDX-License-Identifier: BSD-2-Clause
// `token make` and `resume` of stores that cannot be read, or that were made to mislead.
#include "pipeline/counting_store.hpp"
#include "pipeline/manifest_edit.hpp"
#include "pipeline/store_resume.hpp"
#include "pipeline/store_run.hpp"
#include "pipeline/store_stopped.hpp"
#include "support/stream_image.hpp"
#include "zsluice/store/segment.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

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

Resumed resumed(io::StoreFiles& store,
                const resume::Target& target,
                const std::string& key = "",
                bool rest = false) {
  StoreResumeOptions options;
  options.resume.rest = rest;
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

const std::string kKey(32, 'k');

// The same BEGIN, other content from the third WRITE on, and right sums.
Bytes other_content(const Bytes& stream) {
  test::StreamImage image(stream);
  image.flip_bit(image.end(image.find(drr::RecordType::write, 2)) - 1);
  return image.resum().bytes();
}

// The first segments of one store, the rest of another one.
Image mixed(const Image& head, const Image& rest, std::uint64_t from) {
  Image image = head;
  for (std::uint64_t i = from; i < segments_in(rest); ++i) {
    image[segment_name(i)] = rest.at(segment_name(i));
  }
  return image;
}

// From where on the segments differ.
std::uint64_t first_other(const Image& one, const Image& other) {
  std::uint64_t sequence = 0;
  while (one.at(segment_name(sequence)) == other.at(segment_name(sequence)))
    ++sequence;
  return sequence;
}

void expect_broken_at(const std::optional<Failure>& report, std::uint64_t sequence) {
  const StoreFailure failure = store_failure(report);
  EXPECT_EQ(failure.code, StoreFailureCode::bad_segment);
  EXPECT_EQ(failure.sequence, sequence);
}

// Each segment is authentic by itself.
TEST(HostileStore, SegmentsOfTwoStoresOfOneKeyAreNotResumedAsOne) {
  const Bytes stream = read_corpus("g256_raw_full");
  const Image one = stored(stream, 20000, kKey);
  const Image other = stored(other_content(stream), 20000, kKey);
  const resume::Target target = target_behind(ByteSpan(stream).first(800'000));
  MemoryStore good(one);
  const Resumed wanted = resumed(good, target, kKey);
  EXPECT_FALSE(wanted.report.failure);
  for (std::uint64_t from = first_other(one, other) + 1; from < segments_in(one); ++from) {
    MemoryStore store(mixed(one, other, from));
    const Resumed made = resumed(store, target, kKey);
    expect_broken_at(made.report.failure, from);
    EXPECT_TRUE(is_prefix(made.bytes, wanted.bytes));
  }
}

TEST(HostileStore, NorIsTheHeaderOfOnePackageSentWithTheSnapshotsOfAnother) {
  const Bytes stream = read_corpus("hier_raw_R");
  const Image one = stored(stream, 5000, kKey);
  const Image other = stored(other_content(stream), 5000, kKey);
  const resume::Target target = target_behind(ByteSpan(stream).first(stream.size() - 2000));
  MemoryStore good(one);
  EXPECT_FALSE(resumed(good, target, kKey, true).report.failure);
  for (std::uint64_t from = first_other(one, other) + 1; from < segments_in(one); ++from) {
    MemoryStore store(mixed(one, other, from));
    const Resumed made = resumed(store, target, kKey, true);
    expect_broken_at(made.report.failure, from);
  }
}

TEST(HostileStore, NorIsThereATokenOfThem) {
  const Bytes stream = read_corpus("g256_raw_full");
  const ByteSpan part = ByteSpan(stream).first(500'000);
  const Bytes changed = other_content(stream);
  const Image one = stored(part, 20000, kKey);
  const Image other = stored(ByteSpan(changed).first(part.size()), 20000, kKey);
  for (std::uint64_t from = first_other(one, other) + 1; from < segments_in(one); ++from) {
    MemoryStore store(mixed(one, other, from));
    const StoreStoppedReport report = stopped(store, kKey);
    expect_broken_at(report.failure, from);
    EXPECT_NE(report.stopped.kind, StopKind::token);
  }
}

// The chain is one of headers.
TEST(HostileStore, WithAKeyADamagedPayloadIsStillNoHindranceWhereItIsNotNeeded) {
  const Bytes stream = read_corpus("g256_raw_full");
  const Image image = stored(ByteSpan(stream).first(stream.size() - 400), 20000, kKey);
  MemoryStore good(image);
  const token::Token wanted = stopped(good, kKey).stopped.token;
  for (std::uint64_t i = 1; i + 2 < segments_in(image); ++i) {
    Image damaged = image;
    damaged[segment_name(i)].resize(1000);
    MemoryStore store(damaged);
    const StoreStoppedReport report = stopped(store, kKey);
    ASSERT_FALSE(report.failure) << i;
    EXPECT_EQ(report.stopped.token, wanted);
    damaged[segment_name(i)].at(100) ^= std::byte{1};
    MemoryStore unlinked(damaged);
    expect_broken_at(stopped(unlinked, kKey).failure, i);
  }
}

TEST(HostileStore, EachHeaderIsLinkedOnce) {
  const Bytes stream = read_corpus("many_raw_incr");
  const Image plain = stored(stream, 1);
  const Image keyed = stored(stream, 1, kKey);
  const resume::Target target = target_behind(ByteSpan(stream).first(stream.size() - 20000));
  CountingStore unlinked(plain);
  const Resumed wanted = resumed(unlinked, target);
  CountingStore linked(keyed);
  EXPECT_TRUE(resumed(linked, target, kKey).bytes == wanted.bytes);
  EXPECT_GT(linked.opens(), segments_in(keyed) / 2);
  EXPECT_LT(linked.opens(), unlinked.opens() + segments_in(keyed) + 20);
}

// Says of each substream of a package other things than its BEGIN.
void change_substreams(Image& image, const std::function<void(storage::Substream&)>& change) {
  image[kManifest] = rewritten(image.at(kManifest), [&](const storage::ManifestLine& line) {
    const auto* const begun = std::get_if<storage::SubstreamLine>(&line);
    if (begun == nullptr) return std::string();
    storage::SubstreamLine changed = *begun;
    change(changed.substream);
    return encode_line(changed);
  });
}

TEST(HostileStore, WhatTheManifestSaysOfSubstreamsIsAHint) {
  const Bytes stream = read_corpus("hier_raw_R");
  const resume::Target target = target_behind(ByteSpan(stream).first(stream.size() / 2));
  for (const std::string& key : {std::string(), kKey}) {
    const Image image = stored(stream, 5000, key);
    MemoryStore good(image);
    const Resumed wanted = resumed(good, target, key);
    ASSERT_FALSE(wanted.report.failure);
    // None of them is the one; or all but the one are.
    Image hidden = image;
    change_substreams(hidden, [](storage::Substream& it) { it.toguid = 666; });
    Image elsewhere = image;
    change_substreams(elsewhere, [&](storage::Substream& it) {
      it.toguid = it.toguid == target.toguid ? 666 : target.toguid;
    });
    for (const Image& forged : {hidden, elsewhere}) {
      ASSERT_NE(forged.at(kManifest), image.at(kManifest));
      MemoryStore store(forged);
      const Resumed made = resumed(store, target, key);
      EXPECT_FALSE(made.report.failure);
      EXPECT_TRUE(made.bytes == wanted.bytes);
    }
  }
}

TEST(HostileStore, WhatIsHereTheSegmentsTell) {
  Image image = stored(read_corpus("hier_raw_R"), 5000, kKey);
  resume::Target unknown;
  unknown.toguid = 1;
  MemoryStore good(image);
  const ResumeReport wanted = resumed(good, unknown, kKey).report;
  ASSERT_FALSE(wanted.seen.empty());
  change_substreams(image, [](storage::Substream& it) {
    it.toguid = 666;
    it.toname = "pool/forged@x";
  });
  MemoryStore store(image);
  const ResumeReport report = resumed(store, unknown, kKey).report;
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(std::get<resume::Refusal>(*report.failure).code, resume::RefusalCode::unknown_snapshot);
  ASSERT_EQ(report.seen.size(), wanted.seen.size());
  for (std::size_t i = 0; i < report.seen.size(); ++i) {
    EXPECT_EQ(report.seen[i].toguid, wanted.seen[i].toguid);
    EXPECT_EQ(report.seen[i].toname, wanted.seen[i].toname);
  }
}

}  // namespace
}  // namespace zsluice::pipeline
