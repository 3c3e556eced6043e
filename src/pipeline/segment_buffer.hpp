// SPDX-License-Identifier: BSD-2-Clause
// SegmentBuffer: the payload of a segment in memory, with room for the header in front of it, from
// the start of a page on. So a whole segment file goes to the disk from one place, and past the
// page cache (io/file_writer.hpp). Move-only; its memory is used again by whoever clears it.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/store/segment.hpp"

#include <cstddef>
#include <memory>

namespace zsluice::pipeline {

class SegmentBuffer {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  // What it holds of memory, whatever of that is in use.
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] ByteSpan payload() const { return {data(), size_}; }
  // Of any length up to what reserve() has seen; what is written there counts from resize() on.
  [[nodiscard]] MutableByteSpan room(std::size_t bytes) {
    reserve(bytes);
    return {data(), bytes};
  }

  void reserve(std::size_t bytes);
  // Up to what has been reserved; longer than before: the bytes behind are what room() was given.
  void resize(std::size_t bytes) { size_ = bytes; }
  void append(ByteSpan bytes);
  void drop_front(std::size_t bytes);

  // The file: `header` is put in front of the payload.
  [[nodiscard]] ByteSpan file_with(const storage::EncodedSegmentHeader& header);

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };
  [[nodiscard]] std::byte* data() const { return memory_.get() + storage::kSegmentHeaderBytes; }

  std::unique_ptr<std::byte[], Free> memory_;  // NOLINT(*-avoid-c-arrays): of a length of its own
  std::size_t capacity_ = 0;                   // for the payload
  std::size_t size_ = 0;
};

}  // namespace zsluice::pipeline
