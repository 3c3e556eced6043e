// SPDX-License-Identifier: BSD-2-Clause
// What is made of a store is what is made of the stream in a file.
#include "pipeline/store_resume.hpp"

#include "pipeline/counting_store.hpp"
#include "pipeline/proven_records.hpp"
#include "pipeline/store_run.hpp"
#include "resume/cuts.hpp"
#include "support/for_each.hpp"

#include <gtest/gtest.h>

#include <random>

namespace zsluice::pipeline {
namespace {

using resume::RefusalCode;
using storage::Compression;
using storage::segment_name;
using storage::SegmentErrorCode;
using test::Bytes;
using test::read_corpus;

using Image = MemoryStore::Image;
const std::string kManifest(storage::kManifestName);

struct Resumed {
  ResumeReport report;
  Bytes bytes;
};

StoreResumeOptions resuming(const resume::Target& target, bool rest = false) {
  StoreResumeOptions options;
  options.resume.target = target;
  options.resume.rest = rest;
  options.resume.policy.allow_plaintext = true;
  return options;
}

Resumed resumed(io::StoreFiles& store, const StoreResumeOptions& options) {
  const Scratch output;
  io::BlockingWriter writer(output.fd());
  Resumed made;
  made.report = run_store_resume(options, store, writer);
  made.bytes = output.content();
  return made;
}

Resumed resumed_from_file(const Bytes& stream, const StoreResumeOptions& options) {
  const Scratch one(stream);
  const Scratch other(stream);
  const Scratch output;
  const auto search = io::open_source(one.fd(), {.allow_mapping = false});
  const auto source = io::open_source(other.fd(), {.allow_mapping = false});
  io::BlockingWriter writer(output.fd());
  Resumed made;
  made.report = run_resume(options.resume, **search, **source, writer);
  made.bytes = output.content();
  return made;
}

const StoreFailure* store_failure(const ResumeReport& report) {
  return report.failure ? std::get_if<StoreFailure>(&*report.failure) : nullptr;
}

// Where a file just ends, a store was not stored to its end.
void expect_same_failure(const Failure& made, const Failure& wanted, const Bytes& stream) {
  if (const auto* const fault = std::get_if<drr::Fault>(&wanted)) {
    EXPECT_EQ(drr::kind_of(fault->code), drr::FaultKind::truncated);
    ASSERT_TRUE(std::holds_alternative<StoreFailure>(made));
    EXPECT_EQ(std::get<StoreFailure>(made).code, StoreFailureCode::unfinished);
    EXPECT_EQ(std::get<StoreFailure>(made).begin, stream.size());
    return;
  }
  ASSERT_EQ(made.index(), wanted.index());
  if (const auto* const refusal = std::get_if<resume::Refusal>(&wanted)) {
    EXPECT_EQ(std::get<resume::Refusal>(made).code, refusal->code);
  } else if (const auto* const verdict = std::get_if<drr::Refusal>(&wanted)) {
    EXPECT_EQ(std::get<drr::Refusal>(made).code, verdict->code);
  } else {
    ADD_FAILURE() << "failure " << wanted.index();
  }
}

void expect_as_from_file(io::StoreFiles& store,
                         const Bytes& stream,
                         const StoreResumeOptions& options) {
  const Resumed wanted = resumed_from_file(stream, options);
  const Resumed made = resumed(store, options);
  EXPECT_EQ(made.report.failure.has_value(), wanted.report.failure.has_value());
  EXPECT_TRUE(made.bytes == wanted.bytes)
      << made.bytes.size() << " bytes instead of " << wanted.bytes.size();
  EXPECT_EQ(made.report.bytes_out, wanted.report.bytes_out);
  EXPECT_EQ(made.report.toname, wanted.report.toname);
  EXPECT_EQ(made.report.is_package, wanted.report.is_package);
  if (made.report.is_package) {
    EXPECT_EQ(made.report.package_name, wanted.report.package_name);
  }
  if (made.report.failure && wanted.report.failure) {
    expect_same_failure(*made.report.failure, *wanted.report.failure, stream);
  }
}

Bytes stored_part(const Bytes& stream, std::uint64_t bytes) {
  return {stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(bytes)};
}

Image without_manifest(const MemoryStore& store) {
  Image image = store.seen();
  image.erase(kManifest);
  return image;
}

Image stored(const Bytes& stream, std::uint64_t segment_bytes, const std::string& key = "") {
  SplitOptions options = splitting(segment_bytes, Compression::off);
  options.store.key = key;
  MemoryStore store;
  (void)split_into(store, stream, options);
  return store.seen();
}

std::size_t segments_in(const Image& image) {
  std::size_t count = 0;
  for (const auto& [name, bytes] : image) {
    count += storage::segment_number(name) ? 1U : 0U;
  }
  return count;
}

Resumed resumed(const Image& image, const StoreResumeOptions& options) {
  MemoryStore store(image);
  return resumed(store, options);
}

TEST(StoreResume, GivesWhatTheFileGivesForEveryRealToken) {
  for (const test::Cut& cut : test::cuts_with_whole_and_resumed()) {
    SCOPED_TRACE(cut.name);
    const Bytes stream = cut.whole();
    const Resumed wanted = resumed_from_file(stream, resuming(resume::target_of(cut.token)));
    ASSERT_FALSE(wanted.report.failure);
    for (const std::uint64_t segment_bytes : {std::uint64_t{1}, std::uint64_t{5000},
                                              std::uint64_t{64} << 10, std::uint64_t{16} << 20}) {
      for (const Compression compression : {Compression::off, Compression::always}) {
        MemoryStore store;
        (void)split_into(store, stream, splitting(segment_bytes, compression));
        const Resumed made = resumed(store, resuming(resume::target_of(cut.token)));
        EXPECT_FALSE(made.report.failure);
        EXPECT_TRUE(made.bytes == wanted.bytes) << segment_bytes;
        EXPECT_EQ(made.report.toname, wanted.report.toname);
      }
    }
  }
}

// A point at, in front of and behind each record of each substream.
struct Sample {
  resume::Target target;
  std::vector<drr::ResumePoint> points;
};

class Sampler final : public RecordSink {
 public:
  bool take(const ProvenRecord& record) override {
    if (record.role == drr::Role::substream_begin) {
      const drr::BeginRecord begin = drr::decode_begin(record.header);
      namespace feature = drr::feature;
      resume::Target target{.toguid = begin.toguid, .fromguid = begin.fromguid};
      target.raw = (begin.features & feature::kRaw) != 0;
      target.compressed = (begin.features & feature::kCompressed) != 0;
      target.large_blocks = (begin.features & feature::kLargeBlocks) != 0;
      target.embedded = (begin.features & feature::kEmbedData) != 0;
      samples_.push_back({target, {{1, 0}, {~std::uint64_t{0}, 0}}});
    } else if (record.role == drr::Role::body) {
      const drr::RecordPlace place = drr::place_of(record.header);
      if (!place.object) return true;
      samples_.back().points.push_back({*place.object, place.offset.value_or(0)});
      samples_.back().points.push_back({*place.object, place.offset.value_or(0) + 512});
      samples_.back().points.push_back({*place.object + 1, 0});
    }
    return true;
  }
  // A few of each substream, always the same ones.
  [[nodiscard]] std::vector<resume::Target> targets(std::size_t per_substream) const {
    std::vector<resume::Target> targets;
    for (Sample sample : samples_) {
      std::shuffle(sample.points.begin(), sample.points.end(), std::mt19937_64(42));
      for (std::size_t i = 0; i < std::min(per_substream, sample.points.size()); ++i) {
        targets.push_back(sample.target);
        targets.back().point = sample.points[i];
      }
    }
    return targets;
  }

 private:
  std::vector<Sample> samples_;
};

std::vector<resume::Target> targets_in(const Bytes& stream, std::size_t per_substream) {
  Sampler sampler;
  ProvenRecords records({}, sampler);
  records.feed(stream);
  records.finish();
  return sampler.targets(per_substream);
}

TEST(StoreResume, AnywhereInEveryStream) {
  test::for_each_stream([](const test::CorpusEntry& entry) {
    const Bytes stream = read_corpus(entry.name);
    MemoryStore store;
    const auto stored = split_into(store, stream, splitting(5000)).store.raw_bytes;
    const Bytes file = stored_part(stream, stored);
    for (const resume::Target& target : targets_in(stream, 6)) {
      SCOPED_TRACE(std::to_string(target.point.object) + ", " +
                   std::to_string(target.point.offset));
      expect_as_from_file(store, file, resuming(target));
      if (testing::Test::HasFailure()) return;
    }
  });
}

TEST(StoreResume, AnywhereWhenEachRecordIsASegment) {
  for (const char* const name :
       {"c256_raw_full", "reuse_raw_incr", "sparse_raw_incr", "sp_plain_full", "pl_e",
        "red_redacted", "foreign_order/sp_raw_full.be_xdr", "hier_raw_R_i", "many_raw_incr",
        "saved_raw_S"}) {
    SCOPED_TRACE(name);
    const Bytes whole = read_corpus(name);
    MemoryStore store;
    const auto stored = split_into(store, whole, splitting(1)).store.raw_bytes;
    const Bytes stream = stored_part(whole, stored);
    for (const resume::Target& target : targets_in(stream, 25)) {
      SCOPED_TRACE(std::to_string(target.point.object) + ", " +
                   std::to_string(target.point.offset));
      expect_as_from_file(store, stream, resuming(target));
    }
  }
}

TEST(StoreResume, OfAPackageTheSubstreamOrTheRest) {
  for (const char* const name : {"hier_raw_R", "hier_raw_R_i", "g256_raw_I", "tree_plain_R"}) {
    SCOPED_TRACE(name);
    const Bytes stream = read_corpus(name);
    for (const std::uint64_t segment_bytes :
         {std::uint64_t{1}, std::uint64_t{5000}, std::uint64_t{16} << 20}) {
      MemoryStore store;
      (void)split_into(store, stream, splitting(segment_bytes));
      MemoryStore bare(without_manifest(store));
      for (const resume::Target& target : targets_in(stream, 3)) {
        for (const bool rest : {false, true}) {
          expect_as_from_file(store, stream, resuming(target, rest));
          expect_as_from_file(bare, stream, resuming(target, rest));
        }
      }
    }
  }
}

// What was cut off in the middle gives what a file with the same bytes gives.
TEST(StoreResume, OfAnOpenStoreWhatTheFileGives) {
  for (const char* const name : {"g256_raw_full", "sp_raw_incr", "hier_raw_R"}) {
    SCOPED_TRACE(name);
    const Bytes whole = read_corpus(name);
    for (const std::size_t cut : {whole.size() / 3, whole.size() / 2, whole.size() - 100}) {
      const ByteSpan head = ByteSpan(whole).first(cut);
      MemoryStore store;
      const auto stored = split_into(store, head, splitting(5000)).store.raw_bytes;
      const Bytes stream = stored_part(whole, stored);
      for (const resume::Target& target : targets_in(stream, 10)) {
        expect_as_from_file(store, stream, resuming(target));
        expect_as_from_file(store, stream, resuming(target, true));
      }
    }
  }
}

TEST(StoreResume, WhatDoesNotFitIsRefused) {
  const Bytes stream = read_corpus("hier_raw_R");
  MemoryStore store;
  (void)split_into(store, stream, splitting(5000));
  resume::Target target = targets_in(stream, 1).back();
  resume::Target unknown = target;
  unknown.toguid = 1;
  resume::Target origin = target;
  origin.fromguid = 7;
  resume::Target plain = target;
  plain.raw = false;
  MemoryStore bare(without_manifest(store));
  for (const resume::Target& wrong : {unknown, origin, plain}) {
    expect_as_from_file(store, stream, resuming(wrong));
    expect_as_from_file(bare, stream, resuming(wrong));
  }
  const ResumeReport from_file = resumed_from_file(stream, resuming(unknown)).report;
  for (MemoryStore* const it : {&store, &bare}) {
    const ResumeReport report = resumed(*it, resuming(unknown)).report;
    EXPECT_EQ(report.substreams, from_file.substreams);
    ASSERT_EQ(report.seen.size(), from_file.seen.size());
    for (std::size_t i = 0; i < report.seen.size(); ++i) {
      EXPECT_EQ(report.seen[i].toguid, from_file.seen[i].toguid);
      EXPECT_EQ(report.seen[i].toname, from_file.seen[i].toname);
    }
  }
  StoreResumeOptions strict = resuming(target);
  MemoryStore plaintext;
  const Bytes pl = read_corpus("pl_w");
  (void)split_into(plaintext, pl, splitting(5000));
  strict = resuming(targets_in(pl, 1).front());
  strict.resume.policy.allow_plaintext = false;
  const Resumed refused = resumed(plaintext, strict);
  EXPECT_TRUE(std::holds_alternative<drr::Refusal>(*refused.report.failure));
  EXPECT_TRUE(refused.bytes.empty());
}

// Before the point damage is no hindrance; behind it, it ends what leaves.
TEST(StoreResume, StopsBeforeABadSegmentAndNamesIt) {
  const Bytes stream = read_corpus("g256_raw_full");
  MemoryStore store;
  (void)split_into(store, stream, splitting(20000, Compression::off));
  const Image good = store.seen();
  std::vector<resume::Target> targets = targets_in(stream, 1000);
  // In the largest file.
  const auto point = std::find_if(targets.begin(), targets.end(), [](const resume::Target& it) {
    return it.point.object != ~std::uint64_t{0} && it.point.offset > 300'000;
  });
  ASSERT_NE(point, targets.end());
  const Resumed wanted = resumed(store, resuming(*point));
  ASSERT_FALSE(wanted.report.failure);
  std::size_t whole = 0;
  std::size_t partial = 0;
  std::uint64_t sequence = 0;
  for (const auto& [name, bytes] : good) {
    if (!storage::segment_number(name)) continue;
    for (const std::size_t at : {std::size_t{100}, bytes.size() - 5}) {
      Image image = good;
      image[name].at(at) ^= std::byte{4};
      MemoryStore damaged(image);
      const Resumed made = resumed(damaged, resuming(*point));
      EXPECT_TRUE(is_prefix(made.bytes, wanted.bytes));
      if (!made.report.failure) {
        EXPECT_EQ(made.bytes.size(), wanted.bytes.size());
        ++whole;
        continue;
      }
      ++partial;
      ASSERT_NE(store_failure(made.report), nullptr);
      EXPECT_EQ(store_failure(made.report)->code, StoreFailureCode::bad_segment);
      EXPECT_EQ(store_failure(made.report)->sequence, sequence);
    }
    ++sequence;
  }
  EXPECT_GT(whole, 0U);
  EXPECT_GT(partial, 0U);
  // All segments before the last one have left.
  Image image = good;
  image[segment_name(sequence - 1)].at(900) ^= std::byte{1};
  MemoryStore tail(image);
  const Resumed made = resumed(tail, resuming(*point));
  EXPECT_GT(made.bytes.size() + 25000, wanted.bytes.size());
}

TEST(StoreResume, AMissingSegmentIsNamed) {
  const Bytes stream = read_corpus("g256_raw_full");
  MemoryStore store;
  (void)split_into(store, stream, splitting(20000));
  (void)store.remove(segment_name(20));
  const resume::Target target = targets_in(stream, 1).front();
  const Resumed made = resumed(store, resuming({.toguid = target.toguid,
                                                .point = {1, 0},
                                                .raw = target.raw,
                                                .compressed = target.compressed}));
  ASSERT_NE(store_failure(made.report), nullptr);
  EXPECT_EQ(store_failure(made.report)->code, StoreFailureCode::missing_segment);
  EXPECT_EQ(store_failure(made.report)->sequence, 20U);
}

// Of many segments a few headers, those that the point needs, and those that are sent: a file is a
// record and some 800 bytes.
TEST(StoreResume, OnlyWhatIsNeededIsRead) {
  const Bytes stream = read_corpus("many_raw_full");
  const Image image = stored(stream, 1);
  ASSERT_GT(segments_in(image), 2000U);
  CountingStore counted(image);
  std::size_t compared = 0;
  for (const resume::Target& target : targets_in(stream, 60)) {
    counted.forget();
    const Resumed made = resumed(counted, resuming(target));
    const std::size_t sent = made.bytes.size();
    if (sent > stream.size() / 3) continue;  // cannot be placed, or lies at the beginning
    EXPECT_LT(counted.bytes_read(), 4 * sent + 320'000) << sent;
    EXPECT_LT(counted.opens(), 60 + sent / 300) << sent;
    ++compared;
  }
  EXPECT_EQ(compared, 13U);
}

TEST(StoreResume, AKeyIsDemanded) {
  const std::string key(32, 'k');
  const Bytes stream = read_corpus("g256_raw_full");
  SplitOptions split = splitting(20000);
  split.store.key = key;
  MemoryStore store;
  (void)split_into(store, stream, split);
  StoreResumeOptions options = resuming(targets_in(stream, 1).front());
  const Bytes wanted = resumed_from_file(stream, options).bytes;
  EXPECT_EQ(store_failure(resumed(store, options).report)->code, StoreFailureCode::key_needed);
  options.no_auth = true;
  EXPECT_EQ(resumed(store, options).bytes, wanted);
  options.no_auth = false;
  options.key = key;
  EXPECT_EQ(resumed(store, options).bytes, wanted);
  options.key = std::string(32, 'x');
  const Resumed wrong = resumed(store, options);
  EXPECT_EQ(store_failure(wrong.report)->code, StoreFailureCode::wrong_key);
  EXPECT_TRUE(wrong.bytes.empty());
}

// A point in the first of the substreams, from its first object on.
resume::Target from_start(const Bytes& stream) {
  resume::Target target = targets_in(stream, 1).front();
  target.point = {1, 0};
  return target;
}

TEST(StoreResume, AForeignLastSegmentIsNoHindranceForWhatStandsBeforeIt) {
  const Bytes stream = read_corpus("g256_raw_full");
  for (const std::string& key : {std::string(), std::string(32, 'k')}) {
    StoreResumeOptions options = resuming(from_start(stream));
    options.key = key;
    Image image = stored(stream, 20000, key);
    const std::size_t last = segments_in(image) - 1;
    const Bytes wanted = resumed(image, options).bytes;
    const Image other = stored(read_corpus("hier_raw_R"), 5000, key);
    image[segment_name(last)] = other.at(segment_name(last));
    for (const bool has_manifest : {true, false}) {
      if (!has_manifest) image.erase(kManifest);
      const Resumed made = resumed(image, options);
      ASSERT_NE(store_failure(made.report), nullptr);
      EXPECT_EQ(store_failure(made.report)->code, StoreFailureCode::bad_segment);
      EXPECT_EQ(store_failure(made.report)->segment.code, SegmentErrorCode::foreign);
      EXPECT_EQ(store_failure(made.report)->sequence, last);
      EXPECT_TRUE(is_prefix(made.bytes, wanted));
      EXPECT_GT(made.bytes.size() + 25000, wanted.size());
    }
  }
}

TEST(StoreResume, AForeignFirstSegmentIsNamedAndNothingOfItPasses) {
  const Bytes stream = read_corpus("hier_raw_R");
  const Bytes foreign = read_corpus("g256_raw_I");
  Image image = stored(stream, 20000);
  image[segment_name(0)] = stored(foreign, 20000).at(segment_name(0));
  image.erase(kManifest);
  for (const Bytes& wanted : {stream, foreign}) {
    const Resumed made = resumed(image, resuming(from_start(wanted)));
    ASSERT_NE(store_failure(made.report), nullptr);
    EXPECT_EQ(store_failure(made.report)->code, StoreFailureCode::bad_segment);
    EXPECT_EQ(store_failure(made.report)->segment.code, SegmentErrorCode::foreign);
    EXPECT_EQ(store_failure(made.report)->sequence, 0U);
    EXPECT_TRUE(made.bytes.empty());
  }
}

// One with as many segments, a longer one, and one of the same stream cut otherwise.
TEST(StoreResume, AForeignManifestCountsAsNone) {
  const Bytes stream = read_corpus("hier_raw_R");
  const Bytes foreign = read_corpus("g256_raw_I");
  Image image = stored(stream, 72000);
  const Image alike = stored(foreign, 67000);
  ASSERT_EQ(segments_in(alike), segments_in(image));
  for (const Image& other : {alike, stored(foreign, 20000), stored(stream, 20000)}) {
    image[kManifest] = other.at(kManifest);
    MemoryStore store(image);
    for (const resume::Target& target : targets_in(stream, 2)) {
      expect_as_from_file(store, stream, resuming(target));
      expect_as_from_file(store, stream, resuming(target, true));
    }
  }
}

TEST(StoreResume, WithTheLastFileGoneAllBeforeItLeaves) {
  const Bytes stream = read_corpus("g256_raw_full");
  Image image = stored(stream, 20000);
  const std::size_t last = segments_in(image) - 1;
  const StoreResumeOptions options = resuming(from_start(stream));
  const Bytes wanted = resumed(image, options).bytes;
  Image damaged = image;
  damaged[segment_name(last)].back() ^= std::byte{1};
  image.erase(segment_name(last));
  Resumed made = resumed(image, options);
  ASSERT_NE(store_failure(made.report), nullptr);
  EXPECT_EQ(store_failure(made.report)->code, StoreFailureCode::cut_off);
  EXPECT_EQ(store_failure(made.report)->sequence, last);
  EXPECT_TRUE(is_prefix(made.bytes, wanted));
  EXPECT_GT(made.bytes.size() + 25000, wanted.size());
  EXPECT_TRUE(made.bytes == resumed(damaged, options).bytes);
  // A gap that no manifest leads over.
  image.erase(kManifest);
  image.erase(segment_name(5));
  made = resumed(image, options);
  ASSERT_NE(store_failure(made.report), nullptr);
  EXPECT_EQ(store_failure(made.report)->code, StoreFailureCode::missing_segment);
  EXPECT_EQ(store_failure(made.report)->sequence, 5U);
  EXPECT_TRUE(is_prefix(made.bytes, wanted));
  EXPECT_GT(made.bytes.size(), 50000U);
}

TEST(StoreResume, WithTheLastFileGoneASubstreamBeforeItIsWhole) {
  const Bytes stream = read_corpus("hier_raw_R");
  const StoreResumeOptions options = resuming(from_start(stream));
  Image image = stored(stream, 5000);
  const Bytes wanted = resumed(image, options).bytes;
  image.erase(segment_name(segments_in(image) - 1));
  const Resumed made = resumed(image, options);
  EXPECT_FALSE(made.report.failure);
  EXPECT_TRUE(made.bytes == wanted);
  // A snapshot that is not here may have been in what is missing, or was, as the manifest knows.
  resume::Target unknown = options.resume.target;
  unknown.toguid = 1;
  const std::size_t kept = segments_in(image) / 2;
  while (segments_in(image) > kept)
    image.erase(segment_name(segments_in(image) - 1));
  for (const resume::Target& target : {unknown, targets_in(stream, 1).back()}) {
    const Resumed none = resumed(image, resuming(target));
    ASSERT_NE(store_failure(none.report), nullptr);
    EXPECT_EQ(store_failure(none.report)->code, StoreFailureCode::cut_off);
    EXPECT_EQ(store_failure(none.report)->sequence, kept);
    EXPECT_TRUE(none.bytes.empty());
  }
}

TEST(StoreResume, ASegmentBehindTheEndIsNoHindrance) {
  const Bytes stream = read_corpus("hier_raw_R");
  Image image = stored(stream, 20000);
  const std::size_t segments = segments_in(image);
  image[segment_name(segments + 1)] = image.at(segment_name(segments - 1));
  MemoryStore store(image);
  resume::Target unknown = from_start(stream);
  unknown.toguid = 1;
  expect_as_from_file(store, stream, resuming(unknown));
  expect_as_from_file(store, stream, resuming(from_start(stream), true));
}

TEST(StoreResume, NeighboursOfAnotherStoreDoNotTellWhereASegmentLies) {
  const Bytes stream = read_corpus("g256_raw_full");
  Image image = stored(stream, 20000);
  const Image other = stored(read_corpus("hier_raw_R"), 5000);
  image[segment_name(10)].at(100) ^= std::byte{1};
  const auto named = [&image, &stream] {
    const Resumed made = resumed(image, resuming(from_start(stream)));
    return *store_failure(made.report);
  };
  const StoreFailure wanted = named();
  EXPECT_EQ(wanted.sequence, 10U);
  ASSERT_TRUE(wanted.end);
  EXPECT_GT(*wanted.end, wanted.begin);
  image[segment_name(11)] = other.at(segment_name(11));
  EXPECT_EQ(named().begin, wanted.begin);
  EXPECT_FALSE(named().end);
  // Nor one that stands in the wrong place.
  image[segment_name(11)] = image.at(segment_name(12));
  EXPECT_FALSE(named().end);
}

}  // namespace
}  // namespace zsluice::pipeline
