// SPDX-License-Identifier: BSD-2-Clause
// Against a plain list of bytes, over real pipes.
#include "pipeline/pass_buffer.hpp"

#include "pipeline/pipe_fixture.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <random>

namespace zsluice::pipeline {
namespace {

using test::Bytes;

constexpr std::size_t kBlock = std::size_t{64} << 10;
constexpr std::size_t kBlocks = 8;

class PassBufferTest : public testing::Test {
 protected:
  void SetUp() override {
    io::ignore_write_signals();
    ASSERT_EQ(::fcntl(in_.write_end.get(), F_SETFL, O_NONBLOCK), 0);
    auto hold = io::Hold::create(in_.read_end.get(), out_.write_end.get());
    ASSERT_NE(hold, nullptr);
    buffer_.emplace(*pool_, std::move(hold));
  }

  // The producer writes up to `count` bytes.
  void produce(std::size_t count) {
    const ByteSpan piece = ByteSpan(bytes_).subspan(produced_, std::min(count, left()));
    const ssize_t written = ::write(in_.write_end.get(), piece.data(), piece.size());
    if (written > 0) produced_ += static_cast<std::size_t>(written);
  }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - produced_; }

  enum class Keep : std::uint8_t { held, copy };
  // A count or -errno.
  std::int32_t take_held(Keep keep, std::size_t count) {
    const std::int32_t result = buffer_->take_held(input_, count);
    if (result <= 0) return result;
    expect_next(buffer_->taken());
    keep == Keep::held ? buffer_->keep_held() : buffer_->keep_copy();
    return result;
  }
  void read_copy(std::size_t count) {
    const MutableByteSpan room = buffer_->reserve();
    if (room.empty()) return;
    const iovec vector{room.data(), std::min(room.size(), count)};
    const std::int32_t result = input_.read(std::span(&vector, 1), available(in_.read_end) > 0);
    expect_next(buffer_->commit(static_cast<std::size_t>(std::max(result, 0))));
  }
  void expect_next(ByteSpan bytes) {
    ASSERT_LE(bytes.size(), bytes_.size() - in_count_);
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(),
                           bytes_.begin() + static_cast<std::ptrdiff_t>(in_count_)));
    in_count_ += bytes.size();
  }

  // The next bytes leave, up to `count`; not when empty.
  void pass_on(std::size_t count) {
    if (buffer_->head_way() == PassBuffer::Way::splice) {
      const std::int32_t moved = buffer_->splice(count);
      ASSERT_TRUE(moved > 0 || moved == -EAGAIN);
      if (moved == -EAGAIN) drain();
      return;
    }
    std::size_t written = 0;
    for (const ByteSpan piece : buffer_->gather(count)) {
      drain();
      put(out_.write_end, piece);
      written += piece.size();
    }
    ASSERT_GT(written, 0U);
    buffer_->consume(written);
  }
  void drain() {
    const Bytes piece = take(out_.read_end, available(out_.read_end));
    ASSERT_LE(out_count_ + piece.size(), bytes_.size());
    EXPECT_TRUE(std::equal(piece.begin(), piece.end(),
                           bytes_.begin() + static_cast<std::ptrdiff_t>(out_count_)));
    out_count_ += piece.size();
  }
  void pass_all_on() {
    while (buffer_->size() > 0) {
      pass_on(1 << 20);
      if (HasFatalFailure()) return;
    }
    drain();
  }

  Bytes bytes_ = test::pattern(std::size_t{5} << 20);
  Ends in_ = make_pipe();
  Ends out_ = make_pipe();
  io::Channel input_{in_.read_end.get(), {}};
  std::unique_ptr<io::BlockPool> pool_ = *io::BlockPool::create(kBlocks * kBlock, kBlock);
  std::optional<PassBuffer> buffer_;
  std::size_t produced_ = 0;
  std::size_t in_count_ = 0;
  std::size_t out_count_ = 0;
};

TEST_F(PassBufferTest, AnySequenceKeepsEveryByteInOrder) {
  for (std::uint32_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    const auto up_to = [&](std::size_t most) { return 1 + random() % most; };
    produced_ = in_count_ = out_count_ = 0;
    while (out_count_ < bytes_.size()) {
      // Now and then a run of one kind, so that each resource runs out.
      const std::size_t times = random() % 20 == 0 ? 40 : 1;
      const auto kind = random() % 6;
      const std::size_t count = random() % 3 == 0 ? up_to(300'000) : up_to(5000);
      for (std::size_t i = 0; i < times; ++i) {
        if (kind <= 1) produce(random() % 4 == 0 ? 1 : count);
        if (kind == 2) (void)take_held(Keep::held, count);
        if (kind == 3) (void)take_held(Keep::copy, count);
        if (kind == 4) read_copy(count);
        if (kind == 5 && buffer_->size() > 0) pass_on(count);
        ASSERT_FALSE(HasFailure());
        ASSERT_EQ(buffer_->size(), in_count_ - out_count_ - available(out_.read_end));
      }
      if (in_count_ == bytes_.size()) pass_all_on();
    }
    EXPECT_EQ(buffer_->size(), 0U);
    EXPECT_LE(pool_->blocks_on_loan(), 1U);
  }
}

TEST_F(PassBufferTest, ReferencesLeaveAsSuchAndCopiesAsCopies) {
  produce(1000);
  ASSERT_EQ(take_held(Keep::held, 1000), 1000);
  produce(500);
  ASSERT_EQ(take_held(Keep::copy, 1000), 500);
  EXPECT_EQ(buffer_->head_way(), PassBuffer::Way::splice);
  EXPECT_EQ(buffer_->head_bytes(), 1000U);
  ASSERT_EQ(buffer_->splice(400), 400);
  EXPECT_EQ(buffer_->head_bytes(), 600U);
  ASSERT_EQ(buffer_->splice(1 << 20), 600);
  EXPECT_EQ(buffer_->head_way(), PassBuffer::Way::write);
  EXPECT_EQ(buffer_->head_bytes(), 500U);
  pass_all_on();
  EXPECT_EQ(out_count_, 1500U);
}

// Copies that were kept one by one while a slow reader had not taken the first.
TEST_F(PassBufferTest, CopiesGiveTheirBlocksBack) {
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 4; ++i) {
      produce(100);
      ASSERT_EQ(take_held(Keep::copy, 100), 100);
      produce(100);
      ASSERT_EQ(take_held(Keep::held, 100), 100);
    }
    pass_all_on();
    EXPECT_LE(pool_->blocks_on_loan(), 1U);
  }
}

// A BEGIN and its list come in as small pieces as their producer likes, and are held until proven.
TEST_F(PassBufferTest, ManySmallCopiesTakeNoMoreThanTheirBytes) {
  const std::size_t count = (kBlocks - 2) * kBlock / 1000;
  for (std::size_t i = 0; i < count; ++i) {
    produce(1000);
    ASSERT_EQ(take_held(Keep::copy, 1000), 1000) << i;
  }
  EXPECT_EQ(buffer_->size(), count * 1000);
  pass_all_on();
}

TEST_F(PassBufferTest, ACopyThatFitsNowhereElseTakesWhatIsLeftOfTheTail) {
  const std::size_t piece = kBlock / 8 * 5;
  for (std::size_t bytes = 0; bytes + 2 * kBlock <= kBlocks * kBlock; bytes += piece) {
    produce(piece);
    ASSERT_EQ(take_held(Keep::copy, piece), static_cast<std::int32_t>(piece)) << bytes;
  }
  pass_all_on();
}

TEST_F(PassBufferTest, SaysThatItIsEmptyOrFull) {
  EXPECT_EQ(take_held(Keep::held, 1), -EAGAIN);
  std::int32_t result = 0;
  do {
    produce(4096);
    result = take_held(Keep::held, 4096);
  } while (result > 0);
  EXPECT_EQ(result, -ENOBUFS);
  EXPECT_EQ(buffer_->size(), io::kHoldBytesMax);
}

TEST_F(PassBufferTest, WithoutABlockNothingIsTaken) {
  std::vector<io::Block> blocks;
  while (auto block = pool_->take())
    blocks.push_back(std::move(*block));
  produce(100);
  EXPECT_EQ(take_held(Keep::held, 100), -ENOBUFS);
  EXPECT_TRUE(buffer_->reserve().empty());
  blocks.clear();
  EXPECT_EQ(take_held(Keep::held, 100), 100);
}

TEST_F(PassBufferTest, TheEndIsSaidWhileSomethingIsHeld) {
  produce(100);
  ASSERT_EQ(take_held(Keep::held, 100), 100);
  in_.write_end = {};
  EXPECT_EQ(take_held(Keep::held, 100), 0);
  pass_all_on();
  EXPECT_EQ(take_held(Keep::held, 100), 0);
}

TEST_F(PassBufferTest, StoppedReferencesLeaveAndNoneCome) {
  produce(200);
  ASSERT_EQ(take_held(Keep::held, 100), 100);
  buffer_->stop_holding();
  EXPECT_FALSE(buffer_->is_holding());
  EXPECT_TRUE(buffer_->has_hold());
  EXPECT_EQ(take_held(Keep::held, 100), -ENOBUFS);
  read_copy(100);
  pass_all_on();
  EXPECT_EQ(out_count_, 200U);
}

TEST_F(PassBufferTest, DiscardedBytesNeverLeave) {
  produce(3000);
  ASSERT_EQ(take_held(Keep::held, 1000), 1000);
  ASSERT_EQ(take_held(Keep::copy, 1000), 1000);
  read_copy(1000);
  ASSERT_EQ(buffer_->size(), 3000U);
  buffer_->discard_all();
  EXPECT_EQ(buffer_->size(), 0U);
  EXPECT_EQ(pool_->blocks_on_loan(), 0U);
  EXPECT_EQ(available(out_.read_end), 0U);
  out_count_ = 3000;
  produce(500);
  ASSERT_EQ(take_held(Keep::held, 500), 500);
  pass_all_on();
  EXPECT_EQ(out_count_, 3500U);
}

TEST_F(PassBufferTest, WithoutAHoldEverythingIsCopied) {
  PassBuffer plain(*pool_, nullptr);
  EXPECT_FALSE(plain.has_hold());
  EXPECT_FALSE(plain.is_holding());
  produce(10);
  EXPECT_EQ(plain.take_held(input_, 10), -ENOBUFS);
  const Bytes some = test::pattern(10);
  const MutableByteSpan room = plain.reserve();
  std::copy(some.begin(), some.end(), room.begin());
  (void)plain.commit(10);
  EXPECT_EQ(plain.head_way(), PassBuffer::Way::write);
  plain.discard_all();
  EXPECT_EQ(plain.size(), 0U);
}

}  // namespace
}  // namespace zsluice::pipeline
