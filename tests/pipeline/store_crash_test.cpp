// SPDX-License-Identifier: BSD-2-Clause
// What a crash, a power loss or a full disk leaves at every moment of a `split` and of a `split
// --continue`: a valid prefix, which is continued to the uninterrupted store.
#include "pipeline/continue_run.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace zsluice::pipeline {
namespace {

using test::Bytes;
using Image = MemoryStore::Image;

// A stream, and the store that an uninterrupted split makes of it.
struct Original {
  Bytes stream;
  std::uint64_t segment_bytes;
  Image store;
};

Original original(const std::string& name, std::uint64_t segment_bytes) {
  Original made{test::read_corpus(name), segment_bytes, {}};
  MemoryStore store;
  (void)split_into(store, made.stream, splitting(segment_bytes));
  made.store = store.seen();
  return made;
}

const Original& usual() {
  static const Original made = original("c128_raw_full", 16 << 10);
  return made;
}

Image without_leftovers(Image image) {
  std::erase_if(image, [](const auto& entry) { return entry.first.ends_with(".part"); });
  return image;
}

Image segments_of(Image image) {
  std::erase_if(image, [](const auto& entry) { return !entry.first.ends_with(".zss"); });
  return image;
}

// States repeat: each one is judged once.
class States {
 public:
  void add(const Image& image, const std::string& what) { states_.try_emplace(image, what); }
  [[nodiscard]] const std::map<Image, std::string>& all() const { return states_; }

 private:
  std::map<Image, std::string> states_;
};

// Every state that a crash could leave while `work` runs: what was seen, what was synced, and what
// the disk made of the rest in any order.
template <class Work>
void collect(MemoryStore& store, States& states, Work work) {
  constexpr std::uint64_t kDraws = 6;
  std::uint64_t moment = 0;
  store.on_change([&] {
    const std::string at = "moment " + std::to_string(moment);
    states.add(store.seen(), at + ", killed");
    states.add(store.kept(), at + ", power lost");
    for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
      const std::uint64_t seed = moment * kDraws + draw;
      states.add(store.crashed(seed), at + ", power lost, seed " + std::to_string(seed));
    }
    ++moment;
  });
  work();
  store.on_change({});
}

// A valid prefix, at least `bytes` long, that can be made whole.
void expect_valid_prefix(const Original& of, const Image& image, std::uint64_t bytes) {
  const JoinedStream back = joined(image);
  ASSERT_TRUE(is_prefix(back.bytes, of.stream));
  ASSERT_GE(back.bytes.size(), bytes);
  const bool is_whole = back.bytes.size() == of.stream.size();
  ASSERT_EQ(back.report.failure.has_value(), !is_whole);
  if (!is_whole) {
    ASSERT_TRUE(back.code());
    EXPECT_TRUE(back.code() == StoreFailureCode::unfinished ||
                back.code() == StoreFailureCode::not_a_store);
    EXPECT_EQ(back.store_failure()->begin, back.bytes.size());
  }
  MemoryStore next(image);
  const SplitReport anew = split_into(next, of.stream, splitting(of.segment_bytes));
  if (back.report.segments == 0) {
    EXPECT_FALSE(anew.failure);
    EXPECT_EQ(next.seen(), of.store);
    return;
  }
  ASSERT_TRUE(anew.failure);
  EXPECT_EQ(next.seen(), image);
  const Bytes rest = is_whole ? Bytes() : continuation_for(back.bytes, of.stream);
  const SplitReport report = continue_in(next, rest, splitting(of.segment_bytes));
  if (report.failure) {
    const auto* const failure = std::get_if<StoreFailure>(&*report.failure);
    ASSERT_NE(failure, nullptr);
    EXPECT_EQ(failure->code, StoreFailureCode::holds_whole);
  }
  ASSERT_TRUE(without_leftovers(next.seen()) == of.store);
  // A leftover has the number of a segment that was written, but for one of the whole store's.
  if (!is_whole) {
    EXPECT_EQ(next.seen(), of.store);
  }
}

void expect_valid_prefixes(const Original& of, const States& states, std::uint64_t bytes = 0) {
  for (const auto& [image, what] : states.all()) {
    SCOPED_TRACE(what);
    expect_valid_prefix(of, image, bytes);
    if (testing::Test::HasFatalFailure()) return;
  }
}

// What a writer that has gone left unsynced is safe, too, once its successor calls the store whole.
void expect_safe_when_whole(const Original& of, MemoryStore& store, const JoinedStream& there) {
  if (there.report.segments == 0) return;
  const bool has_all = there.bytes.size() == of.stream.size();
  const Bytes rest = has_all ? Bytes() : continuation_for(there.bytes, of.stream);
  const SplitReport report = continue_in(store, rest, splitting(of.segment_bytes));
  // Its closing line may be there, and not synced: nobody has called it whole then.
  if (report.failure) return;
  ASSERT_TRUE(without_leftovers(store.kept()) == of.store);
  ASSERT_TRUE(without_leftovers(store.crashed(1)) == of.store);
}

TEST(StoreCrash, AtAnyMomentOfASplitAValidPrefixIsLeft) {
  States states;
  MemoryStore store;
  collect(store, states,
          [&] { (void)split_into(store, usual().stream, splitting(usual().segment_bytes)); });
  SplitOptions by_threads = splitting(usual().segment_bytes);
  by_threads.store.threads = 3;
  MemoryStore other;
  collect(other, states, [&] { (void)split_into(other, usual().stream, by_threads); });
  EXPECT_GT(states.all().size(), 150U);
  EXPECT_GT(store.most_at_once(), MemoryStore::kFilesBehind);  // or the overlap was not tried
  expect_valid_prefixes(usual(), states);
  // When all is said and done nothing can be lost.
  EXPECT_EQ(store.kept(), store.seen());
  EXPECT_EQ(store.crashed(1), store.seen());
}

TEST(StoreCrash, AFullOrBrokenDiskAtAnyMomentOfASplitLeavesAValidPrefix) {
  MemoryStore all;
  (void)split_into(all, usual().stream, splitting(usual().segment_bytes));
  States states;
  for (std::uint64_t operation = 0; operation < all.operations(); ++operation) {
    for (const int error : {ENOSPC, EIO}) {
      SCOPED_TRACE(operation);
      MemoryStore store;
      store.fail_at(operation, error);
      const SplitReport report =
          split_into(store, usual().stream, splitting(usual().segment_bytes));
      ASSERT_TRUE(report.failure);
      const auto* failure = std::get_if<StoreFailure>(&*report.failure);
      ASSERT_NE(failure, nullptr);
      EXPECT_EQ(failure->code, StoreFailureCode::unwritable);
      EXPECT_EQ(failure->system.error, error);
      EXPECT_FALSE(report.store.is_whole);
      const JoinedStream there = joined(store);
      EXPECT_LE(report.store.segments, there.report.segments);
      const std::string what = "operation " + std::to_string(operation);
      states.add(store.seen(), what);
      states.add(store.kept(), what);
      states.add(store.crashed(operation), what + ", power lost, seed of that number");
      expect_safe_when_whole(usual(), store, there);
    }
  }
  expect_valid_prefixes(usual(), states);
}

// Cut behind a WRITE; behind more than one segment without any, so that the store's own token asks
// for segments that are there; and where the manifest is made again.
struct Row {
  const char* stream;
  std::uint64_t segment_bytes;
  std::size_t bytes;
  bool has_manifest;
};
constexpr Row kRows[] = {{"c128_raw_full", 16 << 10, 70000, true},
                         {"hier_raw_clone_incr", 4 << 10, 19000, true},
                         {"hier_raw_clone_incr", 4 << 10, 19000, false}};

class StoreCrashContinued : public testing::TestWithParam<Row> {
 protected:
  StoreCrashContinued() : of_(original(GetParam().stream, GetParam().segment_bytes)) {
    MemoryStore store;
    (void)split_into(store, ByteSpan(of_.stream).first(GetParam().bytes), options());
    there_ = store.seen();
    rest_ = continuation_for(joined(there_).bytes, of_.stream);
    if (!GetParam().has_manifest) there_.erase("manifest.jsonl");
  }
  [[nodiscard]] SplitOptions options() const { return splitting(of_.segment_bytes); }
  SplitReport go_on(MemoryStore& store) const { return continue_in(store, rest_, options()); }
  // The end of the first segment that is written again: it is there all the time.
  [[nodiscard]] std::uint64_t bytes_kept() const {
    MemoryStore store(there_);
    const SplitReport report = go_on(store);
    MemoryStore before(there_);
    for (std::uint64_t sequence = 0;; ++sequence) {
      const std::uint64_t end = peek_header(before, sequence)->end.offset;
      if (end > report.continued->kept_bytes || end == report.continued->had_bytes) return end;
    }
  }
  Original of_;
  Image there_;
  Bytes rest_;
};
INSTANTIATE_TEST_SUITE_P(, StoreCrashContinued, testing::ValuesIn(kRows));

TEST_P(StoreCrashContinued, AtAnyMomentAValidPrefixIsLeft) {
  States states;
  MemoryStore store(there_);
  collect(store, states, [&] { EXPECT_FALSE(go_on(store).failure); });
  EXPECT_GT(states.all().size(), 50U);
  EXPECT_EQ(store.seen(), of_.store);
  EXPECT_EQ(store.kept(), of_.store);
  expect_valid_prefixes(of_, states, bytes_kept());
}

TEST_P(StoreCrashContinued, AFullOrBrokenDiskAtAnyMomentLeavesAValidPrefix) {
  MemoryStore all(there_);
  (void)go_on(all);
  States states;
  for (std::uint64_t operation = 0; operation < all.operations(); ++operation) {
    for (const int error : {ENOSPC, EIO}) {
      SCOPED_TRACE(operation);
      MemoryStore store(there_);
      store.fail_at(operation, error);
      const SplitReport report = go_on(store);
      ASSERT_TRUE(report.failure);
      const auto* failure = std::get_if<StoreFailure>(&*report.failure);
      ASSERT_NE(failure, nullptr);
      EXPECT_EQ(failure->code, StoreFailureCode::unwritable);
      EXPECT_EQ(failure->system.error, error);
      const JoinedStream left = joined(store);
      EXPECT_LE(report.store.segments, left.report.segments);
      EXPECT_LE(report.store.raw_bytes, left.bytes.size());
      // While the old segments are all that is there for good, they are what is told of.
      const Image old = segments_of(there_);
      if (segments_of(store.seen()) == old && segments_of(store.kept()) == old) {
        EXPECT_EQ(report.store.raw_bytes, report.continued->had_bytes);
      }
      const std::string what = "operation " + std::to_string(operation);
      states.add(store.seen(), what);
      states.add(store.kept(), what);
      states.add(store.crashed(operation), what + ", power lost, seed of that number");
      expect_safe_when_whole(of_, store, left);
    }
  }
  expect_valid_prefixes(of_, states, bytes_kept());
}

}  // namespace
}  // namespace zsluice::pipeline
