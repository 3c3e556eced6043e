// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/base/wire_int.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace zsluice {
namespace {

constexpr std::array<std::byte, 9> kBytes{std::byte{0x00}, std::byte{0x01}, std::byte{0x02},
                                          std::byte{0x03}, std::byte{0x04}, std::byte{0x05},
                                          std::byte{0x06}, std::byte{0x07}, std::byte{0xFF}};

// One byte into the array: no multi-byte load here is aligned.
constexpr std::size_t kMisaligned = 1;

TEST(WireInt, LoadsEachWidthInBothOrders) {
  const std::byte* from = kBytes.data() + kMisaligned;
  EXPECT_EQ(load<std::uint8_t>(from, ByteOrder::big), 0x01U);
  EXPECT_EQ(load<std::uint16_t>(from, ByteOrder::big), 0x0102U);
  EXPECT_EQ(load<std::uint16_t>(from, ByteOrder::little), 0x0201U);
  EXPECT_EQ(load<std::uint32_t>(from, ByteOrder::big), 0x01020304U);
  EXPECT_EQ(load<std::uint32_t>(from, ByteOrder::little), 0x04030201U);
  EXPECT_EQ(load<std::uint64_t>(from, ByteOrder::big), 0x01020304050607FFU);
  EXPECT_EQ(load<std::uint64_t>(from, ByteOrder::little), 0xFF07060504030201U);
}

template <class T>
class WireIntOfWidth : public testing::Test {};
using Widths = testing::Types<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>;
TYPED_TEST_SUITE(WireIntOfWidth, Widths);

TYPED_TEST(WireIntOfWidth, StoreThenLoadGivesTheSameValue) {
  const auto value = static_cast<TypeParam>(0x8123456789ABCDEF);
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    std::array<std::byte, 10> bytes{};
    store<TypeParam>(bytes.data() + kMisaligned, value, order);
    EXPECT_EQ(load<TypeParam>(bytes.data() + kMisaligned, order), value);
    EXPECT_EQ(load<TypeParam>(bytes.data() + kMisaligned, opposite(order)), byteswapped(value));
    EXPECT_EQ(bytes[0], std::byte{0});
    EXPECT_EQ(bytes[kMisaligned + sizeof(TypeParam)], std::byte{0});
  }
}

TEST(WireInt, SwapsBytesAtCompileTime) {
  static_assert(byteswapped(std::uint8_t{0x12}) == 0x12);
  static_assert(byteswapped(std::uint16_t{0x1234}) == 0x3412);
  static_assert(byteswapped(std::uint32_t{0x12345678}) == 0x78563412);
  static_assert(byteswapped(std::uint64_t{0x0123456789ABCDEF}) == 0xEFCDAB8967452301);
  static_assert(opposite(ByteOrder::little) == ByteOrder::big);
  static_assert(opposite(opposite(kHostOrder)) == kHostOrder);
}

}  // namespace
}  // namespace zsluice
