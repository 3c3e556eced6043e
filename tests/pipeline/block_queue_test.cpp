// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/block_queue.hpp"

#include "io/backend.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace zsluice::pipeline {
namespace {

constexpr std::size_t kBlock = 4096;

class BlockQueueTest : public testing::Test {
 protected:
  // As many bytes as fit in the reserved room, at most `bytes`.
  std::size_t fill(ByteSpan bytes) {
    const MutableByteSpan room = queue_.reserve();
    const std::size_t count = std::min(room.size(), bytes.size());
    std::copy_n(bytes.begin(), count, room.begin());
    if (!room.empty()) {
      EXPECT_EQ(queue_.commit(count).size(), count);
    }
    return count;
  }
  test::Bytes gathered(std::uint64_t bytes_max) {
    test::Bytes all;
    for (const ByteSpan piece : queue_.gather(bytes_max)) {
      all.insert(all.end(), piece.begin(), piece.end());
    }
    return all;
  }

  std::unique_ptr<io::BlockPool> pool_ = *io::BlockPool::create(4 * kBlock, kBlock);
  BlockQueue queue_{*pool_};
};

TEST_F(BlockQueueTest, GivesBackWhatItWasGivenInOrder) {
  constexpr std::uint32_t kSeed = 5;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937 random(kSeed);
  const test::Bytes bytes = test::pattern(200'000);
  std::size_t in = 0;
  test::Bytes out;
  while (out.size() < bytes.size()) {
    in += fill(
        ByteSpan(bytes).subspan(in, std::min<std::size_t>(random() % 6000, bytes.size() - in)));
    const test::Bytes piece = gathered(random() % 6000);
    out.insert(out.end(), piece.begin(), piece.end());
    queue_.consume(piece.size());
    ASSERT_EQ(queue_.size(), in - out.size());
  }
  EXPECT_EQ(out, bytes);
}

TEST_F(BlockQueueTest, HasNoRoomWhenThePoolIsEmpty) {
  const test::Bytes bytes = test::pattern(kBlock);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(fill(bytes), kBlock);
  }
  EXPECT_TRUE(queue_.reserve().empty());
  queue_.consume(kBlock - 1);
  EXPECT_TRUE(queue_.reserve().empty());
  queue_.consume(1);
  EXPECT_EQ(queue_.reserve().size(), kBlock);
}

TEST_F(BlockQueueTest, ABlockBeingFilledIsNotGivenBack) {
  EXPECT_EQ(fill(test::pattern(100)), 100U);
  const MutableByteSpan room = queue_.reserve();
  queue_.consume(100);
  std::fill(room.begin(), room.end(), std::byte{7});
  EXPECT_EQ(queue_.commit(room.size()).data(), room.data());
  EXPECT_EQ(gathered(room.size()), test::Bytes(room.size(), std::byte{7}));
}

TEST_F(BlockQueueTest, ACommitOfNothingLeavesItUsable) {
  EXPECT_FALSE(queue_.reserve().empty());
  EXPECT_TRUE(queue_.commit(0).empty());
  EXPECT_EQ(queue_.size(), 0U);
  EXPECT_EQ(fill(test::pattern(10)), 10U);
  EXPECT_EQ(gathered(100), test::pattern(10));
}

TEST_F(BlockQueueTest, GathersNoMorePiecesThanOneWriteTakes) {
  const auto pool = *io::BlockPool::create(100 * kBlock, kBlock);
  BlockQueue queue(*pool);
  for (int i = 0; i < 100; ++i) {
    (void)queue.commit(queue.reserve().size());
  }
  EXPECT_EQ(queue.gather(100 * kBlock).size(), io::kMaxPieces);
}

}  // namespace
}  // namespace zsluice::pipeline
