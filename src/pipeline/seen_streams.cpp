// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/seen_streams.hpp"

#include <algorithm>

namespace zsluice::pipeline {

void SeenStreams::add(ByteSpan begin_record, ByteSpan payload) {
  hash_.update(begin_record);
  hash_.update(payload);
}

bool SeenStreams::complete() {
  const checksum::Xxh3Digest digest = hash_.digest();
  hash_.reset();
  if (std::find(seen_.begin(), seen_.end(), digest) != seen_.end()) return true;
  if (seen_.size() < kRememberedStreams) {
    seen_.push_back(digest);
  } else {
    seen_[next_] = digest;
    next_ = (next_ + 1) % kRememberedStreams;
  }
  return false;
}

}  // namespace zsluice::pipeline
