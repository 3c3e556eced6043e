// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/base/size_text.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <random>
#include <string_view>

namespace zsluice {
namespace {

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = kKiB * 1024;
constexpr std::uint64_t kGiB = kMiB * 1024;
constexpr std::uint64_t kTiB = kGiB * 1024;
constexpr std::uint64_t kPiB = kTiB * 1024;

struct Accepted {
  std::string_view text;
  std::uint64_t bytes;
};

struct Refused {
  std::string_view text;
  SizeError error;
};

TEST(ParseSize, ReadsEveryUnitInEverySpelling) {
  constexpr Accepted kCases[] = {
      {"0", 0},
      {"0K", 0},
      {"0.0", 0},
      {"1", 1},
      {"1048576", kMiB},
      {"7B", 7},
      {"7b", 7},
      {"64K", 64 * kKiB},
      {"64k", 64 * kKiB},
      {"64KB", 64 * kKiB},
      {"64Ki", 64 * kKiB},
      {"64KiB", 64 * kKiB},
      {"64kib", 64 * kKiB},
      {"64 KiB", 64 * kKiB},
      {"7 B", 7},
      {"30Mb", 30 * kMiB},
      {"2gb", 2 * kGiB},
      {"2GiB", 2 * kGiB},
      {"3t", 3 * kTiB},
      {"16383P", 16383 * kPiB},
      {"18446744073709551615", UINT64_MAX},
      {"18014398509481983K", 18014398509481983 * kKiB},
  };
  for (const Accepted& c : kCases) {
    SCOPED_TRACE(c.text);
    const auto parsed = parse_size(c.text);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, c.bytes);
  }
}

TEST(ParseSize, CutsFractionsOffExactly) {
  constexpr Accepted kCases[] = {
      {"1.5M", kMiB + kMiB / 2},
      {"0.5t", kTiB / 2},
      {".5G", kGiB / 2},
      {"1.5", 1},
      {"0.1K", 102},                            // 102.4
      {"0.3M", 314572},                         // 314572.8
      {"0.7P", 788129934789836},                // 788129934789836.8
      {"1.999999999999999999K", 2 * kKiB - 1},  // a double would say 2048
      {"0.000976562500000000K", 1},
      {"16383.999999999999999999P", UINT64_MAX},  // 2^64 - 0.0011: still below 2^64
  };
  for (const Accepted& c : kCases) {
    SCOPED_TRACE(c.text);
    const auto parsed = parse_size(c.text);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, c.bytes);
  }
}

TEST(ParseSize, RefusesWhatIsNoSize) {
  using enum SizeError;
  const Refused cases[] = {
      {"", empty},
      {"-1", negative},
      {"-0.5M", negative},
      {"+1", malformed},
      {" 1", malformed},
      {"K", malformed},
      {"M1", malformed},
      {".", malformed},
      {".K", malformed},
      {"1.", malformed},
      {"1.K", malformed},
      {"inf", malformed},
      {"off", malformed},
      {"0.1234567890123456789", malformed},  // 19 digits
      {"1,5M", unknown_unit},
      {"1.5.5M", unknown_unit},
      {"1e3", unknown_unit},
      {"0x10", unknown_unit},
      {"1 ", unknown_unit},
      {"1  K", unknown_unit},
      {"1K ", unknown_unit},
      {"1\tK", unknown_unit},
      {std::string_view("1K\0", 3), unknown_unit},
      {"1iB", unknown_unit},
      {"1Bi", unknown_unit},
      {"1KK", unknown_unit},
      {"1KBB", unknown_unit},
      {"1E", unknown_unit},
      {"1%", unknown_unit},
      {"1M/s", unknown_unit},  // a rate
      {"1Mbit", unknown_unit},
      {"1Mbps", unknown_unit},
      {"0.5", too_small},
      {"0.0009K", too_small},
      {"16384P", too_big},
      {"18446744073709551616", too_big},
      {"18014398509481984K", too_big},
      {"999999999999999999999999999999P", too_big},
  };
  for (const Refused& c : cases) {
    SCOPED_TRACE(c.text);
    const auto parsed = parse_size(c.text);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error(), c.error);
  }
}

TEST(ParseRate, ReadsBytesAndBitsInUnitsOf1024) {
  constexpr Accepted kCases[] = {
      {"10M", 10 * kMiB},
      {"10M/s", 10 * kMiB},
      {"10 MiB/s", 10 * kMiB},
      {"10mb/S", 10 * kMiB},
      {"512/s", 512},
      {"8bit", 1},
      {"15bit/s", 1},
      {"8bps", 1},
      {"30Mbit", 30 * kMiB / 8},
      {"30mBIT/s", 30 * kMiB / 8},
      {"30Mibit", 30 * kMiB / 8},
      {"30Mbps", 30 * kMiB / 8},
      {"1.5 Gbit/s", 192 * kMiB},
      {"18446744073709551615bit", UINT64_MAX / 8},
      {"100000Pbit", 12500 * kPiB},  // 2^64 bits and more are fewer bytes
  };
  for (const Accepted& c : kCases) {
    SCOPED_TRACE(c.text);
    const auto parsed = parse_rate(c.text);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->bytes_per_second, c.bytes);
    EXPECT_FALSE(parsed->is_unlimited());
  }
}

TEST(ParseRate, ReadsNoLimitInEverySpelling) {
  for (const std::string_view text :
       {"off", "OFF", "Off", "unlimited", "0", "0/s", "0M", "0.0", "0bit"}) {
    SCOPED_TRACE(text);
    const auto parsed = parse_rate(text);
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->is_unlimited());
  }
}

TEST(ParseRate, RefusesWhatIsNoRate) {
  using enum SizeError;
  constexpr Refused kCases[] = {
      {"", empty},
      {"-1M", negative},
      {"/s", malformed},
      {"offf", malformed},
      {"off/s", malformed},
      {"none", malformed},
      {"30MBps", unknown_unit},  // bytes or bits? not guessed
      {"30MBPS", unknown_unit},
      {"30Mbps/s", unknown_unit},
      {"30M/min", unknown_unit},
      {"30M/s/s", unknown_unit},
      {"30Mbits", unknown_unit},
      {"30Mbyte", unknown_unit},
      {"30M /s", unknown_unit},
      {"1 /s", unknown_unit},
      {"7bit", too_small},  // would be "no limit" if it became 0
      {"0.5", too_small},
      {"0.0001bps", too_small},
      {"16384P/s", too_big},
      {"131072Pbit", too_big},
  };
  for (const Refused& c : kCases) {
    SCOPED_TRACE(c.text);
    const auto parsed = parse_rate(c.text);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error(), c.error);
  }
}

TEST(FormatSize, RoundsToOneDecimal) {
  struct Case {
    std::uint64_t bytes;
    std::string_view text;
  };
  constexpr Case kCases[] = {
      {0, "0 B"},
      {1, "1 B"},
      {1023, "1023 B"},
      {1024, "1 KiB"},
      {1025, "1.0 KiB"},
      {1536, "1.5 KiB"},
      {1075, "1.0 KiB"},          // 1.0498
      {1076, "1.1 KiB"},          // 1.0508
      {kMiB - 1, "1.0 MiB"},      // 1023.999 KiB goes up a unit
      {kMiB - 52, "1023.9 KiB"},  // 1023.949
      {34 * kMiB, "34 MiB"},
      {8061240, "7.7 MiB"},
      {kGiB + kGiB / 2, "1.5 GiB"},
      {5 * kTiB, "5 TiB"},
      {16383 * kPiB, "16383 PiB"},
      {UINT64_MAX, "16384.0 PiB"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.bytes);
    EXPECT_EQ(format_size(c.bytes), c.text);
  }
}

TEST(FormatSize, ExactFormLosesNothing) {
  EXPECT_EQ(format_size(0, SizeForm::exact), "0 B");
  EXPECT_EQ(format_size(1025, SizeForm::exact), "1025 B");
  EXPECT_EQ(format_size(kMiB + kMiB / 2, SizeForm::exact), "1536 KiB");
  EXPECT_EQ(format_size(34 * kMiB, SizeForm::exact), "34 MiB");
  EXPECT_EQ(format_size(16383 * kPiB, SizeForm::exact), "16383 PiB");
  EXPECT_EQ(format_size(UINT64_MAX, SizeForm::exact), "18446744073709551615 B");
}

TEST(FormatSize, ExactFormIsReadBackAsTheSameBytes) {
  constexpr std::uint64_t kSeed = 20261121;
  SCOPED_TRACE(kSeed);
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t bytes = (random() >> (random() % 64)) << (random() % 64);
    const auto parsed = parse_size(format_size(bytes, SizeForm::exact));
    ASSERT_TRUE(parsed) << bytes;
    ASSERT_EQ(*parsed, bytes);
  }
}

TEST(FormatSize, RoundedFormIsWithinATwentiethOfItsUnit) {
  constexpr std::uint64_t kSeed = 20261122;
  SCOPED_TRACE(kSeed);
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t bytes = random() >> (1 + random() % 63);
    const auto parsed = parse_size(format_size(bytes));
    ASSERT_TRUE(parsed) << bytes;
    const std::uint64_t off_by = *parsed > bytes ? *parsed - bytes : bytes - *parsed;
    ASSERT_LE(off_by, std::bit_floor(bytes | 1) / 20 + 1) << bytes;
  }
}

TEST(FormatRate, TellsAStalledFlowFromAnUnlimitedOne) {
  EXPECT_EQ(format_rate(0), "0 B/s");
  EXPECT_EQ(format_rate(Rate{}), "unlimited");
  EXPECT_EQ(format_rate(30 * kMiB / 8), "3.8 MiB/s");
  EXPECT_EQ(format_rate(Rate{30 * kMiB / 8}), "3.8 MiB/s");
  EXPECT_EQ(format_rate(Rate{30 * kMiB / 8}, SizeForm::exact), "3840 KiB/s");
}

TEST(FormatRate, IsReadBackByTheParser) {
  for (const Rate rate : {Rate{}, Rate{1}, Rate{3840 * kKiB}, Rate{UINT64_MAX}}) {
    const auto parsed = parse_rate(format_rate(rate, SizeForm::exact));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, rate);
  }
}

}  // namespace
}  // namespace zsluice
