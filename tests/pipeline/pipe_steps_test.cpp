// SPDX-License-Identifier: BSD-2-Clause
// A pipe step by step, on the real kernel with both backends: what is there when, who is told what
// before the input ends, and how often an idle pipe wakes (never).
#include "pipeline/gate_fixture.hpp"
#include "pipeline/pipe_fixture.hpp"
#include "support/policy_streams.hpp"

#include <sys/mman.h>

#include <csignal>

namespace zsluice::pipeline {
namespace {

using test::Bytes;
using test::StreamImage;

class PipeSteps : public PipeTest {
 protected:
  // The input brings the next bytes, up to `to`.
  void bring_to(std::uint64_t to) {
    const auto from = std::exchange(brought_, to);
    then([this, from, to] {
      put(in_.write_end, ByteSpan(bytes_).subspan(static_cast<std::size_t>(from),
                                                  static_cast<std::size_t>(to - from)));
    });
  }
  // The reader finds so many bytes, and no more ever, before anything else happens.
  void expect_available(std::uint64_t count) {
    when(
        [this, count] {
          const std::uint64_t there = available(out_.read_end);
          EXPECT_LE(there, count);
          return there == count;
        },
        [] {});
  }
  void close_input() {
    then([this] { in_.write_end = {}; });
  }
  void run_all() { run(in_.read_end, std::move(out_.write_end)); }

  void use(const StreamImage& stream) {
    stream_ = stream;
    bytes_ = stream.bytes();
  }

  Ends in_ = make_pipe();
  Ends out_ = make_pipe();
  StreamImage stream_;
  Bytes bytes_;
  std::uint64_t brought_ = 0;
};
INSTANTIATE_TEST_SUITE_P(, PipeSteps, testing::ValuesIn(kBackends), name_of_backend);

TEST_P(PipeSteps, AStalledInputHidesNothingThatIsProven) {
  use(test::package_stream(test::package_list({}), {{}, {.toname = "pool/b@snap", .toguid = 2}}));
  const ReleaseModel model(stream_);
  for (std::size_t i = 0; i < stream_.records(); ++i) {
    bring_to(stream_.header_end(i));
    expect_available(model.at(stream_.header_end(i)));
    bring_to(stream_.end(i));
    expect_available(model.at(stream_.end(i)));
  }
  close_input();
  run_all();
  EXPECT_TRUE(whole());
  EXPECT_EQ(take_all(out_.read_end), bytes_);
}

TEST_P(PipeSteps, AnIdlePipeDoesNotWake) {
  use(test::simple_stream());
  std::uint64_t before = 0;
  bring_to(stream_.header_end(2));
  expect_available(stream_.header_end(2));
  for (int i = 0; i < 20; ++i) {
    then([&] {
      if (before == 0) before = backend_->wakeups();
    });
  }
  then([&] { EXPECT_EQ(backend_->wakeups(), before); });
  bring_to(stream_.size());
  close_input();
  run_all();
  EXPECT_TRUE(whole());
  EXPECT_LE(backend_->wakeups(), 20U);
}

TEST_P(PipeSteps, TheReaderSeesTheEndOfAWholeStreamWhileTheInputIsOpen) {
  use(test::simple_stream());
  bring_to(stream_.size());
  then([this] { EXPECT_EQ(take_all(out_.read_end), bytes_); });  // returns at the end of file only
  close_input();
  run_all();
  EXPECT_TRUE(whole());
}

TEST_P(PipeSteps, TheReaderSeesTheEndAtADamageWhileTheInputIsOpen) {
  use(test::simple_stream());
  stream_.flip_bit(stream_.header_end(2) + 5);
  bytes_ = stream_.bytes();
  bring_to(stream_.header_end(3));
  run_all();
  ASSERT_NE(failed_with<drr::Fault>(), nullptr);
  EXPECT_EQ(take_all(out_.read_end).size(), stream_.header_end(2));
  EXPECT_EQ(report_.bytes_out, stream_.header_end(2));
}

TEST_P(PipeSteps, WhatFollowsTheEndIsDrainedNotPassed) {
  use(test::simple_stream());
  bytes_ = test::joined({bytes_, Bytes(300'000)});
  bring_to(stream_.size() + 100);
  then([this] { EXPECT_EQ(take_all(out_.read_end).size(), stream_.size()); });
  bring_to(bytes_.size());
  close_input();
  run_all();
  ASSERT_NE(failed_with<TrailingBytes>(), nullptr);
  EXPECT_EQ(failed_with<TrailingBytes>()->count, 300'000U);
  EXPECT_EQ(report_.bytes_in, bytes_.size());
}

TEST_P(PipeSteps, ADeadReaderIsNoticedWhileTheInputIsIdle) {
  use(test::simple_stream());
  bring_to(stream_.header_end(2));
  expect_available(stream_.header_end(2));
  then([this] { out_.read_end = {}; });
  run_all();
  const auto* failure = failed_with<IoFailure>();
  ASSERT_NE(failure, nullptr);
  EXPECT_EQ(failure->side, IoSide::output);
  EXPECT_EQ(failure->error.error, EPIPE);
  EXPECT_EQ(failure->offset, stream_.header_end(2));
}

TEST_P(PipeSteps, AReaderThatIsDeadAtTheStartIsNoticed) {
  use(test::simple_stream());
  out_.read_end = {};
  run_all();
  ASSERT_NE(failed_with<IoFailure>(), nullptr);
  EXPECT_EQ(failed_with<IoFailure>()->error.error, EPIPE);
  EXPECT_EQ(report_.bytes_out, 0U);
}

TEST_P(PipeSteps, AReaderThatLeavesBehindTheEndIsNoFailure) {
  use(test::simple_stream());
  bring_to(stream_.size());
  expect_available(stream_.size());
  then([this] { out_.read_end = {}; });
  close_input();
  run_all();
  EXPECT_TRUE(whole());
}

TEST_P(PipeSteps, ASlowReaderSlowsTheInputAndLosesNothing) {
  use(test::StreamBuilder()
          .begin({.features = test::kRawFeatures, .payload = test::crypt_payload()})
          .write(40, 0, test::pattern(100'000))
          .write(40, 131072, test::pattern(100'000, 2))
          .end()
          .build());
  backend_->at_the_start([this] { resize(out_.read_end, 4096); });
  Bytes seen;
  const io::Fd reader(::dup(out_.read_end.get()));
  backend_->whenever_idle([&] {
    const Bytes piece = take(reader, std::min<std::size_t>(3000, available(reader)));
    seen.insert(seen.end(), piece.begin(), piece.end());
    return !piece.empty();
  });
  bring_to(stream_.size());
  close_input();
  run_all();
  EXPECT_TRUE(whole());
  const Bytes rest = take_all(reader);
  seen.insert(seen.end(), rest.begin(), rest.end());
  EXPECT_EQ(seen, bytes_);
}

TEST_P(PipeSteps, ASignalEndsItAndEndDoesNotPass) {
  const auto signals = io::Signals::create();
  ASSERT_TRUE(signals);
  signals_ = signals->get();
  use(test::simple_stream());
  bring_to(stream_.header_end(3));
  expect_available(stream_.header_end(3));
  then([] { ::kill(::getpid(), SIGTERM); });
  run_all();
  const auto* signalled = failed_with<Signalled>();
  ASSERT_NE(signalled, nullptr);
  EXPECT_EQ(signalled->signal, SIGTERM);
  EXPECT_FALSE(signalled->was_delivered);
  EXPECT_EQ(take_all(out_.read_end).size(), stream_.header_end(3));
}

TEST_P(PipeSteps, ASignalWhileTheReaderIsStuckEndsItToo) {
  const auto signals = io::Signals::create();
  ASSERT_TRUE(signals);
  signals_ = signals->get();
  use(test::StreamBuilder()
          .begin({.features = test::kRawFeatures, .payload = test::crypt_payload()})
          .write(40, 0, test::pattern(100'000))
          .end()
          .build());
  backend_->at_the_start([this] { resize(out_.read_end, 4096); });
  bring_to(stream_.size());
  expect_available(4096);
  then([] { ::kill(::getpid(), SIGINT); });
  run_all();
  ASSERT_NE(failed_with<Signalled>(), nullptr);
  const std::uint64_t passed = take_all(out_.read_end).size();
  EXPECT_EQ(report_.bytes_out, passed);
  EXPECT_LT(passed, stream_.size() - drr::kRecordBytes);
}

TEST_P(PipeSteps, ASignalBehindTheEndSaysThatTheStreamWasDelivered) {
  const auto signals = io::Signals::create();
  ASSERT_TRUE(signals);
  signals_ = signals->get();
  use(test::simple_stream());
  bring_to(stream_.size());
  then([this] { EXPECT_EQ(take_all(out_.read_end), bytes_); });
  then([] { ::kill(::getpid(), SIGTERM); });
  run_all();
  ASSERT_NE(failed_with<Signalled>(), nullptr);
  EXPECT_TRUE(failed_with<Signalled>()->was_delivered);
}

TEST_P(PipeSteps, WhatCannotBeHeldIsRefusedAndNeverDeadlocks) {
  // A list of 40 MB counts twice: as bytes of the stream, and as the copy that is judged.
  use(test::StreamBuilder()
          .begin({.features = test::kRawFeatures, .payload = Bytes(40 << 20)})
          .frees(2)
          .end()
          .build());
  const io::Fd file(::memfd_create("input", MFD_CLOEXEC));
  put(file, bytes_);
  ASSERT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
  run(file, std::move(out_.write_end));
  const auto* small = failed_with<BufferTooSmall>();
  ASSERT_NE(small, nullptr);
  EXPECT_EQ(small->buffer_bytes, kBufferBytesMin);
  EXPECT_EQ(report_.bytes_out, 0U);
  const std::uint64_t named = small->needed_bytes;
  EXPECT_GE(named, std::uint64_t{80} << 20);

  // And what it names is enough.
  options_.buffer_bytes = named;
  options_.gate.policy.allow_plaintext = true;
  const io::Fd sink(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
  run(file, io::Fd(::dup(sink.get())));
  EXPECT_TRUE(whole());
  EXPECT_EQ(report_.bytes_out, bytes_.size());
}

TEST_P(PipeSteps, AListAboveMaxHeaderIsRefusedAtItsBegin) {
  options_.gate.checker.parser.limits.begin_payload_bytes = 256;
  use(test::simple_stream());
  bring_to(stream_.header_end(0));
  run_all();
  ASSERT_NE(failed_with<drr::Fault>(), nullptr);
  EXPECT_EQ(failed_with<drr::Fault>()->code, drr::FaultCode::begin_payload_too_long);
}

TEST_P(PipeSteps, AnyDataIsSaidOnceAndPassesAtOnce) {
  options_.gate.any_data = true;
  bytes_ = test::pattern(100'000, 4);
  bring_to(1000);
  expect_available(1000);
  bring_to(bytes_.size());
  expect_available(bytes_.size());
  close_input();
  run_all();
  EXPECT_TRUE(whole());
  EXPECT_EQ(remarks_.any_data, 1);
  EXPECT_TRUE(report_.any_data);
}

TEST_P(PipeSteps, UnknownFeaturesAreSaidOnce) {
  const std::uint64_t unknown = std::uint64_t{3} << 40;
  use(test::StreamBuilder()
          .begin({.features = test::kRawFeatures | unknown, .payload = test::crypt_payload()})
          .frees(2)
          .end()
          .build());
  bring_to(bytes_.size());
  close_input();
  run_all();
  EXPECT_EQ(remarks_.features, unknown);
}

}  // namespace
}  // namespace zsluice::pipeline
