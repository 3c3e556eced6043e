// SPDX-License-Identifier: BSD-2-Clause
#include "support/token_text.hpp"
#include "token/compression.hpp"
#include "token/tokens.hpp"

#include <gtest/gtest.h>

namespace zsluice::token {
namespace {

using test::Bytes;

// The packed list inside, by the module's own zlib.
Bytes packed_list(std::string_view text) {
  const test::TokenText parts = test::token_parts(text);
  const auto packed =
      inflated(test::bytes_of_hex(parts.digits), std::stoull(parts.length, nullptr, 16));
  EXPECT_TRUE(packed);
  return packed ? *packed : Bytes();
}

TEST(TokenEncode, RealTokensComeOutWithTheSameList) {
  for (const test::CorpusToken& corpus : test::corpus_tokens()) {
    SCOPED_TRACE(corpus.name);
    const DecodedToken original = decoded(corpus.text);
    const auto again = encode(original.token, original.producer_order);
    ASSERT_TRUE(again);
    EXPECT_EQ(decoded(*again).token, original.token);
    EXPECT_EQ(decoded(*again).packed_bytes, original.packed_bytes);
    EXPECT_EQ(packed_list(*again), packed_list(corpus.text));
  }
}

TEST(TokenEncode, TheVectorOfTheReferenceComesOut) {
  const auto text = encode(vector_token(), ByteOrder::little);
  ASSERT_TRUE(text);
  EXPECT_EQ(decoded(*text).token, vector_token());
  EXPECT_EQ(packed_list(*text), packed_list(kVector));
}

TEST(TokenEncode, KeysAreInTheOrderOfReceiversAndAbsentOnesAreLeftOut) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    const test::NvlistForm form{nvlist::Encoding::native, order};
    const auto full = encode(full_token(), order);
    ASSERT_TRUE(full);
    EXPECT_EQ(packed_list(*full), full_list().pack(form));
    EXPECT_EQ(decoded(*full).token, full_token());
    EXPECT_EQ(decoded(*full).producer_order, order);

    const auto least = encode(decoded(text_around(required_list())).token, order);
    ASSERT_TRUE(least);
    EXPECT_EQ(packed_list(*least), required_list().pack(form));
  }
}

TEST(TokenEncode, TextIsAsReceiversWriteIt) {
  const auto text = encode(full_token(), ByteOrder::little);
  ASSERT_TRUE(text);
  const test::TokenText parts = test::token_parts(*text);
  const std::size_t length = full_list().pack(kForms[0]).size();
  const Bytes compressed = test::bytes_of_hex(parts.digits);
  EXPECT_EQ(*text, test::token_of(compressed, length, ByteOrder::little).text());
  EXPECT_TRUE(parts.digits.starts_with("789c")) << "zlib's format, level 6";
}

TEST(TokenEncode, EveryNumberAndNameComesBack) {
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    for (std::size_t size = 0; size < 20; ++size) {
      Token token{.fromguid = number, .object = number, .offset = number, .bytes = number};
      token.toguid = number;
      token.toname = std::string(size, '\xff');
      token.redact_snaps.emplace(size, number);
      for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
        const auto text = encode(token, order);
        ASSERT_TRUE(text);
        EXPECT_EQ(decoded(*text).token, token);
      }
    }
  }
}

TEST(TokenEncode, WhatNobodyCouldReadIsNotMade) {
  Token token = vector_token();
  token.toname = std::string("a\0b", 3);
  EXPECT_EQ(encode(token), std::nullopt) << "a name with NUL";

  // Beside its numbers, 8 bytes each, the array takes 32 bytes.
  token = vector_token();
  const std::size_t room = kPackedBytesMax - decoded(kVector).packed_bytes - 32;
  token.redact_snaps.emplace(room / 8, 1);
  const auto largest = encode(token);
  ASSERT_TRUE(largest);
  EXPECT_GT(decoded(*largest).packed_bytes, kPackedBytesMax - 8);
  token.redact_snaps->push_back(1);
  EXPECT_EQ(encode(token), std::nullopt) << "too many snapshots";
  token.redact_snaps->resize(kPackedBytesMax);
  EXPECT_EQ(encode(token), std::nullopt) << "far too many";
}

// Random numbers are the worst that zlib can meet.
TEST(TokenEncode, TheLargestTokenFitsTheLimitOfTheText) {
  Token token = vector_token();
  std::uint64_t random = 1;
  token.redact_snaps.emplace();
  while (token.redact_snaps->size() < (kPackedBytesMax - 512) / 8) {
    random = random * 6364136223846793005 + 1442695040888963407;
    token.redact_snaps->push_back(random ^ (random >> 29));
  }
  const auto text = encode(token);
  ASSERT_TRUE(text);
  EXPECT_LE(text->size(), kTextBytesMax);
  EXPECT_EQ(decoded(*text).token, token);
}

}  // namespace
}  // namespace zsluice::token
