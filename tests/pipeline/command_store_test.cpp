// SPDX-License-Identifier: BSD-2-Clause
// Stores behind commands: real ones of /bin/sh, in a folder with a blank in its name. No pause is
// waited for.
#include "io/signals.hpp"
#include "pipeline/fetched_store.hpp"
#include "pipeline/filtered_store.hpp"
#include "pipeline/store_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <tuple>

namespace zsluice::pipeline {
namespace {

using test::Bytes;
using test::read_corpus;
namespace fs = std::filesystem;

constexpr const char* kPut =
    R"sh(f="$D/$ZSLUICE_SEGMENT"; mkdir -p "$(dirname "$f")" && cat > "$f")sh";
constexpr const char* kGet = R"(cat "$D/$ZSLUICE_SEGMENT" 2> /dev/null)";

class CommandStore : public testing::Test {
 protected:
  CommandStore() {
    io::ignore_write_signals();
    std::string name = testing::TempDir() + "/zsluice far-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) scratch_ = name;
    far_ = scratch_ + "/a store";
    fs::create_directory(far_);
  }
  ~CommandStore() override { fs::remove_all(scratch_); }
  CommandStore(const CommandStore&) = delete;
  CommandStore& operator=(const CommandStore&) = delete;

  // With $D, where the segments are, and $C, a folder for counting.
  CommandOptions command(const std::string& text) {
    CommandOptions options;
    options.command.text = "D='" + far_ + "'; C='" + scratch_ + "'; " + text;
    options.sleep = [this](Duration pause) { pauses_.push_back(pause); };
    options.on_fail = [this](const FailedTry& failed) { failures_.push_back(failed); };
    return options;
  }
  SplitReport split(const Bytes& stream, const std::string& text) {
    FilteredStore files(near_, command(text));
    return split_into(files, stream, splitting(64U << 10U));
  }
  SplitReport split_until_stopped(const Bytes& stream,
                                  const std::string& text,
                                  unsigned threads = 1) {
    CommandOptions options = command(text);
    options.is_stopped = [this] { return fs::exists(scratch_ + "/stop"); };
    options.sleep = [this](Duration pause) {
      pauses_.push_back(pause);
      if (stops_in_pause_) std::ofstream(scratch_ + "/stop");
    };
    SplitOptions split = splitting(64U << 10U);
    split.store.is_stopped = options.is_stopped;
    split.store.threads = threads;
    FilteredStore files(near_, options);
    return split_into(files, stream, split);
  }
  JoinedStream fetched(const std::string& text, io::StoreFiles* folder = nullptr) {
    FetchedStore files(folder, command(text));
    return joined(files);
  }
  [[nodiscard]] MemoryStore::Image far() const {
    MemoryStore::Image image;
    for (const auto& entry : fs::recursive_directory_iterator(far_)) {
      const std::string name = fs::relative(entry.path(), far_).string();
      if (entry.is_directory()) {
        image[name + '/'];
        continue;
      }
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string text(std::istreambuf_iterator<char>(in), {});
      const ByteSpan bytes = bytes_of(text);
      image[name] = Bytes(bytes.begin(), bytes.end());
    }
    return image;
  }
  [[nodiscard]] std::size_t counted(const std::string& name) const {
    std::error_code none;
    const auto bytes = fs::file_size(scratch_ + '/' + name, none);
    return none ? 0 : static_cast<std::size_t>(bytes);
  }

  std::string scratch_;
  std::string far_;
  MemoryStore near_;
  std::vector<Duration> pauses_;
  std::vector<FailedTry> failures_;
  bool stops_in_pause_ = false;
};

// The same stream into a folder.
MemoryStore::Image plain_store(const Bytes& stream) {
  MemoryStore store;
  (void)split_into(store, stream, splitting(64U << 10U));
  return store.seen();
}

TEST_F(CommandStore, WhatTheCommandGotIsTheStore) {
  const Bytes stream = read_corpus("g256_raw_full");
  const SplitReport report = split(stream, kPut);
  EXPECT_FALSE(report.failure);
  EXPECT_TRUE(report.store.is_whole);
  EXPECT_TRUE(report.store.is_published);
  const MemoryStore::Image plain = plain_store(stream);
  EXPECT_EQ(far(), plain);
  // And here is the manifest, nothing else.
  EXPECT_EQ(near_.seen(), (MemoryStore::Image{{"manifest.jsonl", plain.at("manifest.jsonl")}}));
  EXPECT_EQ(joined(far()).bytes, stream);
  EXPECT_TRUE(pauses_.empty());
}

TEST_F(CommandStore, TheCommandIsToldSizeAndDigest) {
  const SplitReport report = split(read_corpus("g256_raw_full"), std::string(kPut) + R"( &&
            [ $(stat -c %s "$f") = "$ZSLUICE_SIZE" ] &&
            echo "$ZSLUICE_DIGEST  $f" | sha256sum -c --quiet - && printf . >> "$C/checked")");
  EXPECT_FALSE(report.failure);
  EXPECT_EQ(counted("checked"), 25U);  // 24 segments and the manifest
}

TEST_F(CommandStore, WhatCanBeFetchedIsJoined) {
  const Bytes stream = read_corpus("g256_raw_full");
  ASSERT_FALSE(split(stream, kPut).failure);
  for (io::StoreFiles* const folder :
       {static_cast<io::StoreFiles*>(nullptr), static_cast<io::StoreFiles*>(&near_)}) {
    const JoinedStream back = fetched(kGet, folder);
    EXPECT_FALSE(back.report.failure);
    EXPECT_EQ(back.bytes, stream);
    EXPECT_EQ(back.report.manifest, ManifestState::good);
  }
  // The manifest is asked for once, and nothing behind the last segment.
  fs::remove(far_ + "/manifest.jsonl");
  const JoinedStream back = fetched(std::string("printf . >> \"$C/calls\"; ") + kGet);
  EXPECT_FALSE(back.report.failure);
  EXPECT_EQ(back.bytes, stream);
  EXPECT_EQ(back.report.manifest, ManifestState::missing);
  EXPECT_EQ(counted("calls"), 25U);
  EXPECT_TRUE(pauses_.empty());
}

TEST_F(CommandStore, AFailureThatPassesIsTriedAgain) {
  const Bytes stream = read_corpus("g256_raw_full");
  const std::string third_time =
      R"sh(n="$C/$(basename "$ZSLUICE_SEGMENT")"; printf . >> "$n"
           [ $(stat -c %s "$n") -ge 3 ] || exit 7; )sh";
  const SplitReport report = split(stream, third_time + kPut);
  EXPECT_FALSE(report.failure);
  EXPECT_EQ(far(), plain_store(stream));
  ASSERT_EQ(pauses_.size(), 50U);
  EXPECT_EQ(failures_[0].name, "000000000/000000000000.zss");
  EXPECT_EQ(failures_[0].error, (io::SysError{io::SysOperation::run, EIO, 7}));
  EXPECT_EQ(failures_[0].number, 1U);
  EXPECT_EQ(failures_[1].number, 2U);
  EXPECT_EQ(failures_[1].pause, pauses_[1]);
  EXPECT_EQ(failures_.back().name, "manifest.jsonl");

  pauses_.clear();
  for (const auto& entry : fs::directory_iterator(scratch_)) {
    if (!entry.is_directory()) fs::remove(entry.path());
  }
  const JoinedStream back = fetched(third_time + kGet);
  EXPECT_FALSE(back.report.failure);
  EXPECT_EQ(back.bytes, stream);
  EXPECT_EQ(pauses_.size(), 48U);  // the manifest was not tried again
  EXPECT_EQ(back.report.manifest, ManifestState::missing);
}

TEST_F(CommandStore, AFailureThatStaysLeavesAPrefix) {
  const Bytes stream = read_corpus("g256_raw_full");
  const SplitReport report =
      split(stream, std::string(R"(case "$ZSLUICE_SEGMENT" in */000000000005.zss)
                                   head -c 100 > /dev/null; exit 7;; esac; )") +
                        kPut);
  ASSERT_TRUE(report.failure);
  const auto& failure = std::get<StoreFailure>(*report.failure);
  EXPECT_EQ(failure.code, StoreFailureCode::filter_failed);
  EXPECT_EQ(failure.name, "000000000/000000000005.zss");
  EXPECT_EQ(failure.system, (io::SysError{io::SysOperation::run, EIO, 7}));
  EXPECT_EQ(report.store.segments, 5U);
  EXPECT_FALSE(report.store.is_published);
  // From 1 s on, doubled, half of it by chance.
  ASSERT_EQ(pauses_.size(), kCommandTries - 1U);
  for (std::size_t i = 0; i < pauses_.size(); ++i) {
    const Duration most = std::chrono::seconds(1U << i);
    EXPECT_GE(pauses_[i], most / 2);
    EXPECT_LE(pauses_[i], most);
  }
  // All earlier segments are there, and the manifest names them only.
  const MemoryStore::Image there = far();
  EXPECT_EQ(there.size(), 6U);
  EXPECT_EQ(read_manifest(near_).segments, 5U);
  const JoinedStream back = fetched(kGet, &near_);
  EXPECT_EQ(back.code(), StoreFailureCode::unfinished);
  EXPECT_EQ(back.bytes.size(), report.store.raw_bytes);
  EXPECT_TRUE(is_prefix(back.bytes, stream));
}

TEST_F(CommandStore, OfAStreamThatBreaksOffTheManifestIsHandedOver) {
  const Bytes stream = read_corpus("g256_raw_full");
  const Bytes part(stream.begin(), stream.begin() + 500000);
  const SplitReport report = split(part, kPut);
  EXPECT_TRUE(std::holds_alternative<drr::Fault>(*report.failure));
  EXPECT_TRUE(report.store.is_published);
  EXPECT_EQ(far(), plain_store(part));
  const JoinedStream back = fetched(kGet);
  EXPECT_EQ(back.code(), StoreFailureCode::unfinished);
  EXPECT_EQ(back.store_failure()->segments, 14U);
  EXPECT_EQ(back.bytes.size(), report.store.raw_bytes);
}

// The stream's own failure came first.
TEST_F(CommandStore, AManifestThatIsNotTakenIsAFailureOfItsOwn) {
  const std::string refuse = R"([ "$ZSLUICE_SEGMENT" != manifest.jsonl ] || exit 7; )";
  const Bytes stream = read_corpus("g256_raw_full");
  const SplitReport whole = split(stream, refuse + kPut);
  ASSERT_TRUE(whole.failure);
  EXPECT_EQ(std::get<StoreFailure>(*whole.failure).code, StoreFailureCode::filter_failed);
  EXPECT_EQ(std::get<StoreFailure>(*whole.failure).name, "manifest.jsonl");
  EXPECT_TRUE(whole.store.is_whole);
  EXPECT_FALSE(whole.store.is_published);
  EXPECT_EQ(fetched(kGet).bytes, stream);

  ASSERT_TRUE(near_.remove("manifest.jsonl"));
  const SplitReport part = split(Bytes(stream.begin(), stream.begin() + 500000), refuse + kPut);
  EXPECT_TRUE(std::holds_alternative<drr::Fault>(*part.failure));
  EXPECT_FALSE(part.store.is_published);
}

TEST_F(CommandStore, ACommandThatIsNotThereIsNotTriedAgain) {
  const SplitReport report = split(read_corpus("g256_raw_full"), "no-such-command 2> /dev/null");
  EXPECT_EQ(std::get<StoreFailure>(*report.failure).system,
            (io::SysError{io::SysOperation::run, EIO, 127}));
  EXPECT_EQ(report.store.segments, 0U);
  EXPECT_TRUE(pauses_.empty());
}

// --- the user wants an end: the file "stop" is there ---

TEST_F(CommandStore, OnceStoppedNothingIsTriedAgain) {
  const std::string fails_and_stops = "> \"$C/stop\"; exit 7";
  const SplitReport at_once = split_until_stopped(read_corpus("g256_raw_full"), fails_and_stops);
  EXPECT_EQ(std::get<StoreFailure>(*at_once.failure).system,
            (io::SysError{io::SysOperation::run, EIO, 7}));
  EXPECT_TRUE(pauses_.empty());
  EXPECT_TRUE(failures_.empty());
  fs::remove(scratch_ + "/stop");
  // In the middle of a pause, which ends then.
  stops_in_pause_ = true;
  const SplitReport later = split_until_stopped(read_corpus("g256_raw_full"), "exit 7");
  EXPECT_EQ(std::get<StoreFailure>(*later.failure).system.status, 7);
  EXPECT_EQ(pauses_.size(), 1U);
}

TEST_F(CommandStore, OnceStoppedOneSegmentAndTheManifestAreHandedOver) {
  const std::string stops =
      R"(case "$ZSLUICE_SEGMENT" in */000000000003.zss) > "$C/stop";; esac; )";
  const Bytes stream = read_corpus("g256_raw_full");
  const Bytes part(stream.begin(), stream.begin() + 600000);
  const SplitReport report = split_until_stopped(part, stops + kPut);
  EXPECT_EQ(report.store.segments, 5U);
  EXPECT_TRUE(report.store.is_published);
  EXPECT_EQ(read_manifest(near_).segments, 5U);
  EXPECT_TRUE(is_prefix(fetched(kGet).bytes, stream));
}

// Those that are packed already are not.
TEST_F(CommandStore, OnceStoppedOneSegmentIsHandedOverByHoweverManyThreads) {
  const std::string stops =
      R"(case "$ZSLUICE_SEGMENT" in */000000000003.zss) > "$C/stop";; esac; )";
  const Bytes stream = read_corpus("g256_raw_full");
  const Bytes part(stream.begin(), stream.begin() + 600000);
  const SplitReport report = split_until_stopped(part, stops + kPut, 4);
  EXPECT_EQ(report.store.segments, 5U);
  EXPECT_EQ(read_manifest(near_).segments, 5U);
  EXPECT_FALSE(far().contains("000000000/000000000005.zss"));
}

TEST_F(CommandStore, AStreamThatWasReadToItsEndIsHandedOverWhole) {
  const std::string stops =
      R"(case "$ZSLUICE_SEGMENT" in */000000000003.zss) > "$C/stop";; esac; )";
  const Bytes stream = read_corpus("g256_raw_full");
  const SplitReport report = split_until_stopped(stream, stops + kPut);
  EXPECT_FALSE(report.failure);
  EXPECT_EQ(far(), plain_store(stream));
}

TEST_F(CommandStore, OnceStoppedNothingMoreIsFetched) {
  ASSERT_FALSE(split(read_corpus("g256_raw_full"), kPut).failure);
  const auto fetched_with = [this](const std::string& text) {
    fs::remove(scratch_ + "/stop");
    fs::remove(scratch_ + "/calls");
    CommandOptions options = command(text);
    options.is_stopped = [this] { return fs::exists(scratch_ + "/stop"); };
    FetchedStore files(nullptr, options);
    return joined(files);
  };
  const auto at = [](const std::string& name, const std::string& what) {
    return "printf . >> \"$C/calls\"; case $ZSLUICE_SEGMENT in " + name + ") " + what +
           ";; esac; " + kGet;
  };
  const std::string third = "*/000000000003.zss";
  for (const auto& [text, calls, segments] :
       {std::tuple{at("manifest.jsonl", "> \"$C/stop\""), 1U, 0U},
        std::tuple{at(third, "> \"$C/stop\""), 5U, 4U},
        std::tuple{at(third, "> \"$C/stop\"; exit 7"), 5U, 3U}}) {
    const JoinedStream back = fetched_with(text);
    ASSERT_EQ(back.code(), StoreFailureCode::fetch_failed) << text;
    EXPECT_EQ(back.store_failure()->system, kFetchStopped);
    EXPECT_EQ(back.report.segments, segments);
    EXPECT_EQ(counted("calls"), calls);
  }
  EXPECT_TRUE(pauses_.empty());
  // What came only behind a failure is not its cause.
  const JoinedStream failed = fetched_with(at(third, "exit 127"));
  std::ofstream(scratch_ + "/stop");
  EXPECT_EQ(failed.store_failure()->system, (io::SysError{io::SysOperation::run, EIO, 127}));
}

TEST_F(CommandStore, ASegmentThatIsNotPrintedIsNamed) {
  const Bytes stream = read_corpus("g256_raw_full");
  ASSERT_FALSE(split(stream, kPut).failure);
  const std::pair<const char*, io::SysError> table[] = {
      {"exit 7", {io::SysOperation::run, EIO, 7}},
      {"printf half; kill -9 $$", {io::SysOperation::run, EIO, -9}},
      {"exit 0", {io::SysOperation::run, ENODATA}},
  };
  for (const auto& [text, error] : table) {
    pauses_.clear();
    const JoinedStream back = fetched("case $ZSLUICE_SEGMENT in */000000000003.zss) " +
                                      std::string(text) + ";; esac; " + kGet);
    ASSERT_EQ(back.code(), StoreFailureCode::fetch_failed) << text;
    EXPECT_EQ(back.store_failure()->system, error);
    EXPECT_EQ(back.store_failure()->name, "000000000/000000000003.zss");
    EXPECT_EQ(back.store_failure()->begin, back.bytes.size());
    EXPECT_EQ(back.store_failure()->end, 136676U);
    EXPECT_EQ(pauses_.size(), kCommandTries - 1U);
  }
}

TEST_F(CommandStore, WhatIsPrintedIsBoundedAndJudged) {
  const Bytes stream = read_corpus("g256_raw_full");
  ASSERT_FALSE(split(stream, kPut).failure);
  using storage::SegmentErrorCode;
  const std::pair<std::string, SegmentErrorCode> table[] = {
      {"cat /dev/zero", SegmentErrorCode::not_a_segment},
      {"echo sorry", SegmentErrorCode::truncated_header},
      {std::string(kGet) + "; cat /dev/zero", SegmentErrorCode::wrong_stored_size},
      {std::string(kGet) + "; printf x", SegmentErrorCode::wrong_stored_size},
      {std::string(kGet) + " | head -c 20000", SegmentErrorCode::wrong_stored_size},
  };
  for (const auto& [text, code] : table) {
    const JoinedStream back = fetched("case $ZSLUICE_SEGMENT in */000000000003.zss) " + text +
                                      "; exit 0;; esac; printf . >> \"$C/calls\"; " + kGet);
    ASSERT_EQ(back.code(), StoreFailureCode::bad_segment) << text;
    EXPECT_EQ(back.store_failure()->segment.code, code) << text;
    EXPECT_EQ(back.bytes.size(), 103596U);
  }
  EXPECT_TRUE(pauses_.empty());
  // Nothing was fetched only to explain.
  EXPECT_EQ(counted("calls"), 5 * 4U);
}

TEST_F(CommandStore, ManyThreadsFetchAtOnce) {
  ASSERT_FALSE(split(read_corpus("g256_raw_full"), kPut).failure);
  FetchedStore files(nullptr, command(kGet));
  const MemoryStore::Image image = far();
  std::vector<int> good(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < good.size(); ++thread) {
    threads.emplace_back([&, thread] {
      for (const auto& [name, bytes] : image) {
        if (name.back() == '/') continue;
        const auto file = files.open(name);
        Bytes content(bytes.size() + 1);
        if (!file || *(*file)->read_at(0, content) != bytes.size()) return;
        if (!std::equal(bytes.begin(), bytes.end(), content.begin())) return;
      }
      good[thread] = 1;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(good, std::vector<int>(4, 1));
}

TEST_F(CommandStore, NothingIsWrittenWhereFilesAreFetched) {
  FetchedStore files(nullptr, command(kGet));
  EXPECT_FALSE(files.list(""));
  EXPECT_FALSE(files.append("manifest.jsonl", bytes_of("x")));
  EXPECT_FALSE(files.start_file("x", {})->finish());
  EXPECT_FALSE(files.rename("x", "y", io::OldFile::goes));
  EXPECT_FALSE(files.make_folder("x"));
  EXPECT_FALSE(files.sync_folder(""));
  EXPECT_FALSE(files.sync_file("x"));
  EXPECT_FALSE(files.remove("x"));
}

}  // namespace
}  // namespace zsluice::pipeline
