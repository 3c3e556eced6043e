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

// Half of the second cache of small processors, an eighth of others'; and enough for a call.
inline constexpr std::size_t kStoredPieceBytes = std::size_t{128} << 10;

// Calls `use` with the `bytes` behind the segment's header, piece by piece. Each is read into
// `buffer_at(done, size)`, whose result has that size. Fewer than all when the file was cut off
// meanwhile.
template <class BufferAt, class Use>
[[nodiscard]] Result<void, io::SysError> read_pieces(const io::StoredFile& file,
                                                     std::size_t bytes,
                                                     const BufferAt& buffer_at,
                                                     const Use& use) {
  for (std::size_t done = 0; done < bytes;) {
    const MutableByteSpan into = buffer_at(done, std::min(bytes - done, kStoredPieceBytes));
    const auto count = file.read_at(storage::kSegmentHeaderBytes + done, into);
    if (!count) return Unexpected{count.error()};
    use(ByteSpan(into.first(*count)));
    if (*count < into.size()) break;
    done += *count;
  }
  return {};
}

}  // namespace zsluice::pipeline
