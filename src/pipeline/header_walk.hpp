// SPDX-License-Identifier: BSD-2-Clause
// All headers of a store, once, before it gets its closing line: that vouches for every segment,
// and most of them another run has written, long ago perhaps.
#pragma once

#include "io/store_files.hpp"
#include "pipeline/segment_reader.hpp"

#include <cstdint>

namespace zsluice::pipeline {

// Segments 0 to `segments` - 1: each header linked to the one before, proven by the key if there is
// one, and the length of each file. No payload is read. A failure names the first that is not
// right; else it is told whether each line that the manifest has of them says what its segment's
// header does.
[[nodiscard]] Result<bool, StoreFailure> walk_headers(const SegmentReaderOptions& reading,
                                                      std::uint64_t segments,
                                                      io::StoreFiles& files);

}  // namespace zsluice::pipeline
