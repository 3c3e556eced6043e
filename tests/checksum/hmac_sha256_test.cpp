// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/checksum/hmac_sha256.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zsluice::checksum {
namespace {

std::string hex(ByteSpan bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    for (const unsigned digit :
         {std::to_integer<unsigned>(byte) / 16, std::to_integer<unsigned>(byte) % 16}) {
      text += "0123456789abcdef"[digit];
    }
  }
  return text;
}

std::string ramp(char first, char last) {
  std::string text;
  for (char letter = first; letter <= last; ++letter)
    text += letter;
  return text;
}

struct Vector {
  std::string key;
  std::string message;
  std::string_view mac;  // perhaps cut short
};

// RFC 4231, section 4.
const std::vector<Vector>& rfc_vectors() {
  static const std::vector<Vector> vectors = {
      {std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {ramp('\x01', '\x19'), std::string(50, '\xcd'),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {std::string(20, '\x0c'), "Test With Truncation", "a3b6167473100ee06e0c796c2955552b"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {std::string(131, '\xaa'),
       "This is a test using a larger than block-size key and a larger than block-size data. The "
       "key needs to be hashed before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  };
  return vectors;
}

TEST(HmacSha256, GivesTheDigestsOfTheRfc) {
  for (const Vector& vector : rfc_vectors()) {
    const auto mac = hmac_sha256(bytes_of(vector.key), bytes_of(vector.message));
    ASSERT_TRUE(mac);
    EXPECT_EQ(hex(*mac).substr(0, vector.mac.size()), vector.mac);
  }
}

TEST(HmacSha256, GivesTheSameForAnyChopping) {
  for (const Vector& vector : rfc_vectors()) {
    HmacSha256 mac(bytes_of(vector.key));
    for (std::size_t piece = 1; piece < 9; ++piece) {
      ByteSpan rest = bytes_of(vector.message);
      while (!rest.empty())
        mac.update(take_prefix(rest, piece));
      mac.update({});
      EXPECT_EQ(mac.finish(), hmac_sha256(bytes_of(vector.key), bytes_of(vector.message)));
    }
  }
}

TEST(HmacSha256, ForgetsAnUnfinishedMessage) {
  HmacSha256 mac(bytes_of("Jefe"));
  mac.update(bytes_of("something else"));
  mac.reset();
  mac.update(bytes_of("what do ya want for nothing?"));
  EXPECT_EQ(mac.finish(), hmac_sha256(bytes_of("Jefe"), bytes_of("what do ya want for nothing?")));
}

TEST(HmacSha256, GoesOnAfterItWasMoved) {
  HmacSha256 mac(bytes_of("Jefe"));
  mac.update(bytes_of("what do ya "));
  HmacSha256 moved = std::move(mac);
  moved.update(bytes_of("want for nothing?"));
  EXPECT_EQ(moved.finish(),
            hmac_sha256(bytes_of("Jefe"), bytes_of("what do ya want for nothing?")));
}

TEST(HmacSha256, TakesAnEmptyKeyAndAnEmptyMessage) {
  // As `openssl dgst -sha256 -hmac ''` prints it.
  EXPECT_EQ(hex(hmac_sha256({}, {}).value()),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

// FIPS 180-4: the examples of one block and of none.
TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(hex(sha256(bytes_of("abc")).value()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256({}).value()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, PiecesMakeOneMessage) {
  Sha256 digest;
  digest.update(bytes_of("a"));
  digest.update({});
  Sha256 moved = std::move(digest);
  moved.update(bytes_of("bc"));
  EXPECT_EQ(moved.finish(), sha256(bytes_of("abc")));
  EXPECT_EQ(moved.finish(), std::nullopt);
  EXPECT_EQ(Sha256().finish(), sha256({}));
}

TEST(EqualInConstantTime, ComparesBytesAndLengths) {
  EXPECT_TRUE(equal_in_constant_time({}, {}));
  EXPECT_TRUE(equal_in_constant_time(bytes_of("abc"), bytes_of("abc")));
  EXPECT_FALSE(equal_in_constant_time(bytes_of("abc"), bytes_of("abd")));
  EXPECT_FALSE(equal_in_constant_time(bytes_of("abc"), bytes_of("ab")));
  EXPECT_FALSE(equal_in_constant_time(bytes_of("abc"), {}));
}

}  // namespace
}  // namespace zsluice::checksum
