// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/checksum/block_checksum.hpp"

#include "checksum/reference.hpp"

#include <gtest/gtest.h>

#include <string>

namespace zsluice::checksum {
namespace {

constexpr std::uint64_t kSeed = 20261125;

std::optional<BlockWords> words_of(BlockAlgorithm algorithm, ByteOrder order, ByteSpan block) {
  BlockChecksum sum;
  sum.init(algorithm, order);
  sum.update(block);
  return sum.finish();
}

struct Known {
  const char* what;
  BlockAlgorithm algorithm;
  ByteOrder order;
  std::string_view block;
  BlockWords words;
};

constexpr std::string_view kLadder(
    "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0", 32);

// The SHA-2 digests of "abc" and "" are those of FIPS 180-4.
const Known kKnown[] = {
    {"sha256 abc",
     BlockAlgorithm::sha256,
     ByteOrder::little,
     "abc",
     {0xba7816bf8f01cfea, 0x414140de5dae2223, 0xb00361a396177a9c, 0xb410ff61f20015ad}},
    {"sha256 abc written by a big-endian host",
     BlockAlgorithm::sha256,
     ByteOrder::big,
     "abc",
     {0xba7816bf8f01cfea, 0x414140de5dae2223, 0xb00361a396177a9c, 0xb410ff61f20015ad}},
    {"sha256 of nothing",
     BlockAlgorithm::sha256,
     ByteOrder::little,
     "",
     {0xe3b0c44298fc1c14, 0x9afbf4c8996fb924, 0x27ae41e4649b934c, 0xa495991b7852b855}},
    {"sha512/256 abc written by a big-endian host",
     BlockAlgorithm::sha512_256,
     ByteOrder::big,
     "abc",
     {0x53048e2681941ef9, 0x9b2e29b76b4c7dab, 0xe4c2d0c634fc6d46, 0xe0e2f13107e7af23}},
    {"sha512/256 abc",
     BlockAlgorithm::sha512_256,
     ByteOrder::little,
     "abc",
     {0xf91e9481268e0453, 0xab7d4c6bb7292e9b, 0x466dfc34c6d0c2e4, 0x23afe70731f1e2e0}},
    {"fletcher2: (1, 2) then (3, 4)",
     BlockAlgorithm::fletcher2,
     ByteOrder::little,
     kLadder,
     {4, 6, 5, 8}},
    {"fletcher2 swapped",
     BlockAlgorithm::fletcher2,
     ByteOrder::big,
     kLadder,
     {4ULL << 56, 6ULL << 56, 5ULL << 56, 8ULL << 56}},
    {"fletcher4: words 1 0 2 0 3 0 4 0",
     BlockAlgorithm::fletcher4,
     ByteOrder::little,
     kLadder,
     {10, 40, 120, 308}},
};

TEST(BlockChecksum, GivesKnownWords) {
  for (const Known& known : kKnown) {
    EXPECT_EQ(words_of(known.algorithm, known.order, bytes_of(known.block)), known.words)
        << known.what;
  }
}

TEST(BlockChecksum, EqualsFletcher4) {
  const std::vector<std::byte> block = random_bytes(10'000, kSeed);
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    const Fletcher4 sum = naive({}, block, order);
    EXPECT_EQ(words_of(BlockAlgorithm::fletcher4, order, block),
              (BlockWords{sum.a, sum.b, sum.c, sum.d}));
  }
}

TEST(BlockChecksum, GivesTheSameWordsForAnyChopping) {
  const std::vector<std::byte> block = random_bytes(1000, kSeed);
  SCOPED_TRACE(kSeed);
  BlockChecksum sum;
  for (const BlockAlgorithm algorithm : {BlockAlgorithm::fletcher2, BlockAlgorithm::fletcher4,
                                         BlockAlgorithm::sha256, BlockAlgorithm::sha512_256}) {
    const auto whole = words_of(algorithm, ByteOrder::little, block);
    for (std::size_t piece = 1; piece < 40; ++piece) {
      sum.init(algorithm, ByteOrder::little);
      for (ByteSpan rest = block; !rest.empty();)
        sum.update(take_prefix(rest, piece));
      ASSERT_EQ(sum.finish(), whole) << static_cast<int>(algorithm) << " in " << piece;
    }
  }
}

TEST(BlockChecksum, ForgetsABlockThatWasNotFinished) {
  BlockChecksum sum;
  for (const Known& known : kKnown) {
    sum.init(known.algorithm, known.order);
    sum.update(bytes_of("half a word and more, which then came to nothing"));
    sum.init(known.algorithm, known.order);
    sum.update(bytes_of(known.block));
    EXPECT_EQ(sum.finish(), known.words) << known.what;
  }
}

TEST(BlockChecksum, IgnoresWhatDoesNotFillAFletcher2Pair) {
  const std::vector<std::byte> block = random_bytes(31, kSeed);
  EXPECT_EQ(words_of(BlockAlgorithm::fletcher2, ByteOrder::little, block),
            words_of(BlockAlgorithm::fletcher2, ByteOrder::little, ByteSpan(block).first(16)));
}

TEST(BlockChecksum, MovesWithItsBlock) {
  BlockChecksum first;
  first.init(BlockAlgorithm::sha256, ByteOrder::little);
  first.update(bytes_of("a"));
  BlockChecksum second = std::move(first);
  second.update(bytes_of("bc"));
  EXPECT_EQ(second.finish(), kKnown[0].words);
}

TEST(ChecksumId, NamesWhatCanBeComputed) {
  EXPECT_EQ(block_algorithm(ChecksumId::fletcher2), BlockAlgorithm::fletcher2);
  EXPECT_EQ(block_algorithm(ChecksumId::fletcher4), BlockAlgorithm::fletcher4);
  EXPECT_EQ(block_algorithm(ChecksumId::sha256), BlockAlgorithm::sha256);
  EXPECT_EQ(block_algorithm(ChecksumId::sha512), BlockAlgorithm::sha512_256);
}

TEST(ChecksumId, ComputesNothingElseWhateverTheByte) {
  for (int byte = 0; byte < 256; ++byte) {
    const auto id = static_cast<ChecksumId>(byte);
    const bool salted = byte == 12 || byte == 13 || byte == 14;
    const bool computable = byte == 6 || byte == 7 || byte == 8 || byte == 11;
    EXPECT_EQ(is_salted(id), salted) << byte;
    EXPECT_EQ(block_algorithm(id).has_value(), computable) << byte;
    EXPECT_EQ(checksum_name(id) == "unknown", byte > 14) << byte;
  }
  EXPECT_EQ(checksum_name(ChecksumId::blake3), "blake3");
  EXPECT_EQ(checksum_name(ChecksumId::fletcher4), "fletcher4");
}

}  // namespace
}  // namespace zsluice::checksum
