// SPDX-License-Identifier: BSD-2-Clause
// Every interrupted receive of the corpus: what the real receiver said, and what the real
// `zfs send -t` sent, against what is made here from stored bytes.
#include "support/corpus.hpp"

#include "resume/cuts.hpp"
#include "resume/stream_records.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace zsluice::resume {
namespace {

using test::Bytes;
using test::Cut;
using test::Made;

class Tokens : public testing::TestWithParam<Cut> {};
class Resumed : public testing::TestWithParam<Cut> {};

const auto kNameOf = [](const testing::TestParamInfo<Cut>& row) {
  return test::test_name_of(row.param.name);
};
INSTANTIATE_TEST_SUITE_P(, Tokens, testing::ValuesIn(test::cuts_with_partial()), kNameOf);
INSTANTIATE_TEST_SUITE_P(,
                         Resumed,
                         testing::ValuesIn(test::cuts_with_whole_and_resumed()),
                         kNameOf);

// Sent without -L, blocks above 128 KiB are split; `zfs send -t` starts again with the first piece
// of the block, a rebuilt stream with the piece the token names. Receivers take both.
bool is_split(const Cut& cut) {
  return cut.stream == "lbp_plain_full";
}

TEST_P(Tokens, MadeOfTheFirstBytesIsTheReceivers) {
  const Stopped stopped = test::stopped_at(GetParam().partial());
  ASSERT_EQ(stopped.kind, StopKind::token);
  EXPECT_EQ(stopped.token, GetParam().token)
      << stopped.token.bytes << " bytes, not " << GetParam().token.bytes;
}

TEST_P(Resumed, MadeOfStoredBytesIsWhatZfsSendGave) {
  const Made made = test::rebuild(GetParam().whole(), target_of(GetParam().token));
  ASSERT_FALSE(made.refusal);
  EXPECT_TRUE(made.done);
  EXPECT_TRUE(test::is_whole(made.bytes));
  EXPECT_EQ(made.bytes == GetParam().resumed(), !is_split(GetParam()));
}

TEST_P(Resumed, StitchedToTheFirstBytesIsTheUninterruptedStream) {
  const Made made = test::stitch(GetParam().partial(), GetParam().resumed());
  ASSERT_FALSE(made.refusal);
  EXPECT_TRUE(made.done);
  EXPECT_TRUE(made.bytes == GetParam().whole());
}

// What a resumed stream that was stored gives for a later token is what `zfs send -t` gave for it.
TEST(CutsTable, AResumedStreamContinuesLikeTheWholeOne) {
  std::size_t pairs = 0;
  for (const Cut& earlier : test::cuts_with_whole_and_resumed()) {
    for (const Cut& later : test::cuts_with_whole_and_resumed()) {
      if (earlier.stream != later.stream) continue;
      SCOPED_TRACE(earlier.name + " " + later.name);
      const Made made = test::rebuild(earlier.resumed(), target_of(later.token));
      if (earlier.token.object > later.token.object) {
        ASSERT_TRUE(made.refusal);
        EXPECT_EQ(made.refusal->code, RefusalCode::before_own_point);
      } else {
        EXPECT_EQ(made.bytes == later.resumed(), !is_split(later));
        ++pairs;
      }
    }
  }
  EXPECT_GE(pairs, 20U);
}

// So that a file that is not found is not a test that passes.
TEST(CutsTable, HoldsTheCutsThatAreCompared) {
  EXPECT_EQ(test::all_cuts().size(), 24U);
  EXPECT_EQ(test::cuts_with_partial().size(), 24U);
  const std::vector<Cut> cuts = test::cuts_with_whole_and_resumed();
  EXPECT_EQ(cuts.size(), 24U);
  EXPECT_EQ(std::count_if(cuts.begin(), cuts.end(), is_split), 1);
}

}  // namespace
}  // namespace zsluice::resume
