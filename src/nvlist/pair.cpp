// SPDX-License-Identifier: BSD-2-Clause
#include "nvlist/pair.hpp"

#include "nvlist/layout.hpp"

namespace zsluice::nvlist {

// A native list ends with a size of 0. In XDR it is the second size, the decoded one, that ends it:
// receivers do not look at the first.
Result<std::size_t, ErrorCode> end_marker_bytes(ByteSpan rest, Encoding encoding, ByteOrder order) {
  const std::size_t marker_bytes = encoding == Encoding::xdr ? 8 : 4;
  if (rest.size() < marker_bytes) return Unexpected{ErrorCode::truncated};
  const auto size = load<std::uint32_t>(rest.data() + marker_bytes - 4, order);
  return size == 0 ? marker_bytes : 0;
}

Result<DataType, ErrorCode> checked_type(std::uint32_t code, std::uint32_t count) {
  if (code < kDataTypeFirst || code > kDataTypeLast) return Unexpected{ErrorCode::unknown_type};
  const auto type = static_cast<DataType>(code);
  bool allowed = false;
  switch (layout_of(type).shape) {
    case Shape::none:
      allowed = count == 0;
      break;
    case Shape::scalar:
    case Shape::text:
    case Shape::list:
      allowed = count == 1;
      break;
    case Shape::array:
    case Shape::texts:
    case Shape::lists:
      allowed = count <= kCountMax;
      break;
  }
  if (!allowed) return Unexpected{ErrorCode::bad_count};
  return type;
}

bool is_acceptable(const Value& value, ByteOrder order) {
  if (value.type() != DataType::boolean_value) return true;
  return load<std::uint32_t>(value.wire().data(), order) <= 1;
}

}  // namespace zsluice::nvlist
