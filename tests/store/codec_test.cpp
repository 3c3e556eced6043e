// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/store/codec.hpp"

#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace zsluice::storage {
namespace {

using test::Bytes;
using Code = SegmentErrorCode;

// The same 40 bytes again and again.
Bytes shrinkable(std::size_t count) {
  Bytes bytes = test::pattern(count);
  for (std::size_t i = 40; i < count; ++i)
    bytes[i] = bytes[i - 40];
  return bytes;
}

Bytes frame_of(const Bytes& raw, int level = kZstdLevelDefault) {
  Bytes frame(raw.size());
  const auto bytes = Compressor(level).compress(raw, frame);
  frame.resize(bytes.value());
  return frame;
}

Code code_of(ByteSpan stored, std::size_t raw_bytes) {
  Bytes raw(raw_bytes);
  const auto result = Decompressor().decompress(stored, raw);
  if (result) throw std::logic_error("it was decoded");
  return result.error().code;
}

TEST(Codec, EveryLevelGivesTheBytesBack) {
  const Bytes raw = shrinkable(300'000);
  Decompressor decompressor;
  for (int level = kZstdLevelMin; level <= kZstdLevelMax; ++level) {
    const Bytes frame = frame_of(raw, level);
    EXPECT_LT(frame.size(), raw.size() / 2) << level;
    Bytes back(raw.size());
    ASSERT_TRUE(decompressor.decompress(frame, back)) << level;
    EXPECT_TRUE(back == raw) << level;
  }
}

TEST(Codec, OneContextServesManySegments) {
  Compressor compressor(kZstdLevelDefault);
  Decompressor decompressor;
  for (std::size_t size = 312; size < 1 << 20; size = size * 3 + 1) {
    const Bytes raw = shrinkable(size);
    Bytes frame(size);
    const auto bytes = compressor.compress(raw, frame);
    ASSERT_TRUE(bytes);
    Bytes back(size);
    EXPECT_TRUE(decompressor.decompress(ByteSpan(frame).first(*bytes), back));
    EXPECT_TRUE(back == raw);
  }
}

// So that a store that is continued gets the segments of the uninterrupted one.
TEST(Codec, AUsedContextGivesTheSameBytesAsANewOne) {
  for (const int level : {1, 3, 12, 19}) {
    Compressor used(level);
    for (const std::size_t size : {5000U, 300'000U, 700U}) {
      const Bytes raw = shrinkable(size);
      Bytes frame(size);
      const auto bytes = used.compress(raw, frame);
      ASSERT_TRUE(bytes);
      EXPECT_TRUE(Bytes(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(*bytes)) ==
                  frame_of(raw, level));
    }
  }
}

TEST(Codec, WhatDoesNotShrinkIsToBeStoredAsItIs) {
  Compressor compressor(kZstdLevelDefault);
  for (const std::size_t size : {0U, 1U, 312U, 100'000U}) {
    const Bytes raw = test::pattern(size);
    Bytes frame(size);
    EXPECT_FALSE(compressor.compress(raw, frame)) << size;
  }
  // And it still works for the next one.
  const Bytes raw = shrinkable(5000);
  Bytes frame(raw.size());
  EXPECT_TRUE(compressor.compress(raw, frame));
}

TEST(Codec, AFrameOfAnotherLengthIsRefusedBeforeItIsDecoded) {
  const Bytes raw = shrinkable(5000);
  const Bytes frame = frame_of(raw);
  EXPECT_EQ(code_of(frame, 4999), Code::wrong_content_size);
  EXPECT_EQ(code_of(frame, 5001), Code::wrong_content_size);
  EXPECT_EQ(code_of(frame, 0), Code::wrong_content_size);
}

// Frames by hand: one that does not say how much it holds, one that wants a dictionary.
TEST(Codec, AFrameOfAnotherKindIsRefused) {
  const auto bytes = [](std::initializer_list<unsigned> values) {
    Bytes frame;
    for (const unsigned value : values)
      frame.push_back(static_cast<std::byte>(value));
    return frame;
  };
  const Bytes unsized = bytes({0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 0x29, 0, 0, 1, 2, 3, 4, 5});
  EXPECT_EQ(code_of(unsized, 5), Code::wrong_content_size);
  const Bytes keyed = bytes({0x28, 0xb5, 0x2f, 0xfd, 0x21, 7, 5, 0x29, 0, 0, 1, 2, 3, 4, 5});
  EXPECT_EQ(code_of(keyed, 5), Code::undecodable);
}

TEST(Codec, MoreThanOneFrameIsRefused) {
  const Bytes raw = shrinkable(5000);
  Bytes frame = frame_of(raw);
  const Bytes again = frame;
  frame.insert(frame.end(), again.begin(), again.end());
  EXPECT_EQ(code_of(frame, 5000), Code::not_a_frame);
  frame.resize(again.size() + 1);
  EXPECT_EQ(code_of(frame, 5000), Code::not_a_frame);
}

TEST(Codec, WhatIsNoFrameIsRefused) {
  EXPECT_EQ(code_of({}, 5000), Code::not_a_frame);
  EXPECT_EQ(code_of(test::pattern(100), 5000), Code::not_a_frame);
  // A frame that only says how much to skip, with a right one behind it.
  Bytes skippable = {std::byte{0x50}, std::byte{0x2a}, std::byte{0x4d}, std::byte{0x18},
                     std::byte{0},    std::byte{0},    std::byte{0},    std::byte{0}};
  const Bytes frame = frame_of(shrinkable(5000));
  skippable.insert(skippable.end(), frame.begin(), frame.end());
  EXPECT_EQ(code_of(skippable, 5000), Code::not_a_frame);
}

TEST(Codec, AFrameThatIsCutShortIsRefused) {
  const Bytes raw = shrinkable(5000);
  const Bytes frame = frame_of(raw);
  for (std::size_t size = 0; size < frame.size(); ++size)
    EXPECT_NO_THROW(code_of(ByteSpan(frame).first(size), raw.size())) << size;
}

// The hash of the segment tells damage; here nothing but the memory counts.
TEST(Codec, ADamagedFrameWritesNowhereElse) {
  const Bytes raw = shrinkable(2000);
  const Bytes frame = frame_of(raw);
  Decompressor decompressor;
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    Bytes bad = frame;
    bad[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    Bytes back(raw.size() + 64, std::byte{0xa5});
    static_cast<void>(decompressor.decompress(bad, MutableByteSpan(back).first(raw.size())));
    ASSERT_TRUE(std::all_of(back.begin() + 2000, back.end(),
                            [](std::byte byte) { return byte == std::byte{0xa5}; }));
  }
  Bytes back(raw.size());
  EXPECT_TRUE(decompressor.decompress(frame, back));
}

}  // namespace
}  // namespace zsluice::storage
