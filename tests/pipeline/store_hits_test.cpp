// SPDX-License-Identifier: BSD-2-Clause
// Which snapshots a damage hits: as many are told without a manifest as with it.
#include "pipeline/store_run.hpp"
#include "pipeline/store_verify_run.hpp"
#include "zsluice/store/segment_name.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace zsluice::pipeline {
namespace {

using storage::segment_name;
using Image = MemoryStore::Image;

const std::string kManifest(storage::kManifestName);
constexpr std::uint64_t kRunMax = 6;

// A package of nine snapshots.
const Image& package() {
  static const Image image = [] {
    MemoryStore store;
    (void)split_into(store, test::read_corpus("hier_raw_R"), splitting(16 << 10));
    return store.seen();
  }();
  return image;
}

std::uint64_t segments_in(const Image& image) {
  std::uint64_t count = 0;
  while (image.count(segment_name(count)) > 0)
    ++count;
  return count;
}

struct Hits {
  std::uint64_t count = 0;
  std::set<std::uint64_t> guids;  // of those that are told one by one
};

Hits hits_in(const Image& image) {
  Hits hits;
  for (const StoreFinding& finding : verified(image).findings) {
    hits.count += finding.snapshots.size() + finding.snapshots_more;
    for (const storage::Substream& snapshot : finding.snapshots) {
      hits.guids.insert(snapshot.toguid);
    }
  }
  return hits;
}

// The manifest names each one; none is told twice.
void expect_named(const Image& image) {
  for (const StoreFinding& finding : verified(image).findings) {
    std::set<std::uint64_t> guids;
    for (const storage::Substream& snapshot : finding.snapshots) {
      EXPECT_TRUE(guids.insert(snapshot.toguid).second) << finding.failure.sequence;
      EXPECT_FALSE(snapshot.toname.empty()) << finding.failure.sequence;
    }
    EXPECT_EQ(finding.snapshots_more, 0U);
  }
}

void expect_same_hits(Image image) {
  expect_named(image);
  const Hits with = hits_in(image);
  image.erase(kManifest);
  const Hits without = hits_in(image);
  EXPECT_EQ(without.count, with.count);
  for (const std::uint64_t guid : without.guids) {
    EXPECT_TRUE(with.guids.count(guid) > 0) << guid;
  }
}

TEST(StoreHits, OfMissingSegmentsAreCountedWithoutAManifest) {
  const std::uint64_t segments = segments_in(package());
  ASSERT_GT(segments, 20U);
  // Behind the first, so that it is known what came before; the last ones are a cut-off tail.
  for (std::uint64_t first = 1; first + 1 < segments; ++first) {
    Image image = package();
    for (std::uint64_t last = first; last + 1 < segments && last < first + kRunMax; ++last) {
      SCOPED_TRACE(std::to_string(first) + " to " + std::to_string(last));
      image.erase(segment_name(last));
      expect_same_hits(image);
    }
  }
}

TEST(StoreHits, OfADamagedPayloadAreCountedWithoutAManifest) {
  for (std::uint64_t sequence = 0; sequence < segments_in(package()); ++sequence) {
    SCOPED_TRACE(sequence);
    Image image = package();
    image[segment_name(sequence)].back() ^= std::byte{1};
    expect_same_hits(image);
  }
}

// Where the first of two tells nothing, what begins there is told with the second.
TEST(StoreHits, OfTwoThatTellNothingAreToldOnce) {
  const std::uint64_t segments = segments_in(package());
  for (std::uint64_t sequence = 1; sequence + 2 < segments; ++sequence) {
    SCOPED_TRACE(sequence);
    Image image = package();
    image[segment_name(sequence)][100] ^= std::byte{1};
    image[segment_name(sequence + 1)][100] ^= std::byte{1};
    expect_named(image);
    image.erase(segment_name(sequence));
    expect_named(image);
    image = package();
    image[segment_name(sequence)][100] ^= std::byte{1};
    image.erase(segment_name(sequence + 1));
    expect_named(image);
  }
}

}  // namespace
}  // namespace zsluice::pipeline
