// SPDX-License-Identifier: BSD-2-Clause
// What a store that is to be continued is taken for.
#include "pipeline/store_opening.hpp"

#include "pipeline/manifest_edit.hpp"
#include "pipeline/store_run.hpp"
#include "pipeline/store_verify_run.hpp"
#include "store/store_fixture.hpp"
#include "zsluice/store/segment_name.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string>

namespace zsluice::pipeline {
namespace {

using storage::Compression;
using storage::segment_name;
using test::Bytes;
using Code = StoreFailureCode;
using Image = MemoryStore::Image;

const std::string kManifest(storage::kManifestName);

// Without its end, so that it can be continued.
Image stored(Compression compression) {
  const Bytes whole = test::read_corpus("c128_raw_full");
  MemoryStore store;
  (void)split_into(store, ByteSpan(whole).first(whole.size() - 400),
                   splitting(16 << 10, compression));
  return store.seen();
}

TEST(StoreOpening, ACopyOfSegmentZeroThatIsStoredOtherwiseLeavesTheSettings) {
  Image image = stored(Compression::off);
  MemoryStore before(image);
  const storage::StoreSettings wanted = open_store(before, "")->first.settings;
  image[segment_name(0)] = stored(Compression::always).at(segment_name(0));
  MemoryStore store(image);
  const auto opened = open_store(store, "");
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->first.settings, wanted);
  EXPECT_EQ(opened->manifest.state, ManifestState::good);
  // Nothing else tells.
  image.erase(kManifest);
  MemoryStore bare(image);
  EXPECT_EQ(open_store(bare, "")->first.settings.compression, Compression::always);
}

TEST(StoreOpening, AManifestOfALaterVersionIsNotMadeAgain) {
  Image image = stored(Compression::off);
  const std::string line =
      storage::hashed_line(R"({"type":"store","version":2,"more":true)") + '\n';
  image[kManifest] = Bytes(bytes_of(line).begin(), bytes_of(line).end());
  MemoryStore store(image);
  ASSERT_FALSE(open_store(store, ""));
  EXPECT_EQ(open_store(store, "").error().code, Code::later_manifest);
  EXPECT_EQ(verified(store).findings.at(0).failure.code, Code::later_manifest);
}

TEST(StoreOpening, AManifestThatCannotBeReadIsNotMadeAgain) {
  for (const int error : {EACCES, EISDIR, EIO}) {
    MemoryStore store(stored(Compression::off));
    store.deny(kManifest, error);
    const auto opened = open_store(store, "");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::unreadable);
    EXPECT_EQ(opened.error().name, kManifest);
    EXPECT_EQ(opened.error().system.error, error);
  }
}

TEST(StoreOpening, AManifestOfAnotherStoreIsNotMadeAgain) {
  MemoryStore other;
  (void)split_into(other, test::read_corpus("c256_raw_full"), splitting(16 << 10));
  Image image = stored(Compression::off);
  image[kManifest] = other.seen().at(kManifest);
  MemoryStore store(image);
  const auto opened = open_store(store, "");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::other_manifest);
  EXPECT_EQ(opened.error().name, kManifest);
}

// Of the same content, so that only how it is stored may differ.
TEST(StoreOpening, ALineThatContradictsItsSegmentIsNotThatOfAnotherCopy) {
  const Image whole = stored(Compression::off);
  MemoryStore right(whole);
  const std::uint64_t last = open_store(right, "")->last.sequence;
  const auto state_with = [&](const std::function<void(storage::SegmentLine&)>& change) {
    Image image = whole;
    change_line(image, last, change);
    MemoryStore store(image);
    const auto findings = verified(store).findings;
    const bool is_wrong_line = std::any_of(
        findings.begin(), findings.end(),
        [](const StoreFinding& finding) { return finding.failure.code == Code::wrong_line; });
    const ManifestState state = open_store(store, "")->manifest.state;
    EXPECT_EQ(is_wrong_line, state == ManifestState::damaged);
    return state;
  };
  EXPECT_EQ(state_with([](auto& line) { line.is_last = true; }), ManifestState::damaged);
  EXPECT_EQ(state_with([](auto& line) { line.raw_bytes += 312; }), ManifestState::damaged);
  EXPECT_EQ(state_with([](auto& line) {
              line.stored_bytes -= 1;
              line.payload_hash.low ^= 1;
              line.header_hash.low ^= 1;
            }),
            ManifestState::good);
}

}  // namespace
}  // namespace zsluice::pipeline
