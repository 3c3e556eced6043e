// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/piece_walker.hpp"

#include "zsluice/drr/record.hpp"

#include <algorithm>

namespace zsluice::drr {

void PieceWalker::walk(ByteSpan window, std::vector<PayloadPiece>& pieces) {
  while (!lost_ && !window.empty()) {
    if (payload_left_ > 0) {
      const auto wanted = std::min<std::uint64_t>(payload_left_, window.size());
      pieces.push_back({take_prefix(window, static_cast<std::size_t>(wanted)), order_, {}});
      payload_left_ -= wanted;
    } else if (header_filled_ == 0 && window.size() >= kRecordBytes) {
      lost_ = !read_header(take_prefix(window, kRecordBytes).data());
    } else {
      const ByteSpan part = take_prefix(window, kRecordBytes - header_filled_);
      std::copy(part.begin(), part.end(),
                header_.begin() + static_cast<std::ptrdiff_t>(header_filled_));
      header_filled_ += part.size();
      if (header_filled_ < kRecordBytes) return;
      header_filled_ = 0;
      lost_ = !read_header(header_.data());
    }
  }
}

bool PieceWalker::read_header(const std::byte* bytes) {
  if (const auto order = begin_byte_order(bytes)) order_ = *order;
  const std::optional<std::uint64_t> announced = payload_bytes(RecordView(bytes, order_));
  payload_left_ = announced.value_or(0);
  return announced.has_value();
}

}  // namespace zsluice::drr
