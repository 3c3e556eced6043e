// SPDX-License-Identifier: BSD-2-Clause
// Operations that have to wait: overlap, deadlines, watching, cancelling, letting go.
#include "backend_fixture.hpp"

#include <array>

namespace zsluice::io {
namespace {

using std::chrono::milliseconds;

// How many bytes lie in a pipe.
std::size_t bytes_in(const Fd& pipe_end) {
  const std::string name = "/proc/self/fd/" + std::to_string(pipe_end.get());
  const Fd own(::open(name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  return read_up_to(own.get(), 1U << 20U).size();
}

class BackendWait : public BackendTest {};

INSTANTIATE_TEST_SUITE_P(AllBackends,
                         BackendWait,
                         ::testing::ValuesIn(kBackendCases),
                         name_of_case);

TEST_P(BackendWait, ReadProceedsWhileAWriteCannot) {
  FdPair input = make_pipe();
  FdPair output = make_pipe(4096);
  fill_with_pending_write(1, output.write_end.get());

  Bytes buffer(100);
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(write_text(input.write_end.get(), "more"), 4);
    EXPECT_EQ(read_now(input.read_end.get(), buffer), 4);
  }
  EXPECT_EQ(result_of(1), std::nullopt);
}

TEST_P(BackendWait, WriteProceedsWhileAReadWaits) {
  FdPair input = make_pipe();
  FdPair output = make_pipe();
  Bytes buffer(100);
  backend_->read(1, input.read_end.get(), buffer);
  EXPECT_EQ(write_now(output.write_end.get(), {bytes_of("proven already")}), 14);
  EXPECT_EQ(result_of(1), std::nullopt);
  ASSERT_EQ(write_text(input.write_end.get(), "late"), 4);
  EXPECT_EQ(finish(1), 4);
}

TEST_P(BackendWait, DeadlineEndsAnIdleWaitWithoutCpu) {
  FdPair pipe = make_pipe();
  Bytes buffer(100);
  backend_->read(1, pipe.read_end.get(), buffer);
  backend_->watch(2, pipe.write_end.get());
  expect_idle_waits_to_sleep();
  backend_.reset();  // before the buffer
}

TEST_P(BackendWait, PastDeadlineOnlyCollects) {
  EXPECT_TRUE(backend_->wait(backend_->now() - milliseconds(5)).empty());
  FdPair pipe = make_pipe();
  const ByteSpan piece[] = {bytes_of("x")};
  backend_->write(1, pipe.write_end.get(), piece);
  poll_now();
  EXPECT_EQ(result_of(1), 1);
}

TEST_P(BackendWait, DescriptorsInheritedNonBlockingAreWaitedFor) {
  FdPair pipe = make_pipe(4096, O_CLOEXEC | O_NONBLOCK);
  Bytes buffer(8192);
  backend_->read(1, pipe.read_end.get(), buffer);
  poll_now();
  EXPECT_EQ(result_of(1), std::nullopt);
  EXPECT_EQ(write_now(pipe.write_end.get(), {bytes_of("now")}), 3);
  EXPECT_EQ(finish(1), 3);

  fill_with_pending_write(2, pipe.write_end.get());
  EXPECT_EQ(read_now(pipe.read_end.get(), buffer), 4096);
  EXPECT_GT(finish(2), 0);
}

TEST_P(BackendWait, FlagsOfInheritedDescriptionsAreLeftAlone) {
  std::array pairs = {make_pipe(4096), make_socket_pair()};
  for (FdPair& pair : pairs) {
    const int ends[] = {pair.read_end.get(), pair.write_end.get()};
    const int before[] = {::fcntl(ends[0], F_GETFL), ::fcntl(ends[1], F_GETFL)};
    Bytes buffer(100);
    backend_->read(1, ends[0], buffer);
    fill_with_pending_write(2, ends[1]);
    finish(1);
    EXPECT_EQ(::fcntl(ends[0], F_GETFL), before[0]);
    EXPECT_EQ(::fcntl(ends[1], F_GETFL), before[1]);
    backend_->release(ends[1]);
    EXPECT_EQ(finish(2), -ECANCELED);
    EXPECT_EQ(::fcntl(ends[1], F_GETFL), before[1]);
  }
}

TEST_P(BackendWait, WatchSeesTheReaderGoWhileNothingIsWritten) {
  std::array pairs = {make_pipe(), make_socket_pair()};
  for (FdPair& pair : pairs) {
    backend_->watch(1, pair.write_end.get());
    poll_now();
    EXPECT_EQ(result_of(1), std::nullopt);
    EXPECT_EQ(write_now(pair.write_end.get(), {bytes_of("x")}), 1);
    EXPECT_EQ(result_of(1), std::nullopt) << "a living reader";
    pair.read_end.reset();
    EXPECT_EQ(finish(1), 0);
  }
}

TEST_P(BackendWait, WatchSeesAReaderThatHadGoneBefore) {
  FdPair pipe = make_pipe();
  pipe.read_end.reset();
  backend_->watch(1, pipe.write_end.get());
  EXPECT_EQ(finish(1), 0);
}

TEST_P(BackendWait, SocketPeerThatOnlyStoppedSendingIsStillAReader) {
  FdPair sockets = make_socket_pair();
  backend_->watch(1, sockets.write_end.get());
  poll_now();
  ASSERT_EQ(::shutdown(sockets.read_end.get(), SHUT_WR), 0);
  EXPECT_EQ(write_now(sockets.write_end.get(), {bytes_of("x")}), 1);
  EXPECT_EQ(result_of(1), std::nullopt);
  backend_->cancel(1);
  EXPECT_EQ(finish(1), -ECANCELED);
}

TEST_P(BackendWait, WatchOfAFileStaysUntilCancelled) {
  const TempFile file;
  const Fd regular = file.open(O_WRONLY);
  const Fd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  backend_->watch(1, regular.get());
  backend_->watch(2, null.get());
  EXPECT_TRUE(backend_->wait(backend_->now() + milliseconds(1)).empty());
  backend_->cancel(1);
  backend_->cancel(2);
  EXPECT_EQ(finish(1), -ECANCELED);
  EXPECT_EQ(finish(2), -ECANCELED);
}

TEST_P(BackendWait, WatchOfAClosedDescriptorSaysSo) {
  const int closed = make_pipe().read_end.get();
  backend_->watch(1, closed);
  EXPECT_EQ(finish(1), -EBADF);
}

TEST_P(BackendWait, CancelEndsAReadAndLeavesItsBufferAlone) {
  FdPair pipe = make_pipe();
  Bytes buffer(100, std::byte{7});
  backend_->read(1, pipe.read_end.get(), buffer);
  poll_now();
  backend_->cancel(1);
  backend_->cancel(99);  // nobody
  EXPECT_EQ(finish(1), -ECANCELED);
  ASSERT_EQ(write_text(pipe.write_end.get(), "late"), 4);
  poll_now();
  EXPECT_EQ(buffer, Bytes(100, std::byte{7}));
  EXPECT_EQ(bytes_in(pipe.read_end), 4U);
}

TEST_P(BackendWait, CancelEndsAReadThatWaitsOnANonBlockingDescriptor) {
  FdPair pipe = make_pipe(0, O_CLOEXEC | O_NONBLOCK);
  Bytes buffer(100);
  backend_->read(1, pipe.read_end.get(), buffer);
  poll_now();
  backend_->cancel(1);
  EXPECT_EQ(finish(1), -ECANCELED);
}

TEST_P(BackendWait, ReleasedDescriptorCanBeClosedSoThatItsReaderSeesTheEnd) {
  FdPair pipe = make_pipe(4096);
  backend_->watch(1, pipe.write_end.get());
  fill_with_pending_write(2, pipe.write_end.get());
  backend_->release(pipe.write_end.get());
  pipe.write_end.reset();
  EXPECT_EQ(finish(1), -ECANCELED);
  EXPECT_EQ(finish(2), -ECANCELED);
  EXPECT_EQ(read_up_to(pipe.read_end.get(), 10'000).size(), 4096U) << "and then the end";
}

TEST_P(BackendWait, DestructionWithAReadInFlightLetsGoOfBufferAndPipe) {
  FdPair pipe = make_pipe(4096);
  Bytes buffer(100, std::byte{7});
  backend_->read(1, pipe.read_end.get(), buffer);
  backend_->watch(2, pipe.write_end.get());
  poll_now();
  backend_.reset();
  ASSERT_EQ(write_text(pipe.write_end.get(), "later"), 5);
  EXPECT_EQ(buffer, Bytes(100, std::byte{7}));
  EXPECT_EQ(bytes_in(pipe.read_end), 5U);
  pipe.write_end.reset();
  EXPECT_TRUE(read_up_to(pipe.read_end.get(), 1).empty());
}

TEST_P(BackendWait, AllOperationsCanBeInFlightAndComplete) {
  std::vector<FdPair> pipes;
  Bytes buffers(kMaxOperations);
  for (OpId op = 0; op < kMaxOperations; ++op) {
    pipes.push_back(make_pipe());
    backend_->read(op, pipes.back().read_end.get(), MutableByteSpan(buffers).subspan(op, 1));
  }
  poll_now();
  for (OpId op = kMaxOperations; op-- > 0;) {
    const auto value = static_cast<std::byte>(op);
    ASSERT_EQ(::write(pipes[op].write_end.get(), &value, 1), 1);
  }
  for (OpId op = 0; op < kMaxOperations; ++op) {
    EXPECT_EQ(finish(op), 1);
    EXPECT_EQ(buffers[op], static_cast<std::byte>(op));
  }
}

TEST_P(BackendWait, TwoBackendsDoNotDisturbEachOther) {
  const std::unique_ptr<Backend> other = make();
  ASSERT_NE(other, nullptr);
  FdPair pipe = make_pipe();
  Bytes buffer(100);
  other->read(1, pipe.read_end.get(), buffer);
  EXPECT_TRUE(other->wait(other->now()).empty());
  EXPECT_EQ(write_now(pipe.write_end.get(), {bytes_of("across")}), 6);
  const auto completions = other->wait(std::nullopt);
  ASSERT_EQ(completions.size(), 1U);
  EXPECT_EQ(completions[0], (Completion{1, 6}));
}

TEST_P(BackendWait, ManyCancelledOperationsLeaveTheBackendUsable) {
  FdPair pipe = make_pipe();
  Bytes buffer(10);
  for (OpId op = 1; op <= 500; ++op) {
    backend_->read(op, pipe.read_end.get(), buffer);
    backend_->cancel(op);
    ASSERT_EQ(finish(op), -ECANCELED);
  }
  ASSERT_EQ(write_text(pipe.write_end.get(), "x"), 1);
  EXPECT_EQ(read_now(pipe.read_end.get(), buffer), 1);
}

}  // namespace
}  // namespace zsluice::io
