// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/block_queue.hpp"

#include "io/backend.hpp"

#include <algorithm>

namespace zsluice::pipeline {

BlockQueue::BlockQueue(io::BlockPool& pool)
    : pool_(pool), ring_(pool.capacity_bytes() / pool.block_bytes()) {
  pieces_.reserve(io::kMaxPieces);
}

MutableByteSpan BlockQueue::reserve() {
  drop_spent_blocks();
  if (count_ == 0 || tail().end == tail().block.bytes().size()) {
    std::optional<io::Block> block = pool_.take();
    if (!block) return {};
    ++count_;
    tail() = {std::move(*block), 0, 0};
  }
  is_reserved_ = true;
  return tail().block.bytes().subspan(tail().end);
}

ByteSpan BlockQueue::commit(std::size_t bytes) {
  const ByteSpan filled = tail().block.bytes().subspan(tail().end, bytes);
  tail().end += bytes;
  size_ += bytes;
  is_reserved_ = false;
  return filled;
}

void BlockQueue::push(io::Block block, std::size_t bytes) {
  drop_spent_blocks();
  size_ += bytes;
  // Blocks are what is scarce: many short ones must not use up the pool, so none stays half empty.
  const MutableByteSpan room =
      count_ > 0 ? tail().block.bytes().subspan(tail().end) : MutableByteSpan{};
  const std::size_t moved = std::min(bytes, room.size());
  std::copy_n(block.bytes().begin(), moved, room.begin());
  if (moved > 0) tail().end += moved;
  if (moved == bytes) return;
  const MutableByteSpan filled = block.bytes().first(bytes);
  std::copy(filled.begin() + static_cast<std::ptrdiff_t>(moved), filled.end(), filled.begin());
  ++count_;
  tail() = {std::move(block), 0, bytes - moved};
}

std::span<const ByteSpan> BlockQueue::gather(std::uint64_t bytes_max) {
  pieces_.clear();
  for (std::size_t i = 0; i < count_ && bytes_max > 0 && pieces_.size() < io::kMaxPieces; ++i) {
    const Entry& from = entry(i);
    const ByteSpan filled = from.block.bytes().subspan(from.begin, from.end - from.begin);
    const ByteSpan piece =
        filled.first(static_cast<std::size_t>(std::min<std::uint64_t>(filled.size(), bytes_max)));
    if (piece.empty()) continue;
    pieces_.push_back(piece);
    bytes_max -= piece.size();
  }
  return pieces_;
}

void BlockQueue::consume(std::uint64_t bytes) {
  size_ -= bytes;
  for (std::size_t i = 0; bytes > 0; ++i) {
    Entry& from = entry(i);
    const std::uint64_t taken = std::min<std::uint64_t>(bytes, from.end - from.begin);
    from.begin += static_cast<std::size_t>(taken);
    bytes -= taken;
  }
  drop_spent_blocks();
}

// A block whose bytes are all written goes back; the tail only when no read is filling it.
void BlockQueue::drop_spent_blocks() {
  while (count_ > 0 && entry(0).begin == entry(0).end) {
    const bool is_tail = count_ == 1;
    if (is_tail && is_reserved_) return;
    entry(0) = {};
    head_ = (head_ + 1) % ring_.size();
    --count_;
  }
}

}  // namespace zsluice::pipeline
