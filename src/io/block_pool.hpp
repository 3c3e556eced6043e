// SPDX-License-Identifier: BSD-2-Clause
// The stream buffer: a fixed number of blocks of a fixed size in one mapping. When there is no free
// block, nothing is read, and the producer waits: that is all the back-pressure there is.
//
// Pages are given by the kernel when a block is first written, and the block freed last is handed
// out first. So memory in use follows the fill of the buffer, and a big buffer that is never filled
// stays as warm in the cache as a small one. Nothing is allocated after create().
//
// Ownership: a Block is a loan, given back when it is destroyed; the pool outlives its blocks and
// does not move. One thread.
#pragma once

#include "io/sys_error.hpp"
#include "zsluice/base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace zsluice::io {

inline constexpr std::size_t kDefaultBlockBytes = std::size_t{256} << 10;

class BlockPool;

class Block {
 public:
  Block() = default;
  Block(Block&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), bytes_(std::exchange(other.bytes_, {})) {}
  Block& operator=(Block&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Block();

  explicit operator bool() const { return pool_ != nullptr; }
  // The whole block. What it holds when taken is unspecified.
  [[nodiscard]] MutableByteSpan bytes() const { return bytes_; }

 private:
  friend class BlockPool;
  Block(BlockPool& pool, MutableByteSpan bytes) : pool_(&pool), bytes_(bytes) {}

  BlockPool* pool_ = nullptr;
  MutableByteSpan bytes_;
};

class BlockPool {
 public:
  // `total_bytes` is rounded down to whole blocks, at least one. `block_bytes` is rounded up to
  // whole pages.
  [[nodiscard]] static Result<std::unique_ptr<BlockPool>, SysError> create(
      std::size_t total_bytes, std::size_t block_bytes = kDefaultBlockBytes);

  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;
  ~BlockPool();

  // Nothing when all blocks that may be used are on loan.
  [[nodiscard]] std::optional<Block> take();

  // Takes `bytes` of the capacity out of circulation, because something else holds that memory
  // (a BEGIN payload, which counts in the buffer); replaces what was withheld before. Blocks on
  // loan stay valid: the pool shrinks as they come back, and pages it may no longer use go back to
  // the kernel.
  void withhold(std::size_t bytes);

  [[nodiscard]] std::size_t block_bytes() const { return block_bytes_; }
  // All of it, withheld or not.
  [[nodiscard]] std::size_t capacity_bytes() const { return block_bytes_ * block_count_; }
  [[nodiscard]] std::size_t blocks_on_loan() const { return block_count_ - free_.size(); }
  [[nodiscard]] std::size_t blocks_available() const;

 private:
  friend class Block;
  BlockPool(MutableByteSpan memory, std::size_t block_bytes);

  void give_back(MutableByteSpan block);

  MutableByteSpan memory_;
  std::size_t block_bytes_;
  std::size_t block_count_;
  std::size_t withheld_blocks_ = 0;
  std::vector<std::byte*> free_;  // a stack; its storage never grows
};

}  // namespace zsluice::io
