// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/nvlist/value.hpp"

#include "nvlist/forms.hpp"

#include <bit>

namespace zsluice::nvlist {
namespace {

using test::kForms;
using test::NvlistBuilder;
using test::NvlistForm;

// The value of the only pair of `packed`, which must outlive it.
Value only_value(const test::Bytes& packed) {
  auto reader = Reader::open(packed);
  EXPECT_TRUE(reader);
  const auto event = reader->next();
  EXPECT_TRUE(event);
  EXPECT_EQ(event->kind, EventKind::pair);
  EXPECT_EQ(event->name, "key");
  return event->value;
}

struct IntegerCase {
  DataType type;
  std::uint64_t stored;
  std::uint64_t read;
};

constexpr std::uint64_t kMinusTwo = static_cast<std::uint64_t>(-2);

TEST(Value, IntegersOfAllKindsReadAsU64InEveryForm) {
  constexpr IntegerCase kCases[] = {
      {DataType::byte, 0xfe, 0xfe},
      {DataType::int8, 0xfe, kMinusTwo},
      {DataType::uint8, 0xfe, 0xfe},
      {DataType::int16, 0xfffe, kMinusTwo},
      {DataType::uint16, 0xfffe, 0xfffe},
      {DataType::int32, 0xffff'fffe, kMinusTwo},
      {DataType::uint32, 0xffff'fffe, 0xffff'fffe},
      {DataType::int64, kMinusTwo, kMinusTwo},
      {DataType::uint64, 0x0123'4567'89ab'cdef, 0x0123'4567'89ab'cdef},
      {DataType::hrtime, 0x0123'4567'89ab'cdef, 0x0123'4567'89ab'cdef},
  };
  for (const NvlistForm form : kForms) {
    for (const IntegerCase& c : kCases) {
      SCOPED_TRACE(name_of(form) + " " + std::string(type_name(c.type)));
      const auto packed = NvlistBuilder().numbers(c.type, "key", {c.stored}).pack(form);
      const Value value = only_value(packed);
      EXPECT_EQ(value.type(), c.type);
      EXPECT_EQ(value.count(), 1U);
      EXPECT_EQ(value.as_u64(), c.read);
      EXPECT_FALSE(value.as_string() || value.as_bool() || value.as_double() || value.u64_at(0));
    }
  }
}

TEST(Value, IntegerArraysReadByElementInEveryForm) {
  constexpr IntegerCase kCases[] = {
      {DataType::byte_array, 0xfe, 0xfe},
      {DataType::int8_array, 0xfe, kMinusTwo},
      {DataType::uint8_array, 0xfe, 0xfe},
      {DataType::int16_array, 0xfffe, kMinusTwo},
      {DataType::uint16_array, 0xfffe, 0xfffe},
      {DataType::int32_array, 0xffff'fffe, kMinusTwo},
      {DataType::uint32_array, 0xffff'fffe, 0xffff'fffe},
      {DataType::boolean_array, 1, 1},
      {DataType::int64_array, kMinusTwo, kMinusTwo},
      {DataType::uint64_array, 0x0123'4567'89ab'cdef, 0x0123'4567'89ab'cdef},
  };
  for (const NvlistForm form : kForms) {
    for (const IntegerCase& c : kCases) {
      SCOPED_TRACE(name_of(form) + " " + std::string(type_name(c.type)));
      const auto packed = NvlistBuilder().numbers(c.type, "key", {1, c.stored, 0}).pack(form);
      const Value value = only_value(packed);
      EXPECT_EQ(value.type(), c.type);
      EXPECT_EQ(value.count(), 3U);
      EXPECT_EQ(value.u64_at(0), 1U);
      EXPECT_EQ(value.u64_at(1), c.read);
      EXPECT_EQ(value.u64_at(2), 0U);
      EXPECT_EQ(value.u64_at(3), std::nullopt);
      EXPECT_EQ(value.as_u64(), std::nullopt);
    }
  }
}

TEST(Value, EmptyArraysHaveNoElementsInEveryForm) {
  for (const NvlistForm form : kForms) {
    for (std::uint32_t code = kDataTypeFirst; code <= kDataTypeLast; ++code) {
      const auto type = static_cast<DataType>(code);
      if (!type_name(type).ends_with("_array")) continue;
      SCOPED_TRACE(name_of(form) + " " + std::string(type_name(type)));
      const auto packed = NvlistBuilder().numbers(type, "key", {}).pack(form);
      const Value value = only_value(packed);
      EXPECT_EQ(value.count(), 0U);
      EXPECT_TRUE(value.wire().empty());
      EXPECT_EQ(value.u64_at(0), std::nullopt);
      value.for_each_string([](std::string_view) { ADD_FAILURE(); });
      EXPECT_EQ(*test::walk(packed), packed.size());
    }
  }
}

TEST(Value, BooleansReadAsBool) {
  for (const NvlistForm form : kForms) {
    SCOPED_TRACE(name_of(form));
    const auto present = NvlistBuilder().boolean("key").pack(form);
    EXPECT_EQ(only_value(present).as_bool(), true);
    EXPECT_EQ(only_value(present).as_u64(), std::nullopt);
    for (const bool flag : {false, true}) {
      const auto packed =
          NvlistBuilder().numbers(DataType::boolean_value, "key", {flag ? 1U : 0U}).pack(form);
      EXPECT_EQ(only_value(packed).as_bool(), flag);
      EXPECT_EQ(only_value(packed).as_u64(), std::nullopt);
    }
  }
}

TEST(Value, DoublesKeepTheirBits) {
  for (const NvlistForm form : kForms) {
    const auto bits = std::bit_cast<std::uint64_t>(-0.15625);
    const auto packed = NvlistBuilder().numbers(DataType::floating, "key", {bits}).pack(form);
    EXPECT_EQ(only_value(packed).as_double(), -0.15625);
    EXPECT_EQ(only_value(packed).as_u64(), std::nullopt);
  }
}

TEST(Value, TextOfEveryPaddingReadsBack) {
  for (const NvlistForm form : kForms) {
    for (std::size_t length = 0; length < 18; ++length) {
      const std::string text(length, '\xe4');
      const auto packed = NvlistBuilder().string("key", text).pack(form);
      EXPECT_EQ(only_value(packed).as_string(), text);
      EXPECT_EQ(*test::walk(packed), packed.size());
    }
  }
}

TEST(Value, StringArraysReadInOrder) {
  const std::vector<std::string> texts = {"", "one", "four", "", "seventeen bytes.."};
  for (const NvlistForm form : kForms) {
    const auto packed = NvlistBuilder().strings("key", texts).pack(form);
    std::vector<std::string> read;
    only_value(packed).for_each_string([&](std::string_view text) { read.emplace_back(text); });
    EXPECT_EQ(read, texts) << name_of(form);
    EXPECT_EQ(only_value(packed).as_string(), std::nullopt);
  }
}

TEST(Value, CopyBytesWantsTheExactLengthAndAByteType) {
  for (const NvlistForm form : kForms) {
    for (const DataType type :
         {DataType::byte_array, DataType::int8_array, DataType::uint8_array}) {
      SCOPED_TRACE(name_of(form) + " " + std::string(type_name(type)));
      const auto packed = NvlistBuilder().numbers(type, "key", {1, 0x80, 0xff}).pack(form);
      const Value value = only_value(packed);
      std::array<std::byte, 3> copy{};
      EXPECT_FALSE(value.copy_bytes(MutableByteSpan(copy).first(2)));
      EXPECT_EQ(copy[0], std::byte{0});
      EXPECT_TRUE(value.copy_bytes(copy));
      EXPECT_EQ(copy, (std::array{std::byte{1}, std::byte{0x80}, std::byte{0xff}}));
    }
    std::array<std::byte, 1> one{};
    const auto wide = NvlistBuilder().u64s("key", {7}).pack(form);
    const auto text = NvlistBuilder().string("key", "x").pack(form);
    EXPECT_FALSE(only_value(wide).copy_bytes(one));
    EXPECT_FALSE(only_value(text).copy_bytes(one));
  }
}

TEST(Value, XdrBytesAboveTheLowOneAreIgnored) {
  // As written by an encoder that sign-extends (FORMAT.md §D.6).
  const auto packed = NvlistBuilder()
                          .numbers(DataType::uint8, "key", {0xffff'ff80})
                          .pack({Encoding::xdr, ByteOrder::little});
  EXPECT_EQ(only_value(packed).as_u64(), 0x80U);
}

TEST(Value, TypeNamesAreThoseOfTheWire) {
  EXPECT_EQ(type_name(DataType::boolean), "boolean");
  EXPECT_EQ(type_name(DataType::uint64_array), "uint64_array");
  EXPECT_EQ(type_name(DataType::floating), "double");
  EXPECT_EQ(type_name(static_cast<DataType>(28)), "unknown");
}

}  // namespace
}  // namespace zsluice::nvlist
