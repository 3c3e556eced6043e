// SPDX-License-Identifier: BSD-2-Clause
// await(): told when a call of one's own would not block, beside all other operations.
#include "backend_fixture.hpp"

#include <array>
#include <csignal>

namespace zsluice::io {
namespace {

using std::chrono::milliseconds;

class BackendAwait : public BackendTest {
 protected:
  void expect_waiting(OpId op) {
    poll_now();
    EXPECT_EQ(result_of(op), std::nullopt);
  }
};

INSTANTIATE_TEST_SUITE_P(AllBackends,
                         BackendAwait,
                         ::testing::ValuesIn(kBackendCases),
                         name_of_case);

TEST_P(BackendAwait, ReadableOnceSomethingIsThere) {
  std::array pairs = {make_pipe(), make_socket_pair()};
  for (FdPair& pair : pairs) {
    backend_->await(1, pair.read_end.get(), Readiness::readable);
    expect_waiting(1);
    ASSERT_EQ(write_text(pair.write_end.get(), "abc"), 3);
    EXPECT_EQ(finish(1), 0);
    EXPECT_EQ(read_up_to(pair.read_end.get(), 3).size(), 3U) << "it took nothing";
  }
}

TEST_P(BackendAwait, WritableOnceThereIsRoom) {
  FdPair pipe = make_pipe(4096);
  ASSERT_EQ(::write(pipe.write_end.get(), filler_.data(), 4096), 4096);
  backend_->await(1, pipe.write_end.get(), Readiness::writable);
  expect_waiting(1);
  EXPECT_EQ(read_up_to(pipe.read_end.get(), 4096).size(), 4096U);
  EXPECT_EQ(finish(1), 0);
}

TEST_P(BackendAwait, WhatIsReadyAlreadyCompletesAtOnce) {
  FdPair pipe = make_pipe();
  ASSERT_EQ(write_text(pipe.write_end.get(), "x"), 1);
  backend_->await(1, pipe.read_end.get(), Readiness::readable);
  backend_->await(2, pipe.write_end.get(), Readiness::writable);
  EXPECT_EQ(finish(1), 0);
  EXPECT_EQ(finish(2), 0);
}

TEST_P(BackendAwait, CompletesWhenTheOtherEndGoes) {
  FdPair input = make_pipe();
  FdPair output = make_pipe(4096);
  ASSERT_EQ(::write(output.write_end.get(), filler_.data(), 4096), 4096);
  backend_->await(1, input.read_end.get(), Readiness::readable);
  backend_->await(2, output.write_end.get(), Readiness::writable);
  expect_waiting(1);
  expect_waiting(2);
  input.write_end.reset();
  EXPECT_EQ(finish(1), 0);
  expect_waiting(2);
  output.read_end.reset();
  EXPECT_EQ(finish(2), 0);
}

TEST_P(BackendAwait, CompletesOnEndsThatHadGoneBefore) {
  FdPair input = make_pipe();
  FdPair output = make_pipe();
  input.write_end.reset();
  output.read_end.reset();
  backend_->await(1, input.read_end.get(), Readiness::readable);
  backend_->await(2, output.write_end.get(), Readiness::writable);
  EXPECT_EQ(finish(1), 0);
  EXPECT_EQ(finish(2), 0);
}

TEST_P(BackendAwait, AClosedDescriptorSaysSo) {
  FdPair open = make_pipe();
  backend_->await(1, open.write_end.get(), Readiness::writable);
  EXPECT_EQ(finish(1), 0);  // what a backend opens for itself must not take the number below
  const int closed = make_pipe().read_end.get();
  backend_->await(1, closed, Readiness::readable);
  EXPECT_EQ(finish(1), -EBADF);
  backend_->await(2, closed, Readiness::writable);
  EXPECT_EQ(finish(2), -EBADF);
}

TEST_P(BackendAwait, CancelEndsIt) {
  FdPair pipe = make_pipe();
  backend_->await(1, pipe.read_end.get(), Readiness::readable);
  expect_waiting(1);
  backend_->cancel(1);
  EXPECT_EQ(finish(1), -ECANCELED);
  backend_->await(1, pipe.read_end.get(), Readiness::readable);
  backend_->cancel(1);  // before any wait
  EXPECT_EQ(finish(1), -ECANCELED);
  backend_->await(1, pipe.read_end.get(), Readiness::readable);
  ASSERT_EQ(write_text(pipe.write_end.get(), "x"), 1);
  EXPECT_EQ(finish(1), 0) << "a new one is not the cancelled one";
}

TEST_P(BackendAwait, ReleaseEndsThoseOfThatDescriptorOnly) {
  FdPair one = make_pipe(4096);
  FdPair other = make_pipe();
  ASSERT_EQ(::write(one.write_end.get(), filler_.data(), 4096), 4096);
  backend_->watch(1, one.write_end.get());
  backend_->await(2, one.write_end.get(), Readiness::writable);
  backend_->await(3, other.read_end.get(), Readiness::readable);
  expect_waiting(2);
  backend_->release(one.write_end.get());
  one.write_end.reset();
  EXPECT_EQ(finish(1), -ECANCELED);
  EXPECT_EQ(finish(2), -ECANCELED);
  EXPECT_EQ(read_up_to(one.read_end.get(), 10'000).size(), 4096U) << "and then the end";
  expect_waiting(3);
  ASSERT_EQ(write_text(other.write_end.get(), "x"), 1);
  EXPECT_EQ(finish(3), 0);
}

TEST_P(BackendAwait, ADeadlineEndsAnIdleWaitWithoutCpu) {
  FdPair pipe = make_pipe();
  FdPair other = make_pipe();
  Bytes buffer(100);
  backend_->await(1, pipe.read_end.get(), Readiness::readable);
  backend_->read(2, other.read_end.get(), buffer);
  expect_idle_waits_to_sleep();
  EXPECT_TRUE(backend_->wait(backend_->now() - milliseconds(5)).empty());
  backend_.reset();  // before the buffer
}

// Whichever becomes ready, each of the others in flight, is reported, and only that.
TEST_P(BackendAwait, HidesNoOtherOperationAndIsHiddenByNone) {
  auto signals = Signals::create();
  ASSERT_TRUE(signals);
  FdPair awaited = make_pipe();
  FdPair full = make_pipe(4096);
  FdPair read = make_pipe();
  FdPair watched = make_pipe();
  Bytes buffer(100);
  fill_with_pending_write(1, full.write_end.get());
  backend_->read(2, (*signals)->fd(), (*signals)->buffer());
  backend_->read(3, read.read_end.get(), buffer);
  backend_->watch(4, watched.write_end.get());
  backend_->await(5, awaited.read_end.get(), Readiness::readable);
  poll_now();
  for (OpId op = 1; op <= 5; ++op)
    EXPECT_EQ(result_of(op), std::nullopt) << op;

  ASSERT_EQ(write_text(read.write_end.get(), "abc"), 3);
  EXPECT_EQ(finish(3), 3);
  ASSERT_EQ(::kill(::getpid(), SIGUSR1), 0);
  EXPECT_EQ(finish(2), static_cast<std::int32_t>(sizeof(signalfd_siginfo)));
  EXPECT_EQ((*signals)->received(), SIGUSR1);
  watched.read_end.reset();
  EXPECT_EQ(finish(4), 0);
  EXPECT_EQ(read_up_to(full.read_end.get(), 4096).size(), 4096U);
  EXPECT_GT(finish(1), 0);
  EXPECT_EQ(result_of(5), std::nullopt);
  ASSERT_EQ(write_text(awaited.write_end.get(), "x"), 1);
  EXPECT_EQ(finish(5), 0);
}

TEST_P(BackendAwait, IsSeenBetweenWritesThatAlwaysProceed) {
  FdPair awaited = make_pipe();
  FdPair busy = make_pipe();
  backend_->await(1, awaited.read_end.get(), Readiness::readable);
  ASSERT_EQ(write_text(awaited.write_end.get(), "x"), 1);
  for (int i = 0; i < 3 && !result_of(1); ++i) {
    EXPECT_EQ(write_now(busy.write_end.get(), {bytes_of("y")}), 1);
    poll_now();
  }
  EXPECT_EQ(result_of(1), 0);
}

TEST_P(BackendAwait, AllOperationsCanBeAwaits) {
  std::vector<FdPair> pipes;
  for (OpId op = 0; op < kMaxOperations; ++op) {
    pipes.push_back(make_pipe());
    backend_->await(op, pipes.back().read_end.get(), Readiness::readable);
  }
  poll_now();
  for (OpId op = kMaxOperations; op-- > 0;) {
    ASSERT_EQ(write_text(pipes[op].write_end.get(), "x"), 1);
    EXPECT_EQ(finish(op), 0);
  }
}

TEST_P(BackendAwait, DestructionWithOneInFlightLetsGo) {
  FdPair pipe = make_pipe();
  backend_->await(1, pipe.write_end.get(), Readiness::readable);
  poll_now();
  backend_.reset();
  pipe.write_end.reset();
  EXPECT_TRUE(read_up_to(pipe.read_end.get(), 1).empty());
}

}  // namespace
}  // namespace zsluice::io
