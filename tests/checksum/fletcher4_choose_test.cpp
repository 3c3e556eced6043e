// SPDX-License-Identifier: BSD-2-Clause
#include "checksum/fletcher4_choose.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace zsluice::checksum {
namespace {

bool yes() {
  return true;
}
bool no() {
  return false;
}

constexpr Fletcher4Implementation kThree[] = {
    {"best", no, nullptr, nullptr},
    {"second", yes, nullptr, nullptr},
    {"scalar", yes, nullptr, nullptr},
};

TEST(Fletcher4Choose, TakesTheFirstSupportedOne) {
  EXPECT_EQ(fletcher4_choose(kThree, "").name, "second");
}

TEST(Fletcher4Choose, TakesTheNamedOne) {
  EXPECT_EQ(fletcher4_choose(kThree, "scalar").name, "scalar");
  EXPECT_EQ(fletcher4_choose(kThree, "second").name, "second");
}

TEST(Fletcher4Choose, IgnoresNamesItDoesNotKnowOrCannotRun) {
  for (const char* name : {"best", "no-such-name", "SCALAR", "scalar ", "sca"}) {
    EXPECT_EQ(fletcher4_choose(kThree, name).name, "second") << name;
  }
}

TEST(Fletcher4Choose, FallsBackToTheLast) {
  constexpr Fletcher4Implementation kNone[] = {{"first", no, nullptr, nullptr},
                                               {"last", no, nullptr, nullptr}};
  EXPECT_EQ(fletcher4_choose(kNone, "").name, "last");
}

TEST(Fletcher4Implementations, EndWithScalarWhichRunsEverywhere) {
  ASSERT_FALSE(fletcher4_implementations().empty());
  EXPECT_EQ(fletcher4_implementations().back().name, "scalar");
  EXPECT_TRUE(fletcher4_implementations().back().supported());
}

// Run by ctest once for each value of the variable (CMakeLists.txt).
TEST(Fletcher4Environment, SelectsWhatTheVariableNamesIfItCanRun) {
  const char* wanted = std::getenv("ZSLUICE_FLETCHER4");
  EXPECT_EQ(&fletcher4_selected(),
            &fletcher4_choose(fletcher4_implementations(), wanted != nullptr ? wanted : ""));
  if (wanted != nullptr && std::string_view(wanted) == "scalar") {
    EXPECT_EQ(fletcher4_selected().name, "scalar");
  }
}

}  // namespace
}  // namespace zsluice::checksum
