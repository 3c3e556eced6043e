// SPDX-License-Identifier: BSD-2-Clause
// What passes by policy, and how far: simple streams, packages with and without a list of datasets.
#include "gate_fixture.hpp"
#include "support/policy_streams.hpp"

#include <functional>
#include <string>

namespace zsluice::pipeline {
namespace {

using drr::RefusalCode;
using test::Bytes;
using test::kToGuid;
using test::StreamImage;

// --- raw or not ---

TEST(GatePolicy, APlainStreamIsRefusedBeforeItsFirstByte) {
  const GateRun run = run_gate({}, test::simple_stream({.raw = false}).bytes());
  EXPECT_EQ(run.refusal(), RefusalCode::not_raw);
  EXPECT_EQ(run.failed_with<drr::Refusal>()->name, "pool/fs@snap");
  EXPECT_EQ(run.releasable, 0U);
}

TEST(GatePolicy, ItPassesWithAllowPlaintext) {
  const Bytes bytes = test::simple_stream({.raw = false}).bytes();
  const GateRun run = run_gate(allowing_plaintext(), bytes);
  EXPECT_TRUE(run.whole());
  EXPECT_EQ(run.releasable, bytes.size());
}

TEST(GatePolicy, APackageWhoseHeaderIsNotRawIsRefusedBeforeItsFirstByte) {
  const GateRun run =
      run_gate({}, test::package_stream(test::package_list({.raw = false})).bytes());
  EXPECT_EQ(run.refusal(), RefusalCode::package_not_raw);
  EXPECT_EQ(run.releasable, 0U);
}

TEST(GatePolicy, APackageWhoseFirstSubstreamIsPlainIsRefusedBeforeItsFirstByte) {
  for (const Bytes& list : {test::package_list({}), Bytes{}}) {
    const GateRun run = run_gate({}, test::package_stream(list, {{.raw = false}}).bytes());
    EXPECT_EQ(run.refusal(), RefusalCode::not_raw);
    EXPECT_EQ(run.releasable, 0U);
  }
}

TEST(GatePolicy, APackageThatTurnsPlainIsClosedAtThatSubstreamsBoundary) {
  for (const Bytes& list : {test::package_list({}), Bytes{}}) {
    const StreamImage stream = test::package_stream(
        list, {{}, {.toname = "pool/fs/open@snap", .toguid = 2, .raw = false}});
    const GateRun run = run_gate({}, stream.bytes(), test::in_pieces_of(100));
    EXPECT_EQ(run.refusal(), RefusalCode::not_raw);
    EXPECT_EQ(run.failed_with<drr::Refusal>()->name, "pool/fs/open@snap");
    EXPECT_EQ(run.releasable, stream.offset(stream.find(drr::RecordType::begin, 2)));
  }
}

StreamImage stream_with_payload(Bytes payload, std::uint64_t features = test::kRawFeatures) {
  return test::StreamBuilder()
      .begin({.features = features, .payload = std::move(payload)})
      .frees(2)
      .end()
      .build();
}

TEST(GatePolicy, TheRawFeatureAloneIsAClaim) {
  const GateRun run = run_gate({}, stream_with_payload({}).bytes());
  EXPECT_EQ(run.refusal(), RefusalCode::raw_not_encrypted);
  EXPECT_EQ(run.releasable, 0U);
}

TEST(GatePolicy, ARawStreamWhoseListHasNoKeyIsRefused) {
  const auto keydata = [](const std::function<void(test::NvlistBuilder&)>& fill) {
    test::NvlistBuilder list;
    fill(list);
    return test::NvlistBuilder().list("crypt_keydata", list).pack(test::kPackedAsSent);
  };
  const Bytes lists[] = {test::NvlistBuilder().u64("resume_object", 1).pack(test::kPackedAsSent),
                         keydata([](auto&) {}),
                         keydata([](auto& list) { list.u64("DSL_CRYPTO_SUITE", 8); }),
                         keydata([](auto& list) {  // suite 2 is "off"
                           list.u64("DSL_CRYPTO_SUITE", 2).u8_ramp("DSL_CRYPTO_MASTER_KEY_1", 32);
                           list.u8_ramp("DSL_CRYPTO_MAC", 16);
                         }),
                         keydata([](auto& list) {  // a master key of the wrong length
                           list.u64("DSL_CRYPTO_SUITE", 8).u8_ramp("DSL_CRYPTO_MASTER_KEY_1", 31);
                           list.u8_ramp("DSL_CRYPTO_MAC", 16);
                         })};
  for (const Bytes& list : lists) {
    const GateRun run = run_gate({}, stream_with_payload(list).bytes());
    EXPECT_EQ(run.refusal(), RefusalCode::raw_not_encrypted) << list.size();
    EXPECT_EQ(run.releasable, 0U);
  }
}

TEST(GatePolicy, AListThatCannotBeReadProvesNothing) {
  Bytes list = test::crypt_payload();
  list.resize(list.size() / 2 / 8 * 8);
  const GateRun run = run_gate({}, stream_with_payload(list).bytes());
  EXPECT_EQ(run.refusal(), RefusalCode::unreadable_payload);
  EXPECT_EQ(run.releasable, 0U);
  EXPECT_TRUE(run_gate(allowing_plaintext(), stream_with_payload(list).bytes()).whole());
}

TEST(GatePolicy, APackageListThatCannotBeReadIsRefusedWhereItWouldHaveToBeRead) {
  const Bytes bytes = test::package_stream(test::pattern(64)).bytes();
  EXPECT_EQ(run_gate({}, bytes).refusal(), RefusalCode::unreadable_payload);
  EXPECT_TRUE(run_gate(allowing_plaintext(), bytes).whole());
  GateOptions options = allowing_plaintext();
  options.policy.no_properties = true;
  EXPECT_EQ(run_gate(options, bytes).refusal(), RefusalCode::unreadable_payload);
}

// --- expectations ---

using Setting = std::function<void(drr::PolicyOptions&)>;

struct Expectation {
  const char* name;
  Setting set;
  StreamImage stream;
  std::optional<RefusalCode> refused;  // nullopt: passes whole
  // Where the stream is closed: nothing of it passes, or all but the closing END of a package.
  bool all_but_the_end = false;
};

Setting toguid(std::uint64_t guid) {
  return [guid](auto& policy) { policy.expect_toguid = guid; };
}
Setting fromguid(std::uint64_t guid) {
  return [guid](auto& policy) { policy.expect_fromguid = guid; };
}
Setting name(const char* glob) {
  return [glob](auto& policy) { policy.expect_name = glob; };
}
Setting max_size(std::uint64_t bytes) {
  return [bytes](auto& policy) { policy.max_bytes = bytes; };
}
void single_dataset(drr::PolicyOptions& policy) {
  policy.single_dataset = true;
}
void no_properties(drr::PolicyOptions& policy) {
  policy.no_properties = true;
}

// Two snapshots of one dataset, as `-I` sends them: the later one is what the stream brings.
StreamImage two_snapshots(const Bytes& list) {
  return test::package_stream(list, {{.toname = "pool/fs@s1", .toguid = 1, .fromguid = 77},
                                     {.toname = "pool/fs@s2", .toguid = 2, .fromguid = 1}});
}
StreamImage two_datasets(const Bytes& list) {
  return test::package_stream(list,
                              {{}, {.toname = "pool/fs/child@snap", .toguid = 2, .fromguid = 0}});
}
Bytes list_of_two() {
  return test::package_list({.datasets = {{"pool/fs", kToGuid}, {"pool/fs/child", 2}}});
}

std::vector<Expectation> expectations() {
  const StreamImage simple = test::simple_stream({.fromguid = 77});
  const StreamImage listed = test::package_stream(test::package_list({}), {{.fromguid = 77}});
  const StreamImage bare = two_snapshots({});
  return {
      {"toguid_simple", toguid(kToGuid), simple, {}},
      {"toguid_simple_other", toguid(5), simple, RefusalCode::unexpected_toguid},
      {"toguid_listed", toguid(kToGuid), listed, {}},
      {"toguid_listed_other", toguid(5), listed, RefusalCode::unexpected_toguid},
      {"toguid_bare", toguid(2), bare, {}},
      {"toguid_bare_not_the_last", toguid(1), bare, {}},
      {"toguid_bare_other", toguid(9), bare, RefusalCode::unexpected_toguid, true},
      {"toguid_listed_but_not_sent", toguid(2), test::package_stream(list_of_two()),
       RefusalCode::unexpected_toguid, true},
      {"toguid_of_an_empty_package", toguid(kToGuid),
       test::package_stream(test::package_list({}), {}), RefusalCode::unexpected_toguid},
      {"fromguid_of_an_empty_package", fromguid(77),
       test::package_stream(test::package_list({}), {}), RefusalCode::unexpected_fromguid},
      {"fromguid_simple", fromguid(77), simple, {}},
      {"fromguid_simple_other", fromguid(78), simple, RefusalCode::unexpected_fromguid},
      {"fromguid_full", fromguid(0), test::simple_stream(), {}},
      {"fromguid_full_but_incremental", fromguid(0), simple, RefusalCode::unexpected_fromguid},
      {"fromguid_listed", fromguid(77), listed, {}},
      {"fromguid_listed_other", fromguid(78), listed, RefusalCode::unexpected_fromguid},
      {"fromguid_bare", fromguid(77), bare, {}},
      {"fromguid_bare_of_the_second", fromguid(1), bare, RefusalCode::unexpected_fromguid},
      {"name_simple", name("pool/*@snap"), simple, {}},
      {"name_simple_exact", name("pool/fs@snap"), simple, {}},
      {"name_simple_other", name("tank/*"), simple, RefusalCode::unexpected_name},
      {"name_simple_prefix_only", name("pool/fs"), simple, RefusalCode::unexpected_name},
      {"name_star_matches_slashes", name("pool*"), two_datasets(list_of_two()), {}},
      {"name_of_the_package", name("tank/*"), listed, RefusalCode::unexpected_name},
      {"name_bare", name("pool/fs@s[12n]*"), bare, {}},
      {"name_bare_other", name("tank/*"), bare, RefusalCode::unexpected_name},
      {"max_size_exact", max_size(simple.size()), simple, {}},
      {"single_simple", single_dataset, simple, {}},
      {"single_listed", single_dataset, listed, {}},
      {"single_listed_two", single_dataset, two_datasets(list_of_two()),
       RefusalCode::several_datasets},
      {"single_bare_two_snapshots", single_dataset, bare, {}},
      {"properties_none", no_properties, listed, {}},
      {"properties_none_in_a_simple_stream", no_properties, simple, {}},
      {"properties_none_bare", no_properties, bare, {}},
      {"properties_some", no_properties,
       test::package_stream(test::package_list({.properties = true})),
       RefusalCode::carries_properties},
      {"holds_some", no_properties, test::package_stream(test::package_list({.holds = true})),
       RefusalCode::carries_properties},
  };
}

TEST(GateExpectations, AreKept) {
  for (const Expectation& expected : expectations()) {
    SCOPED_TRACE(expected.name);
    GateOptions options;
    expected.set(options.policy);
    const Bytes bytes = expected.stream.bytes();
    const GateRun run = run_gate(options, bytes, test::in_pieces_of(333));
    EXPECT_EQ(run.refusal(), expected.refused);
    EXPECT_EQ(run.whole(), !expected.refused.has_value());
    const std::uint64_t all_but_the_end = bytes.size() - drr::kRecordBytes;
    const std::uint64_t closed_at = expected.all_but_the_end ? all_but_the_end : 0;
    EXPECT_EQ(run.releasable, expected.refused ? closed_at : bytes.size());
  }
}

TEST(GatePolicy, ASecondDatasetOfABarePackageIsRefusedAtItsBoundary) {
  GateOptions options;
  options.policy.single_dataset = true;
  const StreamImage stream = two_datasets({});
  const GateRun run = run_gate(options, stream.bytes());
  EXPECT_EQ(run.refusal(), RefusalCode::several_datasets);
  EXPECT_EQ(run.failed_with<drr::Refusal>()->name, "pool/fs/child@snap");
  EXPECT_EQ(run.releasable, stream.offset(stream.find(drr::RecordType::begin, 2)));
}

TEST(GatePolicy, AStreamThatIsTooLongNeverPassesThatSize) {
  const StreamImage stream = test::simple_stream();
  for (std::uint64_t limit = 0; limit < stream.size(); limit += 13) {
    GateOptions options;
    options.policy.max_bytes = limit;
    const GateRun run = run_gate(options, stream.bytes());
    ASSERT_EQ(run.refusal(), RefusalCode::too_large) << limit;
    ASSERT_LE(run.releasable, limit);
  }
}

TEST(GatePolicy, EachConcatenatedStreamHasItsOwnSize) {
  const Bytes one = test::simple_stream().bytes();
  const Bytes two = test::joined({one, test::simple_stream({.toguid = 2}).bytes()});
  GateOptions options{.concatenated = true};
  options.policy.max_bytes = one.size();
  EXPECT_TRUE(run_gate(options, two).whole());
  options.policy.max_bytes = one.size() - 1;
  EXPECT_EQ(run_gate(options, two).refusal(), RefusalCode::too_large);
}

TEST(GatePolicy, EachConcatenatedStreamIsJudgedAfresh) {
  GateOptions options{.concatenated = true};
  options.policy.single_dataset = true;
  const Bytes two =
      test::joined({test::package_stream(test::package_list({})).bytes(),
                    test::simple_stream({.toname = "pool/other@snap", .toguid = 2}).bytes()});
  EXPECT_TRUE(run_gate(options, two).whole());
  options.policy.expect_toguid = kToGuid;
  const GateRun run = run_gate(options, two);
  EXPECT_EQ(run.refusal(), RefusalCode::unexpected_toguid);
}

}  // namespace
}  // namespace zsluice::pipeline
