// SPDX-License-Identifier: BSD-2-Clause
#include "base/check.hpp"

#include <gtest/gtest.h>

namespace zsluice {
namespace {

TEST(Check, PassesWhatHoldsAndEvaluatesItOnce) {
  int evaluated = 0;
  ZSLUICE_CHECK(++evaluated == 1);
  EXPECT_EQ(evaluated, 1);
}

TEST(Check, IsOneStatementInAnUnbracedIf) {
  bool reached_else = false;
  if (reached_else)
    ZSLUICE_CHECK(false);
  else
    reached_else = true;
  EXPECT_TRUE(reached_else);
}

TEST(CheckDeathTest, NamesTheConditionAndThePlaceWithoutFoldersAndExitsWithOne) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(ZSLUICE_CHECK(1 + 1 == 3), testing::ExitedWithCode(1),
              "zsluice: bug: check_test.cpp:[0-9]+: .*: 1 \\+ 1 == 3");
}

}  // namespace
}  // namespace zsluice
