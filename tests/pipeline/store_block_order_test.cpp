// SPDX-License-Identifier: BSD-2-Clause
// Stores of streams in which OBJECTs come long before their data, or not at all: they are continued
// and resumed like files, and never with less.
#include "pipeline/continue_run.hpp"
#include "pipeline/segment_reader.hpp"
#include "pipeline/store_resume.hpp"
#include "resume/block_order.hpp"
#include "support/corpus.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace zsluice::pipeline {
namespace {

using drr::RecordType;
using drr::ResumePoint;
using storage::Compression;
using test::Bytes;

constexpr std::uint64_t kBlock = 4096;

Bytes first_bytes(const Bytes& stream, std::uint64_t count) {
  return {stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(count)};
}

Bytes bytes_of_store(MemoryStore& store) {
  SegmentReader reader({.key = {}, .no_auth = true, .store_id = {}}, store);
  Bytes bytes;
  while (const auto segment = reader.next())
    bytes.insert(bytes.end(), segment->raw.begin(), segment->raw.end());
  return bytes;
}

// Where a WRITE or an OBJECT begins.
std::vector<ResumePoint> points_of(const Bytes& stream) {
  std::vector<ResumePoint> points;
  for (const test::ProvenRecord& it : test::proven_records(stream)) {
    const auto type = static_cast<RecordType>(it.record.type_code());
    if (type != RecordType::write && type != RecordType::object) continue;
    const drr::RecordPlace place = drr::place_of(it.record);
    points.push_back({place.object.value_or(0), place.offset.value_or(0)});
  }
  return points;
}

resume::Target target_at(const Bytes& stream, ResumePoint point) {
  resume::Stopped stopped = test::stopped_at(ByteSpan(stream).first(stream.size() - 1));
  stopped.token.object = point.object;
  stopped.token.offset = point.offset;
  return resume::target_of(stopped.token);
}

Bytes resumed_from_store(const Bytes& stream, ResumePoint point, const SplitOptions& options) {
  MemoryStore store;
  (void)split_into(store, stream, options);
  StoreResumeOptions resuming;
  resuming.resume.target = target_at(stream, point);
  resuming.resume.policy.allow_plaintext = true;
  const Scratch output;
  io::BlockingWriter writer(output.fd());
  EXPECT_FALSE(run_store_resume(resuming, store, writer).failure);
  return output.content();
}

// Blocks that were redacted before, of objects that are as they were (a redaction bookmark).
Bytes without_objects() {
  test::StreamBuilder builder;
  builder.begin({.fromguid = 5})
      .object({.object = 5, .type = 19, .block_bytes = kBlock})
      .write(5, 0, test::pattern(kBlock));
  for (const std::uint64_t object : {9U, 12U}) {
    for (std::uint64_t block = 0; block < 6; ++block)
      builder.write(object, block * kBlock, test::pattern(kBlock, object + block));
  }
  return builder.end().bytes();
}

TEST(StoreBlockOrder, ItsOwnTokenContinuesItWithWhatAnOldSenderSends) {
  for (const std::string_view name : {"c256_raw_full", "reuse_raw_incr", "zv_raw_full"}) {
    const Bytes whole = test::in_block_order(test::read_corpus(name));
    for (const std::uint64_t segment_bytes : {3000U, 40000U}) {
      const SplitOptions options = splitting(segment_bytes, Compression::off);
      for (std::uint64_t part = 2; part < 9; ++part) {
        SCOPED_TRACE(std::string(name) + " " + std::to_string(segment_bytes) + " " +
                     std::to_string(part));
        MemoryStore store;
        (void)split_into(store, first_bytes(whole, whole.size() / 10 * part), options);
        const token::Token own = test::stopped_at(bytes_of_store(store)).token;
        const ResumePoint point{own.object, own.offset};
        if (point == ResumePoint{1, 0} || own.toguid == 0) continue;
        const SplitReport report =
            continue_in(store, test::continued_in_block_order(whole, point), options);
        EXPECT_FALSE(report.failure);
        EXPECT_TRUE(bytes_of_store(store) == whole) << own.object << ' ' << own.offset;
      }
    }
  }
}

// One object, and free dnodes behind it: they are announced once, wherever the store goes on.
Bytes one_large_object() {
  test::StreamBuilder builder;
  builder.begin().object({.object = 1, .type = 19, .block_bytes = kBlock}).free_objects(2, 30);
  for (std::uint64_t block = 0; block < 40; ++block) {
    builder.write(1, block * kBlock, test::pattern(kBlock, block));
  }
  return builder.end().bytes();
}

TEST(StoreBlockOrder, WhatIsAnnouncedBehindTheLastObjectOfABlockIsStoredOnce) {
  const Bytes whole = one_large_object();
  const SplitOptions options = splitting(4 * kBlock, Compression::off);
  for (std::uint64_t part = 2; part < 9; ++part) {
    SCOPED_TRACE(part);
    MemoryStore store;
    (void)split_into(store, first_bytes(whole, whole.size() / 10 * part), options);
    const token::Token own = test::stopped_at(bytes_of_store(store)).token;
    const Bytes rest = test::continued_in_block_order(whole, {own.object, own.offset});
    MemoryStore broken(store.seen());
    EXPECT_FALSE(continue_in(store, rest, options).failure);
    EXPECT_TRUE(bytes_of_store(store) == whole);
    // Cut again, and then a token from further on: nothing between is passed over.
    (void)continue_in(broken, first_bytes(rest, rest.size() / 3), options);
    const Bytes later = test::continued_in_block_order(whole, {1, 38 * kBlock});
    EXPECT_TRUE(continue_in(broken, later, options).failure);
  }
}

// Whichever token it is that a sender continues: whole, or refused.
TEST(StoreBlockOrder, NothingIsLostWhateverTheToken) {
  const Bytes streams[] = {without_objects(),
                           test::in_block_order(test::read_corpus("reuse_raw_incr"))};
  for (const Bytes& whole : streams) {
    const SplitOptions options = splitting(whole.size() / 12, Compression::off);
    const std::vector<ResumePoint> points = points_of(whole);
    std::size_t continued = 0;
    for (std::size_t i = 0; i < points.size(); i += std::max<std::size_t>(points.size() / 12, 1)) {
      const Bytes rest = test::continued_in_block_order(whole, points[i]);
      for (std::uint64_t part = 2; part < 12; part += 3) {
        MemoryStore store;
        (void)split_into(store, first_bytes(whole, whole.size() / 12 * part), options);
        const SplitReport report = continue_in(store, rest, options);
        if (report.failure) continue;
        ++continued;
        EXPECT_TRUE(points_of(bytes_of_store(store)) == points_of(whole))
            << points[i].object << ' ' << points[i].offset << ' ' << part;
      }
    }
    EXPECT_GT(continued, 0U);
  }
}

TEST(StoreBlockOrder, AnOlderTokenDoesNotRepeatWritesThatHaveNoObject) {
  const Bytes whole = without_objects();
  const SplitOptions options = splitting(2 * kBlock, Compression::off);
  const Bytes part = first_bytes(whole, whole.size() - 3 * kBlock);
  for (const ResumePoint point :
       {ResumePoint{9, 2 * kBlock}, ResumePoint{9, 5 * kBlock}, ResumePoint{12, kBlock}}) {
    MemoryStore store;
    (void)split_into(store, part, options);
    const SplitReport report =
        continue_in(store, test::continued_in_block_order(whole, point), options);
    if (report.failure) {
      ASSERT_TRUE(std::holds_alternative<StoreFailure>(*report.failure));
      EXPECT_EQ(std::get<StoreFailure>(*report.failure).code, StoreFailureCode::older_token);
    } else {
      EXPECT_TRUE(bytes_of_store(store) == whole) << point.object << ' ' << point.offset;
    }
  }
}

TEST(StoreBlockOrder, AStoreIsResumedLikeAFile) {
  const Bytes streams[] = {without_objects(),
                           test::in_block_order(test::read_corpus("c256_raw_full")),
                           test::in_block_order(test::read_corpus("reuse_raw_incr"))};
  for (const Bytes& whole : streams) {
    const SplitOptions options = splitting(whole.size() / 15, Compression::off);
    const std::vector<ResumePoint> points = points_of(whole);
    for (std::size_t i = 0; i < points.size(); i += std::max<std::size_t>(points.size() / 25, 1)) {
      EXPECT_TRUE(resumed_from_store(whole, points[i], options) ==
                  test::rebuild(whole, target_at(whole, points[i])).bytes)
          << points[i].object << ' ' << points[i].offset;
    }
  }
}

}  // namespace
}  // namespace zsluice::pipeline
