// SPDX-License-Identifier: BSD-2-Clause
// Reads a payload in pieces that stay in a processor's own cache from the first look at them to the
// last: threads side by side then share the memory's bandwidth once, not once for each look.
#pragma once

#include "io/store_files.hpp"
#include "zsluice/base/bytes.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/store/segment.hpp"

#include <algorithm>
#include <cstddef>

namespace zsluice::pipeline {

// Well within a processor's second cache (512 KiB and more), and enough for a call.
inline constexpr std::size_t kPieceBytes = std::size_t{128} << 10;

// Calls `use` with the `bytes` behind the segment's header, piece by piece. Each is read into
// `place(done, size)`, whose result has that size. Fewer than all when the file was cut off
// meanwhile.
template <class Place, class Use>
[[nodiscard]] Result<void, io::SysError> read_pieces(const io::StoredFile& file,
                                                     std::size_t bytes,
                                                     const Place& place,
                                                     const Use& use) {
  for (std::size_t done = 0; done < bytes;) {
    const MutableByteSpan into = place(done, std::min(bytes - done, kPieceBytes));
    const auto count = file.read_at(storage::kSegmentHeaderBytes + done, into);
    if (!count) return Unexpected{count.error()};
    use(ByteSpan(into.first(*count)));
    if (*count < into.size()) break;
    done += *count;
  }
  return {};
}

}  // namespace zsluice::pipeline
