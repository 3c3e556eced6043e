// SPDX-License-Identifier: BSD-2-Clause
// How each data type lies in memory and on the wire (FORMAT.md §D.6), as one table.
#pragma once

#include "zsluice/nvlist/value.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zsluice::nvlist {

inline constexpr std::size_t kHeaderBytes = 4;           // encoding, byte order, two reserved
inline constexpr std::size_t kListHeaderBytes = 8;       // version, nvflag
inline constexpr std::size_t kNativeListBytes = 24;      // a list's header inside a native value
inline constexpr std::size_t kPointerBytes = 8;          // per array item, always zero on the wire
inline constexpr std::size_t kPairFixedBytes = 16;       // native: before the name
inline constexpr std::uint32_t kCountMax = 0x7fff'ffff;  // counts and sizes are int32

// What a type's value consists of; each shape is laid out, counted and bounded in its own way.
enum class Shape : std::uint8_t { none, scalar, array, text, texts, list, lists };

struct Layout {
  std::string_view name;
  Shape shape;
  std::uint8_t width;  // bytes of an element in memory, which is what native form holds
  bool is_signed;
};

// Indexed by the wire's type code. Code 0 is never valid, and stands for what has no name.
inline constexpr std::array<Layout, kDataTypeLast + 1> kLayouts{{
    {"unknown", Shape::none, 0, false},        {"boolean", Shape::none, 0, false},
    {"byte", Shape::scalar, 1, false},         {"int16", Shape::scalar, 2, true},
    {"uint16", Shape::scalar, 2, false},       {"int32", Shape::scalar, 4, true},
    {"uint32", Shape::scalar, 4, false},       {"int64", Shape::scalar, 8, true},
    {"uint64", Shape::scalar, 8, false},       {"string", Shape::text, 1, false},
    {"byte_array", Shape::array, 1, false},    {"int16_array", Shape::array, 2, true},
    {"uint16_array", Shape::array, 2, false},  {"int32_array", Shape::array, 4, true},
    {"uint32_array", Shape::array, 4, false},  {"int64_array", Shape::array, 8, true},
    {"uint64_array", Shape::array, 8, false},  {"string_array", Shape::texts, 1, false},
    {"hrtime", Shape::scalar, 8, true},        {"nvlist", Shape::list, 0, false},
    {"nvlist_array", Shape::lists, 0, false},  {"boolean_value", Shape::scalar, 4, false},
    {"int8", Shape::scalar, 1, true},          {"uint8", Shape::scalar, 1, false},
    {"boolean_array", Shape::array, 4, false}, {"int8_array", Shape::array, 1, true},
    {"uint8_array", Shape::array, 1, false},   {"double", Shape::scalar, 8, false},
}};

[[nodiscard]] constexpr const Layout& layout_of(DataType type) {
  return kLayouts[static_cast<std::size_t>(type)];
}

// Bytes one element takes on the wire. XDR widens everything below 64 bits to four bytes, except in
// byte arrays.
[[nodiscard]] constexpr std::size_t wire_width(DataType type, Encoding encoding) {
  const std::size_t width = layout_of(type).width;
  if (encoding == Encoding::native || type == DataType::byte_array) return width;
  return width == 8 ? 8 : 4;
}

// Rounded up to a multiple of `unit`, a power of two.
[[nodiscard]] constexpr std::uint64_t aligned(std::uint64_t bytes, std::uint64_t unit) {
  return (bytes + unit - 1) & ~(unit - 1);
}

// A pair's size in memory, which both encodings declare and receivers compare: `name_bytes` without
// its NUL. Far from overflowing for any input, since both terms are bounded by 2^32 * 32.
[[nodiscard]] constexpr std::uint64_t decoded_pair_bytes(std::uint64_t name_bytes,
                                                         std::uint64_t value_bytes) {
  return aligned(kPairFixedBytes + name_bytes + 1, 8) + aligned(value_bytes, 8);
}

}  // namespace zsluice::nvlist
