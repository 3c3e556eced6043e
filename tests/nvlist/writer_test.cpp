// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/nvlist/writer.hpp"

#include "support/nvlist_builder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace zsluice::nvlist {
namespace {

using test::Bytes;

constexpr std::array<Form, 4> kForms{{{Encoding::native, ByteOrder::little},
                                      {Encoding::native, ByteOrder::big},
                                      {Encoding::xdr, ByteOrder::little},
                                      {Encoding::xdr, ByteOrder::big}}};

TEST(Writer, PacksAsTheTestsOwnBuilderDoes) {
  // Name and text lengths on both sides of each padding.
  for (const Form form : kForms) {
    for (std::size_t size = 0; size < 20; ++size) {
      SCOPED_TRACE(std::to_string(static_cast<int>(form.encoding)) + " " + std::to_string(size));
      const std::string name(size + 1, 'n');
      const std::string text(size, 't');
      const std::array<std::uint64_t, 3> numbers{1, ~std::uint64_t{0}, 0x1122334455667788};
      Bytes packed;
      append_list_start(packed, form);
      append_boolean(packed, form, name + "1");
      append_u64(packed, form, name + "2", 0x0102030405060708);
      append_u64s(packed, form, name + "3", numbers);
      append_u64s(packed, form, name + "4", {});
      append_string(packed, form, name + "5", text);
      append_list_end(packed, form);
      const Bytes expected = test::NvlistBuilder()
                                 .boolean(name + "1")
                                 .u64(name + "2", 0x0102030405060708)
                                 .u64s(name + "3", {1, ~std::uint64_t{0}, 0x1122334455667788})
                                 .u64s(name + "4", {})
                                 .string(name + "5", text)
                                 .pack({form.encoding, form.order});
      EXPECT_EQ(packed, expected);
    }
  }
}

TEST(Writer, PacksTheResumePointOfTheReference) {
  // FORMAT.md §D.6, {resume_object=5, resume_offset=131072}.
  constexpr std::string_view kExpected =
      "0101000000000000000000010000002c000000280000000d726573756d655f6f626a6563"
      "74000000000000080000000100000000000000050000002c000000280000000d72657375"
      "6d655f6f6666736574000000000000080000000100000000000200000000000000000000";
  const Form form{Encoding::xdr, ByteOrder::little};
  Bytes packed;
  append_list_start(packed, form);
  append_u64(packed, form, "resume_object", 5);
  append_u64(packed, form, "resume_offset", 131072);
  append_list_end(packed, form);
  std::string hex;
  for (const std::byte byte : packed) {
    hex += "0123456789abcdef"[std::to_integer<unsigned>(byte) >> 4];
    hex += "0123456789abcdef"[std::to_integer<unsigned>(byte) & 15];
  }
  EXPECT_EQ(hex, kExpected);
}

}  // namespace
}  // namespace zsluice::nvlist
