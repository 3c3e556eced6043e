// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/begin_collector.hpp"

#include <algorithm>

namespace zsluice::drr {

void BeginCollector::start(const Parser& parser) {
  const ByteSpan bytes = parser.record().bytes();
  std::copy(bytes.begin(), bytes.end(), record_.begin());
  order_ = parser.record().order();
  payload_.clear();
  payload_.reserve(static_cast<std::size_t>(parser.record_payload_bytes()));  // within the limit
}

void BeginCollector::add(ByteSpan piece) {
  payload_.insert(payload_.end(), piece.begin(), piece.end());
}

void BeginCollector::clear() {
  std::vector<std::byte>().swap(payload_);
}

}  // namespace zsluice::drr
