// SPDX-License-Identifier: BSD-2-Clause
// The policy alone; how far a refused stream gets is the gate's (tests/pipeline/gate_policy_test).
#include "zsluice/drr/policy.hpp"

#include "support/corpus.hpp"
#include "support/nvlist_builder.hpp"
#include "support/policy_streams.hpp"
#include "zsluice/drr/begin_payload.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace zsluice::drr {
namespace {

using test::Bytes;

constexpr BeginRecord kRaw{.features = test::kRawFeatures, .toguid = 7, .toname = "pool/fs@s1"};
constexpr BeginRecord kPlain{.features = feature::kSaSpill, .toguid = 7, .toname = "pool/fs@s1"};

BeginRecord named(std::string_view toname, std::uint64_t toguid = 7) {
  BeginRecord begin = kRaw;
  begin.toname = toname;
  begin.toguid = toguid;
  return begin;
}

std::optional<RefusalCode> code_of(const Policy::Verdict& verdict) {
  return verdict ? std::optional(verdict->code) : std::nullopt;
}

std::optional<RefusalCode> judge(const PolicyOptions& options,
                                 const BeginRecord& begin,
                                 const Bytes& nvlist = test::crypt_payload()) {
  return code_of(Policy(options).judge_substream(begin, nvlist));
}

TEST(Policy, RawAndEncryptedPasses) {
  EXPECT_EQ(judge({}, kRaw), std::nullopt);
}

TEST(Policy, PlainDoesNotPassWhateverItCarries) {
  EXPECT_EQ(judge({}, kPlain), RefusalCode::not_raw);
  EXPECT_EQ(judge({}, kPlain, {}), RefusalCode::not_raw);
  EXPECT_EQ(judge({.allow_plaintext = true}, kPlain, {}), std::nullopt);
}

TEST(Policy, EverySuiteOfEncryptionPassesAndNoOther) {
  for (std::uint64_t suite = 0; suite < 12; ++suite) {
    test::NvlistBuilder keydata;
    keydata.u64("DSL_CRYPTO_SUITE", suite);
    keydata.u8_ramp("DSL_CRYPTO_MASTER_KEY_1", 32).u8_ramp("DSL_CRYPTO_MAC", 16);
    const Bytes list =
        test::NvlistBuilder().list("crypt_keydata", keydata).pack(test::kPackedAsSent);
    const bool is_encryption = suite >= kSuiteFirst && suite <= kSuiteLast;
    EXPECT_EQ(judge({}, kRaw, list),
              is_encryption ? std::nullopt : std::optional(RefusalCode::raw_not_encrypted))
        << suite;
  }
}

TEST(Policy, TheListIsReadInEveryEncoding) {
  for (const auto encoding : {nvlist::Encoding::native, nvlist::Encoding::xdr}) {
    for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
      EXPECT_EQ(judge({}, kRaw, test::crypt_list().pack({encoding, order})), std::nullopt);
    }
  }
}

TEST(Policy, RealRawStreamsPassAndRealPlainOnesDoNot) {
  for (const test::CorpusEntry& entry : test::corpus_entries()) {
    if (entry.is("kind", "package")) continue;
    SCOPED_TRACE(entry.name);
    const test::StreamImage stream(test::read_corpus(entry.name));
    const Bytes& begin = stream.piece(0).bytes;
    const BeginRecord record = decode_begin(RecordView(begin.data(), stream.order(0)));
    const ByteSpan payload = ByteSpan(begin).subspan(kRecordBytes);
    const auto verdict = Policy({}).judge_substream(record, payload);
    EXPECT_EQ(!verdict, entry.is("raw", "yes"));
  }
}

TEST(Policy, ANameIsComparedAsAGlob) {
  struct {
    const char* glob;
    const char* name;
    bool passes;
  } const table[] = {{"pool/fs@s1", "pool/fs@s1", true},
                     {"pool/*", "pool/a/b@s", true},
                     {"*@daily-*", "pool/fs@daily-1", true},
                     {"*@daily-*", "pool/fs@hourly", false},
                     {"pool/fs", "pool/fs@s1", false},
                     {"pool/f[a-z]@s?", "pool/fs@s1", true},
                     {"pool/fs@s1", "pool/fs@s12", false},
                     {"*", "", true},
                     {"", "pool/fs@s1", false},
                     {"\\*", "pool", false},
                     {"POOL/*", "pool/fs@s1", false},
                     {".*", "pool/fs@s1", false}};
  for (const auto& row : table) {
    SCOPED_TRACE(std::string(row.glob) + " " + row.name);
    EXPECT_EQ(judge({.expect_name = row.glob}, named(row.name)),
              row.passes ? std::nullopt : std::optional(RefusalCode::unexpected_name));
  }
}

TEST(Policy, OneDatasetMayHaveManySnapshots) {
  Policy policy({.single_dataset = true});
  const Bytes key = test::crypt_payload();
  EXPECT_FALSE(policy.judge_substream(named("pool/fs@a"), key));
  EXPECT_FALSE(policy.judge_substream(named("pool/fs@b"), key));
  const auto verdict = policy.judge_substream(named("pool/fs2@b"), key);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->code, RefusalCode::several_datasets);
  EXPECT_EQ(verdict->name, "pool/fs2@b");
  policy.start_stream();
  EXPECT_FALSE(policy.judge_substream(named("pool/fs2@b"), key));
}

TEST(Policy, OnlyTheFirstSubstreamsOriginCounts) {
  Policy policy({.expect_fromguid = 3});
  BeginRecord first = kRaw;
  first.fromguid = 3;
  EXPECT_FALSE(policy.judge_substream(first, test::crypt_payload()));
  EXPECT_FALSE(policy.judge_substream(kRaw, test::crypt_payload()));
  policy.start_stream();
  EXPECT_EQ(code_of(policy.judge_substream(kRaw, test::crypt_payload())),
            RefusalCode::unexpected_fromguid);
}

TEST(Policy, APackageWithAListIsJudgedByIt) {
  const BeginRecord begin{.toname = "pool/fs@snap"};
  const Bytes list = test::package_list({.datasets = {{"pool/fs", 1}, {"pool/fs/a", 2}}});
  EXPECT_FALSE(Policy({}).judge_package(begin, list));
  EXPECT_FALSE(Policy({.expect_toguid = 2}).judge_package(begin, list));
  EXPECT_EQ(code_of(Policy({.expect_toguid = 3}).judge_package(begin, list)),
            RefusalCode::unexpected_toguid);
  const auto verdict = Policy({.single_dataset = true}).judge_package(begin, list);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->found, 2U);
}

// A list names snapshots that are not sent, too.
TEST(Policy, AListThatNamesTheSnapshotIsNoProofThatItComes) {
  const Bytes list = test::package_list({.datasets = {{"pool/fs", 1}}});
  Policy policy({.expect_toguid = 1});
  EXPECT_FALSE(policy.judge_package({.toname = "pool/fs@snap"}, list));
  EXPECT_FALSE(policy.judge_substream(named("pool/fs@snap", 99), test::crypt_payload()));
  EXPECT_EQ(code_of(policy.judge_package_end()), RefusalCode::unexpected_toguid);
  EXPECT_FALSE(policy.judge_substream(named("pool/fs@snap2", 1), test::crypt_payload()));
  EXPECT_FALSE(policy.judge_package_end());
}

TEST(Policy, WithoutAListASubstreamMustBringTheSnapshot) {
  Policy policy({.expect_toguid = 2});
  EXPECT_FALSE(policy.judge_package({.toname = "pool/fs@snap"}, {}));
  EXPECT_FALSE(policy.judge_substream(named("pool/fs@a", 1), test::crypt_payload()));
  EXPECT_EQ(code_of(policy.judge_package_end()), RefusalCode::unexpected_toguid);
  EXPECT_FALSE(policy.judge_substream(named("pool/fs@b", 2), test::crypt_payload()));
  EXPECT_FALSE(policy.judge_package_end());
}

TEST(Policy, APackageOfNothingMeetsNoExpectation) {
  for (const PolicyOptions& options :
       {PolicyOptions{.expect_toguid = 2}, PolicyOptions{.expect_fromguid = 0}}) {
    Policy policy(options);
    EXPECT_FALSE(policy.judge_package({.toname = "pool/fs@snap"}, {}));
    EXPECT_TRUE(policy.judge_package_end());
  }
}

TEST(Policy, SnapshotPropertiesAndHoldsCountAsProperties) {
  const BeginRecord begin{.toname = "pool/fs@snap"};
  test::NvlistBuilder entry;
  entry.string("name", "pool/fs");
  entry.list("snapprops",
             test::NvlistBuilder().list("snap", test::NvlistBuilder().string("org:note", "x")));
  const Bytes list = test::NvlistBuilder()
                         .boolean("raw")
                         .list("fss", test::NvlistBuilder().list("0x1", entry))
                         .pack(test::kPackedXdr);
  const auto verdict = Policy({.no_properties = true}).judge_package(begin, list);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->code, RefusalCode::carries_properties);
  EXPECT_EQ(verdict->name, "org:note");
}

TEST(Policy, ASizeMayBeReachedNotPassed) {
  const Policy policy({.max_bytes = 1000});
  EXPECT_FALSE(policy.judge_size(1000));
  const auto verdict = policy.judge_size(1001);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->code, RefusalCode::too_large);
  EXPECT_EQ(verdict->expected, 1000U);
  EXPECT_FALSE(Policy({}).judge_size(~std::uint64_t{0}));
}

}  // namespace
}  // namespace zsluice::drr
