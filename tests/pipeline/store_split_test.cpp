// SPDX-License-Identifier: BSD-2-Clause
// How `split` and `split --continue` end where something is in the way: what is said, and what is
// left.
#include "pipeline/split_continue.hpp"
#include "pipeline/store_contents.hpp"
#include "pipeline/store_run.hpp"
#include "support/corpus.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <variant>

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
  // When the segment is written that is cut because the input has ended.
  std::uint64_t operations = 0;
  enough.on_change([&] {
    const bool is_there = enough.seen().count(segment_name(kLast) + ".part") != 0;
    if (operations == 0 && is_there) operations = enough.operations();
  });
  const SplitReport good = split_broken(enough, EINTR);
  EXPECT_EQ(std::get<IoFailure>(*good.failure).error.error, EINTR);
  EXPECT_EQ(good.store.segments, kLast + 1);
  for (const int error : {EINTR, EIO}) {
    MemoryStore store;
    store.fail_at(operations - 1, ENOSPC);
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
