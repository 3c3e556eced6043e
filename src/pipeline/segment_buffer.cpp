// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/segment_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace zsluice::pipeline {
namespace {

constexpr std::align_val_t kPage{4096};

}  // namespace

void SegmentBuffer::Free::operator()(std::byte* memory) const {
  ::operator delete(memory, kPage);
}

void SegmentBuffer::reserve(std::size_t bytes) {
  if (bytes <= capacity_ && memory_) return;
  // What is never used is never given by the kernel.
  const std::size_t capacity = std::max(bytes, 2 * capacity_);
  decltype(memory_) grown(
      static_cast<std::byte*>(::operator new(storage::kSegmentHeaderBytes + capacity, kPage)));
  if (size_ > 0) std::memcpy(grown.get() + storage::kSegmentHeaderBytes, data(), size_);
  memory_ = std::move(grown);
  capacity_ = capacity;
}

void SegmentBuffer::append(ByteSpan bytes) {
  if (bytes.empty()) return;
  reserve(size_ + bytes.size());
  std::memcpy(data() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

void SegmentBuffer::drop_front(std::size_t bytes) {
  if (bytes == 0) return;
  if (bytes < size_) std::memmove(data(), data() + bytes, size_ - bytes);
  size_ -= bytes;
}

ByteSpan SegmentBuffer::file_with(const storage::EncodedSegmentHeader& header) {
  reserve(size_);
  std::memcpy(memory_.get(), header.data(), header.size());
  return {memory_.get(), header.size() + size_};
}

}  // namespace zsluice::pipeline
