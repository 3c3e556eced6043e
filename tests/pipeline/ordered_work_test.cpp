// SPDX-License-Identifier: BSD-2-Clause
// Jobs done side by side come back in order, whoever did them.
#include "pipeline/ordered_work.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

namespace zsluice::pipeline {
namespace {

struct Square {
  unsigned number = 0;
  unsigned result = 0;
};
using Work = OrderedWork<Square>;

void compute(Square& job) {
  if (job.number == 13) throw std::runtime_error("13");
  job.result = job.number * job.number;
}

TEST(OrderedWork, JobsComeBackInTheOrderInWhichTheyCame) {
  for (const unsigned threads : {1U, 2U, 7U}) {
    Work work(threads, [] { return compute; });
    unsigned added = 100;
    unsigned taken = 100;
    while (added < 1000 || !work.is_empty()) {
      for (; added < 1000 && !work.is_full(); ++added) {
        work.add({added});
      }
      EXPECT_EQ(work.take().result, taken * taken);
      ++taken;
    }
    EXPECT_EQ(taken, 1000U);
  }
}

TEST(OrderedWork, TheWindowIsBounded) {
  Work work(3, [] { return compute; });
  unsigned added = 0;
  for (; !work.is_full(); ++added) {
    work.add({added});
  }
  EXPECT_EQ(added, 12U);
}

TEST(OrderedWork, WhatAWorkerThrowsIsThrownWhereItsJobIsTaken) {
  for (const unsigned threads : {1U, 2U}) {
    Work work(threads, [] { return compute; });
    work.add({12});
    work.add({13});
    work.add({14});
    EXPECT_EQ(work.take().result, 144U);
    EXPECT_THROW((void)work.take(), std::runtime_error);
    EXPECT_EQ(work.take().result, 196U);
  }
}

TEST(OrderedWork, JobsThatNobodyTakesAreLeft) {
  std::atomic<unsigned> made{0};
  {
    Work work(2, [&made] {
      ++made;
      return compute;
    });
    work.add({1});
    work.add({2});
  }
  EXPECT_EQ(made, 2U);
}

}  // namespace
}  // namespace zsluice::pipeline
