// SPDX-License-Identifier: BSD-2-Clause
#include "checksum/reference.hpp"

#include <gtest/gtest.h>

namespace zsluice::checksum {
namespace {

constexpr std::uint64_t kSeed = 20261123;
constexpr Fletcher4 kBefore{1, 2, 3, 4};

// Bit i of `cuts` cuts behind byte i.
Fletcher4 sum_in_pieces(ByteSpan range, std::uint64_t cuts, ByteOrder order) {
  Fletcher4Range sum(kBefore, order);
  std::size_t begin = 0;
  for (std::size_t i = 0; i < range.size(); ++i) {
    if ((cuts >> i & 1) == 0 && i + 1 < range.size()) continue;
    sum.update(range.subspan(begin, i + 1 - begin));
    begin = i + 1;
  }
  return sum.state();
}

TEST(Fletcher4Range, GivesTheSameSumForEveryChopping) {
  for (std::size_t length = 0; length <= 14; ++length) {
    const std::vector<std::byte> bytes = random_bytes(length, kSeed);
    for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
      const Fletcher4 whole = naive(kBefore, bytes, order);
      for (std::uint64_t cuts = 0; cuts < (1U << length); ++cuts) {
        ASSERT_EQ(sum_in_pieces(bytes, cuts, order), whole) << length << " bytes, cuts " << cuts;
      }
    }
  }
}

TEST(Fletcher4Range, GivesTheSameSumForRandomPiecesOfALongRange) {
  const std::vector<std::byte> bytes = random_bytes(100'003, kSeed);
  SCOPED_TRACE(kSeed);
  std::mt19937_64 random(kSeed);
  const Fletcher4 whole = naive(kBefore, bytes, ByteOrder::big);
  for (int round = 0; round < 20; ++round) {
    Fletcher4Range sum(kBefore, ByteOrder::big);
    ByteSpan rest = bytes;
    while (!rest.empty())
      sum.update(take_prefix(rest, random() % (1U << random() % 17)));
    ASSERT_EQ(sum.state(), whole) << "round " << round;
  }
}

TEST(Fletcher4Range, KeepsAnUnfinishedWordOutOfTheState) {
  const std::vector<std::byte> bytes = random_bytes(7, kSeed);
  Fletcher4Range sum(kBefore, kHostOrder);
  sum.update(bytes);
  EXPECT_EQ(sum.state(), naive(kBefore, ByteSpan(bytes).first(4), kHostOrder));
}

TEST(Fletcher4Range, IgnoresEmptyPieces) {
  const std::vector<std::byte> bytes = random_bytes(8, kSeed);
  Fletcher4Range sum(kBefore, kHostOrder);
  sum.update({});
  sum.update(ByteSpan(bytes).first(3));
  sum.update({});
  sum.update(ByteSpan(bytes).subspan(3));
  EXPECT_EQ(sum.state(), naive(kBefore, bytes, kHostOrder));
}

}  // namespace
}  // namespace zsluice::checksum
