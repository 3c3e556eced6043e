// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/nvlist/keys.hpp"

#include "support/nvlist_builder.hpp"
#include "zsluice/nvlist/walk.hpp"

#include <gtest/gtest.h>

namespace zsluice::nvlist {
namespace {

constexpr KeyRule kRules[] = {
    {"number", DataType::uint64},
    {"key", DataType::uint8_array, 4},
    {"keys", DataType::uint8_array},
};

// Matches all pairs of `list`; the error of the first that fails, if any.
std::optional<Error> error_of(KeyTracker& keys, const test::NvlistBuilder& list) {
  const test::Bytes packed = list.pack({});
  auto reader = Reader::open(packed);
  const auto done = for_each_pair(*reader, [&](const Event& pair) -> Result<void, Error> {
    const auto matched = keys.match(pair);
    if (!matched) return Unexpected{matched.error()};
    EXPECT_TRUE(!*matched || kRules[**matched].name == pair.name);
    return {};
  });
  return done ? std::nullopt : std::optional(done.error());
}

TEST(KeyTracker, SortsKeysIntoPresentMalformedAndUnknown) {
  KeyTracker keys(kRules);
  EXPECT_FALSE(error_of(
      keys, test::NvlistBuilder().u8_ramp("keys", 9).u8_ramp("key", 3).boolean("other").boolean(
                "other")));
  EXPECT_EQ(keys.present(), 0b100U);
  EXPECT_EQ(keys.malformed(), 0b010U) << "a length that is fixed is part of the type";
  EXPECT_EQ(keys.malformed_keys(), 1U);
  EXPECT_EQ(keys.unknown_keys(), 2U);
}

TEST(KeyTracker, RefusesAKnownKeyThatStandsTwiceOfWhateverType) {
  KeyTracker same(kRules);
  EXPECT_EQ(error_of(same, test::NvlistBuilder().u64("number", 1).u64("number", 1)),
            (Error{ErrorCode::duplicate_name, 44}));
  KeyTracker mixed(kRules);
  EXPECT_EQ(error_of(mixed, test::NvlistBuilder().boolean("number").u64("number", 1))->code,
            ErrorCode::duplicate_name);
}

}  // namespace
}  // namespace zsluice::nvlist
