// SPDX-License-Identifier: BSD-2-Clause
// Native form: a pair is the producer's memory image, `size` bytes long:
//   i32 size, i16 name size with NUL, i16 reserved, i32 count, i32 type, name, pad, value, pad.
// The pairs of the lists it holds are no part of that image: they follow it.
#include "nvlist/layout.hpp"
#include "nvlist/pair.hpp"

#include <optional>

namespace zsluice::nvlist {
namespace {

constexpr std::size_t kNameSizeAt = 4;
constexpr std::size_t kCountAt = 8;
constexpr std::size_t kTypeAt = 12;
constexpr std::size_t kPairBytesMin = 24;  // a name of just its NUL, no value

// The part of a value's area that means something.
struct Extent {
  std::size_t skipped{};  // places of pointers, before the elements
  std::size_t used{};     // bytes of the elements themselves
  std::size_t total{};    // what the declared size accounts for, unpadded
};

// The bytes up to the NUL that ends the text at the front of `area`.
std::optional<std::size_t> text_bytes(ByteSpan area) {
  const std::size_t length = text_of(area).find('\0');
  if (length == std::string_view::npos) return std::nullopt;
  return length;
}

// The texts stand back to back after the places of their pointers. The first comparison bounds the
// loop, whatever the count says.
Result<Extent, ErrorCode> extent_of_texts(ByteSpan area, std::uint64_t count) {
  if (area.size() / kPointerBytes < count) return Unexpected{ErrorCode::wrong_size};
  const std::size_t pointers = count * kPointerBytes;
  std::size_t end = pointers;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto length = text_bytes(area.subspan(end));
    if (!length) return Unexpected{ErrorCode::bad_value};
    end += *length + 1;
  }
  return Extent{pointers, end - pointers, end};
}

// `area` is the rest of the pair after the name, padding included. What the value needs must be
// there; whether it is exactly what the pair declares is for the caller.
Result<Extent, ErrorCode> extent_of(ByteSpan area, DataType type, std::uint64_t count) {
  std::uint64_t skipped = 0;
  std::uint64_t used = 0;
  std::uint64_t terminator = 0;
  switch (layout_of(type).shape) {
    case Shape::none:
      break;
    case Shape::scalar:
    case Shape::array:
      used = count * layout_of(type).width;
      break;
    case Shape::text: {
      const auto length = text_bytes(area);
      if (!length) return Unexpected{ErrorCode::bad_value};
      used = *length;
      terminator = 1;
      break;
    }
    case Shape::texts:
      return extent_of_texts(area, count);
    case Shape::list:
      used = kNativeListBytes;
      break;
    case Shape::lists:
      skipped = count * kPointerBytes;
      used = count * kNativeListBytes;
      break;
  }
  const std::uint64_t total = skipped + used + terminator;  // below 2^31 * 32 + 1
  if (area.size() < total) return Unexpected{ErrorCode::wrong_size};
  return Extent{skipped, used, total};
}

}  // namespace

Result<Pair, ErrorCode> decode_native_pair(ByteSpan rest, ByteOrder order) {
  const auto size = load<std::uint32_t>(rest.data(), order);
  if (size < kPairBytesMin || size > kCountMax) return Unexpected{ErrorCode::wrong_size};
  if (rest.size() < size) return Unexpected{ErrorCode::truncated};
  const ByteSpan pair = rest.first(size);

  const auto name_size = load<std::uint16_t>(pair.data() + kNameSizeAt, order);
  const std::uint64_t value_at = aligned(kPairFixedBytes + name_size, 8);
  if (name_size == 0 || name_size > INT16_MAX || value_at > size) {
    return Unexpected{ErrorCode::bad_name};
  }
  // Receivers measure the name by its NUL: with one inside, two sizes would be right.
  const std::string_view name = text_of(pair.subspan(kPairFixedBytes, name_size));
  if (name.find('\0') != name.size() - 1U) return Unexpected{ErrorCode::bad_name};

  const auto count = load<std::uint32_t>(pair.data() + kCountAt, order);
  const auto type = checked_type(load<std::uint32_t>(pair.data() + kTypeAt, order), count);
  if (!type) return Unexpected{type.error()};

  const ByteSpan area = pair.subspan(value_at);
  const auto extent = extent_of(area, *type, count);
  if (!extent) return Unexpected{extent.error()};
  if (size != decoded_pair_bytes(name_size - 1U, extent->total)) {
    return Unexpected{ErrorCode::wrong_size};
  }
  const ByteSpan elements = area.subspan(extent->skipped, extent->used);
  const Value value(*type, count, elements, Encoding::native, order);
  if (!is_acceptable(value, order)) return Unexpected{ErrorCode::bad_value};
  return Pair{name.substr(0, name.size() - 1), value, size, value_at + extent->skipped};
}

}  // namespace zsluice::nvlist
