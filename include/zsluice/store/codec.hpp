// SPDX-License-Identifier: BSD-2-Clause
// zstd for segments: one frame per segment, made and read in one piece (src/store/FORMAT.md §5).
// Each object holds a context of libzstd that it uses again for every segment, and belongs to one
// thread at a time. A moved-from object may only be destroyed or assigned to.
//
// Memory: a compressor's context, for a segment of 16 MiB from 1 MiB (level 1) over 5 (level 3) and
// 49 (level 12) to 81 (level 19); a decompressor's, 0.2 MiB.
// Decoding writes straight into the raw payload, so no frame can make it take more.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/store/segment.hpp"

#include <cstddef>
#include <memory>
#include <optional>

// Declared by <zstd.h>, which stays private to codec.cpp.
struct ZSTD_CCtx_s;  // NOLINT(readability-identifier-naming)
struct ZSTD_DCtx_s;  // NOLINT(readability-identifier-naming)

namespace zsluice::storage {

// Windows stay at or below 8 MiB at these levels, so that any zstd reads the frames as it comes.
inline constexpr int kZstdLevelMin = 1;
inline constexpr int kZstdLevelMax = 19;
inline constexpr int kZstdLevelDefault = 3;

class Compressor {
 public:
  // std::bad_alloc when there is no memory for a context.
  explicit Compressor(int level);

  // Writes a frame to `out`, which must have room for raw.size() bytes, and tells its length.
  // Nothing when it would not be smaller than `raw`: such a segment is stored as it is.
  // std::bad_alloc when there was no memory for it.
  [[nodiscard]] std::optional<std::size_t> compress(ByteSpan raw, MutableByteSpan out);

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
};

class Decompressor {
 public:
  // std::bad_alloc when there is no memory for a context.
  Decompressor();

  // `stored` is one frame that holds `raw`.size() bytes and says so, else an error. Whatever comes
  // back, nothing is written outside of `raw`. Of a segment the caller takes header.raw_bytes,
  // which is bounded; a hash should have been checked before.
  [[nodiscard]] Result<void, SegmentError> decompress(ByteSpan stored, MutableByteSpan raw);

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
};

}  // namespace zsluice::storage
