// SPDX-License-Identifier: BSD-2-Clause
#include "checksum/reference.hpp"

#include <gtest/gtest.h>

namespace zsluice::checksum {
namespace {

constexpr std::uint64_t kSeed = 20261122;

// The formula of FORMAT.md §C.5 with exact 128-bit integers, for up to 2^42 words.
Fletcher4 combine_exactly(const Fletcher4& x, const Fletcher4& y, std::uint64_t words) {
  __extension__ using Wide = unsigned __int128;
  const Wide n = words;
  const auto t2 = static_cast<std::uint64_t>(n * (n + 1) / 2);
  const auto t3 = static_cast<std::uint64_t>(n * (n + 1) * (n + 2) / 6);
  return {x.a + y.a, x.b + words * x.a + y.b, x.c + words * x.b + t2 * x.a + y.c,
          x.d + words * x.c + t2 * x.b + t3 * x.a + y.d};
}

TEST(Fletcher4Combine, JoinsTheWorkedExampleOfTheFormat) {
  EXPECT_EQ(combine({3, 4, 5, 6}, {18, 40, 75, 126}, 16), (Fletcher4{21, 56, 126, 252}));
}

TEST(Fletcher4Combine, HasTheZeroSumOfNoBytesAsNeutralElement) {
  std::mt19937_64 random(kSeed);
  const Fletcher4 some = random_state(random);
  EXPECT_EQ(combine(some, {}, 0), some);
  EXPECT_EQ(combine({}, some, 1U << 20), some);
}

TEST(Fletcher4Combine, EqualsTheSumOfTheWholeAtEverySplit) {
  const std::vector<std::byte> bytes = random_bytes(2048, kSeed);
  SCOPED_TRACE(kSeed);
  const ByteOrder order = ByteOrder::little;
  const Fletcher4 whole = naive({1, 2, 3, 4}, bytes, order);
  for (std::size_t split = 0; split <= bytes.size(); split += 4) {
    const Fletcher4 first = naive({1, 2, 3, 4}, ByteSpan(bytes).first(split), order);
    const Fletcher4 second = naive({}, ByteSpan(bytes).subspan(split), order);
    ASSERT_EQ(combine(first, second, bytes.size() - split), whole) << split;
  }
}

TEST(Fletcher4Combine, IsAssociative) {
  std::mt19937_64 random(kSeed);
  SCOPED_TRACE(kSeed);
  for (int round = 0; round < 1000; ++round) {
    const Fletcher4 x = random_state(random);
    const Fletcher4 y = random_state(random);
    const Fletcher4 z = random_state(random);
    const std::uint64_t y_bytes = (random() >> (2 + random() % 50)) * 4;
    const std::uint64_t z_bytes = (random() >> (2 + random() % 50)) * 4;
    ASSERT_EQ(combine(combine(x, y, y_bytes), z, z_bytes),
              combine(x, combine(y, z, z_bytes), y_bytes + z_bytes))
        << y_bytes << ' ' << z_bytes;
  }
}

TEST(Fletcher4Combine, HasExactCoefficientsForEveryLengthThat128BitsCanProve) {
  std::mt19937_64 random(kSeed);
  SCOPED_TRACE(kSeed);
  for (int round = 0; round < 5000; ++round) {
    const Fletcher4 x = random_state(random);
    const Fletcher4 y = random_state(random);
    const std::uint64_t words = random() >> (22 + random() % 42);
    ASSERT_EQ(combine(x, y, words * 4), combine_exactly(x, y, words)) << words;
  }
}

// 2^62 words of zero are two halves of 2^61: wrong coefficients would not agree.
TEST(Fletcher4Combine, HoldsAtTheGreatestLengths) {
  const Fletcher4 x{5, 6, 7, 8};
  const std::uint64_t half = std::uint64_t{1} << 63;
  EXPECT_EQ(combine(combine(x, {}, half), {}, half - 4), combine(x, {}, half - 4 + half));
  EXPECT_EQ(combine(x, {}, half).b, 6 + (half / 4) * 5);
}

}  // namespace
}  // namespace zsluice::checksum
