// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/store/codec.hpp"

#include "base/check.hpp"
#include "store/error_of.hpp"
#include "zsluice/base/wire_int.hpp"

#include <zstd.h>
#include <zstd_errors.h>

#include <new>

namespace zsluice::storage {
namespace {

// libzstd also reads frames that only say what to skip, and those of old versions.
bool starts_a_frame(ByteSpan stored) {
  return stored.size() >= sizeof(std::uint32_t) &&
         load<std::uint32_t>(stored.data(), ByteOrder::little) == ZSTD_MAGICNUMBER;
}

}  // namespace

Compressor::Compressor(int level) : context_(ZSTD_createCCtx()) {
  ZSLUICE_CHECK(level >= kZstdLevelMin && level <= kZstdLevelMax);
  if (context_ == nullptr) throw std::bad_alloc();
  ZSLUICE_CHECK(
      ZSTD_isError(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level)) == 0);
}

std::optional<std::size_t> Compressor::compress(ByteSpan raw, MutableByteSpan out) {
  ZSLUICE_CHECK(out.size() >= raw.size());
  if (raw.empty()) return std::nullopt;
  const std::size_t bytes =
      ZSTD_compress2(context_.get(), out.data(), raw.size() - 1, raw.data(), raw.size());
  if (ZSTD_isError(bytes) == 0) return bytes;
  // The same bytes must be stored the same way each time, so that only this is "does not shrink".
  if (ZSTD_getErrorCode(bytes) != ZSTD_error_dstSize_tooSmall) throw std::bad_alloc();
  return std::nullopt;
}

void Compressor::Free::operator()(ZSTD_CCtx_s* context) const {
  ZSTD_freeCCtx(context);
}

Decompressor::Decompressor() : context_(ZSTD_createDCtx()) {
  if (context_ == nullptr) throw std::bad_alloc();
}

Result<void, SegmentError> Decompressor::decompress(ByteSpan stored, MutableByteSpan raw) {
  using enum SegmentErrorCode;
  if (!starts_a_frame(stored)) return Unexpected{error_of(not_a_frame, kSegmentHeaderBytes)};
  // "Unknown" and "error" are numbers that no payload can have.
  const std::uint64_t content = ZSTD_getFrameContentSize(stored.data(), stored.size());
  if (content != raw.size()) {
    return Unexpected{error_of(wrong_content_size, kSegmentHeaderBytes, raw.size(), content)};
  }
  if (ZSTD_findFrameCompressedSize(stored.data(), stored.size()) != stored.size()) {
    return Unexpected{error_of(not_a_frame, kSegmentHeaderBytes)};
  }
  const std::size_t bytes =
      ZSTD_decompressDCtx(context_.get(), raw.data(), raw.size(), stored.data(), stored.size());
  if (bytes != raw.size()) return Unexpected{error_of(undecodable, kSegmentHeaderBytes)};
  return {};
}

void Decompressor::Free::operator()(ZSTD_DCtx_s* context) const {
  ZSTD_freeDCtx(context);
}

}  // namespace zsluice::storage
