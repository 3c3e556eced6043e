// SPDX-License-Identifier: BSD-2-Clause
// What a store holds, as whoever writes it counts it.
#pragma once

#include "zsluice/checksum/xxh3.hpp"

#include <cstdint>

namespace zsluice::pipeline {

struct StoreTotals {
  std::uint64_t segments = 0;
  std::uint64_t raw_bytes = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t segments_compressed = 0;
  checksum::Xxh3Digest chain;  // content hash of the last segment
  bool is_whole = false;       // the closing line is there
  bool is_published = false;   // StoreFiles::publish() has taken the manifest
};

}  // namespace zsluice::pipeline
