// SPDX-License-Identifier: BSD-2-Clause
// A key that does not fit the store, or none for one that has: every command refuses alike.
#include "pipeline/judge_key.hpp"

#include "pipeline/store_opening.hpp"
#include "pipeline/store_resume.hpp"
#include "pipeline/store_run.hpp"
#include "pipeline/store_stopped.hpp"
#include "pipeline/store_verify_run.hpp"
#include "zsluice/store/segment_name.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace zsluice::pipeline {
namespace {

using storage::segment_name;
using storage::SegmentErrorCode;
using test::Bytes;
using Code = StoreFailureCode;
using Image = MemoryStore::Image;

const std::string kManifest(storage::kManifestName);
const std::string kKey = "a key that is long enough for an HMAC";
const std::string kOtherKey = kKey + "x";
constexpr std::uint64_t kSegmentBytes = 16 << 10;

// Without its end, so that it can be continued.
Image stored(const std::string& key) {
  const Bytes whole = test::read_corpus("c128_raw_full");
  SplitOptions options = splitting(kSegmentBytes, storage::Compression::off);
  options.store.key = key;
  MemoryStore store;
  (void)split_into(store, ByteSpan(whole).first(whole.size() - 400), options);
  return store.seen();
}

std::uint64_t segments_in(const Image& image) {
  std::uint64_t count = 0;
  while (image.count(segment_name(count)) > 0)
    ++count;
  return count;
}

std::optional<StoreFailure> failure_in(const std::optional<Failure>& failure) {
  if (!failure || !std::holds_alternative<StoreFailure>(*failure)) return std::nullopt;
  return std::get<StoreFailure>(*failure);
}

std::optional<StoreFailure> failure_of_resume(io::StoreFiles& files, const std::string& key) {
  StoreResumeOptions options;
  options.key = key;
  const Scratch output;
  io::BlockingWriter writer(output.fd());
  const ResumeReport report = run_store_resume(options, files, writer);
  EXPECT_EQ(output.content(), Bytes());
  return failure_in(report.failure);
}

void expect_all_refuse(const Image& image, const std::string& key, Code code) {
  MemoryStore store(image);
  StoreVerifyOptions verify;
  verify.key = key;
  const VerifiedStore seen = verified(store, verify);
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(seen.report.failure->code, code);
  EXPECT_TRUE(seen.report.is_cut_short);
  JoinOptions join = joining();
  join.key = key;
  EXPECT_EQ(joined(store, join).code(), code);
  EXPECT_EQ(joined(store, join).bytes, Bytes());
  const auto opened = open_store(store, key);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, code);
  StoreStoppedOptions stop;
  stop.key = key;
  const auto stopped = failure_in(run_store_stopped(stop, store).failure);
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->code, code);
  const auto resumed = failure_of_resume(store, key);
  ASSERT_TRUE(resumed);
  EXPECT_EQ(resumed->code, code);
}

TEST(JudgeKey, EveryCommandRefusesAlike) {
  for (const bool has_manifest : {true, false}) {
    SCOPED_TRACE(has_manifest);
    Image keyed = stored(kKey);
    Image plain = stored("");
    if (!has_manifest) {
      keyed.erase(kManifest);
      plain.erase(kManifest);
    }
    expect_all_refuse(keyed, "", Code::key_needed);
    expect_all_refuse(keyed, kOtherKey, Code::wrong_key);
    expect_all_refuse(plain, kKey, Code::not_keyed);
  }
}

TEST(JudgeKey, AStoreWithoutItsFirstSegmentAndManifestStillAsksForItsKeyOnce) {
  Image image = stored(kKey);
  image.erase(kManifest);
  image.erase(segment_name(0));
  const VerifiedStore seen = verified(image);
  ASSERT_EQ(seen.findings.size(), 1U);
  EXPECT_EQ(seen.findings[0].failure.code, Code::key_needed);
}

// All else that the key proves says that it is the store's.
TEST(JudgeKey, SegmentsThatLostTheirProofAreDamageWhereAnotherHasIt) {
  const std::uint64_t stripped = 3;
  Image image = stored(kKey);
  ASSERT_GT(segments_in(image), stripped + 1);
  const Image plain = stored("");
  for (std::uint64_t sequence = 0; sequence < stripped; ++sequence) {
    image[segment_name(sequence)] = plain.at(segment_name(sequence));
  }
  image.erase(kManifest);
  StoreVerifyOptions options;
  options.key = kKey;
  const VerifiedStore seen = verified(image, options);
  // And that the stream was not stored to its end.
  ASSERT_EQ(seen.findings.size(), stripped + 1);
  for (std::uint64_t sequence = 0; sequence < stripped; ++sequence) {
    EXPECT_EQ(seen.findings[sequence].failure.code, Code::bad_segment);
    EXPECT_EQ(seen.findings[sequence].failure.sequence, sequence);
    EXPECT_EQ(seen.findings[sequence].failure.segment.code, SegmentErrorCode::not_authenticated);
  }
  JoinOptions join = joining();
  join.key = kKey;
  EXPECT_EQ(joined(image, join).code(), Code::bad_segment);
  EXPECT_EQ(joined(image, join).bytes, Bytes());
}

TEST(JudgeKey, KeyedCopiesInAPlainStoreAreNoReasonToAskForAKey) {
  Image image = stored("");
  const Image keyed = stored(kKey);
  for (std::uint64_t sequence = 0; sequence < 3; ++sequence) {
    image[segment_name(sequence)] = keyed.at(segment_name(sequence));
  }
  image[segment_name(4)].back() ^= std::byte{1};
  for (const bool has_manifest : {true, false}) {
    if (!has_manifest) image.erase(kManifest);
    const VerifiedStore seen = verified(image);
    EXPECT_FALSE(seen.report.is_cut_short);
    EXPECT_EQ(seen.report.failure->code, Code::bad_segment);
    EXPECT_EQ(seen.report.failure->sequence, 4U);
  }
}

TEST(JudgeKey, ASegmentOfAnotherKeyIsDamageToEveryCommand) {
  Image image = stored(kKey);
  const std::uint64_t last = segments_in(image) - 1;
  const Image other = stored(kOtherKey);
  image[segment_name(last)] = other.at(segment_name(last));
  MemoryStore store(image);
  const auto expect_bad = [last](const std::optional<StoreFailure>& failure) {
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code, Code::bad_segment);
    EXPECT_EQ(failure->sequence, last);
  };
  StoreVerifyOptions verify;
  verify.key = kKey;
  expect_bad(verified(store, verify).report.failure);
  JoinOptions join = joining();
  join.key = kKey;
  expect_bad(failure_in(joined(store, join).report.failure));
  expect_bad(open_store(store, kKey).error());
  StoreStoppedOptions stop;
  stop.key = kKey;
  expect_bad(failure_in(run_store_stopped(stop, store).failure));
}

}  // namespace
}  // namespace zsluice::pipeline
