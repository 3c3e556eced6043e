// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/base/result.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <variant>

namespace zsluice {
namespace {

enum class Failure { broken, lost };

Result<std::string, Failure> text_or(bool works) {
  if (!works) return Unexpected{Failure::lost};
  return std::string("text");
}

TEST(Result, HoldsAValue) {
  const Result<std::string, Failure> result = text_or(true);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result.has_value());
  EXPECT_EQ(*result, "text");
  EXPECT_EQ(result->size(), 4U);
}

TEST(Result, HoldsAnError) {
  const Result<std::string, Failure> result = text_or(false);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), Failure::lost);
}

TEST(Result, TellsValueFromErrorOfTheSameType) {
  const Result<int, int> value = 7;
  const Result<int, int> failure = Unexpected{7};
  EXPECT_TRUE(value);
  EXPECT_FALSE(failure);
}

TEST(Result, GivesAwayAValueThatOnlyMoves) {
  Result<std::unique_ptr<int>, Failure> result = std::make_unique<int>(5);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 5);
}

TEST(Result, ThrowsWhenTheProgramAsksForWhatIsNotThere) {
  const Result<std::string, Failure> failure = text_or(false);
  EXPECT_THROW(static_cast<void>(failure.value()), std::bad_variant_access);
  const Result<std::string, Failure> value = text_or(true);
  EXPECT_THROW(static_cast<void>(value.error()), std::bad_variant_access);
}

TEST(Result, OfNothingSucceedsByDefault) {
  const Result<void, Failure> success;
  EXPECT_TRUE(success);
  const Result<void, Failure> failure = Unexpected{Failure::broken};
  ASSERT_FALSE(failure);
  EXPECT_EQ(failure.error(), Failure::broken);
}

}  // namespace
}  // namespace zsluice
