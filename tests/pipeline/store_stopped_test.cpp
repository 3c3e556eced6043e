// SPDX-License-Identifier: BSD-2-Clause
// The token of a store is that of the stream it was made of, cut where the store ends.
#include "pipeline/store_stopped.hpp"

#include "pipeline/counting_store.hpp"
#include "pipeline/stopped.hpp"
#include "pipeline/store_run.hpp"
#include "resume/cuts.hpp"
#include "support/for_each.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <memory>

namespace zsluice::pipeline {
namespace {

using resume::StopKind;
using resume::Stopped;
using storage::segment_name;
using storage::SegmentErrorCode;
using test::Bytes;
using test::read_corpus;

void expect_same(const Stopped& made, const Stopped& wanted) {
  EXPECT_EQ(made.kind, wanted.kind);
  EXPECT_EQ(made.in_package, wanted.in_package);
  EXPECT_EQ(made.substreams_complete, wanted.substreams_complete);
  if (made.kind != StopKind::token) return;
  EXPECT_EQ(made.token, wanted.token);
  EXPECT_EQ(made.is_resumed, wanted.is_resumed);
  EXPECT_EQ(made.record_offset, wanted.record_offset);
  EXPECT_EQ(made.substream_offset, wanted.substream_offset);
}

using Image = MemoryStore::Image;

std::size_t segments_in(const Image& image) {
  std::size_t count = 0;
  for (const auto& [name, bytes] : image) {
    count += storage::segment_number(name) ? 1U : 0U;
  }
  return count;
}
std::size_t segments_in(const MemoryStore& store) {
  return segments_in(store.seen());
}

// Cut off, so that there is a token.
Image stored_part_of(const char* stream, std::uint64_t segment_bytes, const std::string& key = "") {
  const Bytes whole = read_corpus(stream);
  SplitOptions options = splitting(segment_bytes);
  options.store.key = key;
  MemoryStore store;
  (void)split_into(store, ByteSpan(whole).first(whole.size() - 400), options);
  return store.seen();
}

const std::string kManifest(storage::kManifestName);

StoreStoppedReport stopped(const Image& image, const std::string& key = "") {
  MemoryStore store(image);
  StoreStoppedOptions options;
  options.key = key;
  return run_store_stopped(options, store);
}

// Nothing unless a segment is named as a bad one.
std::optional<StoreFailure> bad_segment(const StoreStoppedReport& report) {
  const auto* const failure =
      report.failure ? std::get_if<StoreFailure>(&*report.failure) : nullptr;
  if (failure == nullptr || failure->code != StoreFailureCode::bad_segment) return std::nullopt;
  return *failure;
}

// What a reader of all records says where a record starts: with the record's header not there and
// all before it proven; and, within a substream, with the header there.
struct Expected {
  Stopped settled;
  std::optional<Stopped> with_header;
};
std::map<std::uint64_t, Expected> expected_at_records(const Bytes& stream) {
  std::map<std::uint64_t, Expected> expected;
  drr::StreamChecker checker;
  resume::StoppedAt stopped;
  ByteSpan rest(stream);
  for (;;) {
    const drr::Step step = checker.next(rest);
    if (step == drr::Step::need_input || step == drr::Step::fault) return expected;
    if (step == drr::Step::record) {
      resume::StoppedAt settled = stopped;
      settled.settle();
      Expected& here = expected[checker.parser().current().stream_offset];
      here.settled = settled.stopped();
      stopped.take(step, checker.parser());
      if (checker.parser().role() == drr::Role::body) here.with_header = stopped.stopped();
    } else {
      stopped.take(step, checker.parser());
    }
    if (step == drr::Step::stream_end) return expected;
  }
}

// Removes the segments from the last one down.
void expect_at_every_border(const Bytes& stream, std::uint64_t segment_bytes) {
  const auto expected = expected_at_records(stream);
  MemoryStore store;
  (void)split_into(store, stream, splitting(segment_bytes));
  (void)store.remove(std::string(storage::kManifestName));
  for (std::size_t segments = segments_in(store); segments > 1;) {
    (void)store.remove(segment_name(--segments));
    SCOPED_TRACE(segments);
    const StoreStoppedReport report = run_store_stopped({}, store);
    ASSERT_FALSE(report.failure);
    EXPECT_EQ(report.segments, segments);
    const Expected& wanted = expected.at(report.bytes);
    expect_same(report.stopped, wanted.settled);
    if (wanted.with_header) expect_same(report.stopped, *wanted.with_header);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(StoreStopped, AtEveryBorderTheTokenIsThatOfTheStreamCutThere) {
  test::for_each_stream([](const test::CorpusEntry& entry) {
    const Bytes stream = read_corpus(entry.name);
    expect_at_every_border(stream, 5000);
    expect_at_every_border(stream, std::uint64_t{64} << 10);
  });
}

TEST(StoreStopped, AlsoBehindEveryRecord) {
  for (const char* const name : {"hier_raw_R_i", "sp_raw_incr", "g256_raw_I", "reuse_raw_incr"}) {
    SCOPED_TRACE(name);
    expect_at_every_border(read_corpus(name), 1);
  }
}

// What the real receiver's token says, and what `token make` makes of the file.
TEST(StoreStopped, OfEveryRealCutTheTokenIsTheReceivers) {
  for (const test::Cut& cut : test::cuts_with_partial()) {
    SCOPED_TRACE(cut.name);
    const Bytes partial = cut.partial();
    MemoryStore store;
    (void)split_into(store, partial, splitting(20000));
    const StoreStoppedReport report = run_store_stopped({}, store);
    ASSERT_FALSE(report.failure);
    ASSERT_EQ(report.stopped.kind, StopKind::token);
    EXPECT_EQ(report.stopped.token.object, cut.token.object);
    EXPECT_EQ(report.stopped.token.offset, cut.token.offset);
    EXPECT_EQ(report.stopped.token.toguid, cut.token.toguid);
    EXPECT_EQ(report.stopped.token.fromguid, cut.token.fromguid);
    EXPECT_EQ(report.stopped.token.toname, cut.token.toname);
    EXPECT_EQ(report.stopped.token.raw_ok, cut.token.raw_ok);
    EXPECT_EQ(report.stopped.token.compress_ok, cut.token.compress_ok);
    EXPECT_EQ(report.stopped.token.large_block_ok, cut.token.large_block_ok);
    EXPECT_EQ(report.stopped.token.embed_ok, cut.token.embed_ok);
    const Scratch file(partial);
    const auto source = io::open_source(file.fd(), {.allow_mapping = false});
    expect_same(report.stopped, run_stopped({}, **source).stopped);
  }
}

TEST(StoreStopped, AWholeStoreIsWhole) {
  test::for_each_stream([](const test::CorpusEntry& entry) {
    const Bytes stream = read_corpus(entry.name);
    const Scratch file(stream);
    const auto source = io::open_source(file.fd(), {.allow_mapping = false});
    const StoppedReport wanted = run_stopped({}, **source);
    if (wanted.stopped.kind != StopKind::whole) return;
    for (const std::uint64_t segment_bytes : {std::uint64_t{5000}, std::uint64_t{16} << 20}) {
      MemoryStore store;
      // A stream without sums in its records cannot be stored.
      if (split_into(store, stream, splitting(segment_bytes)).failure) return;
      const StoreStoppedReport report = run_store_stopped({}, store);
      ASSERT_FALSE(report.failure);
      EXPECT_EQ(report.bytes, wanted.proven_bytes);
      expect_same(report.stopped, wanted.stopped);
    }
  });
}

TEST(StoreStopped, AStoreThatWasOnlyBegunHasNothing) {
  MemoryStore store;
  EXPECT_EQ(std::get<StoreFailure>(*run_store_stopped({}, store).failure).code,
            StoreFailureCode::not_a_store);
  (void)split_into(store, read_corpus("g256_raw_full"), splitting(64 << 10));
  for (std::size_t i = 0, count = segments_in(store); i < count; ++i) {
    (void)store.remove(segment_name(i));
  }
  EXPECT_EQ(std::get<StoreFailure>(*run_store_stopped({}, store).failure).code,
            StoreFailureCode::cut_off);
}

TEST(StoreStopped, OnlyAFewFilesAreRead) {
  Bytes stream = read_corpus("many_raw_incr");
  stream.resize(stream.size() - 400);
  MemoryStore store;
  (void)split_into(store, stream, splitting(1));
  const std::size_t segments = segments_in(store);
  ASSERT_GT(segments, 500U);
  for (const bool has_manifest : {true, false}) {
    MemoryStore::Image image = store.seen();
    if (!has_manifest) image.erase(std::string(storage::kManifestName));
    CountingStore counted(image);
    const StoreStoppedReport report = run_store_stopped({}, counted);
    ASSERT_FALSE(report.failure);
    EXPECT_EQ(report.stopped.kind, StopKind::token);
    EXPECT_LT(counted.opens(), 80U);
    EXPECT_LT(counted.bytes_read(), 500'000U);
  }
}

// Elsewhere damage is no hindrance; in what is needed it is named.
TEST(StoreStopped, DamageMattersWhereItIsRead) {
  Bytes stream = read_corpus("g256_raw_full");
  stream.resize(stream.size() - 400);
  MemoryStore store;
  (void)split_into(store, stream, splitting(5000));
  const MemoryStore::Image good = store.seen();
  const std::size_t segments = segments_in(store);
  const StoreStoppedReport wanted = run_store_stopped({}, store);
  for (std::size_t i = 0; i < segments; ++i) {
    for (const std::size_t at : {std::size_t{100}, std::size_t{800}}) {
      MemoryStore::Image image = good;
      image[segment_name(i)].at(at) ^= std::byte{1};
      MemoryStore damaged(image);
      const StoreStoppedReport report = run_store_stopped({}, damaged);
      if (i > 0 && i + 1 < segments) {
        ASSERT_FALSE(report.failure) << i;
        expect_same(report.stopped, wanted.stopped);
        continue;
      }
      ASSERT_TRUE(report.failure);
      const auto& failure = std::get<StoreFailure>(*report.failure);
      EXPECT_EQ(failure.code, StoreFailureCode::bad_segment);
      EXPECT_EQ(failure.sequence, i);
    }
  }
}

TEST(StoreStopped, AMissingSegmentIsNamedWhereItIsNoticed) {
  MemoryStore store;
  (void)split_into(store, read_corpus("g256_raw_full"), splitting(64 << 10));
  const std::size_t segments = segments_in(store);
  (void)store.remove(segment_name(segments - 1));
  const StoreStoppedReport tail = run_store_stopped({}, store);
  EXPECT_EQ(std::get<StoreFailure>(*tail.failure).code, StoreFailureCode::cut_off);
  EXPECT_EQ(std::get<StoreFailure>(*tail.failure).sequence, segments - 1);
  (void)store.remove(segment_name(0));
  (void)store.remove(std::string(storage::kManifestName));
  const StoreStoppedReport head = run_store_stopped({}, store);
  EXPECT_EQ(std::get<StoreFailure>(*head.failure).code, StoreFailureCode::missing_segment);
  EXPECT_EQ(std::get<StoreFailure>(*head.failure).sequence, 0U);
}

TEST(StoreStopped, AKeyIsDemanded) {
  const std::string key(32, 'k');
  Bytes stream = read_corpus("g256_raw_full");
  stream.resize(500000);
  SplitOptions options = splitting(64 << 10);
  options.store.key = key;
  MemoryStore store;
  (void)split_into(store, stream, options);
  EXPECT_EQ(std::get<StoreFailure>(*run_store_stopped({}, store).failure).code,
            StoreFailureCode::key_needed);
  StoreStoppedOptions read;
  read.no_auth = true;
  EXPECT_FALSE(run_store_stopped(read, store).failure);
  read = {};
  read.key = key;
  EXPECT_EQ(run_store_stopped(read, store).stopped.kind, StopKind::token);
  read.key = std::string(32, 'x');
  EXPECT_EQ(std::get<StoreFailure>(*run_store_stopped(read, store).failure).code,
            StoreFailureCode::wrong_key);
}

TEST(StoreStopped, OfAForeignLastSegmentThereIsNoToken) {
  for (const std::string& key : {std::string(), std::string(32, 'k')}) {
    Image image = stored_part_of("tree_plain_R", 20000, key);
    const std::size_t last = segments_in(image) - 1;
    image[segment_name(last)] = stored_part_of("g256_raw_I", 20000, key).at(segment_name(last));
    for (const bool has_manifest : {true, false}) {
      if (!has_manifest) image.erase(kManifest);
      const StoreStoppedReport report = stopped(image, key);
      ASSERT_TRUE(bad_segment(report));
      EXPECT_EQ(bad_segment(report)->sequence, last);
      EXPECT_EQ(bad_segment(report)->segment.code, SegmentErrorCode::foreign);
      EXPECT_NE(report.stopped.kind, StopKind::token);
    }
  }
}

TEST(StoreStopped, NorOfOneOfTheSameStreamCutOtherwise) {
  Image image = stored_part_of("g256_raw_full", 20000);
  const Image other = stored_part_of("g256_raw_full", 19000);
  const std::size_t last = segments_in(image) - 1;
  image[segment_name(last)] = other.at(segment_name(last));
  for (const bool has_neighbour : {true, false}) {
    if (!has_neighbour) image[segment_name(last - 1)].at(100) ^= std::byte{1};
    const StoreStoppedReport report = stopped(image);
    ASSERT_TRUE(bad_segment(report));
    EXPECT_EQ(bad_segment(report)->sequence, last);
    EXPECT_EQ(bad_segment(report)->segment.code, SegmentErrorCode::wrong_settings);
  }
}

TEST(StoreStopped, AForeignFirstSegmentIsNamedWhereItIsNeeded) {
  Image image = stored_part_of("g256_raw_full", 5000);
  image[segment_name(0)] = stored_part_of("c256_raw_full", 5000).at(segment_name(0));
  image.erase(kManifest);
  const StoreStoppedReport report = stopped(image);
  ASSERT_TRUE(bad_segment(report));
  EXPECT_EQ(bad_segment(report)->sequence, 0U);
  EXPECT_EQ(bad_segment(report)->segment.code, SegmentErrorCode::foreign);
  // The last snapshot of a package begins behind it.
  image = stored_part_of("hier_raw_R", 5000);
  const StoreStoppedReport wanted = stopped(image);
  image[segment_name(0)] = stored_part_of("g256_raw_I", 5000).at(segment_name(0));
  image.erase(kManifest);
  ASSERT_FALSE(stopped(image).failure);
  expect_same(stopped(image).stopped, wanted.stopped);
}

TEST(StoreStopped, AForeignManifestCountsAsNone) {
  Image image = stored_part_of("tree_plain_R", 20000);
  const StoreStoppedReport wanted = stopped(image);
  ASSERT_EQ(wanted.stopped.kind, StopKind::token);
  const Image longer = stored_part_of("g256_raw_I", 20000);
  ASSERT_GT(segments_in(longer), segments_in(image));
  for (const Image& other : {longer, stored_part_of("tree_plain_R", 5000)}) {
    image[kManifest] = other.at(kManifest);
    const StoreStoppedReport report = stopped(image);
    ASSERT_FALSE(report.failure);
    EXPECT_EQ(report.segments, wanted.segments);
    expect_same(report.stopped, wanted.stopped);
  }
}

// Where no segment says whose it is, there is nothing against the manifest.
TEST(StoreStopped, AManifestAloneTellsWhatWasThere) {
  Image image = stored_part_of("g256_raw_full", 20000);
  for (auto& [name, bytes] : image) {
    if (storage::segment_number(name)) bytes = Bytes();
  }
  const StoreStoppedReport report = stopped(image);
  ASSERT_TRUE(bad_segment(report));
  EXPECT_EQ(bad_segment(report)->sequence, segments_in(image) - 1);
}

TEST(StoreStopped, BehindDamagedHeadersTheLastGoodOneTellsThePlace) {
  Image image = stored_part_of("g256_raw_full", 20000);
  const std::size_t last = segments_in(image) - 1;
  image[segment_name(last)].at(100) ^= std::byte{1};
  const std::uint64_t begin = bad_segment(stopped(image))->begin;
  image[segment_name(last - 1)].at(100) ^= std::byte{1};
  const StoreFailure both = *bad_segment(stopped(image));
  EXPECT_EQ(both.sequence, last);
  EXPECT_LT(both.begin, begin);
  EXPECT_GT(both.begin + 40000, begin);
}

using Done = Result<void, io::SysError>;

// A segment that is not there when it is first opened: it was being renamed into the store.
class GrowingStore final : public io::StoreFiles {
 public:
  GrowingStore(const Image& image, std::string late) : store_(image), late_(std::move(late)) {}

  [[nodiscard]] bool has_grown() const { return has_grown_; }
  [[nodiscard]] Result<std::unique_ptr<io::StoredFile>, io::SysError> open(
      const std::string& name) override {
    if (name != late_ || has_grown_) return store_.open(name);
    has_grown_ = true;
    return io::sys_failure(io::SysOperation::open, ENOENT);
  }
  [[nodiscard]] Result<std::vector<std::string>, io::SysError> list(
      const std::string& folder) override {
    return store_.list(folder);
  }
  [[nodiscard]] Done make_folder(const std::string& /*name*/) override { return refuse(); }
  [[nodiscard]] Done sync_folder(const std::string& /*name*/) override { return refuse(); }
  [[nodiscard]] std::unique_ptr<io::StartedFile> start_file(const std::string& /*name*/,
                                                            ByteSpan /*bytes*/) override {
    return std::make_unique<io::WrittenFile>(refuse());
  }
  [[nodiscard]] Done rename(const std::string& /*from*/,
                            const std::string& /*to*/,
                            io::OldFile /*old_file*/) override {
    return refuse();
  }
  [[nodiscard]] Done append(const std::string& /*name*/, ByteSpan /*bytes*/) override {
    return refuse();
  }
  [[nodiscard]] Done truncate(const std::string& /*name*/, std::uint64_t /*bytes*/) override {
    return refuse();
  }
  [[nodiscard]] Done sync_file(const std::string& /*name*/) override { return refuse(); }
  [[nodiscard]] Done remove(const std::string& /*name*/) override { return refuse(); }

 private:
  static Done refuse() { return io::sys_failure(io::SysOperation::write, EROFS); }

  MemoryStore store_;
  std::string late_;
  bool has_grown_ = false;
};

TEST(StoreStopped, ASegmentThatComesMeanwhileIsNotMissing) {
  Image image = stored_part_of("g256_raw_full", 20000);
  image.erase(kManifest);
  const StoreStoppedReport wanted = stopped(image);
  const std::size_t segments = segments_in(image);
  std::size_t grown = 0;
  for (std::size_t late = 0; late + 1 < segments; ++late) {
    GrowingStore store(image, segment_name(late));
    const StoreStoppedReport report = run_store_stopped({}, store);
    ASSERT_FALSE(report.failure) << late;
    EXPECT_EQ(report.segments, segments);
    expect_same(report.stopped, wanted.stopped);
    grown += store.has_grown() ? 1U : 0U;
  }
  EXPECT_GT(grown, 3U);
}

}  // namespace
}  // namespace zsluice::pipeline
