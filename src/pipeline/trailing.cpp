// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/trailing.hpp"

#include "zsluice/drr/record.hpp"

#include <algorithm>

namespace zsluice::pipeline {

void TrailingCounter::add(ByteSpan bytes) {
  if (count_ < head_.size()) {
    const auto filled = static_cast<std::size_t>(count_);
    const ByteSpan head = bytes.first(std::min(head_.size() - filled, bytes.size()));
    std::copy(head.begin(), head.end(), head_.begin() + static_cast<std::ptrdiff_t>(filled));
  }
  count_ += bytes.size();
  all_zero_ = all_zero_ && std::all_of(bytes.begin(), bytes.end(),
                                       [](std::byte byte) { return byte == std::byte{0}; });
}

TrailingBytes TrailingCounter::result(std::uint64_t offset, ByteSpan begin) const {
  TrailingBytes trailing{.offset = offset, .count = count_, .kind = TrailingKind::other};
  if (all_zero_) {
    trailing.kind = TrailingKind::zeros;
  } else if (count_ >= head_.size() && drr::begin_byte_order(head_.data())) {
    const bool is_same = std::equal(head_.begin(), head_.end(), begin.begin(), begin.end());
    trailing.kind = is_same ? TrailingKind::same_stream : TrailingKind::another_stream;
  }
  return trailing;
}

}  // namespace zsluice::pipeline
