// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/begin_payload.hpp"

#include "support/nvlist_builder.hpp"

#include <gtest/gtest.h>

#include <string>

namespace zsluice::drr {
namespace {

using nvlist::DataType;
using nvlist::Encoding;
using nvlist::ErrorCode;
using test::Bytes;
using test::NvlistBuilder;
using test::NvlistForm;

constexpr NvlistForm kForms[] = {
    {Encoding::native, ByteOrder::little},
    {Encoding::native, ByteOrder::big},
    {Encoding::xdr, ByteOrder::little},
    {Encoding::xdr, ByteOrder::big},
};
constexpr NvlistForm kNative = kForms[0];

// A complete crypt_keydata in which every number differs.
NvlistBuilder crypt_keydata() {
  NvlistBuilder list;
  list.u64("from_ivset_guid", 115).u64("to_ivset_guid", 114);  // the order does not matter
  list.u64("DSL_CRYPTO_SUITE", 8).u64("DSL_CRYPTO_GUID", 102).u64("DSL_CRYPTO_VERSION", 1);
  list.u8_ramp("DSL_CRYPTO_MASTER_KEY_1", 32).u8_ramp("DSL_CRYPTO_HMAC_KEY_1", 64);
  list.u8_ramp("DSL_CRYPTO_IV", 12).u8_ramp("DSL_CRYPTO_MAC", 16).u8_ramp("portable_mac", 32);
  list.u64("keyformat", 3).u64("pbkdf2iters", 350000).u64("pbkdf2salt", 106);
  list.u64("mdn_checksum", 107).u64("mdn_compress", 108).u64("mdn_nlevels", 109);
  list.u64("mdn_blksz", 110).u64("mdn_indblkshift", 111).u64("mdn_nblkptr", 112);
  list.u64("mdn_maxblkid", 113);
  return list;
}

BeginPayload decoded(const NvlistBuilder& list, NvlistForm form = kNative) {
  const Bytes packed = list.pack(form);
  const auto payload = decode_begin_payload(packed);
  EXPECT_TRUE(payload);
  return payload ? *payload : BeginPayload{};
}

nvlist::Error error_of(const NvlistBuilder& list) {
  const Bytes packed = list.pack(kNative);
  const auto payload = decode_begin_payload(packed);
  EXPECT_FALSE(payload);
  return payload ? nvlist::Error{} : payload.error();
}

TEST(BeginPayload, EveryKeyIsReadInEveryForm) {
  const NvlistBuilder list = NvlistBuilder()
                                 .u64s("redact_snaps", {1, 2})
                                 .u64s("redact_from_snaps", {})
                                 .u64("resume_object", 5)
                                 .u64("resume_offset", 131072)
                                 .list("crypt_keydata", crypt_keydata());
  for (const NvlistForm form : kForms) {
    const BeginPayload payload = decoded(list, form);
    EXPECT_EQ(payload.encoding, form.encoding);
    EXPECT_EQ(payload.producer_order, form.order);
    EXPECT_EQ(payload.packed_bytes, list.pack(form).size());
    EXPECT_EQ(payload.redact_snaps, 2U);
    EXPECT_EQ(payload.redact_from_snaps, 0U);
    EXPECT_EQ(payload.resume, (ResumePoint{5, 131072}));
    EXPECT_EQ(payload.unknown_keys, 0U);
    EXPECT_EQ(payload.malformed_keys, 0U);
    ASSERT_TRUE(payload.crypt);
    const CryptKeydata& crypt = *payload.crypt;
    EXPECT_EQ(crypt.present, kAllCryptKeys);
    EXPECT_EQ(crypt.malformed, 0U);
    EXPECT_EQ(crypt.suite, 8U);
    EXPECT_EQ(crypt.key_guid, 102U);
    EXPECT_EQ(crypt.version, 1U);
    EXPECT_EQ(crypt.key_format, 3U);
    EXPECT_EQ(crypt.pbkdf2_iterations, 350000U);
    EXPECT_EQ(crypt.pbkdf2_salt, 106U);
    EXPECT_EQ(crypt.mdn_checksum, 107U);
    EXPECT_EQ(crypt.mdn_compress, 108U);
    EXPECT_EQ(crypt.mdn_nlevels, 109U);
    EXPECT_EQ(crypt.mdn_blksz, 110U);
    EXPECT_EQ(crypt.mdn_indblkshift, 111U);
    EXPECT_EQ(crypt.mdn_nblkptr, 112U);
    EXPECT_EQ(crypt.mdn_maxblkid, 113U);
    EXPECT_EQ(crypt.to_ivset_guid, 114U);
    EXPECT_EQ(crypt.from_ivset_guid, 115U);
  }
}

TEST(BeginPayload, AnEmptyListSaysNothing) {
  const BeginPayload payload = decoded(NvlistBuilder());
  EXPECT_FALSE(payload.resume || payload.crypt);
  EXPECT_FALSE(payload.redact_snaps || payload.redact_from_snaps);
}

TEST(BeginPayload, UnknownKeysAreCountedAndPassedOver) {
  const BeginPayload payload =
      decoded(NvlistBuilder()
                  .boolean("future")
                  .list("future list", crypt_keydata())
                  .list("crypt_keydata", crypt_keydata().u64("DSL_CRYPTO_FUTURE", 1))
                  .u64s("redact_snaps", {1}));
  EXPECT_EQ(payload.unknown_keys, 3U);
  EXPECT_EQ(payload.malformed_keys, 0U);
  EXPECT_EQ(payload.redact_snaps, 1U);
  EXPECT_EQ(payload.crypt->present, kAllCryptKeys);
}

TEST(BeginPayload, KeysOfAnotherTypeAreAsIfAbsentButCounted) {
  const BeginPayload payload = decoded(NvlistBuilder()
                                           .u64("redact_snaps", 1)
                                           .string("crypt_keydata", "none")
                                           .string("resume_object", "5")
                                           .u64("resume_offset", 0));
  EXPECT_FALSE(payload.redact_snaps || payload.crypt || payload.resume);
  EXPECT_EQ(payload.malformed_keys, 4U) << "three of another type, and half a resume point";
}

TEST(BeginPayload, ArraysOfAnotherLengthAreMalformed) {
  const BeginPayload payload = decoded(NvlistBuilder().list(
      "crypt_keydata", NvlistBuilder()
                           .u8_ramp("DSL_CRYPTO_MASTER_KEY_1", 31)
                           .u8_ramp("DSL_CRYPTO_IV", 0)
                           .u8_ramp("DSL_CRYPTO_MAC", 16)
                           .numbers(DataType::uint32, "DSL_CRYPTO_SUITE", {8})));
  ASSERT_TRUE(payload.crypt);
  EXPECT_TRUE(payload.crypt->has(CryptKey::mac));
  EXPECT_EQ(payload.crypt->present, CryptKeydata::bit(CryptKey::mac));
  EXPECT_TRUE(payload.crypt->has_malformed(CryptKey::master_key));
  EXPECT_TRUE(payload.crypt->has_malformed(CryptKey::iv));
  EXPECT_TRUE(payload.crypt->has_malformed(CryptKey::suite));
  EXPECT_FALSE(payload.crypt->has_malformed(CryptKey::hmac_key)) << "absent is not malformed";
  EXPECT_EQ(payload.malformed_keys, 3U);
  EXPECT_FALSE(is_encrypted(*payload.crypt)) << "a suite receivers cannot read does not count";
}

TEST(BeginPayload, AKnownKeyThatStandsTwiceIsRefused) {
  // {resume_object, resume_object}: the second pair begins after 12 bytes and a pair of 40.
  EXPECT_EQ(error_of(NvlistBuilder().u64("resume_object", 1).u64("resume_object", 1)),
            (nvlist::Error{ErrorCode::duplicate_name, 52}));
  EXPECT_EQ(
      error_of(NvlistBuilder().list("crypt_keydata", crypt_keydata()).string("crypt_keydata", ""))
          .code,
      ErrorCode::duplicate_name);
  EXPECT_EQ(
      error_of(NvlistBuilder().list("crypt_keydata", crypt_keydata().string("keyformat", ""))).code,
      ErrorCode::duplicate_name);
  EXPECT_EQ(decoded(NvlistBuilder().u64("future", 1).u64("future", 1)).unknown_keys, 2U);
}

TEST(BeginPayload, DamagedListsAreErrors) {
  const Bytes packed = NvlistBuilder().list("crypt_keydata", crypt_keydata()).pack(kNative);
  for (std::size_t size = 0; size < packed.size(); ++size) {
    const Bytes cut(packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(size));
    const auto payload = decode_begin_payload(cut);
    ASSERT_FALSE(payload) << size;
    EXPECT_EQ(payload.error().code, ErrorCode::truncated);
  }
  NvlistBuilder deep;
  for (int i = 0; i < 21; ++i) {
    deep = NvlistBuilder().list("l", std::move(deep));
  }
  EXPECT_EQ(error_of(deep).code, ErrorCode::too_deep) << "the kernel allows 20 levels";
}

TEST(BeginPayload, OnlySuitesThatEncryptCount) {
  for (std::uint64_t suite = 0; suite < 12; ++suite) {
    EXPECT_EQ(is_encrypted({.suite = suite}), suite >= 3 && suite <= 8) << suite;
  }
  EXPECT_FALSE(is_encrypted({.suite = ~std::uint64_t{0}}));
  EXPECT_FALSE(is_encrypted({}));
}

TEST(BeginPayload, SuitesAndKeyFormatsHaveTheNamesOfTheirProperties) {
  EXPECT_EQ(suite_name(2), "off");
  EXPECT_EQ(suite_name(3), "aes-128-ccm");
  EXPECT_EQ(suite_name(8), "aes-256-gcm");
  EXPECT_EQ(suite_name(9), "unknown");
  EXPECT_EQ(key_format_name(0), "none");
  EXPECT_EQ(key_format_name(1), "raw");
  EXPECT_EQ(key_format_name(3), "passphrase");
  EXPECT_EQ(key_format_name(4), "unknown");
}

Bytes corpus_payload(const std::string& file) {
  return test::first_begin_payload(ZSLUICE_TEST_CORPUS "/" + file);
}

TEST(BeginPayload, ARealRawStreamDecodesToWhatTheReferenceToolPrints) {
  const auto payload = decode_begin_payload(corpus_payload("g256_raw_full.zsend"));
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->encoding, Encoding::native);
  EXPECT_EQ(payload->producer_order, ByteOrder::little);
  EXPECT_EQ(payload->packed_bytes, 1028U);
  EXPECT_EQ(payload->unknown_keys, 0U);
  EXPECT_FALSE(payload->resume || payload->redact_snaps || payload->redact_from_snaps);
  ASSERT_TRUE(payload->crypt);
  const CryptKeydata& crypt = *payload->crypt;
  EXPECT_EQ(crypt.present, kAllCryptKeys);
  EXPECT_TRUE(is_encrypted(crypt));
  EXPECT_EQ(suite_name(crypt.suite), "aes-256-gcm");
  EXPECT_EQ(crypt.key_guid, 0xb5fba5706b8073d5);
  EXPECT_EQ(crypt.version, 1U);
  EXPECT_EQ(key_format_name(crypt.key_format), "passphrase");
  EXPECT_EQ(crypt.pbkdf2_iterations, 100000U);
  EXPECT_EQ(crypt.pbkdf2_salt, 0x7811366ef82eeabc);
  EXPECT_EQ(crypt.mdn_checksum, 0U);
  EXPECT_EQ(crypt.mdn_compress, 0U);
  EXPECT_EQ(crypt.mdn_nlevels, 6U);
  EXPECT_EQ(crypt.mdn_blksz, 16384U);
  EXPECT_EQ(crypt.mdn_indblkshift, 17U);
  EXPECT_EQ(crypt.mdn_nblkptr, 3U);
  EXPECT_EQ(crypt.mdn_maxblkid, 1U);
  EXPECT_EQ(crypt.to_ivset_guid, 0x49be934c82d96a);
  EXPECT_EQ(crypt.from_ivset_guid, 0U);
}

TEST(BeginPayload, TheSameStreamFromAnotherKindOfHostSaysTheSame) {
  struct Variant {
    const char* file;
    const char* of;
    Encoding encoding;
    ByteOrder order;
  };
  const Variant variants[] = {
      {"g256_raw_full.be.zsend", "g256_raw_full.zsend", Encoding::native, ByteOrder::big},
      {"c128_raw_full.xdr.zsend", "c128_raw_full.zsend", Encoding::xdr, ByteOrder::little},
  };
  for (const Variant& v : variants) {
    SCOPED_TRACE(v.file);
    const auto payload =
        decode_begin_payload(corpus_payload(std::string("foreign_order/") + v.file));
    const auto original = decode_begin_payload(corpus_payload(v.of));
    ASSERT_TRUE(payload && original);
    EXPECT_EQ(payload->encoding, v.encoding);
    EXPECT_EQ(payload->producer_order, v.order);
    EXPECT_EQ(payload->crypt, original->crypt);
    EXPECT_EQ(payload->crypt->present, kAllCryptKeys);
  }
}

TEST(BeginPayload, ARealResumedStreamHoldsItsResumePoint) {
  const auto payload =
      decode_begin_payload(corpus_payload("tokens/g256_raw_full.cut869740.resumed.zsend"));
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->resume, (ResumePoint{19, 0}));
  ASSERT_TRUE(payload->crypt);
  EXPECT_EQ(payload->crypt->key_guid, 0xb5fba5706b8073d5);
}

TEST(BeginPayload, ARealRedactedStreamNamesItsRedactionSnapshot) {
  const auto payload = decode_begin_payload(corpus_payload("red_redacted.zsend"));
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->redact_snaps, 1U);
  EXPECT_FALSE(payload->redact_from_snaps || payload->crypt || payload->resume);
}

}  // namespace
}  // namespace zsluice::drr
