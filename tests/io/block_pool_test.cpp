// SPDX-License-Identifier: BSD-2-Clause
#include "io/block_pool.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace zsluice::io {
namespace {

constexpr std::size_t kBlock = 8192;

std::unique_ptr<BlockPool> pool_of(std::size_t blocks) {
  return *BlockPool::create(blocks * kBlock, kBlock);
}

void touch(const Block& block) {
  std::ranges::fill(block.bytes(), std::byte{1});
}

std::size_t resident_pages(ByteSpan block) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> flags(block.size() / page);
  auto* const address = const_cast<std::byte*>(block.data());
  EXPECT_EQ(::mincore(address, block.size(), flags.data()), 0);
  return static_cast<std::size_t>(
      std::ranges::count_if(flags, [](unsigned char flag) { return (flag & 1U) != 0; }));
}

TEST(BlockPool, HandsOutEachBlockOnceUntilNoneIsLeft) {
  const auto pool = pool_of(3);
  const auto a = pool->take();
  const auto b = pool->take();
  const auto c = pool->take();
  ASSERT_TRUE(a && b && c);
  EXPECT_NE(a->bytes().data(), b->bytes().data());
  EXPECT_NE(b->bytes().data(), c->bytes().data());
  EXPECT_EQ(a->bytes().size(), kBlock);
  EXPECT_FALSE(pool->take());
  EXPECT_EQ(pool->blocks_on_loan(), 3U);
}

TEST(BlockPool, TheBlockFreedLastIsTakenNext) {
  const auto pool = pool_of(4);
  auto a = pool->take();
  auto b = pool->take();
  const std::byte* const warm = a->bytes().data();
  b.reset();
  a.reset();
  EXPECT_EQ(pool->take()->bytes().data(), warm);
}

TEST(BlockPool, MovedBlockGoesBackOnce) {
  const auto pool = pool_of(2);
  {
    Block a = *pool->take();
    Block b = std::move(a);
    EXPECT_FALSE(static_cast<bool>(a));  // NOLINT(bugprone-use-after-move)
    a = std::move(b);
    EXPECT_EQ(pool->blocks_on_loan(), 1U);
  }
  EXPECT_EQ(pool->blocks_on_loan(), 0U);
  EXPECT_EQ(pool->blocks_available(), 2U);
}

TEST(BlockPool, SizesAreRoundedToPagesAndWholeBlocks) {
  EXPECT_EQ((*BlockPool::create(0))->capacity_bytes(), kDefaultBlockBytes) << "never none";
  EXPECT_EQ((*BlockPool::create(100'000, 5000))->block_bytes(), 8192U);
  EXPECT_EQ((*BlockPool::create(100'000, 5000))->capacity_bytes(), 12U * 8192U);
}

TEST(BlockPool, AbsurdSizeIsAnErrorNotACrash) {
  const auto pool = BlockPool::create(std::numeric_limits<std::size_t>::max() / 2);
  ASSERT_FALSE(pool);
  EXPECT_EQ(pool.error(), (SysError{SysOperation::allocate, ENOMEM}));
}

TEST(BlockPool, UntouchedBlocksCostNoMemory) {
  const auto pool = pool_of(4);
  const auto a = pool->take();
  EXPECT_EQ(resident_pages(a->bytes()), 0U);
  touch(*a);
  EXPECT_EQ(resident_pages(a->bytes()), 2U);
}

TEST(BlockPool, WithheldCapacityIsNotHandedOut) {
  const auto pool = pool_of(4);
  pool->withhold(kBlock + 1);
  EXPECT_EQ(pool->blocks_available(), 2U) << "parts of a block count as a whole one";
  const auto a = pool->take();
  const auto b = pool->take();
  EXPECT_FALSE(pool->take());
  pool->withhold(0);
  EXPECT_TRUE(pool->take());
  pool->withhold(std::numeric_limits<std::size_t>::max());
  EXPECT_FALSE(pool->take());
  EXPECT_EQ(pool->capacity_bytes(), 4 * kBlock);
}

TEST(BlockPool, WithholdingReturnsPagesThatMayNoLongerBeUsed) {
  const auto pool = pool_of(3);
  std::vector<Block> blocks;
  std::vector<ByteSpan> memory;
  while (auto block = pool->take()) {
    touch(*block);
    memory.emplace_back(block->bytes());
    blocks.push_back(std::move(*block));
  }
  pool->withhold(2 * kBlock);
  EXPECT_EQ(resident_pages(memory[2]), 2U) << "on loan: left alone";
  blocks.clear();  // the first two come back into withheld room
  EXPECT_EQ(resident_pages(memory[0]) + resident_pages(memory[1]) + resident_pages(memory[2]), 2U);

  touch(*pool->take());
  pool->withhold(3 * kBlock);
  EXPECT_EQ(resident_pages(memory[0]) + resident_pages(memory[1]) + resident_pages(memory[2]), 0U);
}

}  // namespace
}  // namespace zsluice::io
