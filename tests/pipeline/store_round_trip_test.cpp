// SPDX-License-Identifier: BSD-2-Clause
// What `split` stores, and `join` gives back.
#include "pipeline/gate_fixture.hpp"
#include "pipeline/store_run.hpp"
#include "support/for_each.hpp"
#include "support/policy_streams.hpp"

#include <gtest/gtest.h>

namespace zsluice::pipeline {
namespace {

using storage::Compression;
using storage::segment_name;
using test::Bytes;
using test::read_corpus;

constexpr std::string_view kKey = "a key that is long enough for an HMAC";

std::size_t segments_in(const MemoryStore::Image& image) {
  std::size_t count = 0;
  for (const auto& [name, bytes] : image) {
    count += storage::segment_number(name) ? 1U : 0U;
  }
  return count;
}

// A whole stream comes back whole; of one that is cut off, all that is proven.
void expect_round_trip(const Bytes& stream, const SplitOptions& options, std::size_t read_bytes) {
  const GateRun wanted = run_gate(options.gate, stream);
  MemoryStore store;
  const SplitReport report = split_into(store, stream, options, read_bytes);
  JoinOptions join = joining();
  join.key = options.store.key;
  const JoinedStream back = joined(store, join);
  EXPECT_EQ(report.failure.has_value(), wanted.failure.has_value());
  EXPECT_EQ(report.store.is_whole, wanted.whole());
  EXPECT_EQ(report.records, wanted.records);
  EXPECT_EQ(back.report.records, back.report.failure ? back.report.records : wanted.records);
  EXPECT_EQ(report.store.segments, segments_in(store.seen()));
  EXPECT_EQ(back.report.segments, report.store.segments);
  EXPECT_EQ(back.bytes.size(), report.store.raw_bytes);
  EXPECT_TRUE(is_prefix(back.bytes, stream));
  EXPECT_EQ(back.report.failure.has_value(), wanted.failure.has_value());
  const bool is_empty = report.store.segments == 0;
  EXPECT_EQ(back.report.manifest, is_empty ? ManifestState::missing : ManifestState::good);
  if (wanted.whole()) {
    EXPECT_EQ(back.bytes.size(), stream.size());
  }
}

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

TEST(StoreRoundTrip, EveryStreamComesBackByteForByte) {
  std::size_t compared = 0;
  test::for_each_stream([&](const test::CorpusEntry& entry) {
    const Bytes stream = read_corpus(entry.name);
    for (const std::uint64_t segment_bytes : {std::uint64_t{5000}, std::uint64_t{64} << 10}) {
      for (const Compression compression :
           {Compression::off, Compression::automatic, Compression::always}) {
        expect_round_trip(stream, splitting(segment_bytes, compression), kMiB);
        ++compared;
      }
    }
    // The usual segments, and the largest there are.
    for (const std::uint64_t segment_bytes : {16 * kMiB, 1024 * kMiB}) {
      expect_round_trip(stream, splitting(segment_bytes), kMiB);
      ++compared;
    }
    SplitOptions keyed = splitting(64 << 10);
    keyed.store.key = kKey;
    expect_round_trip(stream, keyed, kMiB);
    ++compared;
  });
  EXPECT_EQ(compared, 86U * 9);
}

TEST(StoreRoundTrip, OfEveryLevelOfCompression) {
  for (const char* const name : {"pl_full", "sparse_raw_incr", "tree_plain_R", "empty_raw_full"}) {
    const Bytes stream = read_corpus(name);
    for (const int level : {1, 3, 9, 19}) {
      for (const std::uint64_t segment_bytes : {std::uint64_t{5000}, 16 * kMiB}) {
        SplitOptions options = splitting(segment_bytes, Compression::always);
        options.store.settings.level = level;
        expect_round_trip(stream, options, kMiB);
      }
    }
  }
}

TEST(StoreRoundTrip, SegmentsOfOneRecordAndOfAllRecords) {
  for (const char* const name : {"hier_raw_R_i", "g256_raw_I", "pl_c", "saved_raw_S"}) {
    const Bytes stream = read_corpus(name);
    expect_round_trip(stream, splitting(1), 1 << 20);
    expect_round_trip(stream, splitting(std::uint64_t{16} << 20), 1 << 20);
  }
}

TEST(StoreRoundTrip, TheStoreDoesNotDependOnHowTheBytesCame) {
  const Bytes stream = read_corpus("hier_raw_R_i");
  MemoryStore whole;
  (void)split_into(whole, stream, splitting(8192));
  for (const std::size_t read_bytes : {1U, 313U, 4096U}) {
    MemoryStore chopped;
    (void)split_into(chopped, stream, splitting(8192), read_bytes);
    EXPECT_EQ(chopped.seen(), whole.seen());
  }
}

TEST(StoreRoundTrip, TheStoreDoesNotDependOnHowManyThreadsPackIt) {
  test::for_each_stream([](const test::CorpusEntry& entry) {
    const Bytes stream = read_corpus(entry.name);
    for (const Compression compression : {Compression::automatic, Compression::always}) {
      SplitOptions options = splitting(5000, compression);
      options.store.key = kKey;
      MemoryStore by_one;
      const SplitReport one = split_into(by_one, stream, options);
      options.store.threads = 3;
      MemoryStore by_three;
      const SplitReport three = split_into(by_three, stream, options);
      EXPECT_EQ(one.store.segments, three.store.segments);
      EXPECT_EQ(by_one.seen(), by_three.seen());
    }
  });
}

TEST(StoreRoundTrip, EncryptedDataIsNotCompressedAndPlainDataIs) {
  MemoryStore raw;
  const StoreTotals encrypted =
      split_into(raw, read_corpus("lb_raw_full"), splitting(1 << 20)).store;
  // Its last segment is short, and mostly headers.
  EXPECT_EQ(encrypted.segments, 4U);
  EXPECT_EQ(encrypted.segments_compressed, 1U);
  EXPECT_GT(encrypted.stored_bytes, encrypted.raw_bytes / 100 * 99);
  MemoryStore plain;
  const StoreTotals shrunk = split_into(plain, read_corpus("pl_full"), splitting(1 << 20)).store;
  EXPECT_EQ(shrunk.segments_compressed, shrunk.segments);
  EXPECT_LT(shrunk.stored_bytes, shrunk.raw_bytes / 2);
}

// Damage of every kind: the verdict of `pipe`, and a store that holds what `pipe` would have
// passed, but for the last record's header.
TEST(StoreRoundTrip, OfADamagedStreamWhatIsProvenIsStored) {
  test::for_each_damage([](const test::Damage& damage) {
    const Bytes stream = damage.make().bytes;
    const SplitOptions options = splitting(2048);
    const GateRun wanted = run_gate(options.gate, stream);
    MemoryStore store;
    const SplitReport report = split_into(store, stream, options);
    ASSERT_EQ(report.failure.has_value(), wanted.failure.has_value());
    if (wanted.failure) {
      EXPECT_EQ(report.failure->index(), wanted.failure->index());
    }
    const JoinedStream back = joined(store);
    EXPECT_TRUE(is_prefix(back.bytes, stream));
    // Of a store that holds a BEGIN and nothing else nothing leaves: it cannot be judged.
    EXPECT_EQ(back.bytes.size(), back.report.records > 1 ? report.store.raw_bytes : 0);
    EXPECT_LE(back.bytes.size(), wanted.releasable);
  });
}

TEST(StoreRoundTrip, BytesBehindTheEndAreAFailureAndTheStoreIsWhole) {
  Bytes stream = read_corpus("empty_raw_full");
  const std::size_t bytes = stream.size();
  stream.resize(bytes + 1000);
  MemoryStore store;
  const SplitReport report = split_into(store, stream, splitting(8192), 512);
  ASSERT_TRUE(report.failure);
  EXPECT_TRUE(std::holds_alternative<TrailingBytes>(*report.failure));
  EXPECT_TRUE(report.store.is_whole);
  EXPECT_EQ(report.bytes_in, stream.size());
  stream.resize(bytes);
  EXPECT_EQ(joined(store).bytes, stream);
}

TEST(StoreRoundTrip, WhatAPolicyRefusesIsNotStored) {
  SplitOptions options = splitting(4096);
  options.gate.policy.allow_plaintext = false;
  MemoryStore store;
  const SplitReport plain = split_into(store, read_corpus("pl_full"), options);
  ASSERT_TRUE(plain.failure);
  EXPECT_TRUE(std::holds_alternative<drr::Refusal>(*plain.failure));
  EXPECT_EQ(store.seen(), MemoryStore::Image());

  options.gate.policy.max_bytes = 20000;
  const SplitReport large = split_into(store, read_corpus("g256_raw_full"), options);
  ASSERT_TRUE(large.failure);
  EXPECT_TRUE(std::holds_alternative<drr::Refusal>(*large.failure));
  EXPECT_LE(large.store.raw_bytes, 20000U);
  EXPECT_GT(large.store.raw_bytes, 0U);
}

TEST(StoreRoundTrip, JoinJudgesAsPipeDoes) {
  const Bytes stream = read_corpus("g256_raw_full");
  MemoryStore store;
  (void)split_into(store, stream, splitting(4096));
  JoinOptions options;
  EXPECT_EQ(joined(store, options).bytes, stream);
  options.gate.policy.expect_name = "other/*";
  const JoinedStream refused = joined(store, options);
  EXPECT_TRUE(std::holds_alternative<drr::Refusal>(*refused.report.failure));
  EXPECT_EQ(refused.bytes, Bytes());
  options.gate.policy = {};
  options.gate.policy.max_bytes = 20000;
  const GateRun wanted = run_gate(options.gate, stream);
  const JoinedStream large = joined(store, options);
  EXPECT_TRUE(std::holds_alternative<drr::Refusal>(*large.report.failure));
  EXPECT_LE(large.bytes.size(), 20000U);
  EXPECT_TRUE(is_prefix(large.bytes, stream));
  EXPECT_GE(large.bytes.size(), wanted.releasable);
}

// The header of a package waits for the first substream, wherever the segments' borders are.
TEST(StoreRoundTrip, APlainPackageLeavesNothingBehindAndNothingPasses) {
  const Bytes stream = read_corpus("tree_plain_R");
  SplitOptions options = splitting(1);
  options.gate.policy.allow_plaintext = false;
  MemoryStore store;
  EXPECT_TRUE(split_into(store, stream, options).failure);
  EXPECT_EQ(store.seen(), MemoryStore::Image());
  (void)split_into(store, stream, splitting(1));
  EXPECT_EQ(joined(store, JoinOptions()).bytes, Bytes());
}

TEST(StoreRoundTrip, AKeyIsDemandedAndProven) {
  const Bytes stream = read_corpus("g256_raw_full");
  SplitOptions options = splitting(64 << 10);
  options.store.key = kKey;
  MemoryStore store;
  (void)split_into(store, stream, options);

  EXPECT_EQ(joined(store).code(), StoreFailureCode::key_needed);
  EXPECT_EQ(joined(store).bytes, Bytes());
  JoinOptions join = joining();
  join.no_auth = true;
  EXPECT_EQ(joined(store, join).bytes, stream);
  EXPECT_FALSE(joined(store, join).report.is_authenticated);
  join = joining();
  join.key = kKey;
  EXPECT_EQ(joined(store, join).bytes, stream);
  EXPECT_TRUE(joined(store, join).report.is_authenticated);

  join.key = "another key that is long enough, too";
  const JoinedStream wrong = joined(store, join);
  EXPECT_EQ(wrong.code(), StoreFailureCode::wrong_key);
  EXPECT_EQ(wrong.bytes, Bytes());
  MemoryStore unkeyed;
  (void)split_into(unkeyed, stream, splitting(64 << 10));
  const JoinedStream none = joined(unkeyed, join);
  EXPECT_EQ(none.code(), StoreFailureCode::not_keyed);
  EXPECT_EQ(none.bytes, Bytes());
}

}  // namespace
}  // namespace zsluice::pipeline
