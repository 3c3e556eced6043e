// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/checksum/xxh3.hpp"

#include "checksum/reference.hpp"

#include <gtest/gtest.h>

namespace zsluice::checksum {

static void PrintTo(const Xxh3Digest& digest, std::ostream* out) {
  *out << std::hex << digest.high << ' ' << digest.low;
}

namespace {

constexpr std::uint64_t kSeed = 20261124;

// As `xxhsum -H2` prints them.
TEST(Xxh3, GivesKnownDigests) {
  EXPECT_EQ(xxh3({}), (Xxh3Digest{0x99aa06d3014798d8, 0x6001c324468d497f}));
  EXPECT_EQ(xxh3(bytes_of("abc")), (Xxh3Digest{0x06b05ab6733a6185, 0x78af5f94892f3950}));
}

TEST(Xxh3, GivesTheSameDigestForAnyChopping) {
  const std::vector<std::byte> bytes = random_bytes(5000, kSeed);
  SCOPED_TRACE(kSeed);
  for (std::size_t piece = 1; piece <= bytes.size(); piece = piece * 3 + 1) {
    Xxh3 hash;
    ByteSpan rest = bytes;
    while (!rest.empty())
      hash.update(take_prefix(rest, piece));
    hash.update({});
    EXPECT_EQ(hash.digest(), xxh3(bytes)) << piece;
  }
}

TEST(Xxh3, BeginsAnewAfterReset) {
  Xxh3 hash;
  hash.update(bytes_of("something else"));
  hash.reset();
  EXPECT_EQ(hash.digest(), xxh3({}));
  hash.update(bytes_of("abc"));
  EXPECT_EQ(hash.digest(), xxh3(bytes_of("abc")));
}

TEST(Xxh3, GoesOnAfterADigest) {
  Xxh3 hash;
  hash.update(bytes_of("a"));
  EXPECT_EQ(hash.digest(), xxh3(bytes_of("a")));
  hash.update(bytes_of("bc"));
  EXPECT_EQ(hash.digest(), xxh3(bytes_of("abc")));
}

}  // namespace
}  // namespace zsluice::checksum
