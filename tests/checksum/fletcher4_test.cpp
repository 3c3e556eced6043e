// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/checksum/fletcher4.hpp"

#include "checksum/reference.hpp"

#include <gtest/gtest.h>

#include <string>

namespace zsluice::checksum {
namespace {

constexpr std::uint64_t kSeed = 20261121;
constexpr Fletcher4 kSomeState{0xFFFF'FFFF'FFFF'FFF0, 2, 0x8000'0000'0000'0000, 4};

std::vector<std::byte> words(std::initializer_list<std::uint32_t> values, ByteOrder order) {
  std::vector<std::byte> bytes(values.size() * 4);
  std::byte* at = bytes.data();
  for (const std::uint32_t value : values) {
    store(at, value, order);
    at += 4;
  }
  return bytes;
}

// Runs over every implementation of the build, in both byte orders.
struct Case {
  const Fletcher4Implementation* implementation;
  ByteOrder order;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Fletcher4Implementation& one : fletcher4_implementations()) {
    all.push_back({&one, ByteOrder::little});
    all.push_back({&one, ByteOrder::big});
  }
  return all;
}

std::string name_of(const Case& one) {
  return std::string(one.implementation->name) +
         (one.order == ByteOrder::little ? "_little" : "_big");
}

// Without it a test would be listed with the address of its implementation.
void PrintTo(const Case& one, std::ostream* out) {
  *out << name_of(one);
}

class Fletcher4Of : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!GetParam().implementation->supported()) GTEST_SKIP() << "not on this CPU";
  }
  static Fletcher4 sum(const Fletcher4& state, ByteSpan range) {
    return GetParam().implementation->update(state, range, GetParam().order);
  }
  static Fletcher4 expected(const Fletcher4& state, ByteSpan range) {
    return naive(state, range, GetParam().order);
  }
};

INSTANTIATE_TEST_SUITE_P(EveryImplementation,
                         Fletcher4Of,
                         testing::ValuesIn(cases()),
                         [](const auto& one) { return name_of(one.param); });

TEST_P(Fletcher4Of, SumsTheWorkedExampleOfTheFormat) {
  const ByteOrder order = GetParam().order;
  EXPECT_EQ(sum({}, words({1, 2}, order)), (Fletcher4{3, 4, 5, 6}));
  EXPECT_EQ(sum({}, words({3, 4, 5, 6}, order)), (Fletcher4{18, 40, 75, 126}));
  EXPECT_EQ(sum({}, words({1, 2, 3, 4, 5, 6}, order)), (Fletcher4{21, 56, 126, 252}));
}

TEST_P(Fletcher4Of, CountsBinomialsOverOnes) {
  std::vector<std::byte> ones(4096 * 4);
  for (std::size_t i = 0; i < ones.size(); i += 4) {
    store<std::uint32_t>(ones.data() + i, 1, GetParam().order);
  }
  const std::uint64_t n = 4096;
  const Fletcher4 binomials{n, n * (n + 1) / 2, n * (n + 1) * (n + 2) / 6,
                            n * (n + 1) / 2 * (n + 2) / 3 * (n + 3) / 4};
  EXPECT_EQ(sum({}, ones), binomials);
}

TEST_P(Fletcher4Of, LeavesTheStateOverNoWords) {
  EXPECT_EQ(sum(kSomeState, {}), kSomeState);
  EXPECT_EQ(sum(kSomeState, random_bytes(3, kSeed)), kSomeState);
}

TEST_P(Fletcher4Of, EqualsTheReferenceForEveryLengthAndIgnoresTrailingBytes) {
  const std::vector<std::byte> bytes = random_bytes(1024, kSeed);
  SCOPED_TRACE(kSeed);
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    const ByteSpan range = ByteSpan(bytes).first(length);
    ASSERT_EQ(sum({}, range), expected({}, range)) << length << " bytes from zero";
    ASSERT_EQ(sum(kSomeState, range), expected(kSomeState, range)) << length << " bytes";
  }
}

// Around the place where neighbours begin to be summed side by side, and with every remainder.
TEST_P(Fletcher4Of, EqualsTheReferenceForLongRanges) {
  const std::vector<std::byte> bytes = random_bytes((std::size_t{128} << 10) + 1024, kSeed);
  SCOPED_TRACE(kSeed);
  for (const std::size_t around : {std::size_t{4096}, std::size_t{8192}, std::size_t{131072}}) {
    for (std::size_t length = around - 8; length <= around + 1024; length += 4) {
      const ByteSpan range = ByteSpan(bytes).first(length);
      ASSERT_EQ(sum(kSomeState, range), expected(kSomeState, range)) << length << " bytes";
    }
  }
}

TEST_P(Fletcher4Of, ReadsFromAnyAlignment) {
  const std::vector<std::byte> bytes = random_bytes(9000 + 64, kSeed);
  SCOPED_TRACE(kSeed);
  for (std::size_t start = 0; start < 64; ++start) {
    for (const std::size_t length : {32U, 64U, 280U, 312U, 9000U}) {
      const ByteSpan range = ByteSpan(bytes).subspan(start, length);
      ASSERT_EQ(sum(kSomeState, range), expected(kSomeState, range)) << start << '+' << length;
    }
  }
}

// The greatest values every lane can hold: a sum that is exact only for small ones fails here.
TEST_P(Fletcher4Of, IsExactForTheGreatestWords) {
  const std::vector<std::byte> bytes(std::size_t{4} << 20, std::byte{0xFF});
  for (const std::size_t length : {64U, 280U, 312U, 384U, 1U << 12, 1U << 17, 4U << 20}) {
    const ByteSpan range = ByteSpan(bytes).first(length);
    EXPECT_EQ(sum(kSomeState, range), expected(kSomeState, range)) << length << " bytes";
  }
}

// A range ends where its memory does: one vector read past it is an error under AddressSanitizer.
TEST_P(Fletcher4Of, ReadsNothingOutsideTheRange) {
  for (std::size_t length = 1; length <= 520; ++length) {
    const std::vector<std::byte> exact = random_bytes(length, kSeed + length);
    ASSERT_EQ(sum({}, exact), expected({}, exact)) << length << " bytes";
  }
}

TEST_P(Fletcher4Of, SumsARecordAsItsTwoRanges) {
  std::mt19937_64 random(kSeed);
  SCOPED_TRACE(kSeed);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::byte> bytes = random_bytes(kFletcher4RecordBytes, random());
    if (round == 0) bytes.assign(bytes.size(), std::byte{0xFF});
    const Fletcher4 before = random_state(random);
    Fletcher4 state = before;
    const Fletcher4Record record(bytes.data(), kFletcher4RecordBytes);
    const Fletcher4 stated = GetParam().implementation->record(state, record, GetParam().order);
    ASSERT_EQ(stated, expected(before, record.first<kFletcher4RecordSummedBytes>()));
    ASSERT_EQ(state, expected(before, record));
  }
}

TEST(Fletcher4Dispatch, EqualsTheReferenceWhateverIsSelected) {
  const std::vector<std::byte> bytes = random_bytes(1024, kSeed);
  SCOPED_TRACE(kSeed);
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    for (std::size_t length = 0; length <= bytes.size(); ++length) {
      const ByteSpan range = ByteSpan(bytes).first(length);
      ASSERT_EQ(fletcher4(kSomeState, range, order), naive(kSomeState, range, order)) << length;
    }
    Fletcher4 state = kSomeState;
    const Fletcher4Record record(bytes.data(), kFletcher4RecordBytes);
    EXPECT_EQ(fletcher4_record(state, record, order),
              naive(kSomeState, record.first<kFletcher4RecordSummedBytes>(), order));
    EXPECT_EQ(state, naive(kSomeState, record, order));
  }
}

TEST(Fletcher4State, IsZeroOnlyIfAllWordsAre) {
  EXPECT_TRUE(Fletcher4{}.is_zero());
  EXPECT_FALSE((Fletcher4{1, 0, 0, 0}.is_zero()));
  EXPECT_FALSE((Fletcher4{0, 1, 0, 0}.is_zero()));
  EXPECT_FALSE((Fletcher4{0, 0, 1, 0}.is_zero()));
  EXPECT_FALSE((Fletcher4{0, 0, 0, 1}.is_zero()));
}

}  // namespace
}  // namespace zsluice::checksum
