// SPDX-License-Identifier: BSD-2-Clause
// Whatever the kernel does, the output is a prefix of the stream up to its watermark, and the
// outcome says what happened: scripted kernels, no real one.
#include "pipeline/pipe_sim_fixture.hpp"
#include "support/damages.hpp"
#include "support/for_each.hpp"
#include "support/policy_streams.hpp"

#include <cerrno>

namespace zsluice::pipeline {
namespace {

using test::Bytes;

Bytes a_package() {
  return test::package_stream(test::package_list({}),
                              {{}, {.toname = "pool/fs/b@snap", .toguid = 2}})
      .bytes();
}

TEST(PipeFaults, ShortReadsAndShortWritesChangeNothing) {
  const Bytes stream = a_package();
  for (const std::size_t reads : {1U, 7U, 313U, 100'000U}) {
    for (const std::size_t writes : {1U, 5U, 4096U, 100'000U}) {
      SCOPED_TRACE(testing::Message() << reads << " in, " << writes << " out");
      const SimRun run = simulate(
          {.input = stream, .read_bytes_max = reads, .write_bytes_max = writes, .seed = reads});
      EXPECT_FALSE(run.report.failure);
      EXPECT_EQ(run.output, stream);
      EXPECT_EQ(run.report.bytes_in, stream.size());
      EXPECT_LE(run.waits, stream.size() / reads + stream.size() / writes + 200);
    }
  }
}

TEST(PipeFaults, AnyOrderOfCompletionsChangesNothing) {
  const Bytes stream = a_package();
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const SimRun run =
        simulate({.input = stream, .read_bytes_max = 500, .write_bytes_max = 300, .seed = seed});
    EXPECT_EQ(run.output, stream);
  }
}

TEST(PipeFaults, AReadErrorIsSaidWithItsPlaceAndEndStaysBehind) {
  const Bytes stream = a_package();
  for (std::uint64_t at = 0; at <= stream.size(); at += 97) {
    SCOPED_TRACE(at);
    const SimRun run = simulate({.input = stream, .read_failure = test::SimFailure{at, EIO}});
    const auto* failure = run.failed_with<IoFailure>();
    ASSERT_NE(failure, nullptr);
    EXPECT_EQ(failure->side, IoSide::input);
    EXPECT_EQ(failure->error.error, EIO);
    EXPECT_EQ(failure->offset, at);
    if (at < stream.size()) {
      EXPECT_LE(run.output.size(), stream.size() - drr::kRecordBytes);
    }
  }
}

TEST(PipeFaults, AnInputThatEndsAnywhereIsTruncatedThere) {
  const Bytes stream = a_package();
  for (std::size_t size = 0; size < stream.size(); size += 53) {
    SCOPED_TRACE(size);
    Bytes cut = stream;
    cut.resize(size);
    const SimRun run = simulate({.input = cut, .read_bytes_max = 400});
    const auto* fault = run.failed_with<drr::Fault>();
    ASSERT_NE(fault, nullptr);
    EXPECT_EQ(drr::kind_of(fault->code), drr::FaultKind::truncated);
    EXPECT_LE(run.output.size(), stream.size() - drr::kRecordBytes);
  }
}

TEST(PipeFaults, AWriteErrorIsSaidWithWhatHadPassed) {
  const Bytes stream = a_package();
  for (const int error : {ENOSPC, EPIPE, EIO, EFBIG, EDQUOT}) {
    for (std::uint64_t at = 0; at < stream.size(); at += 211) {
      SCOPED_TRACE(testing::Message() << "errno " << error << " at " << at);
      const SimRun run =
          simulate({.input = stream, .write_failure = test::SimFailure{at, error}, .seed = at});
      const auto* failure = run.failed_with<IoFailure>();
      ASSERT_NE(failure, nullptr);
      EXPECT_EQ(failure->side, IoSide::output);
      EXPECT_EQ(failure->error.error, error);
      EXPECT_EQ(failure->offset, at);
      EXPECT_EQ(run.output.size(), at);
    }
  }
}

// "The stream itself was delivered whole" must not be said of one that was not.
TEST(PipeFaults, AWriteErrorOutranksBytesBehindTheEnd) {
  const Bytes stream = test::joined({a_package(), Bytes(1000)});
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const SimRun run = simulate({.input = stream,
                                 .write_bytes_max = 300,
                                 .write_failure = test::SimFailure{2000, ENOSPC},
                                 .seed = seed});
    EXPECT_NE(run.failed_with<IoFailure>(), nullptr) << "seed " << seed;
  }
  const SimRun run = simulate({.input = stream, .write_bytes_max = 300});
  EXPECT_NE(run.failed_with<TrailingBytes>(), nullptr);
  EXPECT_EQ(run.output, a_package());
}

TEST(PipeFaults, DamageIsTheCauseEvenWhenTheReaderLeavesThen) {
  test::StreamImage stream = test::simple_stream();
  stream.flip_bit(stream.header_end(2) + 9);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const SimRun run = simulate({.input = stream.bytes(),
                                 .write_bytes_max = 100,
                                 .write_failure = test::SimFailure{300, EPIPE},
                                 .seed = seed});
    EXPECT_NE(run.failed_with<drr::Fault>(), nullptr) << "seed " << seed;
  }
}

TEST(PipeFaults, AReaderThatLeavesEarlyIsNoticedWithoutAWrite) {
  const test::StreamImage stream = test::simple_stream();
  Bytes cut = stream.bytes();
  cut.resize(static_cast<std::size_t>(stream.header_end(2)));
  const std::uint64_t proven = stream.header_end(2);
  const SimRun run = simulate({.input = cut, .reader_leaves_at = proven, .seed = 3});
  EXPECT_TRUE(run.report.failure);
}

TEST(PipeFaults, AReaderThatLeavesWithEverythingIsNoFailure) {
  const Bytes stream = a_package();
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const SimRun run = simulate({.input = stream, .reader_leaves_at = stream.size(), .seed = seed});
    EXPECT_FALSE(run.report.failure) << "seed " << seed;
    EXPECT_EQ(run.output, stream);
  }
}

TEST(PipeFaults, DamagedStreamsPassTheirProvenPartOnly) {
  test::for_each_damage([](const test::Damage& damage) {
    const test::DamagedStream damaged = damage.make();
    PipeOptions options;
    options.gate.policy.allow_plaintext = true;
    const SimRun run = simulate({.input = damaged.bytes, .write_bytes_max = 9000}, options);
    Gate gate(options.gate);
    gate.feed(damaged.bytes);
    gate.finish();
    EXPECT_EQ(run.output.size(), gate.releasable());
    EXPECT_EQ(run.report.failure.has_value(), gate.failure().has_value());
    if (damaged.fault && !run.failed_with<TrailingBytes>() && !run.failed_with<UnprovenRecord>()) {
      EXPECT_LE(run.output.size(), damaged.begin);
    }
  });
}

}  // namespace
}  // namespace zsluice::pipeline
