// SPDX-License-Identifier: BSD-2-Clause
#include "io/hold.hpp"

#include "io/signals.hpp"
#include "kernel_support.hpp"

#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <random>
#include <vector>

namespace zsluice::io {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kPipePages = kPipeBytes / kPage;

std::size_t bytes_in(const Fd& fd) {
  int bytes = 0;
  EXPECT_EQ(::ioctl(fd.get(), FIONREAD, &bytes), 0);
  return static_cast<std::size_t>(bytes);
}

class HoldTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ignore_write_signals();
    hold_ = Hold::create(in_.read_end.get(), out_.write_end.get());
    ASSERT_NE(hold_, nullptr);
  }

  void bring(std::size_t count) {
    ASSERT_EQ(::write(in_.write_end.get(), bytes_.data() + brought_, count),
              static_cast<ssize_t>(count));
    brought_ += count;
  }
  // References, then the read that a run does beside them.
  std::int32_t take(std::size_t bytes_max) {
    const std::int32_t taken = hold_->take(bytes_max);
    if (taken <= 0) return taken;
    const Bytes copy = read_up_to(in_.read_end.get(), static_cast<std::size_t>(taken));
    EXPECT_TRUE(
        std::equal(copy.begin(), copy.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(taken_)));
    taken_ += copy.size();
    return taken;
  }
  void expect_out(std::size_t count) {
    const Bytes seen = read_up_to(out_.read_end.get(), count);
    ASSERT_EQ(seen.size(), count);
    EXPECT_TRUE(
        std::equal(seen.begin(), seen.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(seen_)));
    seen_ += count;
  }
  void give_all() {
    while (hold_->size() > 0) {
      const std::int32_t given = hold_->give(std::size_t{1} << 30);
      if (given == -EAGAIN) {
        expect_out(bytes_in(out_.read_end));
      } else {
        ASSERT_GT(given, 0);
      }
    }
    expect_out(bytes_in(out_.read_end));
  }
  // One page of the hold each, however few bytes.
  void take_pages(std::size_t pages, std::size_t bytes_each) {
    for (std::size_t i = 0; i < pages; ++i) {
      bring(bytes_each);
      ASSERT_EQ(take(bytes_each), static_cast<std::int32_t>(bytes_each)) << i;
    }
  }

  const Bytes bytes_ = pattern_bytes(std::size_t{12} << 20);
  FdPair in_ = make_pipe(kPipeBytes);
  FdPair out_ = make_pipe(kPipeBytes);
  std::unique_ptr<Hold> hold_;
  std::size_t brought_ = 0;
  std::size_t taken_ = 0;
  std::size_t seen_ = 0;
};

TEST_F(HoldTest, GivesWhatItTookAndTheInputKeepsItUntilItIsRead) {
  bring(1000);
  EXPECT_EQ(hold_->take(1 << 20), 1000);
  EXPECT_EQ(hold_->size(), 1000U);
  EXPECT_EQ(bytes_in(in_.read_end), 1000U);
  EXPECT_EQ(hold_->give(1 << 20), 1000);
  EXPECT_EQ(hold_->size(), 0U);
  expect_out(1000);
  EXPECT_EQ(bytes_in(in_.read_end), 1000U);
}

TEST_F(HoldTest, APageCanBeGivenInParts) {
  bring(10'000);
  EXPECT_EQ(take(5000), 5000);
  EXPECT_EQ(take(5000), 5000);
  for (const std::size_t part : {1U, 4094U, 2U, 3000U, 2903U}) {
    EXPECT_EQ(hold_->give(part), static_cast<std::int32_t>(part));
  }
  EXPECT_EQ(hold_->size(), 0U);
  expect_out(10'000);
}

// A write goes on in the last page of a pipe where there is room; a reference does not grow with
// it.
TEST_F(HoldTest, BytesThatJoinAPageLaterAreNotGivenBefore) {
  bring(100);
  ASSERT_EQ(hold_->take(1 << 20), 100);
  bring(50);
  EXPECT_EQ(hold_->give(1 << 20), 100);
  expect_out(100);
  EXPECT_EQ(read_up_to(in_.read_end.get(), 100).size(), 100U);
  ASSERT_EQ(hold_->take(1 << 20), 50);
  EXPECT_EQ(hold_->give(1 << 20), 50);
  expect_out(50);
}

TEST_F(HoldTest, DroppedBytesAreNotGiven) {
  bring(6000);
  EXPECT_EQ(take(6000), 6000);
  EXPECT_EQ(hold_->drop(2500), 2500);
  seen_ = 2500;
  EXPECT_EQ(hold_->give(1000), 1000);
  expect_out(1000);
  EXPECT_EQ(hold_->drop(1 << 20), 2500);
  EXPECT_EQ(hold_->size(), 0U);
  EXPECT_EQ(bytes_in(out_.read_end), 0U);
}

TEST_F(HoldTest, DropsAlsoWhenTheOutputIsFullOrItsReaderHasGone) {
  const Bytes full(kPipeBytes);
  ASSERT_EQ(::write(out_.write_end.get(), full.data(), full.size()), kPipeBytes);
  bring(200);
  ASSERT_EQ(take(200), 200);
  EXPECT_EQ(hold_->give(100), -EAGAIN);
  EXPECT_EQ(hold_->drop(100), 100);
  out_.read_end.reset();
  EXPECT_EQ(hold_->give(100), -EPIPE);
  EXPECT_EQ(hold_->drop(100), 100);
}

TEST_F(HoldTest, FillsItsPipesOneByOneAndThenSaysThatThereIsNoRoom) {
  for (std::size_t pipe = 0; pipe < kHoldPipes; ++pipe) {
    bring(kPipeBytes);
    ASSERT_EQ(take(kPipeBytes), kPipeBytes) << pipe;
  }
  EXPECT_EQ(hold_->size(), kHoldBytesMax);
  EXPECT_EQ(take(1), -EAGAIN) << "the input is empty: room would not help";
  bring(1);
  EXPECT_EQ(take(1), -ENOBUFS);
  give_all();
  EXPECT_EQ(take(1), 1);
}

TEST_F(HoldTest, OneByteTakesAPageOfItsOwn) {
  take_pages(kHoldPipes * kPipePages, 1);
  EXPECT_EQ(hold_->size(), kHoldPipes * kPipePages);
  bring(1);
  EXPECT_EQ(take(1), -ENOBUFS);
  EXPECT_EQ(hold_->give(1), 1);
  EXPECT_EQ(take(1), -ENOBUFS) << "a pipe is used again when it is empty";
  EXPECT_EQ(hold_->give(1 << 20), static_cast<std::int32_t>(kPipePages - 1));
  EXPECT_EQ(take(1), 1);
  give_all();
  EXPECT_EQ(seen_, taken_);
}

TEST_F(HoldTest, TheRingGrowsInTheMiddleAndKeepsItsOrder) {
  take_pages(2 * kPipePages, 7);  // two pipes
  EXPECT_EQ(hold_->give(1 << 30), 7 * static_cast<std::int32_t>(kPipePages));
  take_pages(kPipePages, 5);      // the first one again: the oldest bytes are behind it
  take_pages(2 * kPipePages, 3);  // and two new ones between them
  bring(1);
  EXPECT_EQ(take(1), -ENOBUFS);
  give_all();
  EXPECT_EQ(seen_, taken_);
}

TEST_F(HoldTest, AnyOrderOfCallsKeepsTheOrderOfTheBytes) {
  constexpr std::uint32_t kSeed = 7;
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  std::mt19937 random(kSeed);
  while (seen_ < bytes_.size()) {
    const std::size_t count = std::size_t{1} << (random() % 18);
    const bool takes_long = random() % 30 == 0;
    for (int i = takes_long ? 900 : 1; i > 0; --i) {
      const std::size_t room =
          kPipeBytes / 2 - std::min<std::size_t>(bytes_in(in_.read_end), kPipeBytes / 2);
      const std::size_t brings = std::min({count, bytes_.size() - brought_, room});
      if (brings > 0 && bytes_in(in_.read_end) == 0) bring(brings);
      const std::int32_t taken = take(1 + random() % 9000);
      ASSERT_TRUE(taken > 0 || taken == -EAGAIN || taken == -ENOBUFS) << taken;
    }
    if (hold_->size() > 0) {
      const std::int32_t given = hold_->give(1 + random() % 500'000);
      ASSERT_TRUE(given > 0 || given == -EAGAIN) << given;
    }
    if (random() % 2 == 0) expect_out(bytes_in(out_.read_end));
    if (taken_ == bytes_.size()) give_all();
    ASSERT_FALSE(HasFailure());
    ASSERT_EQ(hold_->size(), taken_ - seen_ - bytes_in(out_.read_end));
  }
}

TEST_F(HoldTest, SaysTheEndWhereItHasRoomAndThatThereIsNothingWhereItHasNone) {
  take_pages(3, 10);
  in_.write_end.reset();
  EXPECT_EQ(hold_->take(10), 0);
  give_all();
  EXPECT_EQ(hold_->take(10), 0);
}

TEST_F(HoldTest, WithFullPipesTheEndLooksLikeAnEmptyInput) {
  take_pages(kHoldPipes * kPipePages, 1);
  EXPECT_EQ(hold_->take(10), -EAGAIN);
  in_.write_end.reset();
  EXPECT_EQ(hold_->take(10), -EAGAIN);
  give_all();
  EXPECT_EQ(hold_->take(10), 0);
}

TEST_F(HoldTest, FlagsOfTheEndsAreLeftAlone) {
  bring(10);
  EXPECT_EQ(take(10), 10);
  EXPECT_EQ(take(10), -EAGAIN);
  EXPECT_EQ(::fcntl(in_.read_end.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(::fcntl(out_.write_end.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(HoldCreate, OnlyBetweenPipes) {
  const FdPair pipe = make_pipe();
  const FdPair sockets = make_socket_pair();
  const TempFile file;
  const Fd regular = file.open(O_RDWR);
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const int in = pipe.read_end.get();
  const int out = pipe.write_end.get();
  for (const int other : {regular.get(), null.get(), sockets.read_end.get(), -1}) {
    EXPECT_FALSE(Hold::fits(other, out));
    EXPECT_FALSE(Hold::fits(in, other));
    EXPECT_EQ(Hold::create(other, out), nullptr);
    EXPECT_EQ(Hold::create(in, other), nullptr);
  }
  EXPECT_EQ(Hold::create(in, in), nullptr) << "an output that cannot be written";
}

TEST(HoldCreate, AnOutputWithoutAReaderIsForTheRunToReport) {
  ignore_write_signals();
  const FdPair in = make_pipe();
  FdPair out = make_pipe();
  out.read_end.reset();
  EXPECT_NE(Hold::create(in.read_end.get(), out.write_end.get()), nullptr);
}

TEST(HoldCreate, ProbingMovesNothing) {
  const FdPair in = make_pipe();
  const FdPair out = make_pipe();
  ASSERT_EQ(write_text(in.write_end.get(), "abc"), 3);
  EXPECT_NE(Hold::create(in.read_end.get(), out.write_end.get()), nullptr);
  EXPECT_EQ(bytes_in(in.read_end), 3U);
  EXPECT_EQ(bytes_in(out.read_end), 0U);
}

TEST(GrowPipe, MakesItLargerAndNeverSmaller) {
  const FdPair pipe = make_pipe(4096);
  EXPECT_EQ(grow_pipe(pipe.read_end.get()), std::size_t{kPipeBytes});
  EXPECT_EQ(::fcntl(pipe.write_end.get(), F_GETPIPE_SZ), kPipeBytes);
  if (::fcntl(pipe.write_end.get(), F_SETPIPE_SZ, 2 * kPipeBytes) != 2 * kPipeBytes) {
    GTEST_SKIP()
        << "a pipe above fs.pipe-max-size needs CAP_SYS_RESOURCE, which this process lacks";
  }
  EXPECT_EQ(grow_pipe(pipe.write_end.get()), std::size_t{2 * kPipeBytes});
  EXPECT_EQ(::fcntl(pipe.write_end.get(), F_GETPIPE_SZ), 2 * kPipeBytes);
}

TEST(GrowPipe, LeavesOtherDescriptorsAlone) {
  const FdPair sockets = make_socket_pair();
  const TempFile file;
  const Fd regular = file.open(O_RDWR);
  EXPECT_EQ(grow_pipe(sockets.read_end.get()), std::nullopt);
  EXPECT_EQ(grow_pipe(regular.get()), std::nullopt);
  EXPECT_EQ(grow_pipe(-1), std::nullopt);
}

// --- a user who has all his pages in pipes already: in a child, as somebody else ---

// Pipes that use up what a user may have, 64 MiB at most.
std::vector<FdPair> use_up_pages() {
  std::vector<FdPair> pipes;
  for (int i = 0; i < 200; ++i) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) break;
    pipes.push_back({Fd(ends[0]), Fd(ends[1])});
    int bytes = kPipeBytes;
    while (bytes > 4096 && ::fcntl(ends[1], F_SETPIPE_SZ, bytes) < 0)
      bytes /= 2;
    if (bytes < 16384 && ::fcntl(ends[1], F_GETPIPE_SZ) < 65536) break;
  }
  return pipes;
}

class HoldWithoutPages : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "would take the pages of the user that runs the tests";
  }
  // 0 when `body` returned true as another user: one of his own, since all of his processes
  // share the pages, and other tests run at the same time. Small: a container maps 65,536 users.
  template <class Body>
  static int as_nobody(Body body) {
    return exit_status_of_child([&] {
      ignore_write_signals();
      const auto user = static_cast<uid_t>(60'000 + ::getpid() % 5'000);
      if (::syscall(SYS_setresuid, user, user, user) != 0) return 2;
      return body() ? 0 : 1;
    });
  }
};

TEST_F(HoldWithoutPages, CreateSaysSo) {
  EXPECT_EQ(as_nobody([] {
              const FdPair in = make_pipe();
              const FdPair out = make_pipe();
              if (Hold::create(in.read_end.get(), out.write_end.get()) == nullptr) return false;
              const std::vector<FdPair> pages = use_up_pages();
              grow_pipe(in.read_end.get());
              return Hold::create(in.read_end.get(), out.write_end.get()) == nullptr;
            }),
            0);
}

TEST_F(HoldWithoutPages, AHoldThatCannotGrowUsesWhatItHas) {
  EXPECT_EQ(as_nobody([] {
              const FdPair in = make_pipe(1 << 16);
              const FdPair out = make_pipe(1 << 16);
              const auto hold = Hold::create(in.read_end.get(), out.write_end.get());
              if (hold == nullptr) return false;
              std::vector<FdPair> pages = use_up_pages();
              const auto take_byte = [&] {
                const bool is_brought = write_text(in.write_end.get(), "x") == 1;
                const std::int32_t taken = hold->take(1);
                return is_brought && read_up_to(in.read_end.get(), 1).size() == 1 ? taken : -1;
              };
              for (std::size_t i = 0; i < kPipePages; ++i) {
                if (take_byte() != 1) return false;
              }
              if (take_byte() != -ENOBUFS) return false;
              if (hold->drop(1 << 20) != static_cast<std::int32_t>(kPipePages)) return false;
              // And it grows once there is room again.
              pages.clear();
              for (std::size_t i = 0; i < 2 * kPipePages; ++i) {
                if (take_byte() != 1) return false;
              }
              return true;
            }),
            0);
}

}  // namespace
}  // namespace zsluice::io
