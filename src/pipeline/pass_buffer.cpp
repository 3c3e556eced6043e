// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/pass_buffer.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

namespace zsluice::pipeline {

ByteSpan PassBuffer::commit(std::size_t bytes) {
  append(Place::copied, bytes);
  return queue_.commit(bytes);
}

std::int32_t PassBuffer::take_held(io::Channel& input, std::uint64_t bytes_max) {
  if (!holds_ || hold_ == nullptr) return -ENOBUFS;
  if (!scratch_) {
    std::optional<io::Block> block = pool_.take();
    if (!block) return -ENOBUFS;
    scratch_ = std::move(*block);
  }
  const std::int32_t referenced = hold_->take(
      static_cast<std::size_t>(std::min<std::uint64_t>(bytes_max, scratch_.bytes().size())));
  if (referenced <= 0) {
    scratch_ = {};
    return referenced;
  }
  referenced_ = static_cast<std::size_t>(referenced);
  taken_ = 0;
  std::int32_t result = 0;
  while (taken_ < referenced_) {
    const MutableByteSpan rest = scratch_.bytes().subspan(taken_, referenced_ - taken_);
    const iovec vector{rest.data(), rest.size()};
    result = input.read(std::span(&vector, 1), true);
    if (result <= 0) break;
    taken_ += static_cast<std::size_t>(result);
  }
  if (taken_ > 0) return static_cast<std::int32_t>(taken_);
  // Somebody else reads this pipe too: what was referenced has gone his way.
  append(Place::stale, referenced_);
  scratch_ = {};
  return result == 0 ? -EAGAIN : result;
}

ByteSpan PassBuffer::taken() const {
  return scratch_.bytes().first(taken_);
}

void PassBuffer::keep_held() {
  if (taken_ != referenced_) return keep_copy();
  append(Place::held, taken_);
  scratch_ = {};
}

void PassBuffer::keep_copy() {
  append(Place::stale, referenced_);
  append(Place::copied, taken_);
  queue_.push(std::exchange(scratch_, {}), taken_);
  drop_stale();
}

PassBuffer::Way PassBuffer::head_way() const {
  return runs_.front().place == Place::held ? Way::splice : Way::write;
}

std::int32_t PassBuffer::splice(std::size_t bytes_max) {
  const std::int32_t moved =
      hold_->give(static_cast<std::size_t>(std::min<std::uint64_t>(bytes_max, head_bytes())));
  if (moved > 0) remove(static_cast<std::uint64_t>(moved));
  return moved;
}

std::span<const ByteSpan> PassBuffer::gather(std::uint64_t bytes_max) {
  return queue_.gather(std::min(bytes_max, head_bytes()));
}

void PassBuffer::consume(std::uint64_t bytes) {
  queue_.consume(bytes);
  remove(bytes);
}

void PassBuffer::discard_all() {
  queue_.consume(queue_.size());
  while (hold_ != nullptr && hold_->size() > 0) {
    if (hold_->drop(static_cast<std::size_t>(hold_->size())) <= 0) break;
  }
  runs_.clear();
  size_ = 0;
}

void PassBuffer::append(Place place, std::uint64_t bytes) {
  if (bytes == 0) return;
  if (place != Place::stale) size_ += bytes;
  if (!runs_.empty() && runs_.back().place == place) {
    runs_.back().bytes += bytes;
  } else {
    runs_.push_back({place, bytes});
  }
  drop_stale();
}

void PassBuffer::remove(std::uint64_t bytes) {
  size_ -= bytes;
  runs_.front().bytes -= bytes;
  if (runs_.front().bytes == 0) runs_.pop_front();
  drop_stale();
}

void PassBuffer::drop_stale() {
  while (!runs_.empty() && runs_.front().place == Place::stale) {
    const std::int32_t dropped = hold_->drop(static_cast<std::size_t>(runs_.front().bytes));
    ZSLUICE_CHECK(dropped > 0);  // /dev/null takes everything
    runs_.front().bytes -= static_cast<std::uint64_t>(dropped);
    if (runs_.front().bytes == 0) runs_.pop_front();
  }
}

}  // namespace zsluice::pipeline
