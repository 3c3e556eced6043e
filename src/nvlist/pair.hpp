// SPDX-License-Identifier: BSD-2-Clause
// Decodes one pair at the front of a span: the part in which the two encodings differ. Everything
// in a returned Pair lies inside the span.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/nvlist/reader.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zsluice::nvlist {

struct Pair {
  std::string_view name;
  Value value;
  std::size_t wire_bytes{};       // of the pair itself; the lists it holds follow it
  std::size_t list_headers_at{};  // native lists: where their headers lie, from the pair's start
};

// The size of the end marker at the front of `rest`, 0 when a pair begins there.
[[nodiscard]] Result<std::size_t, ErrorCode> end_marker_bytes(ByteSpan rest,
                                                              Encoding encoding,
                                                              ByteOrder order);

[[nodiscard]] Result<Pair, ErrorCode> decode_native_pair(ByteSpan rest, ByteOrder order);
[[nodiscard]] Result<Pair, ErrorCode> decode_xdr_pair(ByteSpan rest);

// What both encodings demand of type and count before a value can be looked at.
[[nodiscard]] Result<DataType, ErrorCode> checked_type(std::uint32_t code, std::uint32_t count);
// What both demand of a decoded value: a boolean_value is 0 or 1.
[[nodiscard]] bool is_acceptable(const Value& value, ByteOrder order);

}  // namespace zsluice::nvlist
