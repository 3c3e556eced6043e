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

constexpr std::string_view kKey = "a key that is long enough for an HMAC";

// A stream, and the store that an uninterrupted split makes of it.
struct Original {
  Bytes stream;
  SplitOptions options;
  Image store;
  // `stream` is the beginning of this package, up to the end of a substream; else empty.
  Bytes package = {};

  // What a sender sends to somebody who has `there`.
  [[nodiscard]] Bytes rest_for(const Bytes& there) const {
    if (there.size() == stream.size()) return {};
    return continuation_for(there, package.empty() ? stream : package);
  }
  [[nodiscard]] JoinedStream joined_of(const Image& image) const {
    JoinOptions join = joining();
    join.key = options.store.key;
    return joined(image, join);
  }
};

Original original(const Bytes& stream, const SplitOptions& options) {
  MemoryStore store;
  (void)split_into(store, stream, options);
  return {stream, options, store.seen()};
}

const Original& usual() {
  static const Original made = original(test::read_corpus("c128_raw_full"), splitting(16 << 10));
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

// Of a package nothing more comes when a substream has ended.
bool is_package_end(const SplitReport& report) {
  return report.failure && std::holds_alternative<UnfinishedPackage>(*report.failure);
}

void expect_made_whole(const Original& of, MemoryStore& store, const Bytes& there) {
  const SplitReport report = continue_in(store, of.rest_for(there), of.options);
  if (!of.package.empty()) {
    ASSERT_TRUE(is_package_end(report));
  } else if (report.failure) {
    const auto* const failure = std::get_if<StoreFailure>(&*report.failure);
    ASSERT_NE(failure, nullptr);
    EXPECT_EQ(failure->code, StoreFailureCode::holds_whole);
  }
  ASSERT_TRUE(without_leftovers(store.seen()) == of.store);
  // A leftover has the number of a segment that was written, but for one of the whole store's.
  if (there.size() < of.stream.size()) {
    EXPECT_EQ(store.seen(), of.store);
  }
}

// A valid prefix, at least `bytes` long, that can be made whole.
void expect_valid_prefix(const Original& of, const Image& image, std::uint64_t bytes) {
  const JoinedStream back = of.joined_of(image);
  ASSERT_TRUE(is_prefix(back.bytes, of.stream));
  ASSERT_GE(back.bytes.size(), bytes);
  const bool has_all = back.bytes.size() == of.stream.size();
  const bool is_whole = has_all && of.package.empty();
  ASSERT_EQ(back.report.failure.has_value(), !is_whole);
  if (!is_whole) {
    ASSERT_TRUE(back.code());
    EXPECT_TRUE(back.code() == StoreFailureCode::unfinished ||
                back.code() == StoreFailureCode::not_a_store);
    EXPECT_EQ(back.store_failure()->begin, back.bytes.size());
  }
  MemoryStore next(image);
  const SplitReport anew = split_into(next, of.stream, of.options);
  if (back.report.segments == 0) {
    EXPECT_EQ(anew.failure.has_value(), !of.package.empty());
    EXPECT_EQ(next.seen(), of.store);
    return;
  }
  ASSERT_TRUE(anew.failure);
  EXPECT_EQ(next.seen(), image);
  // A package that stops between substreams no token continues.
  if (has_all && !is_whole) return;
  expect_made_whole(of, next, back.bytes);
}

void expect_valid_prefixes(const Original& of, const States& states, std::uint64_t bytes = 0) {
  for (const auto& [image, what] : states.all()) {
    SCOPED_TRACE(what);
    expect_valid_prefix(of, image, bytes);
    if (testing::Test::HasFatalFailure()) return;
  }
}

// All of it is on disk for good. In a store that stays open, as that of an unfinished package does,
// the last lines of the manifest may not be: the headers say the same.
bool is_safe(const Original& of, const Image& kept) {
  if (!of.package.empty()) return segments_of(kept) == segments_of(of.store);
  return without_leftovers(kept) == of.store;
}

// What a writer that has gone left unsynced is safe, too, once its successor calls the store whole.
void expect_safe_when_whole(const Original& of, MemoryStore& store, const JoinedStream& there) {
  if (there.report.segments == 0) return;
  const bool is_package = !of.package.empty();
  if (is_package && there.bytes.size() == of.stream.size()) return;
  const SplitReport report = continue_in(store, of.rest_for(there.bytes), of.options);
  // Its closing line may be there, and not synced: nobody has called it whole then.
  if (report.failure && !is_package_end(report)) return;
  ASSERT_TRUE(is_safe(of, store.kept()));
  ASSERT_TRUE(is_safe(of, store.crashed(1)));
}

TEST(StoreCrash, AtAnyMomentOfASplitAValidPrefixIsLeft) {
  States states;
  MemoryStore store;
  collect(store, states, [&] { (void)split_into(store, usual().stream, usual().options); });
  SplitOptions by_threads = usual().options;
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
  (void)split_into(all, usual().stream, usual().options);
  States states;
  for (std::uint64_t operation = 0; operation < all.operations(); ++operation) {
    for (const int error : {ENOSPC, EIO}) {
      SCOPED_TRACE(operation);
      MemoryStore store;
      store.fail_at(operation, error);
      const SplitReport report = split_into(store, usual().stream, usual().options);
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

// A kill, not a failure that could be dealt with: nothing is done any more.
struct Killed {};

void kill_at(MemoryStore& store, std::uint64_t moment) {
  store.on_change([moment, now = std::uint64_t{0}]() mutable {
    if (now++ == moment) throw Killed();
  });
}

// What was not synced when the first one was killed may still be lost when the second one is.
TEST(StoreCrash, ASuccessorThatCrashesItselfLeavesAValidPrefix) {
  const Original of = original(test::read_corpus("c128_raw_incr"), splitting(3000));
  States states;
  std::size_t killed = 0;
  std::size_t continued = 0;
  for (std::uint64_t moment = 0;; moment += 4) {
    MemoryStore store;
    kill_at(store, moment);
    try {
      (void)split_into(store, of.stream, of.options);
      break;
    } catch (const Killed&) {
      ++killed;
    }
    store.on_change({});
    const JoinedStream there = of.joined_of(store.seen());
    if (there.report.segments == 0) continue;
    ++continued;
    collect(store, states, [&] { (void)continue_in(store, of.rest_for(there.bytes), of.options); });
    EXPECT_TRUE(without_leftovers(store.seen()) == of.store);
  }
  EXPECT_GT(killed, 15U);
  EXPECT_GE(continued, 10U);
  EXPECT_GT(states.all().size(), 1000U);
  expect_valid_prefixes(of, states);
}

// Cut behind a WRITE; behind more than one segment without any, so that the store's own token asks
// for segments that are there; and where the manifest is made again. With a key, by several
// threads, and in the second substream of a package.
struct Row {
  const char* stream;
  std::uint64_t segment_bytes;
  std::size_t bytes;
  bool has_manifest = true;
  std::string_view key = {};
  unsigned threads = 1;
  bool is_package = false;
};
constexpr Row kRows[] = {
    {"c128_raw_full", 16 << 10, 70000},
    {"hier_raw_clone_incr", 4 << 10, 19000},
    {"hier_raw_clone_incr", 4 << 10, 19000, false},
    {"c128_raw_incr", 3000, 9000, true, kKey},
    {"c128_raw_incr", 3000, 9000, false, kKey, 3},
    {"hier_raw_R_i", 4 << 10, 30000, true, {}, 1, true},
    {"hier_raw_R_i", 4 << 10, 30000, false, {}, 1, true},
};

// Up to the end of the substream that goes over this byte.
Bytes package_up_to(const Bytes& package, std::uint64_t bytes) {
  std::uint64_t end = 0;
  for (const test::ProvenRecord& it : test::proven_records(package)) {
    if (it.role != drr::Role::substream_end) continue;
    end = it.end();
    if (end > bytes) break;
  }
  return {package.begin(), package.begin() + static_cast<std::ptrdiff_t>(end)};
}

Original original(const Row& row) {
  SplitOptions options = splitting(row.segment_bytes);
  options.store.key = row.key;
  options.store.threads = row.threads;
  const Bytes stream = test::read_corpus(row.stream);
  if (!row.is_package) return original(stream, options);
  Original made = original(package_up_to(stream, row.bytes), options);
  made.package = stream;
  return made;
}

class StoreCrashContinued : public testing::TestWithParam<Row> {
 protected:
  StoreCrashContinued() : of_(original(GetParam())) {
    MemoryStore store;
    (void)split_into(store, ByteSpan(of_.stream).first(GetParam().bytes), of_.options);
    there_ = store.seen();
    rest_ = of_.rest_for(of_.joined_of(there_).bytes);
    if (!GetParam().has_manifest) there_.erase("manifest.jsonl");
  }
  SplitReport go_on(MemoryStore& store) const { return continue_in(store, rest_, of_.options); }
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
  collect(store, states, [&] {
    const SplitReport report = go_on(store);
    EXPECT_EQ(report.failure.has_value(), GetParam().is_package);
    EXPECT_EQ(is_package_end(report), GetParam().is_package);
  });
  EXPECT_GT(states.all().size(), 50U);
  EXPECT_EQ(store.seen(), of_.store);
  EXPECT_TRUE(is_safe(of_, store.kept()));
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
      const JoinedStream left = of_.joined_of(store.seen());
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
