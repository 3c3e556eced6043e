// SPDX-License-Identifier: BSD-2-Clause
// `verify -j`: real threads over real files and pipes give what one thread gives.
#include "io/fd.hpp"
#include "io/source.hpp"
#include "pipeline/verify.hpp"
#include "support/corpus.hpp"
#include "support/damages.hpp"
#include "walk_fixture.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

namespace zsluice::pipeline {
namespace {

using test::Bytes;

io::Fd memory_file(ByteSpan bytes) {
  io::Fd fd(::memfd_create("stream", MFD_CLOEXEC));
  EXPECT_EQ(::write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  EXPECT_EQ(::lseek(fd.get(), 0, SEEK_SET), 0);
  return fd;
}

struct Verified {
  VerifyReport report;
  std::vector<std::string> events;
  std::vector<std::string> damages;
};

Verified verify(int fd, unsigned jobs, bool allow_mapping, bool keep_going) {
  VerifyOptions options{.jobs = jobs};
  options.walk.keep_going = keep_going;
  io::SourceOptions source_settings = source_options(options);
  source_settings.window_bytes = 4096;  // many windows for small streams
  source_settings.buffer_bytes = 8192;
  source_settings.allow_mapping = allow_mapping;
  const auto source = io::open_source(fd, source_settings);
  EXPECT_TRUE(source);
  Diary diary;
  Verified verified;
  verified.report = run_verify(options, **source, diary);
  verified.events = diary.events;
  for (const drr::Fault& fault : diary.damages)
    verified.damages.push_back(test::described(fault));
  return verified;
}

void expect_same(const Verified& one, const Verified& other) {
  EXPECT_EQ(one.events, other.events);
  EXPECT_EQ(one.damages, other.damages);
  EXPECT_EQ(one.report.records, other.report.records);
  EXPECT_EQ(one.report.streams, other.report.streams);
  EXPECT_EQ(one.report.failure.has_value(), other.report.failure.has_value());
  EXPECT_EQ(one.report.lost_at, other.report.lost_at);
}

void expect_same_for_all_jobs(const Bytes& bytes, bool keep_going = false) {
  const Verified alone = verify(memory_file(bytes).get(), 1, true, keep_going);
  for (const unsigned jobs : {2U, 3U, 4U}) {
    for (const bool mapped : {true, false}) {
      SCOPED_TRACE(testing::Message() << jobs << " jobs, " << (mapped ? "mapped" : "read"));
      expect_same(verify(memory_file(bytes).get(), jobs, mapped, keep_going), alone);
    }
  }
}

TEST(ParallelSums, GiveTheSameForRealStreams) {
  for (const char* name :
       {"g256_raw_full", "hier_raw_R", "foreign_order/pl_e.be", "lb_raw_full", "empty_raw_incr",
        "saved_raw_S", "foreign_order/c128_raw_full.zerosum"}) {
    SCOPED_TRACE(name);
    expect_same_for_all_jobs(test::read_corpus(name));
  }
}

TEST(ParallelSums, GiveTheSameForDamagedStreams) {
  std::size_t count = 0;
  for (const test::Damage& damage : test::damages()) {
    if (count++ % 5 != 0) continue;
    SCOPED_TRACE(damage.name);
    expect_same_for_all_jobs(damage.make().bytes);
    expect_same_for_all_jobs(damage.make().bytes, true);
  }
}

TEST(ParallelSums, GiveTheSameForAnEmptyFile) {
  expect_same_for_all_jobs({});
}

TEST(ParallelSums, AFileThatShrinksIsAReadErrorAndNoDamage) {
  const Bytes bytes = test::read_corpus("g256_raw_full");
  for (const unsigned jobs : {1U, 3U}) {
    const io::Fd file = memory_file(bytes);
    VerifyOptions options{.jobs = jobs};
    io::SourceOptions settings = source_options(options);
    settings.window_bytes = std::size_t{1} << 20;
    const auto source = io::open_source(file.get(), settings);
    ASSERT_TRUE(source);
    ASSERT_EQ(::ftruncate(file.get(), 100'000), 0);
    Diary diary;
    const VerifyReport report = run_verify(options, **source, diary);
    ASSERT_TRUE(report.failure);
    const auto* failure = std::get_if<IoFailure>(&*report.failure);
    // Shrunk before it was mapped, it is merely shorter than it was.
    if (failure == nullptr) continue;
    EXPECT_EQ(failure->side, IoSide::input);
    EXPECT_LE(failure->offset, 102'400U);
  }
}

}  // namespace
}  // namespace zsluice::pipeline
