// SPDX-License-Identifier: BSD-2-Clause
// Output at a rate, with those who watch it: on a scripted kernel and a clock that jumps, and on
// real pipes.
#include "pipeline/paced_writer.hpp"

#include "pipeline/pipe_fixture.hpp"
#include "pipeline/store_run.hpp"
#include "support/sim_backend.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace zsluice::pipeline {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Bytes;
using test::SimBackend;
using test::SimMoment;
using test::SimScript;

TimePoint at(Duration after) {
  return TimePoint{} + after;
}

// Wants a state again and again, if it is given an interval.
class Watcher final : public PipeObserver {
 public:
  explicit Watcher(Duration interval = {}, TimePoint start = {})
      : interval_(interval), next_(start + interval) {}

  void on_unknown_features(std::uint64_t /*bits*/) override {}
  void on_any_data() override {}
  void on_turn() override { ++turns; }
  [[nodiscard]] std::optional<TimePoint> next_state() const override {
    return interval_ == Duration{} ? std::nullopt : std::optional(next_);
  }
  void on_state(const PipeState& state) override {
    note(state);
    next_ += interval_;
  }
  void on_state_wanted(const PipeState& state) override {
    note(state);
    ++wanted;
  }
  void on_end(const PipeState& state) override {
    note(state);
    ++ends;
  }

  std::vector<PipeState> states;  // the names are beside them
  std::vector<std::string> snapshots;
  std::uint64_t turns = 0;
  int wanted = 0;
  int ends = 0;

 private:
  void note(const PipeState& state) {
    states.push_back(state);
    snapshots.emplace_back(state.snapshot);
  }

  Duration interval_;
  TimePoint next_;
};

// One writer on a scripted kernel.
struct Simulated {
  explicit Simulated(SimScript script,
                     RateSource* rate = nullptr,
                     std::optional<std::uint64_t> burst_bytes = {},
                     Duration interval = {})
      : output(::open("/dev/null", O_WRONLY | O_CLOEXEC)),
        backend(std::move(script), -1, output.get()),
        watcher(interval),
        writer({.backend = backend,
                .output = std::move(output),
                .rate = rate,
                .burst_bytes = burst_bytes},
               watcher) {}

  // As `join` writes segments.
  void write(std::uint64_t bytes, std::size_t segment_bytes = std::size_t{3} << 20) {
    const Bytes zeros(segment_bytes);
    while (bytes > 0 && !writer.error()) {
      const std::size_t piece = std::min<std::uint64_t>(bytes, zeros.size());
      writer.write(ByteSpan(zeros).first(piece));
      bytes -= piece;
    }
  }

  io::Fd output;
  SimBackend backend;
  Watcher watcher;
  PacedWriter writer;
};

SimScript uncounted() {
  return {.keeps_output = false};
}

void expect_below_the_line(const std::vector<SimMoment>& moves,
                           std::uint64_t rate,
                           std::uint64_t burst) {
  for (const SimMoment& moment : moves) {
    const auto microseconds =
        static_cast<std::uint64_t>(moment.at.time_since_epoch() / std::chrono::microseconds(1) + 1);
    ASSERT_LE(moment.bytes, burst + rate * microseconds / 1'000'000);
  }
}

TEST(PacedWriter, StaysBelowTheLineAndComesToTheRate) {
  struct RateCase {
    std::uint64_t rate;
    std::uint64_t bytes;
  };
  const std::array cases{RateCase{10 << 10, 300 << 10}, RateCase{1 << 20, 30 << 20},
                         RateCase{500 << 20, 150 << 20}};
  for (const RateCase& it : cases) {
    SCOPED_TRACE(it.rate);
    ListedRates rates({{TimePoint{}, {it.rate}}});
    Simulated run(uncounted(), &rates);
    run.write(it.bytes);
    EXPECT_FALSE(run.writer.error());
    EXPECT_EQ(run.writer.written(), it.bytes);
    expect_below_the_line(run.backend.writes(), it.rate, default_burst({it.rate}));
    const double ideal = static_cast<double>(it.bytes) / static_cast<double>(it.rate);
    const std::chrono::duration<double> taken = run.backend.now() - TimePoint{};
    EXPECT_NEAR(taken.count() / ideal, 1, 0.01);
  }
}

TEST(PacedWriter, SleepsBetweenItsPieces) {
  ListedRates rates({{TimePoint{}, {1 << 20}}});
  Simulated run(uncounted(), &rates);
  run.write(1 << 20);
  EXPECT_LE(run.backend.waits(), 120U) << "50 pieces of a second";
}

TEST(PacedWriter, TheBurstIsTheUsersAndNoMoreIsMadeUpForAPause) {
  ListedRates rates({{TimePoint{}, {100'000}}});
  Simulated run(uncounted(), &rates, 5'000);
  run.write(100'000);
  run.writer.pause(hours(5));
  const std::uint64_t before = run.writer.written();
  run.write(1'000'000);
  std::uint64_t at_once = 0;
  for (const SimMoment& moment : run.backend.writes()) {
    if (moment.at < at(hours(5) + seconds(1) + milliseconds(10))) at_once = moment.bytes;
  }
  EXPECT_LE(at_once - before, 6'100U);
  EXPECT_GE(run.backend.now(), at(hours(5) + seconds(10)));
}

TEST(PacedWriter, FollowsItsSource) {
  ListedRates rates(
      {{TimePoint{}, {100'000}}, {at(seconds(2)), {1'000'000}}, {at(seconds(3)), {}}});
  Simulated run(uncounted(), &rates, 5'000);
  run.write(20'000'000);
  EXPECT_EQ(run.writer.written(), 20'000'000U);
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  for (const SimMoment& moment : run.backend.writes()) {
    if (moment.at < at(seconds(2))) first = moment.bytes;
    if (moment.at < at(seconds(3))) second = moment.bytes;
  }
  EXPECT_NEAR(static_cast<double>(first), 200'000, 5'000);
  EXPECT_NEAR(static_cast<double>(second), 1'200'000, 20'000);
  EXPECT_EQ(run.backend.now(), at(seconds(3))) << "and then without a limit";
}

TEST(PacedWriter, WritesWhatItIsGivenInOrderHoweverLittleIsTaken) {
  ListedRates rates({{TimePoint{}, {1'000'000}}});
  Simulated run({.write_bytes_max = 777}, &rates);
  const Bytes stream = test::read_corpus("g256_raw_full");
  ByteSpan left = stream;
  while (!left.empty()) {
    const std::size_t piece = std::min<std::size_t>(left.size(), 65'537);
    run.writer.write(left.first(piece));
    left = left.subspan(piece);
  }
  EXPECT_EQ(run.backend.output(), stream);
  EXPECT_EQ(run.writer.written(), stream.size());
}

TEST(PacedWriter, AReaderThatTakesNothingIsWatchedToo) {
  SimScript script = uncounted();
  script.output_pauses = {{.at = 1000, .length = seconds(10)}};
  Simulated run(std::move(script), nullptr, {}, seconds(1));
  run.write(5000);
  ASSERT_EQ(run.watcher.states.size(), 10U);
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_EQ(run.watcher.states[i].now, at(seconds(i + 1)));
    EXPECT_EQ(run.watcher.states[i].bytes_out, 1000U);
  }
  EXPECT_EQ(run.writer.written(), 5000U);
}

TEST(PacedWriter, ASlowRateAndAPauseAreWatchedToo) {
  ListedRates rates({{TimePoint{}, {1000}}});
  Simulated run(uncounted(), &rates, 100, seconds(1));
  run.write(3000);
  const std::size_t states = run.watcher.states.size();
  EXPECT_GE(states, 2U);
  run.writer.pause(seconds(5));
  EXPECT_EQ(run.watcher.states.size(), states + 5);
  EXPECT_GE(run.watcher.turns, 100U);
}

TEST(PacedWriter, AReaderThatHasGoneEndsAWaitForTheRate) {
  ListedRates rates({{TimePoint{}, {1000}}});
  SimScript script = uncounted();
  script.reader_leaves_at = 2000;
  Simulated run(std::move(script), &rates, 100);
  run.write(1 << 20);
  EXPECT_EQ(run.writer.error(), (io::SysError{io::SysOperation::write, EPIPE}));
  EXPECT_LT(run.backend.now(), at(seconds(3)));
  EXPECT_EQ(run.writer.written(), run.backend.bytes_written());
  EXPECT_TRUE(run.writer.stopped());
}

TEST(PacedWriter, AReaderThatGoesBehindTheLastByteIsNoFailure) {
  SimScript script = uncounted();
  script.reader_leaves_at = 5000;
  Simulated run(std::move(script));
  run.write(5000);
  run.writer.close();
  EXPECT_EQ(run.writer.written(), 5000U);
  EXPECT_FALSE(run.writer.error());
}

TEST(PacedWriter, EndsAPauseWhenTheReaderGoes) {
  SimScript script = uncounted();
  script.reader_leaves_at = 1000;
  Simulated run(std::move(script));
  run.write(1000);
  run.writer.pause(hours(1));
  EXPECT_LT(run.backend.now(), at(hours(1)));
  const auto stopped = run.writer.stopped();
  ASSERT_TRUE(stopped);
  EXPECT_EQ(std::get<IoFailure>(*stopped).error.error, EPIPE);
  const auto waits = run.backend.waits();
  run.writer.pause(hours(1));
  EXPECT_EQ(run.backend.waits(), waits) << "and there is no other";
}

TEST(PacedWriter, KeepsTheFirstErrorAndWritesNoMore) {
  SimScript script = uncounted();
  script.write_failure = {.at = 5000, .error = ENOSPC};
  Simulated run(std::move(script));
  run.write(10'000, 1000);
  EXPECT_EQ(run.writer.error(), (io::SysError{io::SysOperation::write, ENOSPC}));
  EXPECT_EQ(run.writer.written(), 5000U);
  run.writer.write(bytes_of("more"));
  EXPECT_EQ(run.writer.written(), 5000U);
}

// --- what a join says meanwhile ---

MemoryStore::Image stored(const Bytes& stream) {
  MemoryStore store;
  EXPECT_FALSE(split_into(store, stream, splitting(64 << 10)).failure);
  return store.seen();
}

TEST(PacedJoin, SaysWhatIsKnownOfTheStreamFromItsFirstByteOn) {
  const Bytes stream = test::read_corpus("g256_raw_full");
  MemoryStore store(stored(stream));
  ListedRates rates({{TimePoint{}, {100'000}}});
  Simulated run({}, &rates, {}, seconds(1));
  const JoinReport report = run_join(joining(), store, run.writer, &run.writer);
  run.writer.close();
  EXPECT_FALSE(report.failure);
  EXPECT_EQ(run.backend.output(), stream);
  EXPECT_EQ(run.watcher.ends, 1);
  ASSERT_EQ(run.watcher.states.size(), 9U) << "8 s, and the end";
  std::uint64_t before = 0;
  for (const PipeState& state : run.watcher.states) {
    EXPECT_EQ(state.size_bytes, stream.size());
    EXPECT_GT(state.bytes_out, before);
    EXPECT_GE(state.bytes_in, state.bytes_out);
    EXPECT_EQ(state.substreams, 1U);
    EXPECT_EQ(state.buffer_bytes, 0U);
    before = state.bytes_out;
  }
  EXPECT_EQ(run.watcher.states.back().bytes_out, stream.size());
  EXPECT_EQ(run.watcher.states.back().records, report.records);
  EXPECT_EQ(run.watcher.snapshots.front(), "src/g256@s1");
  EXPECT_EQ(run.watcher.snapshots.back(), "src/g256@s1");
}

TEST(PacedJoin, KnowsNoSizeWithoutTheManifestsClosingLine) {
  const Bytes stream = test::read_corpus("g256_raw_full");
  MemoryStore::Image image = stored(stream);
  const Bytes manifest = image.at("manifest.jsonl");
  Bytes unclosed = manifest;
  unclosed.pop_back();
  while (unclosed.back() != std::byte{'\n'}) {
    unclosed.pop_back();
  }
  for (const bool is_there : {true, false}) {
    image.erase("manifest.jsonl");
    if (is_there) image["manifest.jsonl"] = unclosed;
    MemoryStore store(image);
    Simulated run({}, nullptr, {}, seconds(1));
    EXPECT_FALSE(run_join(joining(), store, run.writer, &run.writer).failure);
    run.writer.close();
    EXPECT_EQ(run.backend.output(), stream);
    EXPECT_EQ(run.watcher.states.back().size_bytes, std::nullopt);
  }
}

TEST(PacedJoin, ReadsNoFurtherWhenTheReaderHasGone) {
  const Bytes stream = test::read_corpus("g256_raw_full");
  MemoryStore store(stored(stream));
  ListedRates rates({{TimePoint{}, {100'000}}});
  Simulated run({.reader_leaves_at = 200'000}, &rates);
  const JoinReport report = run_join(joining(), store, run.writer, &run.writer);
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(std::get<IoFailure>(*report.failure).error.error, EPIPE);
  EXPECT_LE(report.segments, 8U);
  EXPECT_EQ(report.bytes_out, run.backend.bytes_written());
}

// --- the real kernel ---

// Other processes may share the output: its flags stay as they are, and either way must do.
TEST(PacedWriterOnPipes, TakesABlockingOutputAsWellAsOneThatIsNot) {
  const Bytes stream = test::read_corpus("g256_raw_full");
  for (const int flags : {O_WRONLY, O_WRONLY | O_NONBLOCK}) {
    SCOPED_TRACE(flags);
    Ends pipe = make_pipe(65'536);
    ASSERT_EQ(::fcntl(pipe.write_end.get(), F_SETFL, flags), 0);
    const io::Fd shared(::fcntl(pipe.write_end.get(), F_DUPFD_CLOEXEC, 3));
    Bytes got;
    std::thread reading([&] { got = take(pipe.read_end, stream.size()); });
    io::PollBackend backend;
    Watcher watcher(milliseconds(1), backend.now());
    PacedWriter writer({.backend = backend, .output = std::move(pipe.write_end)}, watcher);
    writer.write(stream);
    EXPECT_EQ(::fcntl(shared.get(), F_GETFL) & ~O_LARGEFILE, flags);
    writer.close();
    reading.join();
    EXPECT_FALSE(writer.error());
    EXPECT_EQ(got, stream);
  }
}

TEST(PacedWriterOnPipes, ASignalLeavesTheRestUnwritten) {
  const auto signals = io::StopSignals::create();
  ASSERT_TRUE(signals);
  Ends pipe = make_pipe(4096);
  io::PollBackend backend;
  Watcher watcher;
  PacedWriter writer(
      {.backend = backend, .output = std::move(pipe.write_end), .signals = signals->get()},
      watcher);
  static_cast<void>(::raise(SIGUSR1));
  static_cast<void>(::raise(SIGTERM));
  writer.write(Bytes(100));
  EXPECT_EQ(watcher.wanted, 0) << "an end is looked for before a byte is written";
  EXPECT_EQ(writer.error(), (io::SysError{io::SysOperation::write, EINTR}));
  EXPECT_EQ(writer.written(), 0U);
  const auto stopped = writer.stopped();
  ASSERT_TRUE(stopped);
  EXPECT_EQ(std::get<Signalled>(*stopped).signal, SIGTERM);
}

TEST(PacedWriterOnPipes, WishesAreHeededWhileItWrites) {
  const auto signals = io::StopSignals::create(io::Hangup::is_wish);
  ASSERT_TRUE(signals);
  Ends pipe = make_pipe(65'536);
  io::PollBackend backend;
  Watcher watcher;
  ListedRates rates({{TimePoint{}, {1}}});  // nothing comes of it
  rates.after_reload = Rate{};
  PacedWriter writer({.backend = backend,
                      .output = std::move(pipe.write_end),
                      .signals = signals->get(),
                      .rate = &rates},
                     watcher);
  static_cast<void>(::raise(SIGUSR1));
  static_cast<void>(::raise(SIGHUP));
  writer.write(Bytes(10'000));
  EXPECT_FALSE(writer.error());
  EXPECT_EQ(writer.written(), 10'000U);
  EXPECT_EQ(watcher.wanted, 1);
  EXPECT_EQ(rates.reloads, 1);
}

}  // namespace
}  // namespace zsluice::pipeline
