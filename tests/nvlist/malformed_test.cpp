// SPDX-License-Identifier: BSD-2-Clause
// Lists that are not what they claim. Inputs are copied to blocks of their exact size, so that a
// sanitizer sees any byte read outside.
#include "nvlist/forms.hpp"

#include <ostream>
#include <utility>

namespace zsluice::nvlist {

// For googletest.
static void PrintTo(const Error& error, std::ostream* out) {
  *out << "code " << static_cast<int>(error.code) << " at " << error.offset;
}

namespace {

using test::Bytes;
using test::kForms;
using test::NvlistBuilder;
using test::NvlistForm;
using enum ErrorCode;

const NvlistForm kNative{Encoding::native, ByteOrder::little};
const NvlistForm kNativeBig{Encoding::native, ByteOrder::big};
const NvlistForm kXdr{Encoding::xdr, ByteOrder::little};

// In both encodings the first pair begins here, and a one-letter name takes four bytes or fewer.
constexpr std::size_t kFirstPair = 12;
constexpr std::uint32_t kMinusOne = 0xffff'ffff;

Error error_of(const Bytes& packed, std::size_t depth_max = kDepthMax) {
  const auto walked = test::walk(packed, depth_max);
  EXPECT_FALSE(walked);
  return walked ? Error{duplicate_name, 0} : walked.error();
}

// One 32-bit integer of a list overwritten.
struct Patch {
  std::size_t at;
  std::uint32_t value;
};

void apply(Bytes& packed, NvlistForm form, const Patch& patch) {
  ASSERT_LE(patch.at + 4, packed.size());
  store(packed.data() + patch.at, patch.value, test::wire_order(form));
}

struct PatchCase {
  const char* what;
  NvlistForm form;
  NvlistBuilder list;
  std::vector<Patch> patches;
  ErrorCode code;
  std::uint64_t offset = kFirstPair;
};

void expect_errors(const std::vector<PatchCase>& cases) {
  for (const PatchCase& c : cases) {
    SCOPED_TRACE(name_of(c.form) + ": " + c.what);
    Bytes packed = c.list.pack(c.form);
    EXPECT_TRUE(test::walk(packed));
    for (const Patch& patch : c.patches) {
      apply(packed, c.form, patch);
    }
    EXPECT_EQ(error_of(packed), (Error{c.code, c.offset}));
  }
}

NvlistBuilder one_u64() {
  return NvlistBuilder().u64("a", 1);
}
NvlistBuilder two_u64s() {
  return NvlistBuilder().u64s("a", {1, 2});
}

TEST(NvlistMalformed, NativeFieldsAreCheckedBeforeUse) {
  constexpr std::size_t kSize = kFirstPair;
  constexpr std::size_t kNameSize = kFirstPair + 4;  // with 16 reserved bits above it, ignored
  constexpr std::size_t kCount = kFirstPair + 8;
  constexpr std::size_t kType = kFirstPair + 12;
  constexpr std::size_t kName = kFirstPair + 16;
  constexpr std::size_t kValue = kFirstPair + 24;
  const NvlistBuilder text = NvlistBuilder().string("a", "1234567");
  const NvlistBuilder texts = NvlistBuilder().strings("a", {"123", "567"});
  const NvlistBuilder lists = NvlistBuilder().lists("a", {NvlistBuilder(), NvlistBuilder()});
  expect_errors({
      {"size too small to move on", kNative, one_u64(), {{kSize, 1}}, wrong_size},
      {"size without room for the fields", kNative, one_u64(), {{kSize, 16}}, wrong_size},
      {"size without the value", kNative, one_u64(), {{kSize, 24}}, wrong_size},
      {"size smaller by one", kNative, one_u64(), {{kSize, 31}}, wrong_size},
      {"size larger by one", kNative, one_u64(), {{kSize, 33}}, wrong_size},
      {"size beyond the end", kNative, one_u64(), {{kSize, 37}}, truncated},
      {"largest size", kNative, one_u64(), {{kSize, 0x7fff'ffff}}, truncated},
      {"negative size", kNative, one_u64(), {{kSize, kMinusOne}}, wrong_size},
      {"size in the wrong order", kNativeBig, one_u64(), {{kSize, 32U << 24}}, truncated},
      {"no name, not even its NUL", kNative, one_u64(), {{kNameSize, 0}}, bad_name},
      {"name without NUL", kNative, one_u64(), {{kNameSize, 1}}, bad_name},
      {"name with NUL inside", kNative, one_u64(), {{kNameSize, 3}}, bad_name},
      {"name beyond the pair", kNative, one_u64(), {{kNameSize, 30}}, bad_name},
      {"largest name", kNative, one_u64(), {{kNameSize, 0x7fff}}, bad_name},
      {"negative name size", kNative, one_u64(), {{kNameSize, 0xffff}}, bad_name},
      {"name of eight NULs", kNative, one_u64(), {{kName, 0}}, bad_name},
      {"scalar of no element", kNative, one_u64(), {{kCount, 0}}, bad_count},
      {"scalar of two elements", kNative, one_u64(), {{kCount, 2}}, bad_count},
      {"array larger than its pair", kNative, two_u64s(), {{kCount, 3}}, wrong_size},
      {"array smaller than its pair", kNative, two_u64s(), {{kCount, 1}}, wrong_size},
      {"absurd array", kNative, two_u64s(), {{kCount, 0x7fff'ffff}}, wrong_size},
      {"negative count", kNative, two_u64s(), {{kCount, kMinusOne}}, bad_count},
      {"type 0", kNative, one_u64(), {{kType, 0}}, unknown_type},
      {"type after the last", kNative, one_u64(), {{kType, 28}}, unknown_type},
      {"negative type", kNative, one_u64(), {{kType, kMinusOne}}, unknown_type},
      {"boolean with an element", kNative, one_u64(), {{kType, 1}}, bad_count},
      {"text without NUL", kNative, text, {{kValue + 4, 0x3131'3131}}, bad_value},
      {"texts without the last NUL", kNative, texts, {{kValue + 20, 0x3131'3131}}, bad_value},
      {"more texts than there are", kNative, texts, {{kCount, 3}}, bad_value},
      {"absurd number of texts", kNative, texts, {{kCount, 0x7fff'ffff}}, wrong_size},
      {"absurd number of lists", kNative, lists, {{kCount, 0x7fff'ffff}}, wrong_size},
      {"version of a list inside", kNative, lists, {{kValue + 16, 1}}, unsupported_version, 52},
      {"boolean_value of 2",
       kNative,
       NvlistBuilder().numbers(DataType::boolean_value, "a", {1}),
       {{kValue, 2}},
       bad_value},
  });
}

TEST(NvlistMalformed, XdrFieldsAreCheckedBeforeUse) {
  constexpr std::size_t kDecodedSize = kFirstPair + 4;
  constexpr std::size_t kNameSize = kFirstPair + 8;
  constexpr std::size_t kName = kFirstPair + 12;
  constexpr std::size_t kType = kFirstPair + 16;
  constexpr std::size_t kCount = kFirstPair + 20;
  constexpr std::size_t kValue = kFirstPair + 24;
  const NvlistBuilder text = NvlistBuilder().string("a", "1234567");
  const NvlistBuilder texts = NvlistBuilder().strings("a", {"123", "567"});
  const NvlistBuilder bytes = NvlistBuilder().numbers(DataType::byte_array, "a", {1, 2, 3});
  const NvlistBuilder lists = NvlistBuilder().lists("a", {NvlistBuilder(), NvlistBuilder()});
  expect_errors({
      {"decoded size too small", kXdr, one_u64(), {{kDecodedSize, 24}}, wrong_size},
      {"decoded size too large", kXdr, one_u64(), {{kDecodedSize, 40}}, wrong_size},
      {"negative decoded size", kXdr, one_u64(), {{kDecodedSize, kMinusOne}}, wrong_size},
      {"name beyond the end", kXdr, one_u64(), {{kNameSize, 40}}, truncated},
      {"absurd name", kXdr, one_u64(), {{kNameSize, 0x7fff'ffff}}, truncated},
      {"name size that wraps when padded", kXdr, one_u64(), {{kNameSize, kMinusOne}}, truncated},
      {"name with NUL", kXdr, one_u64(), {{kName, 0}}, bad_name},
      {"scalar of no element", kXdr, one_u64(), {{kCount, 0}}, bad_count},
      {"scalar of two elements", kXdr, one_u64(), {{kCount, 2}}, bad_count},
      {"type 0", kXdr, one_u64(), {{kType, 0}}, unknown_type},
      {"type after the last", kXdr, one_u64(), {{kType, 28}}, unknown_type},
      {"boolean with an element", kXdr, one_u64(), {{kType, 1}}, bad_count},
      {"two counts that differ", kXdr, two_u64s(), {{kCount, 3}}, bad_count},
      {"array beyond the end", kXdr, two_u64s(), {{kCount, 4}, {kValue, 4}}, truncated},
      {"absurd array", kXdr, two_u64s(), {{kCount, 0x7fff'ffff}, {kValue, 0x7fff'ffff}}, truncated},
      {"array smaller than declared", kXdr, two_u64s(), {{kCount, 1}, {kValue, 1}}, wrong_size},
      {"empty array with elements", kXdr, two_u64s(), {{kCount, 0}}, wrong_size},
      {"negative count", kXdr, two_u64s(), {{kCount, kMinusOne}}, bad_count},
      {"absurd byte array", kXdr, bytes, {{kCount, 0x7fff'ffff}}, truncated},
      {"text beyond the end", kXdr, text, {{kValue, 0x7fff'ffff}}, truncated},
      {"text with NUL", kXdr, text, {{kValue + 4, 0x3100'3131}}, bad_value},
      {"texts with NUL", kXdr, texts, {{kValue + 4, 0x3100'3100}}, bad_value},
      {"more texts than there are", kXdr, texts, {{kCount, 0x7fff'ffff}}, truncated},
      {"absurd number of lists", kXdr, lists, {{kCount, 0x7fff'ffff}}, wrong_size},
      {"more lists than bytes", kXdr, lists, {{kCount, 1000}, {kDecodedSize, 32024}}, truncated},
      {"version of a list inside", kXdr, lists, {{kValue, 1}}, unsupported_version, kValue},
      {"boolean_value of 2",
       kXdr,
       NvlistBuilder().numbers(DataType::boolean_value, "a", {1}),
       {{kValue, 2}},
       bad_value},
  });
}

TEST(NvlistMalformed, HeaderIsChecked) {
  for (const NvlistForm form : kForms) {
    const Bytes good = one_u64().pack(form);
    Bytes packed = good;
    packed[0] = std::byte{2};
    EXPECT_EQ(error_of(packed), (Error{unknown_encoding, 0}));
    packed = good;
    apply(packed, form, {4, 1});
    EXPECT_EQ(error_of(packed), (Error{unsupported_version, 4}));
    packed = good;
    packed[1] = std::byte{2};
    if (form.encoding == Encoding::xdr) {
      EXPECT_TRUE(test::walk(packed)) << "the order is only informative for XDR";
    } else {
      EXPECT_EQ(error_of(packed), (Error{unknown_byte_order, 0}));
    }
  }
}

TEST(NvlistMalformed, WhatReceiversIgnoreIsTolerated) {
  for (const NvlistForm form : kForms) {
    SCOPED_TRACE(name_of(form));
    const Bytes good = NvlistBuilder().u64("a", 1).string("b", "text").pack(form);
    Bytes packed = good;
    packed[2] = packed[3] = std::byte{0xee};   // reserved
    packed[8] = packed[11] = std::byte{0xee};  // nvflag
    if (form.encoding == Encoding::xdr) {
      apply(packed, form, {kFirstPair, 0});                 // encoded size
      packed[kFirstPair + 15] = std::byte{0xee};            // pad after the name
      apply(packed, form, {packed.size() - 8, kMinusOne});  // first half of the end marker
    } else {
      packed[kFirstPair + 6] = packed[kFirstPair + 7] = std::byte{0xee};  // reserved
      packed[kFirstPair + 23] = std::byte{0xee};                          // pad after the name
      packed[packed.size() - 5] = std::byte{0xee};                        // pad after the text
    }
    EXPECT_EQ(*test::walk(packed), good.size());
  }
}

TEST(NvlistMalformed, EveryTruncationIsAnErrorUpToTheEndMarker) {
  const NvlistBuilder list = NvlistBuilder()
                                 .u64("number", 1)
                                 .u8_ramp("bytes", 5)
                                 .numbers(DataType::byte_array, "packed bytes", {1, 2, 3})
                                 .string("text", "word")
                                 .strings("texts", {"a", "", "bcd"})
                                 .list("list", NvlistBuilder().boolean("inner"))
                                 .lists("lists", {NvlistBuilder(), NvlistBuilder().u64("x", 1)});
  for (const NvlistForm form : kForms) {
    const Bytes packed = list.pack(form);
    for (std::size_t size = 0; size < packed.size(); ++size) {
      const Bytes cut(packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(size));
      const Error error = error_of(cut);
      EXPECT_EQ(error.code, truncated) << name_of(form) << " cut to " << size;
      EXPECT_LE(error.offset, size);
    }
  }
}

TEST(NvlistMalformed, NestingDeeperThanAllowedIsRefused) {
  const auto nested = [](std::size_t depth) {
    NvlistBuilder list;
    for (std::size_t i = 0; i < depth; ++i) {
      list = NvlistBuilder().list("l", std::move(list));
    }
    return list;
  };
  for (const NvlistForm form : kForms) {
    SCOPED_TRACE(name_of(form));
    EXPECT_TRUE(test::walk(nested(kDepthMax).pack(form)));
    EXPECT_EQ(error_of(nested(kDepthMax + 1).pack(form)).code, too_deep);
    EXPECT_TRUE(test::walk(nested(kKernelDepthMax).pack(form), kKernelDepthMax));
    EXPECT_EQ(error_of(nested(kKernelDepthMax + 1).pack(form), kKernelDepthMax).code, too_deep);
    EXPECT_EQ(error_of(nested(300).pack(form), 1'000'000).code, too_deep);
    EXPECT_EQ(error_of(nested(1).pack(form), 0), (Error{too_deep, kFirstPair}));
  }
}

TEST(NvlistMalformed, AnErrorDoesNotMoveTheReader) {
  for (const NvlistForm form : kForms) {
    Bytes packed = NvlistBuilder().u64("a", 1).u64("b", 2).pack(form);
    packed.resize(packed.size() - 12);
    auto reader = Reader::open(packed);
    ASSERT_TRUE(reader);
    ASSERT_TRUE(reader->next());
    const auto first = reader->next();
    const auto second = reader->next();
    ASSERT_FALSE(first || second);
    EXPECT_EQ(first.error(), second.error());
    EXPECT_EQ(first.error().offset, reader->consumed());
  }
}

}  // namespace
}  // namespace zsluice::nvlist
