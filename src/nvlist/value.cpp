// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/nvlist/value.hpp"

#include "nvlist/layout.hpp"

#include <bit>

namespace zsluice::nvlist {
namespace {

std::uint64_t load_wide(const std::byte* from, std::size_t wire_bytes, ByteOrder order) {
  switch (wire_bytes) {
    case 1:
      return load<std::uint8_t>(from, order);
    case 2:
      return load<std::uint16_t>(from, order);
    case 4:
      return load<std::uint32_t>(from, order);
    default:
      return load<std::uint64_t>(from, order);
  }
}

// The low `width` bytes of `value`. Old XDR encoders sign-extended 8-bit values that others
// zero-extend, so what stands above them means nothing.
std::uint64_t narrowed(std::uint64_t value, std::size_t width, bool is_signed) {
  if (width == 8) return value;
  const std::uint64_t sign = std::uint64_t{1} << (8 * width - 1);
  value &= (sign << 1) - 1;
  return is_signed ? (value ^ sign) - sign : value;
}

}  // namespace

std::string_view type_name(DataType type) {
  const auto code = static_cast<std::size_t>(type);
  return kLayouts[code <= kDataTypeLast ? code : 0].name;
}

std::uint64_t Value::element(std::uint32_t index) const {
  const Layout& layout = layout_of(type_);
  const std::size_t wire_bytes = wire_width(type_, encoding_);
  const std::byte* from = wire_.data() + index * wire_bytes;
  return narrowed(load_wide(from, wire_bytes, order_), layout.width, layout.is_signed);
}

std::optional<std::uint64_t> Value::as_u64() const {
  if (layout_of(type_).shape != Shape::scalar) return std::nullopt;
  if (type_ == DataType::boolean_value || type_ == DataType::floating) return std::nullopt;
  return element(0);
}

std::optional<bool> Value::as_bool() const {
  if (type_ == DataType::boolean) return true;
  if (type_ != DataType::boolean_value) return std::nullopt;
  return element(0) != 0;
}

std::optional<double> Value::as_double() const {
  if (type_ != DataType::floating) return std::nullopt;
  return std::bit_cast<double>(element(0));
}

std::optional<std::string_view> Value::as_string() const {
  if (type_ != DataType::string) return std::nullopt;
  return text_of(wire_);
}

std::optional<std::uint64_t> Value::u64_at(std::uint32_t index) const {
  if (layout_of(type_).shape != Shape::array || index >= count_) return std::nullopt;
  return element(index);
}

// Element by element: XDR spreads all but byte arrays over four bytes each.
bool Value::copy_bytes(MutableByteSpan to) const {
  const Layout& layout = layout_of(type_);
  if (layout.shape != Shape::array || layout.width != 1 || to.size() != count_) return false;
  for (std::uint32_t i = 0; i < count_; ++i) {
    to[i] = static_cast<std::byte>(element(i));
  }
  return true;
}

// The decoder has walked the same texts, so every count and NUL is known to be there.
std::string_view Value::take_string(ByteSpan& rest) const {
  if (encoding_ == Encoding::xdr) {
    const std::size_t length = load<std::uint32_t>(rest.data(), ByteOrder::big);
    const std::string_view text = text_of(rest.subspan(4, length));
    rest = rest.subspan(4 + aligned(length, 4));
    return text;
  }
  const std::string_view text = text_of(rest).substr(0, text_of(rest).find('\0'));
  rest = rest.subspan(text.size() + 1);
  return text;
}

}  // namespace zsluice::nvlist
