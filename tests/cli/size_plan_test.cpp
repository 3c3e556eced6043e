// SPDX-License-Identifier: BSD-2-Clause
// What zfs says about the size of a stream, in the forms that its versions use.
#include "cli/size_plan.hpp"

#include <gtest/gtest.h>

namespace zsluice::cli {
namespace {

using Snapshots = std::vector<PlannedSnapshot>;

SizePlan plan_of(std::string_view text) {
  const auto plan = parse_size_plan(text);
  EXPECT_TRUE(plan.has_value()) << text;
  return plan ? *plan : SizePlan{};
}

SizePlanError error_of(std::string_view text) {
  const auto plan = parse_size_plan(text);
  EXPECT_FALSE(plan.has_value()) << text;
  return plan ? SizePlanError{} : plan.error();
}

TEST(SizePlan, OfOneFullStream) {
  EXPECT_EQ(plan_of("full\tpool/fs@a\t1234\nsize\t1234\n"),
            (SizePlan{1234, Snapshots{{"pool/fs@a", 1234}}}));
}

TEST(SizePlan, OfAPackageWhoseOriginsAreBareNames) {
  EXPECT_EQ(
      plan_of("full\ttank@a\t43000\n"
              "incremental\ta\ttank@b\t624\n"
              "incremental\ttank@b\ttank@c\t700\n"
              "full\ttank/my data@c\t9\n"
              "size\t44333\n"),
      (SizePlan{
          44333,
          Snapshots{{"tank@a", 43000}, {"tank@b", 624}, {"tank@c", 700}, {"tank/my data@c", 9}}}));
}

TEST(SizePlan, OfAResumedStreamBehindItsToken) {
  EXPECT_EQ(plan_of("resume token contents:\n"
                    "nvlist version: 0\n"
                    "\tobject = 0x72a\n"
                    "\tbytes = 0x90c3f2184\n"
                    "\ttoname = pool/fs@b\n"
                    "incremental\tpool/fs@a\tpool/fs@b\t3711767360\n"
                    "size\t3711767360\n"),
            (SizePlan{3711767360, Snapshots{{"pool/fs@b", 3711767360}}}));
}

TEST(SizePlan, OfWhatIsSaidToPeople) {
  EXPECT_EQ(plan_of("full send of pool/fs@a estimated size is 1.2M\n"
                    "send from @a to pool/fs@b estimated size is 624B\n"
                    "send from pool/fs#mark to pool/fs@c estimated size is 624\n"
                    "send from @c to pool/fs@d estimated size is 2,50K\n"
                    "send from @d to pool/fs@empty\n"
                    "total estimated size is 1.23M\n"),
            (SizePlan{1289748, Snapshots{{"pool/fs@a", 1258291},
                                         {"pool/fs@b", 624},
                                         {"pool/fs@c", 624},
                                         {"pool/fs@d", 2560}}}));
}

TEST(SizePlan, PrefersExactLinesToSpokenOnes) {
  EXPECT_EQ(plan_of("total estimated size is 1.23M\nfull\tp@a\t7\n"),
            (SizePlan{7, Snapshots{{"p@a", 7}}}));
}

TEST(SizePlan, AddsUpWithoutATotal) {
  EXPECT_EQ(plan_of("full\tp@a\t7\nincremental\ta\tp@b\t8").total_bytes, 15U);
}

TEST(SizePlan, AddsTheTotalsOfSeveralStreams) {
  EXPECT_EQ(plan_of("full\tp@a\t7\nsize\t10\nincremental\ta\tp@b\t8\nsize\t20\n").total_bytes, 30U);
}

TEST(SizePlan, TakesBlanksAndCarriageReturnsAroundTheTotal) {
  EXPECT_EQ(plan_of("size   77\r\n"), (SizePlan{77, {}}));
}

TEST(SizePlan, AnUnderflowedEstimateIsUnknown) {
  const std::string underflowed = "incremental\tp@a\tp@b\t18446744073170717728\n";
  EXPECT_EQ(error_of(underflowed + "size\t18446744073170717728\n"), SizePlanError::implausible);
  EXPECT_EQ(error_of("size\t99999999999999999999999\n"), SizePlanError::implausible);
  EXPECT_EQ(error_of("size\t-5\n"), SizePlanError::implausible);
  EXPECT_EQ(error_of("total estimated size is 16.0E\n"), SizePlanError::implausible);
  // The others stay known; their sum does not.
  EXPECT_EQ(plan_of("full\tp@a\t1000\n" + underflowed + "size\t900\n"),
            (SizePlan{std::nullopt, Snapshots{{"p@a", 1000}, {"p@b", std::nullopt}}}));
}

TEST(SizePlan, ASumBeyondReasonIsUnknown) {
  const std::string big = std::to_string(kPlausibleBytesMax);
  EXPECT_EQ(plan_of("full\tp@a\t" + big + "\nfull\tp@b\t1\n").total_bytes, std::nullopt);
  EXPECT_EQ(error_of("size\t" + big + "\nsize\t1\n"), SizePlanError::implausible);
}

TEST(SizePlan, NothingIsNoSize) {
  EXPECT_EQ(error_of("size\t0\n"), SizePlanError::implausible);
}

TEST(SizePlan, SaysWhenThereIsNothingToRead) {
  for (const std::string_view text :
       {"", "\n", "size", "size\n", "size\t\n", "size\tx\n", "size12\n", "sizes\t5\n", "full\n",
        "full\tp@a\n", "full\tp@a\tx\n", "full\t\t5\n", "full p@a 5\n", "incremental\ta\tp@b\n",
        "full\tp@a\t5\t6\n", "estimated size is 5\n", "send from x estimated size is 5\n",
        "12:00:00\t1234\tp@a\n", "\x1b[2J\xff\n"}) {
    EXPECT_EQ(error_of(text), SizePlanError::no_sizes) << text;
  }
}

TEST(SizePlan, KeepsOnlyTheTotalOfTooManySnapshots) {
  std::string text;
  for (std::size_t i = 0; i < kPlannedSnapshotsMax; ++i) {
    text += "full\tp@a\t2\n";
  }
  EXPECT_EQ(plan_of(text).snapshots.size(), kPlannedSnapshotsMax);
  text += "full\tp@a\t2\nfull\tp@a\t2\n";
  EXPECT_EQ(plan_of(text), (SizePlan{2 * (kPlannedSnapshotsMax + 2), {}}));
}

TEST(SizePlan, KeepsOnlyTheTotalOfTooLongNames) {
  const std::string longest = "full\t" + std::string(kPlannedNameBytesMax, 'x') + "\t1\n";
  std::string text;
  for (std::size_t i = 0; i < kPlannedNamesBytesMax / kPlannedNameBytesMax; ++i) {
    text += longest;
  }
  EXPECT_EQ(plan_of(text).snapshots.size(), 4096U);
  EXPECT_EQ(plan_of(text + longest), (SizePlan{4097, {}}));
  EXPECT_EQ(error_of("full\t" + std::string(kPlannedNameBytesMax + 1, 'x') + "\t1\n"),
            SizePlanError::no_sizes);
}

TEST(SizePlan, FindsASnapshotByItsPlaceOrItsName) {
  const SizePlan plan = plan_of("full\tp@a\t1\nfull\tp@b\t2\nfull\tp@a\t3\n");
  EXPECT_EQ(plan.find("p@a", 1)->bytes, 1U);
  EXPECT_EQ(plan.find("p@b", 2)->bytes, 2U);
  EXPECT_EQ(plan.find("p@a", 3)->bytes, 3U);
  EXPECT_EQ(plan.find("p@b", 7)->bytes, 2U);
  EXPECT_EQ(plan.find("p@b", 0)->bytes, 2U);
  EXPECT_EQ(plan.find("p@c", 1), nullptr);
  EXPECT_EQ(SizePlan{}.find("", 0), nullptr);
}

TEST(SizePlan, ErrorsHaveWords) {
  EXPECT_EQ(size_plan_error_text(SizePlanError::no_sizes),
            "it is not the output of `zfs send -nP` or `zfs send -nv`");
  EXPECT_EQ(size_plan_error_text(SizePlanError::implausible),
            "its sizes are 0 or out of all reason, as zfs sometimes estimates resumed sends");
}

}  // namespace
}  // namespace zsluice::cli
