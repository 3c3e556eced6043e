// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/resume/begin_edit.hpp"

#include "support/nvlist_builder.hpp"
#include "support/policy_streams.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

#include <array>

namespace zsluice::resume {
namespace {

using nvlist::Encoding;
using test::Bytes;
using test::NvlistBuilder;
using test::NvlistForm;
using test::StreamBuilder;

constexpr drr::ResumePoint kPoint{.object = 34, .offset = 0x123456789000};

constexpr std::array<NvlistForm, 4> kForms{{{Encoding::native, ByteOrder::little},
                                            {Encoding::native, ByteOrder::big},
                                            {Encoding::xdr, ByteOrder::little},
                                            {Encoding::xdr, ByteOrder::big}}};

Result<ResumedBegin, nvlist::Error> edited(const Bytes& payload,
                                           ByteOrder order = ByteOrder::little) {
  const Bytes stream = StreamBuilder(order).begin({.payload = payload}).end().bytes();
  return resumed_begin({stream.data(), order},
                       ByteSpan(stream).subspan(drr::kRecordBytes, payload.size()), kPoint);
}

NvlistBuilder keydata() {
  NvlistBuilder list;
  list.u64("DSL_CRYPTO_SUITE", 8).u64("resume_object", 5).u8_ramp("portable_mac", 32);
  return list;
}

TEST(BeginEdit, ThePointStandsBehindTheRedactionsAndBeforeTheKeys) {
  for (const NvlistForm form : kForms) {
    const Bytes before = NvlistBuilder()
                             .u64s("redact_snaps", {1, 2, 3})
                             .u64s("redact_from_snaps", {})
                             .list("crypt_keydata", keydata())
                             .pack(form);
    const Bytes expected = NvlistBuilder()
                               .u64s("redact_snaps", {1, 2, 3})
                               .u64s("redact_from_snaps", {})
                               .u64("resume_object", kPoint.object)
                               .u64("resume_offset", kPoint.offset)
                               .list("crypt_keydata", keydata())
                               .pack(form);
    const auto result = edited(before);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->payload, expected);
  }
}

TEST(BeginEdit, WithoutKeysItStandsLast) {
  for (const NvlistForm form : kForms) {
    const auto result = edited(NvlistBuilder().u64s("redact_snaps", {7}).pack(form));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->payload, NvlistBuilder()
                                   .u64s("redact_snaps", {7})
                                   .u64("resume_object", kPoint.object)
                                   .u64("resume_offset", kPoint.offset)
                                   .pack(form));
  }
}

TEST(BeginEdit, APointThatIsThereIsReplaced) {
  for (const NvlistForm form : kForms) {
    const Bytes before = NvlistBuilder()
                             .u64("resume_object", 1)
                             .u64("resume_offset", 2)
                             .list("crypt_keydata", keydata())
                             .pack(form);
    const auto result = edited(before);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->payload, NvlistBuilder()
                                   .u64("resume_object", kPoint.object)
                                   .u64("resume_offset", kPoint.offset)
                                   .list("crypt_keydata", keydata())
                                   .pack(form));
  }
}

TEST(BeginEdit, APointBehindTheKeysIsReplacedToo) {
  for (const NvlistForm form : kForms) {
    const Bytes before = NvlistBuilder()
                             .list("crypt_keydata", keydata())
                             .u64("resume_offset", 2)
                             .u64("unknown", 3)
                             .u64("resume_object", 1)
                             .pack(form);
    const auto result = edited(before);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->payload, NvlistBuilder()
                                   .u64("resume_object", kPoint.object)
                                   .u64("resume_offset", kPoint.offset)
                                   .list("crypt_keydata", keydata())
                                   .u64("unknown", 3)
                                   .pack(form));
  }
}

TEST(BeginEdit, PaddingStays) {
  Bytes before = NvlistBuilder().u64s("redact_snaps", {7}).pack(kForms[2]);
  const std::size_t packed = before.size();
  before.resize((packed + 7) / 8 * 8 + 8);
  const auto result = edited(before);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->payload.size(), before.size() + 88);
}

TEST(BeginEdit, WithoutAListANativeOneOfTheStreamsOrderIsMade) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    const auto result = edited({}, order);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->payload, NvlistBuilder()
                                   .u64("resume_object", kPoint.object)
                                   .u64("resume_offset", kPoint.offset)
                                   .pack({Encoding::native, order}));
    EXPECT_EQ(result->payload.size(), 96U);
  }
}

TEST(BeginEdit, OfTheHeaderOnlyTheFeatureAndTheLengthChange) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    const Bytes payload = test::crypt_payload();
    const Bytes stream = StreamBuilder(order)
                             .begin({.features = test::kRawFeatures, .payload = payload})
                             .end()
                             .bytes();
    const auto result = resumed_begin({stream.data(), order}, payload, kPoint);
    ASSERT_TRUE(result);
    const drr::RecordView made(result->header.data(), order);
    EXPECT_EQ(drr::decode_begin(made).features, test::kRawFeatures | drr::feature::kResuming);
    EXPECT_EQ(made.begin_payload_length(), payload.size() + 80);
    const drr::RecordView stored(stream.data(), order);
    for (std::size_t at = 0; at < drr::kRecordBytes; at += 4) {
      const bool may_change = at == drr::kPayloadLengthAt || at == 16 || at == 20;
      if (!may_change) {
        EXPECT_EQ(made.u32(at), stored.u32(at)) << at;
      }
    }
  }
}

TEST(BeginEdit, ADamagedListIsAnError) {
  Bytes list = test::crypt_payload();
  list.resize(list.size() / 2);
  const auto result = edited(list);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, nvlist::ErrorCode::truncated);
}

}  // namespace
}  // namespace zsluice::resume
