// SPDX-License-Identifier: BSD-2-Clause
// The hold path and the copy path between real pipes, with both backends: the same bytes, the same
// end. One thread is producer, pipe and reader, on a virtual clock.
#include "io/hold.hpp"
#include "pipeline/gate_fixture.hpp"
#include "pipeline/pipe_fixture.hpp"
#include "support/for_each.hpp"
#include "support/policy_streams.hpp"

#include <sys/mman.h>

#include <csignal>
#include <limits>

namespace zsluice::pipeline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Bytes;

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

class PipeHold : public PipeTest {
 protected:
  PipeHold() { options_.gate.policy.allow_plaintext = true; }
  void SetUp() override {
    PipeTest::SetUp();
    if (!IsSkipped()) backend_->use_virtual_clock();
  }

  // What producer and reader do whenever the pipe has nothing to do.
  struct Pace {
    std::size_t brings = kAll;  // at once
    std::size_t takes = kAll;
    Duration pause{};    // before the reader takes
    int pipe_bytes = 0;  // 0: as the pipe has made them
  };
  void pass(const Bytes& bytes, const Pace& pace) {
    make_ends(pace.pipe_bytes);
    bytes_ = bytes;
    brought_ = 0;
    seen_.clear();
    backend_->whenever_idle([this, pace] {
      const bool has_brought = bring(pace.brings);
      return take_some(pace) || has_brought;
    });
    run(in_.read_end, std::move(out_.write_end));
    const Bytes rest = take_all(out_.read_end);
    seen_.insert(seen_.end(), rest.begin(), rest.end());
    EXPECT_EQ(report_.bytes_out, seen_.size());
    ASSERT_LE(seen_.size(), bytes.size());
    EXPECT_TRUE(std::equal(seen_.begin(), seen_.end(), bytes.begin()));
  }

  void make_ends(int pipe_bytes) {
    in_ = make_pipe();
    out_ = make_pipe();
    ASSERT_EQ(::fcntl(in_.write_end.get(), F_SETFL, O_NONBLOCK), 0);
    if (pipe_bytes == 0) return;
    backend_->at_the_start([this, pipe_bytes] {
      resize(in_.read_end, pipe_bytes);
      resize(out_.read_end, pipe_bytes);
    });
  }
  bool bring(std::size_t count) {
    if (!in_.write_end) return false;
    const ByteSpan left = ByteSpan(bytes_).subspan(brought_);
    if (left.empty()) {
      in_.write_end = {};
      return true;
    }
    const ssize_t written = ::write(in_.write_end.get(), left.data(), std::min(count, left.size()));
    brought_ += static_cast<std::size_t>(std::max<ssize_t>(written, 0));
    return written > 0;
  }
  bool take_some(const Pace& pace) {
    const std::size_t count = std::min<std::size_t>(available(out_.read_end), pace.takes);
    if (count == 0) return false;
    backend_->advance(pace.pause);
    const Bytes piece = take(out_.read_end, count);
    seen_.insert(seen_.end(), piece.begin(), piece.end());
    return true;
  }

  Ends in_;
  Ends out_;
  Bytes bytes_;
  std::size_t brought_ = 0;
  Bytes seen_;
};
INSTANTIATE_TEST_SUITE_P(, PipeHold, testing::ValuesIn(kBackends), name_of_backend);

bool is_whole(const test::CorpusEntry& entry) {
  return entry.is("verdict", "whole") && entry.name.find("zerosum") == std::string::npos;
}

Bytes with_large_records(std::size_t count) {
  test::StreamBuilder stream;
  stream.begin();
  for (std::size_t i = 0; i < count; ++i)
    stream.write(40, i << 24, Bytes(16 << 20, static_cast<std::byte>(i + 1)));
  return stream.end().bytes();
}

Bytes with_records(std::size_t count, std::size_t bytes_each) {
  test::StreamBuilder stream;
  stream.begin();
  const Bytes block = test::pattern(bytes_each);
  for (std::size_t i = 0; i < count; ++i)
    stream.write(40, i * bytes_each, block);
  return stream.end().bytes();
}

TEST_P(PipeHold, EveryRealStreamPassesByteForByteOnBothPaths) {
  test::for_each_stream([this](const test::CorpusEntry& entry) {
    const Bytes bytes = test::read_corpus(entry.name);
    for (const bool allow_hold : {true, false}) {
      SCOPED_TRACE(allow_hold ? "hold" : "copy");
      options_.allow_hold = allow_hold;
      pass(bytes, {});
      EXPECT_EQ(whole(), is_whole(entry));
      EXPECT_EQ(report_.held, allow_hold);
      EXPECT_TRUE(!is_whole(entry) || seen_.size() == bytes.size());
    }
  });
}

TEST_P(PipeHold, AnyPiecesOfProducerAndReaderPassByteForByte) {
  const Bytes bytes =
      test::package_stream(test::package_list({}), {{}, {.toname = "pool/b@snap", .toguid = 2}})
          .bytes();
  const Pace paces[] = {{.brings = 1, .takes = 1000},
                        {.brings = 312, .takes = 61},
                        {.brings = 4095, .takes = 4097},
                        {.brings = 700, .takes = 5000, .pause = milliseconds(3)}};
  for (const Pace& pace : paces) {
    SCOPED_TRACE(testing::Message() << pace.brings << " in, " << pace.takes << " out");
    pass(bytes, pace);
    EXPECT_TRUE(whole());
    EXPECT_TRUE(report_.held);
    EXPECT_EQ(seen_.size(), bytes.size());
  }
}

TEST_P(PipeHold, TinyPipesPassByteForByteOnBothPaths) {
  for (const bool allow_hold : {true, false}) {
    options_.allow_hold = allow_hold;
    for (const char* name : {"g256_raw_incr", "hier_raw_R", "foreign_order/pl_e.be"}) {
      SCOPED_TRACE(name);
      const Bytes bytes = test::read_corpus(name);
      pass(bytes, {.takes = 3000, .pipe_bytes = 4096});
      EXPECT_TRUE(whole());
      EXPECT_EQ(report_.held, allow_hold);
      EXPECT_EQ(seen_, bytes);
    }
  }
}

TEST_P(PipeHold, ARecordLargerThanTheHoldPasses) {
  const Bytes bytes = with_large_records(2);
  pass(bytes, {});
  EXPECT_TRUE(whole());
  EXPECT_TRUE(report_.held);
  EXPECT_EQ(seen_, bytes);
  EXPECT_LE(report_.buffered_bytes_max, options_.buffer_bytes);
}

TEST_P(PipeHold, AFastReaderNeedsNoBuffer) {
  const Bytes bytes = with_records(160, 128 << 10);
  pass(bytes, {});
  EXPECT_TRUE(whole());
  EXPECT_EQ(seen_, bytes);
  EXPECT_LE(report_.buffered_bytes_max, io::kHoldBytesMax);
}

// 64 KiB each 20 ms: 3 MiB/s.
TEST_P(PipeHold, ASlowReaderGetsTheWholeBuffer) {
  const Bytes bytes = with_records(300, 128 << 10);
  for (const bool allow_hold : {true, false}) {
    options_.allow_hold = allow_hold;
    pass(bytes, {.takes = 64 << 10, .pause = milliseconds(20)});
    EXPECT_TRUE(whole());
    EXPECT_EQ(seen_.size(), bytes.size());
    EXPECT_GE(report_.buffered_bytes_max, options_.buffer_bytes - (2 << 20));
    EXPECT_LE(report_.buffered_bytes_max, options_.buffer_bytes);
  }
}

TEST_P(PipeHold, AReaderThatPausesFindsEverythingThatFits) {
  const Bytes bytes = with_records(300, 128 << 10);
  bytes_ = bytes;
  make_ends(0);
  bool is_reading = false;
  int idle_turns = 0;
  backend_->whenever_idle([&] {
    if (bring(kAll)) return true;
    if (is_reading) return take_some({});
    // Time passes, and nothing goes any more: everything that has room is full.
    if (++idle_turns < 50) return false;
    is_reading = true;
    EXPECT_GE(brought_, options_.buffer_bytes - (2 << 20));
    return true;
  });
  run(in_.read_end, std::move(out_.write_end));
  const Bytes rest = take_all(out_.read_end);
  seen_.insert(seen_.end(), rest.begin(), rest.end());
  EXPECT_TRUE(whole());
  EXPECT_EQ(seen_, bytes);
}

// Each BEGIN is a copy among references; a slow reader leaves many of them behind.
TEST_P(PipeHold, APackageOfManySubstreamsPassesASlowReader) {
  test::StreamBuilder stream;
  stream.package(test::package_list({}));
  for (std::uint64_t i = 1; i <= 400; ++i)
    test::add_substream(stream, {.toguid = i});
  const Bytes bytes = stream.package_end().bytes();
  options_.gate.policy.allow_plaintext = true;
  pass(bytes, {.brings = 500, .takes = 900, .pause = milliseconds(20), .pipe_bytes = 4096});
  EXPECT_TRUE(whole());
  EXPECT_EQ(seen_, bytes);
}

// A list of datasets comes in as small pieces as its sender likes, and is held until it is proven.
TEST_P(PipeHold, ALongListInSmallPiecesFitsTheBuffer) {
  const Bytes bytes =
      test::StreamBuilder().begin({.payload = Bytes(4 << 20)}).frees(2).end().bytes();
  pass(bytes, {.brings = 4096});
  EXPECT_TRUE(whole()) << (report_.failure ? report_.failure->index() : 0);
  EXPECT_EQ(seen_.size(), bytes.size());
}

// On the copy path the same is proven with a scripted kernel (pipe_faults_test.cpp).
TEST_P(PipeHold, ADamagedStreamEndsAtTheByteTheGateSays) {
  test::for_each_damage([this](const test::Damage& damage) {
    const test::DamagedStream damaged = damage.make();
    Gate gate(options_.gate);
    gate.feed(damaged.bytes);
    gate.finish();
    pass(damaged.bytes, {});
    EXPECT_EQ(seen_.size(), gate.releasable());
    ASSERT_EQ(report_.failure.has_value(), gate.failure().has_value());
    if (gate.failure()) {
      EXPECT_EQ(report_.failure->index(), gate.failure()->index());
    }
  });
}

TEST_P(PipeHold, AnInputThatEndsAnywhereIsTruncatedThere) {
  const test::StreamImage stream = test::package_stream(test::package_list({}));
  const Bytes bytes = stream.bytes();
  std::vector<std::uint64_t> points = {0, 1, 7, 311};
  for (std::size_t i = 0; i < stream.records(); ++i) {
    points.insert(points.end(), {stream.header_end(i) - 1, stream.header_end(i),
                                 stream.header_end(i) + 1, stream.end(i) - 1});
  }
  for (const std::uint64_t point : points) {
    if (point >= bytes.size()) continue;
    SCOPED_TRACE(point);
    const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(point));
    for (const std::size_t brings : {kAll, std::size_t{100}}) {
      pass(cut, {.brings = brings});
      const auto* fault = failed_with<drr::Fault>();
      ASSERT_NE(fault, nullptr);
      EXPECT_EQ(drr::kind_of(fault->code), drr::FaultKind::truncated);
      EXPECT_EQ(seen_.size(), run_gate(options_.gate, cut).releasable);
    }
  }
}

TEST_P(PipeHold, WhatFollowsTheEndIsCountedAndNotPassed) {
  const Bytes stream = test::simple_stream().bytes();
  bytes_ = test::joined({stream, test::pattern(6 << 20)});
  pass(bytes_, {});
  ASSERT_NE(failed_with<TrailingBytes>(), nullptr);
  EXPECT_EQ(failed_with<TrailingBytes>()->count, 6U << 20);
  EXPECT_EQ(seen_, stream);
  EXPECT_EQ(report_.bytes_in, bytes_.size());
  EXPECT_LE(report_.buffered_bytes_max, std::uint64_t{2} << 20);
}

// A producer that splices gives pages of a file, which somebody may write while they are held.
TEST_P(PipeHold, ABeginLeavesAsItWasCheckedThoughItsFileIsRewritten) {
  const test::StreamImage stream = test::simple_stream();
  bytes_ = stream.bytes();
  make_ends(0);
  const auto first = static_cast<std::size_t>(stream.end(0));
  const io::Fd file(::memfd_create("input", MFD_CLOEXEC));
  put(file, ByteSpan(bytes_).first(first));
  loff_t from = 0;
  ASSERT_EQ(::splice(file.get(), &from, in_.write_end.get(), nullptr, first, 0),
            static_cast<ssize_t>(first));
  when([this] { return available(in_.read_end) == 0; },
       [&] {
         const Bytes other = test::pattern(first, 99);
         EXPECT_EQ(::pwrite(file.get(), other.data(), other.size(), 0),
                   static_cast<ssize_t>(first));
         put(in_.write_end, ByteSpan(bytes_).subspan(first));
         in_.write_end = {};
       });
  run(in_.read_end, std::move(out_.write_end));
  EXPECT_TRUE(whole());
  EXPECT_TRUE(report_.held);
  EXPECT_EQ(take_all(out_.read_end), bytes_);
}

// What the README warns of: payloads are references, and `--io copy` is the answer.
TEST_P(PipeHold, APayloadIsAsConstantAsItsFileUnlessItIsCopied) {
  const test::StreamImage stream = test::simple_stream();
  bytes_ = stream.bytes();
  const auto begin = static_cast<std::size_t>(stream.header_end(1));
  const auto proof = static_cast<std::size_t>(stream.end(2));
  for (const bool allow_hold : {true, false}) {
    options_.allow_hold = allow_hold;
    make_ends(0);
    const io::Fd file(::memfd_create("input", MFD_CLOEXEC));
    put(file, ByteSpan(bytes_).subspan(begin, proof - begin));
    put(in_.write_end, ByteSpan(bytes_).first(begin));
    bool is_spliced = false;
    bool is_rewritten = false;
    backend_->whenever_idle([&] {
      if (is_rewritten || available(in_.read_end) > 0) return false;
      if (!std::exchange(is_spliced, true)) {
        loff_t from = 0;
        EXPECT_GT(::splice(file.get(), &from, in_.write_end.get(), nullptr, proof, 0), 0);
        return true;
      }
      is_rewritten = true;
      const Bytes other(proof - begin, std::byte{0x77});
      EXPECT_GT(::pwrite(file.get(), other.data(), other.size(), 0), 0);
      put(in_.write_end, ByteSpan(bytes_).subspan(proof));
      in_.write_end = {};
      return true;
    });
    run(in_.read_end, std::move(out_.write_end));
    EXPECT_TRUE(whole());
    EXPECT_EQ(take_all(out_.read_end) == bytes_, !allow_hold);
  }
}

TEST_P(PipeHold, ASignalAsksForTheStateAndItGoesOn) {
  const auto signals = io::Signals::create();
  ASSERT_TRUE(signals);
  signals_ = signals->get();
  const test::StreamImage stream = test::simple_stream();
  const Bytes bytes = stream.bytes();
  for (const bool allow_hold : {true, false}) {
    options_.allow_hold = allow_hold;
    bytes_ = bytes;
    brought_ = 0;
    remarks_.states.clear();
    remarks_.snapshots.clear();
    remarks_.wanted = 0;
    make_ends(0);
    const std::uint64_t half = stream.header_end(3);
    int asked = 0;
    backend_->whenever_idle([&] {
      if (brought_ < half) return bring(half - brought_);
      if (asked < 2 && remarks_.wanted == asked) {
        ++asked;
        ::kill(::getpid(), SIGUSR1);
        return true;
      }
      return remarks_.wanted == 2 && bring(kAll);
    });
    run(in_.read_end, std::move(out_.write_end));
    EXPECT_TRUE(whole());
    EXPECT_EQ(take_all(out_.read_end), bytes);
    EXPECT_EQ(remarks_.wanted, 2);
    ASSERT_EQ(remarks_.states.size(), 2U);
    EXPECT_EQ(remarks_.states[0].bytes_in, half);
    EXPECT_EQ(remarks_.states[0].bytes_out, half);
    EXPECT_EQ(remarks_.states[0].records, 4U);
    EXPECT_EQ(remarks_.snapshots[0], "pool/fs@snap");
  }
}

TEST_P(PipeHold, SighupReloadsTheRateOrEndsTheRun) {
  const auto signals = io::Signals::create();
  ASSERT_TRUE(signals);
  signals_ = signals->get();
  ListedRates rates({{TimePoint{}, {1}}});
  rates.after_reload = Rate{};
  rate_ = &rates;
  bytes_ = test::simple_stream().bytes();
  make_ends(0);
  bool is_sent = false;
  backend_->whenever_idle([&] {
    if (bring(kAll)) return true;
    if (is_sent || available(out_.read_end) < 3) return false;
    is_sent = true;
    ::kill(::getpid(), SIGHUP);
    return true;
  });
  const TimePoint before = backend_->now();
  run(in_.read_end, std::move(out_.write_end));
  EXPECT_TRUE(whole());
  EXPECT_EQ(rates.reloads, 1);
  EXPECT_EQ(take_all(out_.read_end), bytes_);
  EXPECT_LE(backend_->now() - before, seconds(5)) << "a byte a second only until then";

  rate_ = nullptr;
  brought_ = 0;
  make_ends(0);
  is_sent = false;
  backend_->whenever_idle([&] {
    if (brought_ < 700) return bring(700);
    if (is_sent) return false;
    is_sent = true;
    ::kill(::getpid(), SIGHUP);
    return true;
  });
  run(in_.read_end, std::move(out_.write_end));
  ASSERT_NE(failed_with<Signalled>(), nullptr);
  EXPECT_EQ(failed_with<Signalled>()->signal, SIGHUP);
}

TEST_P(PipeHold, AStalledInputOrReaderEndsIt) {
  options_.stall_timeout = seconds(60);
  const Bytes bytes = with_records(300, 128 << 10);
  for (const bool allow_hold : {true, false}) {
    options_.allow_hold = allow_hold;
    for (const bool reader_stalls : {true, false}) {
      SCOPED_TRACE(testing::Message() << allow_hold << reader_stalls);
      bytes_ = bytes;
      bytes_.resize(reader_stalls ? bytes.size() : 1000);
      brought_ = 0;
      make_ends(0);
      backend_->whenever_idle([&] { return brought_ < bytes_.size() && bring(kAll); });
      const TimePoint before = backend_->now();
      run(in_.read_end, std::move(out_.write_end));
      ASSERT_NE(failed_with<Stalled>(), nullptr);
      EXPECT_EQ(failed_with<Stalled>()->output_is_full, reader_stalls);
      EXPECT_GE(backend_->now() - before, seconds(60));
      EXPECT_LE(backend_->now() - before, seconds(62));
      EXPECT_EQ(take_all(out_.read_end).size(), report_.bytes_out);
    }
  }
}

TEST_P(PipeHold, OutputRateIsKeptToTheByte) {
  for (const std::uint64_t rate : {std::uint64_t{10} << 10, std::uint64_t{1} << 20}) {
    SCOPED_TRACE(rate);
    options_.gate.any_data = true;
    options_.flow.output_rate = {rate};
    bytes_ = Bytes(rate * 30);
    brought_ = 0;
    make_ends(0);
    std::uint64_t taken = 0;
    const TimePoint before = backend_->now();
    backend_->whenever_idle([&] {
      const bool has_brought = bring(kAll);
      const std::uint64_t there = available(out_.read_end);
      taken += take(out_.read_end, there).size();
      const auto passed = (backend_->now() - before) / milliseconds(1);
      EXPECT_LE(taken,
                default_burst({rate}) + rate * (static_cast<std::uint64_t>(passed) + 1) / 1000);
      return has_brought || there > 0;
    });
    run(in_.read_end, std::move(out_.write_end));
    EXPECT_TRUE(whole());
    EXPECT_TRUE(report_.held);
    EXPECT_EQ(report_.bytes_out, rate * 30);
    EXPECT_NEAR(std::chrono::duration<double>(backend_->now() - before).count(), 30, 0.3);
  }
}

TEST_P(PipeHold, InputRateIsKeptAndTheBufferStaysEmpty) {
  options_.gate.any_data = true;
  options_.flow.input_rate = {100'000};
  const TimePoint before = backend_->now();
  pass(Bytes(1'000'000), {});
  EXPECT_TRUE(whole());
  EXPECT_EQ(seen_.size(), 1'000'000U);
  EXPECT_NEAR(std::chrono::duration<double>(backend_->now() - before).count(), 10, 0.1);
  EXPECT_LE(report_.buffered_bytes_max, default_burst({100'000}));
}

TEST_P(PipeHold, TheStartMarkFillsTheBufferFirst) {
  options_.gate.any_data = true;
  options_.flow.start_at_percent = 80;
  const Bytes bytes(60 << 20);
  pass(bytes, {});
  EXPECT_TRUE(whole());
  EXPECT_EQ(seen_.size(), bytes.size());
  EXPECT_GE(report_.buffered_bytes_max, options_.buffer_bytes / 10 * 8);
}

TEST_P(PipeHold, AnIdleRunDoesNotWake) {
  const test::StreamImage stream = test::simple_stream();
  bytes_ = stream.bytes();
  make_ends(0);
  std::uint64_t before = 0;
  int turns = 0;
  backend_->whenever_idle([&] {
    if (brought_ == 0) return bring(static_cast<std::size_t>(stream.header_end(2)));
    if (++turns == 3) before = backend_->wakeups();
    if (turns < 20) return false;
    if (turns == 20) {
      EXPECT_EQ(backend_->wakeups(), before);
    }
    return bring(kAll);
  });
  run(in_.read_end, std::move(out_.write_end));
  EXPECT_TRUE(whole());
  EXPECT_LE(backend_->wakeups(), 20U);
}

// A full buffer and a stuck reader: nothing to do, so nothing is done.
TEST_P(PipeHold, AStuckReaderDoesNotKeepItBusy) {
  options_.stall_timeout = seconds(3600);
  bytes_ = with_records(300, 128 << 10);
  make_ends(0);
  backend_->whenever_idle([&] { return bring(kAll); });
  run(in_.read_end, std::move(out_.write_end));
  ASSERT_NE(failed_with<Stalled>(), nullptr);
  EXPECT_LE(backend_->wakeups(), 1000U);
}

// What is brought while nobody waits wakes nobody.
TEST_P(PipeHold, AnInputThatFlowsInLittlePiecesIsLeftToGather) {
  const Bytes stream = with_records(50, 4096);
  pass(stream, {.brings = 1000});
  EXPECT_FALSE(report_.failure);
  EXPECT_EQ(seen_, stream);
  EXPECT_TRUE(report_.held);
  EXPECT_LT(backend_->wakeups(), stream.size() / 1000 / 4);
}

}  // namespace
}  // namespace zsluice::pipeline
