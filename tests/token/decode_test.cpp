// SPDX-License-Identifier: BSD-2-Clause
// What decode() makes of good tokens; bad ones are in hostile_test.cpp.
#include "support/token_text.hpp"
#include "token/tokens.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

namespace zsluice::token {
namespace {

using test::NvlistBuilder;
using test::NvlistForm;

// What OpenZFS printed, as a Token.
Token token_of_print(const test::CorpusToken& corpus) {
  Token token;
  for (const auto& [name, value] : corpus.printed) {
    const auto number = [&value = value] { return std::stoull(value, nullptr, 16); };
    if (name == key::kToname) {
      token.toname = value;
    } else if (name == key::kFromguid) {
      token.fromguid = number();
    } else if (name == key::kObject) {
      token.object = number();
    } else if (name == key::kOffset) {
      token.offset = number();
    } else if (name == key::kBytes) {
      token.bytes = number();
    } else if (name == key::kToguid) {
      token.toguid = number();
    } else {
      EXPECT_EQ(value, "1") << name;
      token.large_block_ok |= name == key::kLargeBlockOk;
      token.embed_ok |= name == key::kEmbedOk;
      token.compress_ok |= name == key::kCompressOk;
      token.raw_ok |= name == key::kRawOk;
    }
  }
  return token;
}

TEST(TokenDecode, RealTokensSayWhatOpenZfsPrintsOfThem) {
  EXPECT_GE(test::corpus_tokens().size(), 24U);
  for (const test::CorpusToken& corpus : test::corpus_tokens()) {
    SCOPED_TRACE(corpus.name);
    const DecodedToken found = decoded(corpus.text);
    EXPECT_EQ(found.token, token_of_print(corpus));
    EXPECT_EQ(found.encoding, nvlist::Encoding::native);
    EXPECT_EQ(found.producer_order, ByteOrder::little);
    EXPECT_EQ(found.packed_bytes, std::stoull(test::token_parts(corpus.text).length, nullptr, 16));
    EXPECT_TRUE(found.unknown_keys.empty());
  }
}

TEST(TokenDecode, TheVectorOfTheReferenceIsRead) {
  const DecodedToken found = decoded(kVector);
  EXPECT_EQ(found.token, vector_token());
  EXPECT_EQ(found.packed_bytes, 216U);
}

TEST(TokenDecode, EveryKeyIsReadInEveryForm) {
  for (const NvlistForm form : kForms) {
    SCOPED_TRACE(name_of(form));
    const DecodedToken found = decoded(text_around(full_list(), form));
    EXPECT_EQ(found.token, full_token());
    EXPECT_EQ(found.encoding, form.encoding);
    EXPECT_EQ(found.producer_order, form.order);
    EXPECT_EQ(found.packed_bytes, full_list().pack(form).size());
  }
}

TEST(TokenDecode, WhatIsNotRequiredMayBeAbsent) {
  const DecodedToken found = decoded(text_around(required_list()));
  Token expected{.object = 1, .toguid = 7};
  expected.toname = "p@s";
  EXPECT_EQ(found.token, expected);
}

TEST(TokenDecode, TheOrderOfTheKeysDoesNotMatter) {
  NvlistBuilder list;
  list.boolean("rawok").string("toname", "p@s").u64("toguid", 7).u64("bytes", 0);
  const Token found = decoded(text_around(list.u64("offset", 0).u64("object", 1))).token;
  Token expected{.object = 1, .toguid = 7};
  expected.toname = "p@s";
  expected.raw_ok = true;
  EXPECT_EQ(found, expected);
}

TEST(TokenDecode, UnknownKeysAreNamedAndPassedOver) {
  NvlistBuilder list = required_list();
  list.boolean("rawOK").string("to\x1b[31m", "x").strings("", {"a", "b"}).u64("object ", 9);
  for (const NvlistForm form : kForms) {
    SCOPED_TRACE(name_of(form));
    const DecodedToken found = decoded(text_around(list, form));
    EXPECT_EQ(found.unknown_keys, (std::vector<std::string>{"rawOK", "to\x1b[31m", "", "object "}));
    EXPECT_EQ(found.token, decoded(text_around(required_list())).token);
  }
}

TEST(TokenDecode, DigitsMayBeOfEitherCaseAndBeginWithZeros) {
  test::TokenText parts = test::token_parts(kVector);
  parts.checksum.insert(0, 16 - parts.checksum.size(), '0');
  parts.length = "00D8";
  std::transform(parts.digits.begin(), parts.digits.end(), parts.digits.begin(),
                 [](unsigned char digit) { return static_cast<char>(std::toupper(digit)); });
  EXPECT_EQ(decoded(parts.text()).token, vector_token());
}

// What says which order is right: byte 1 of a native list, the checksum of an XDR list.
TEST(TokenDecode, TheChecksumIsInTheOrderOfANativeList) {
  for (const NvlistForm form : kForms) {
    SCOPED_TRACE(name_of(form));
    const test::Bytes packed = full_list().pack(form);
    const test::TokenText summed_by_the_other = test::token_around(packed, opposite(form.order));
    if (form.encoding == nvlist::Encoding::xdr) {
      const DecodedToken found = decoded(summed_by_the_other.text());
      EXPECT_EQ(found.token, full_token());
      EXPECT_EQ(found.producer_order, opposite(form.order));
      continue;
    }
    const std::string right = test::token_around(packed, form.order).checksum;
    EXPECT_EQ(error_of(summed_by_the_other.text()),
              (Error{.code = ErrorCode::checksum_mismatch,
                     .found = std::stoull(right, nullptr, 16),
                     .limit = std::stoull(summed_by_the_other.checksum, nullptr, 16)}));
  }
}

TEST(TokenDecode, ManyRedactionSnapshotsAreRead) {
  Token token = vector_token();
  token.redact_snaps.emplace(100'000, 0x0123456789abcdef);
  const auto text = encode(token);
  ASSERT_TRUE(text);
  EXPECT_EQ(decoded(*text).token, token);
}

}  // namespace
}  // namespace zsluice::token
