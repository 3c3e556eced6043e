// SPDX-License-Identifier: BSD-2-Clause
#include "token/compression.hpp"

#include "base/check.hpp"

#include <zlib.h>

#include <new>

namespace zsluice::token {
namespace {

constexpr int kLevel = 6;

const Bytef* zlib_input(ByteSpan bytes) {
  return reinterpret_cast<const Bytef*>(bytes.data());
}

Bytef* zlib_output(std::vector<std::byte>& bytes) {
  return reinterpret_cast<Bytef*>(bytes.data());
}

}  // namespace

std::vector<std::byte> deflated(ByteSpan bytes) {
  const auto in_bytes = static_cast<uLong>(bytes.size());
  uLongf out_bytes = compressBound(in_bytes);
  std::vector<std::byte> out(out_bytes);
  const int answer = compress2(zlib_output(out), &out_bytes, zlib_input(bytes), in_bytes, kLevel);
  if (answer == Z_MEM_ERROR) throw std::bad_alloc();
  ZSLUICE_CHECK(answer == Z_OK);
  out.resize(out_bytes);
  return out;
}

// There is room for one byte too many, so that data that goes on shows. Bytes behind the end of the
// compressed data are refused although libzfs passes over them: receivers write none, so somebody
// else had a hand in it, and another reader may take them for something.
Result<std::vector<std::byte>, Error> inflated(ByteSpan compressed, std::size_t exact_bytes) {
  std::vector<std::byte> out(exact_bytes + 1);
  auto out_bytes = static_cast<uLongf>(out.size());
  auto used_bytes = static_cast<uLong>(compressed.size());
  const int answer = uncompress2(zlib_output(out), &out_bytes, zlib_input(compressed), &used_bytes);
  if (answer == Z_MEM_ERROR) throw std::bad_alloc();
  const bool goes_on = answer == Z_BUF_ERROR && out_bytes == out.size();
  if (answer != Z_OK && !goes_on) return Unexpected{Error{.code = ErrorCode::bad_compression}};
  if (goes_on || out_bytes != exact_bytes) {
    return Unexpected{
        Error{.code = ErrorCode::wrong_length, .found = out_bytes, .limit = exact_bytes}};
  }
  if (used_bytes != compressed.size()) {
    return Unexpected{Error{.code = ErrorCode::bad_compression}};
  }
  out.resize(exact_bytes);
  return out;
}

}  // namespace zsluice::token
