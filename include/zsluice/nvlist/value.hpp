// SPDX-License-Identifier: BSD-2-Clause
// Value: the typed value of one name-value pair, seen in place in the packed bytes (FORMAT.md
// §D.6). A Value owns nothing: it is valid as long as the memory the Reader was opened on. Only
// the Reader makes values, and it has checked all lengths, so the accessors need no error: they
// answer nullopt (or false) when the value is of another type.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/wire_int.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace zsluice::nvlist {

// The values of byte 0 of a packed list.
enum class Encoding : std::uint8_t { native = 0, xdr = 1 };

// The type codes of the wire.
enum class DataType : std::uint8_t {
  boolean = 1,  // present or not, no value
  byte,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  string,
  byte_array,
  int16_array,
  uint16_array,
  int32_array,
  uint32_array,
  int64_array,
  uint64_array,
  string_array,
  hrtime,
  nvlist,
  nvlist_array,
  boolean_value,
  int8,
  uint8,
  boolean_array,
  int8_array,
  uint8_array,
  floating,  // DATA_TYPE_DOUBLE
};
inline constexpr std::uint32_t kDataTypeFirst = 1;
inline constexpr std::uint32_t kDataTypeLast = 27;

// "uint64", "string_array", …
[[nodiscard]] std::string_view type_name(DataType type);

class Value {
 public:
  Value() = default;
  // For the pair decoders. `wire` holds the elements without a leading count; for a string its
  // text; for lists in native form their 24-byte headers.
  Value(DataType type, std::uint32_t count, ByteSpan wire, Encoding encoding, ByteOrder order)
      : wire_(wire), count_(count), type_(type), encoding_(encoding), order_(order) {}

  [[nodiscard]] DataType type() const { return type_; }
  // Elements: 0 for boolean, 1 for other scalars, any number for arrays.
  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] ByteSpan wire() const { return wire_; }

  // Any integer scalar; signed ones are sign-extended to 64 bits, hrtime included.
  [[nodiscard]] std::optional<std::uint64_t> as_u64() const;
  // boolean (always true) and boolean_value.
  [[nodiscard]] std::optional<bool> as_bool() const;
  [[nodiscard]] std::optional<double> as_double() const;
  // Foreign bytes without NUL: escape them before showing them.
  [[nodiscard]] std::optional<std::string_view> as_string() const;

  // Element `index` of an integer or boolean array, extended as by as_u64().
  [[nodiscard]] std::optional<std::uint64_t> u64_at(std::uint32_t index) const;
  // Copies a byte, int8 or uint8 array of exactly `to.size()` elements (XDR keeps them apart, four
  // bytes each). False, and nothing copied, when type or length differ.
  [[nodiscard]] bool copy_bytes(MutableByteSpan to) const;
  // Calls `visit(std::string_view)` for each element of a string array, in order.
  template <class Visit>
  void for_each_string(Visit&& visit) const {
    if (type_ != DataType::string_array) return;
    ByteSpan rest = wire_;
    for (std::uint32_t i = 0; i < count_; ++i) {
      visit(take_string(rest));
    }
  }

 private:
  [[nodiscard]] std::string_view take_string(ByteSpan& rest) const;
  [[nodiscard]] std::uint64_t element(std::uint32_t index) const;

  ByteSpan wire_;
  std::uint32_t count_ = 0;
  DataType type_ = DataType::boolean;
  Encoding encoding_ = Encoding::native;
  ByteOrder order_ = kHostOrder;
};

}  // namespace zsluice::nvlist
