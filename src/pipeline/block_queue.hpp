// SPDX-License-Identifier: BSD-2-Clause
// Bytes between a reader and a writer, in blocks of a pool. One read may be filling the tail while
// a write empties the head; blocks go back to the pool as soon as their last byte is written.
#pragma once

#include "io/block_pool.hpp"
#include "zsluice/base/bytes.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace zsluice::pipeline {

class BlockQueue {
 public:
  explicit BlockQueue(io::BlockPool& pool);

  // Room for the next read, in the tail block or a fresh one; empty when the pool has none left.
  // Valid until commit(), which must follow before the next reserve().
  [[nodiscard]] MutableByteSpan reserve();
  // The first `bytes` of the reserved room have been filled; returns them.
  ByteSpan commit(std::size_t bytes);

  // A block that was filled elsewhere, `bytes` of it from its front, follows the tail; what fits
  // into the tail is copied there. Not between reserve() and commit().
  void push(io::Block block, std::size_t bytes);

  // The next `bytes_max` bytes at most, as pieces for one write; valid until consume().
  [[nodiscard]] std::span<const ByteSpan> gather(std::uint64_t bytes_max);
  void consume(std::uint64_t bytes);

  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  struct Entry {
    io::Block block;
    std::size_t begin = 0;  // consumed up to here
    std::size_t end = 0;    // filled up to here
  };

  [[nodiscard]] Entry& entry(std::size_t index) { return ring_[(head_ + index) % ring_.size()]; }
  [[nodiscard]] Entry& tail() { return entry(count_ - 1); }
  void drop_spent_blocks();

  io::BlockPool& pool_;
  std::vector<Entry> ring_;  // as many as the pool has blocks: never grows
  std::size_t head_ = 0;
  std::size_t count_ = 0;
  std::uint64_t size_ = 0;
  bool is_reserved_ = false;
  std::vector<ByteSpan> pieces_;
};

}  // namespace zsluice::pipeline
