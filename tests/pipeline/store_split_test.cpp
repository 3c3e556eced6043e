// SPDX-License-Identifier: BSD-2-Clause
// How `split` and `split --continue` end where something is in the way: what is said, and what is
// left.
#include "pipeline/split_continue.hpp"
#include "pipeline/store_contents.hpp"
#include "pipeline/store_run.hpp"
#include "support/corpus.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace zsluice::pipeline {
namespace {

using storage::segment_name;
using test::Bytes;
using Image = MemoryStore::Image;

constexpr std::uint64_t kSegmentBytes = 64 << 10;
const char* const kManifest = "manifest.jsonl";

const Bytes& stream() {
  static const Bytes bytes = test::read_corpus("g256_raw_full");
  return bytes;
}

// Where `source` ends comes an error: of the disk, or of a signal.
class BrokenSource final : public io::ByteSource {
 public:
  BrokenSource(io::ByteSource& source, int error) : source_(source), error_(error) {}
  [[nodiscard]] Result<io::Window, io::SourceError> next() override {
    auto window = source_.next();
    if (!window || !window->bytes().empty()) return window;
    return Unexpected{io::SourceError{{io::SysOperation::read, error_}, source_.offset(), false}};
  }
  [[nodiscard]] std::optional<io::SourceError> fault() const override { return source_.fault(); }
  [[nodiscard]] std::uint64_t offset() const override { return source_.offset(); }
  [[nodiscard]] std::optional<std::uint64_t> total_bytes() const override { return std::nullopt; }

 private:
  io::ByteSource& source_;
  int error_;
};

SplitReport split_broken(MemoryStore& store, int error) {
  const Scratch input(ByteSpan(stream()).first(200000));
  const auto source = io::open_source(input.fd(), {.allow_mapping = false});
  BrokenSource broken(**source, error);
  return run_split(splitting(kSegmentBytes), broken, store);
}

TEST(StoreSplit, AFullDiskIsNotHiddenByWhatEndedTheInput) {
  constexpr std::uint64_t kLast = 4;
  MemoryStore enough;
  const SplitReport good = split_broken(enough, EINTR);
  EXPECT_EQ(std::get<IoFailure>(*good.failure).error.error, EINTR);
  EXPECT_EQ(good.store.segments, kLast + 1);
  // There is none for the segment that is cut because the input has ended.
  std::size_t room = 0;
  for (std::uint64_t sequence = 0; sequence < kLast; ++sequence) {
    room += enough.seen().at(segment_name(sequence)).size();
  }
  for (const int error : {EINTR, EIO}) {
    MemoryStore store;
    store.limit_room(room);
    const SplitReport report = split_broken(store, error);
    ASSERT_TRUE(std::holds_alternative<StoreFailure>(*report.failure));
    const auto& failure = std::get<StoreFailure>(*report.failure);
    EXPECT_EQ(failure.code, StoreFailureCode::unwritable);
    EXPECT_EQ(failure.system.error, ENOSPC);
    EXPECT_EQ(report.store.segments, kLast);
  }
}

TEST(StoreSplit, WithoutAFailureTheStoreIsWhole) {
  SplitReport report;
  report.store.segments = 3;
  report.store.raw_bytes = 7;
  demand_whole(report);
  EXPECT_EQ(std::get<StoreFailure>(*report.failure).code, StoreFailureCode::unfinished);
  EXPECT_EQ(std::get<StoreFailure>(*report.failure).begin, 7U);
  SplitReport whole_one;
  whole_one.store.is_whole = true;
  demand_whole(whole_one);
  EXPECT_FALSE(whole_one.failure);
}

// --- several segments on their way to the disk ---

// A source that pauses before each read, and says what it sees then.
class PausingSource final : public io::ByteSource {
 public:
  PausingSource(io::ByteSource& source, std::function<void(bool goes_on)> look)
      : source_(source), look_(std::move(look)) {}
  void when_idle(const std::function<bool()>& call) override { idle_ = call; }
  [[nodiscard]] Result<io::Window, io::SourceError> next() override {
    const bool goes_on = !idle_ || idle_();
    look_(goes_on);
    if (!goes_on) return io::Window();
    return source_.next();
  }
  [[nodiscard]] std::optional<io::SourceError> fault() const override { return source_.fault(); }
  [[nodiscard]] std::uint64_t offset() const override { return source_.offset(); }
  [[nodiscard]] std::optional<std::uint64_t> total_bytes() const override { return std::nullopt; }

 private:
  io::ByteSource& source_;
  std::function<void(bool)> look_;
  std::function<bool()> idle_;
};

SplitOptions by_three_threads() {
  SplitOptions options = splitting(kSegmentBytes);
  options.store.threads = 3;
  return options;
}

TEST(StoreSplit, WhereTheInputPausesAllThatWasCutIsStored) {
  const Scratch input(stream());
  const auto source =
      io::open_source(input.fd(), {.buffer_bytes = 200'000, .allow_mapping = false});
  MemoryStore store;
  std::size_t most_bytes = 0;
  PausingSource pausing(**source, [&](bool /*goes_on*/) {
    EXPECT_EQ(store.at_once(), 0U);
    const std::size_t stored = joined(store).bytes.size();
    // A segment that is open, and what the gate holds back of it.
    EXPECT_GE(stored + 2 * kSegmentBytes, (*source)->offset());
    most_bytes = std::max(most_bytes, stored);
  });
  EXPECT_FALSE(run_split(by_three_threads(), pausing, store).failure);
  EXPECT_GT(most_bytes, 2 * kSegmentBytes);
}

TEST(StoreSplit, AFullDiskIsToldInAPauseToo) {
  const Scratch input(stream());
  const auto source =
      io::open_source(input.fd(), {.buffer_bytes = 200'000, .allow_mapping = false});
  MemoryStore store;
  store.limit_room(kSegmentBytes);
  bool has_ended = false;
  PausingSource pausing(**source, [&](bool goes_on) { has_ended = !goes_on; });
  const SplitReport report = run_split(by_three_threads(), pausing, store);
  EXPECT_TRUE(has_ended);
  ASSERT_TRUE(report.failure);
  const auto* const failure = std::get_if<StoreFailure>(&*report.failure);
  ASSERT_NE(failure, nullptr);
  EXPECT_EQ(failure->system.error, ENOSPC);
}

// Whatever follows it, and for however long.
TEST(StoreSplit, TheStoreIsClosedWhenTheStreamHasEnded) {
  Bytes more = stream();
  more.resize(more.size() + 1000);
  const Scratch input(more);
  const auto source = io::open_source(input.fd(), {.buffer_bytes = 100, .allow_mapping = false});
  class Watching final : public io::ByteSource {
   public:
    Watching(io::ByteSource& of, MemoryStore& store) : source_(of), store_(store) {}
    [[nodiscard]] Result<io::Window, io::SourceError> next() override {
      if (source_.offset() >= stream().size() + 100) {
        EXPECT_TRUE(read_manifest(store_).end);
        ++looks;
      }
      return source_.next();
    }
    [[nodiscard]] std::optional<io::SourceError> fault() const override { return source_.fault(); }
    [[nodiscard]] std::uint64_t offset() const override { return source_.offset(); }
    [[nodiscard]] std::optional<std::uint64_t> total_bytes() const override { return {}; }
    unsigned looks = 0;

   private:
    io::ByteSource& source_;
    MemoryStore& store_;
  };
  MemoryStore store;
  Watching watching(**source, store);
  EXPECT_TRUE(run_split(by_three_threads(), watching, store).failure);
  EXPECT_GT(watching.looks, 0U);
}

// Those on their way take room from the one that comes before them.
TEST(StoreSplit, OnAFullDiskAllThatFitsIsStored) {
  MemoryStore all;
  (void)split_into(all, stream(), splitting(kSegmentBytes));
  std::vector<std::size_t> sizes;
  for (const auto& [name, bytes] : all.seen()) {
    if (storage::segment_number(name)) sizes.push_back(bytes.size());
  }
  ASSERT_GT(sizes.size(), 10U);
  std::size_t room = 0;
  for (std::size_t fitting = 0; fitting < sizes.size(); ++fitting) {
    for (const std::size_t spare : {std::size_t{0}, sizes[fitting] - 1}) {
      SCOPED_TRACE(fitting);
      MemoryStore store;
      store.limit_room(room + spare);
      const SplitReport report = split_into(store, stream(), splitting(kSegmentBytes));
      EXPECT_EQ(report.store.segments, fitting);
      ASSERT_TRUE(report.failure);
      EXPECT_EQ(std::get<StoreFailure>(*report.failure).system.error, ENOSPC);
      EXPECT_TRUE(is_prefix(joined(store).bytes, stream()));
    }
    room += sizes[fitting];
  }
}

// Each step up to the first segment fails once.
TEST(StoreSplit, WhereNoSegmentIsStoredNoManifestStays) {
  std::uint64_t steps = 0;
  for (;; ++steps) {
    MemoryStore store;
    store.fail_at(steps, ENOSPC);
    const SplitReport report = split_into(store, stream(), splitting(kSegmentBytes));
    ASSERT_TRUE(report.failure);
    if (report.store.segments > 0) break;
    EXPECT_EQ(store.seen().count(kManifest), 0U) << steps;
  }
  EXPECT_GT(steps, 5U);
}

// --- a manifest that stands in the way ---

TEST(StoreSplit, AManifestOfSomethingElseIsNoPartOfAStream) {
  const ByteSpan text = bytes_of("{\"name\": \"web app\", \"start_url\": \"/\"}\n");
  Image image;
  image[kManifest] = Bytes(text.begin(), text.end());
  MemoryStore foreign(image);
  const auto found = check_vacant(foreign);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->code, StoreFailureCode::holds_part);
  EXPECT_EQ(found->name, kManifest);
  // A folder, say.
  foreign.deny(kManifest, EINVAL);
  EXPECT_EQ(check_vacant(foreign)->name, kManifest);
  // With a segment there is a part of a stream, whatever the manifest is.
  image["000000000/"];
  image[segment_name(3)] = Bytes(10);
  MemoryStore part(image);
  EXPECT_EQ(check_vacant(part)->code, StoreFailureCode::holds_part);
  EXPECT_EQ(check_vacant(part)->name, "");
}

TEST(StoreSplit, AManifestThatCannotBeReadIsNamed) {
  Image image;
  image[kManifest] = Bytes(10);
  MemoryStore store(image);
  store.deny(kManifest, EACCES);
  const auto found = check_vacant(store);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->code, StoreFailureCode::unreadable);
  EXPECT_EQ(found->name, kManifest);
  EXPECT_EQ(found->system.error, EACCES);
}

// --- segments that are missing ---

StoreFailure failure_to_continue(const Image& image) {
  MemoryStore store(image);
  const auto opened = open_store(store, {});
  return opened ? StoreFailure{} : opened.error();
}

TEST(StoreContinue, TheFirstSegmentThatIsMissingIsNamed) {
  MemoryStore store;
  (void)split_into(store, ByteSpan(stream()).first(600000), splitting(kSegmentBytes));
  const Image all = store.seen();
  const std::uint64_t segments = read_manifest(store).segments;
  ASSERT_GT(segments, 8U);
  Image tail = all;
  for (std::uint64_t sequence = 5; sequence < segments; ++sequence) {
    tail.erase(segment_name(sequence));
  }
  const StoreFailure cut_off = failure_to_continue(tail);
  EXPECT_EQ(cut_off.code, StoreFailureCode::cut_off);
  EXPECT_EQ(cut_off.sequence, 5U);
  EXPECT_EQ(cut_off.name, segment_name(5));
  EXPECT_EQ(cut_off.begin, peek_header(store, 5)->start.offset);
  EXPECT_EQ(cut_off.end, peek_header(store, 5)->end.offset);
  // Not all behind it is missing.
  tail[segment_name(7)] = all.at(segment_name(7));
  const StoreFailure missing = failure_to_continue(tail);
  EXPECT_EQ(missing.code, StoreFailureCode::missing_segment);
  EXPECT_EQ(missing.sequence, 5U);
  EXPECT_EQ(missing.begin, peek_header(store, 5)->start.offset);
}

}  // namespace
}  // namespace zsluice::pipeline
