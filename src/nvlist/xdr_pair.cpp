// SPDX-License-Identifier: BSD-2-Clause
// XDR form: big-endian integers, everything padded to four bytes:
//   i32 encoded size, i32 decoded size, text name, i32 type, i32 count, value.
// The decoded size is that of the pair in a receiver's memory. It allocates by it, and refuses the
// list when it is not the size computed from the rest.
#include "nvlist/layout.hpp"
#include "nvlist/pair.hpp"

namespace zsluice::nvlist {
namespace {

constexpr std::uint64_t kUnit = 4;

// Takes from the front. The first failure stays, and what is taken after it is empty or zero.
class Cursor {
 public:
  explicit Cursor(ByteSpan input) : rest_(input), total_(input.size()) {}

  std::uint32_t number() {
    const ByteSpan bytes = take(kUnit);
    return bytes.empty() ? 0 : load<std::uint32_t>(bytes.data(), ByteOrder::big);
  }
  // `count` bytes with their padding, which is not looked at.
  ByteSpan padded(std::uint64_t count) {
    const ByteSpan bytes = take(aligned(count, kUnit));
    return bytes.empty() ? bytes : bytes.first(count);
  }
  // A counted text.
  std::string_view text() { return text_of(padded(number())); }

  [[nodiscard]] bool is_short() const { return short_; }
  [[nodiscard]] std::size_t taken() const { return total_ - rest_.size(); }

 private:
  ByteSpan take(std::uint64_t count) {
    if (short_ || rest_.size() < count) {
      short_ = true;
      return {};
    }
    return take_prefix(rest_, count);
  }

  ByteSpan rest_;
  std::size_t total_;
  bool short_ = false;
};

// A value's elements, and the bytes they take in a receiver's memory.
struct Elements {
  ByteSpan wire;
  std::uint64_t memory_bytes{};
};

bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

// Each text takes at least its count, so the input bounds the loop, whatever `count` says.
Result<Elements, ErrorCode> take_texts(Cursor& input, ByteSpan pair, std::uint64_t count) {
  const std::size_t begin = input.taken();
  std::uint64_t memory_bytes = count * kPointerBytes;
  for (std::uint64_t i = 0; i < count && !input.is_short(); ++i) {
    const std::string_view text = input.text();
    if (has_nul(text)) return Unexpected{ErrorCode::bad_value};
    memory_bytes += text.size() + 1;
  }
  return Elements{pair.subspan(begin, input.taken() - begin), memory_bytes};
}

// An array has a count of its own before its elements; byte arrays, and empty ones, have not.
Result<Elements, ErrorCode> take_array(Cursor& input, DataType type, std::uint64_t count) {
  if (count == 0) return Elements{};
  if (type != DataType::byte_array && input.number() != count && !input.is_short()) {
    return Unexpected{ErrorCode::bad_count};
  }
  const ByteSpan wire = input.padded(count * wire_width(type, Encoding::xdr));
  return Elements{wire, count * layout_of(type).width};
}

// What is short shows in `input`. `pair` is the span it started with.
Result<Elements, ErrorCode> take_elements(Cursor& input,
                                          ByteSpan pair,
                                          DataType type,
                                          std::uint64_t count) {
  const Layout& layout = layout_of(type);
  switch (layout.shape) {
    case Shape::none:
      break;
    case Shape::scalar:
      return Elements{input.padded(wire_width(type, Encoding::xdr)), layout.width};
    case Shape::array:
      return take_array(input, type, count);
    case Shape::text: {
      const std::string_view text = input.text();
      if (has_nul(text)) return Unexpected{ErrorCode::bad_value};
      return Elements{bytes_of(text), text.size() + 1};
    }
    case Shape::texts:
      return take_texts(input, pair, count);
    case Shape::list:
      return Elements{{}, kNativeListBytes};
    case Shape::lists:
      return Elements{{}, count * (kPointerBytes + kNativeListBytes)};
  }
  return Elements{};
}

}  // namespace

Result<Pair, ErrorCode> decode_xdr_pair(ByteSpan rest) {
  Cursor input(rest);
  input.number();  // encoded size: receivers do not look at it either
  const std::uint32_t decoded_bytes = input.number();
  const std::string_view name = input.text();
  const std::uint32_t type_code = input.number();
  const std::uint32_t count = input.number();
  if (input.is_short()) return Unexpected{ErrorCode::truncated};
  if (has_nul(name)) return Unexpected{ErrorCode::bad_name};
  const auto type = checked_type(type_code, count);
  if (!type) return Unexpected{type.error()};

  const auto elements = take_elements(input, rest, *type, count);
  if (!elements) return Unexpected{elements.error()};
  if (input.is_short()) return Unexpected{ErrorCode::truncated};
  if (decoded_bytes > kCountMax ||
      decoded_bytes != decoded_pair_bytes(name.size(), elements->memory_bytes)) {
    return Unexpected{ErrorCode::wrong_size};
  }
  const Value value(*type, count, elements->wire, Encoding::xdr, ByteOrder::big);
  if (!is_acceptable(value, ByteOrder::big)) return Unexpected{ErrorCode::bad_value};
  return Pair{name, value, input.taken(), 0};
}

}  // namespace zsluice::nvlist
