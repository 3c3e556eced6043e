// SPDX-License-Identifier: BSD-2-Clause
#include "io/block_pool.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

namespace zsluice::io {
namespace {

std::size_t page_bytes() {
  return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t rounded_up(std::size_t value, std::size_t unit) {
  return value / unit * unit + (value % unit == 0 ? 0 : unit);
}

// The next use finds zeros in fresh pages.
void return_pages(std::byte* block, std::size_t bytes) {
  // It can fail only for arguments that are wrong; memory would merely stay in use.
  static_cast<void>(::madvise(block, bytes, MADV_DONTNEED));
}

}  // namespace

Block::~Block() {
  if (pool_ != nullptr) pool_->give_back(bytes_);
}

Result<std::unique_ptr<BlockPool>, SysError> BlockPool::create(std::size_t total_bytes,
                                                               std::size_t block_bytes) {
  const std::size_t whole_block = rounded_up(std::max<std::size_t>(block_bytes, 1), page_bytes());
  const std::size_t mapped = std::max<std::size_t>(total_bytes / whole_block, 1) * whole_block;
  void* const memory = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return sys_failure(SysOperation::allocate);
  const MutableByteSpan bytes(static_cast<std::byte*>(memory), mapped);
  return std::unique_ptr<BlockPool>(new BlockPool(bytes, whole_block));
}

BlockPool::BlockPool(MutableByteSpan memory, std::size_t block_bytes)
    : memory_(memory), block_bytes_(block_bytes), block_count_(memory.size() / block_bytes) {
  free_.reserve(block_count_);
  for (std::size_t i = block_count_; i > 0; --i) {
    free_.push_back(memory_.data() + (i - 1) * block_bytes_);
  }
}

BlockPool::~BlockPool() {
  ::munmap(memory_.data(), memory_.size());
}

std::size_t BlockPool::blocks_available() const {
  return free_.size() > withheld_blocks_ ? free_.size() - withheld_blocks_ : 0;
}

std::optional<Block> BlockPool::take() {
  if (blocks_available() == 0) return std::nullopt;
  std::byte* const block = free_.back();
  free_.pop_back();
  return Block(*this, {block, block_bytes_});
}

// take() never digs below the withheld blocks at the bottom of the stack, so theirs are the pages
// to return; those below the old mark have gone already.
void BlockPool::withhold(std::size_t bytes) {
  const bool takes_all = bytes >= capacity_bytes();
  const std::size_t blocks =
      takes_all ? block_count_ : rounded_up(bytes, block_bytes_) / block_bytes_;
  const std::size_t old_blocks = std::exchange(withheld_blocks_, blocks);
  for (std::size_t i = old_blocks; i < std::min(withheld_blocks_, free_.size()); ++i) {
    return_pages(free_[i], block_bytes_);
  }
}

void BlockPool::give_back(MutableByteSpan block) {
  free_.push_back(block.data());
  if (free_.size() <= withheld_blocks_) return_pages(block.data(), block.size());
}

}  // namespace zsluice::io
