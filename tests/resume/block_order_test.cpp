// SPDX-License-Identifier: BSD-2-Clause
// Streams whose sender announces a block of dnodes before its data, and others in which data is not
// where the order of today's senders has it: nothing may be left out unnoticed.
#include "resume/block_order.hpp"

#include "resume/stream_records.hpp"
#include "support/corpus.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace zsluice::resume {
namespace {

using drr::RecordType;
using drr::ResumePoint;
using test::Bytes;
using test::Made;
using test::ProvenRecord;
using test::StreamBuilder;

constexpr std::uint64_t kBlock = 4096;
constexpr std::array<std::string_view, 6> kStreams{
    "c256_raw_full", "reuse_raw_incr", "sp_raw_incr", "zv_raw_full", "pl_full", "sparse_raw_incr"};

Bytes first_bytes(const Bytes& stream, std::uint64_t count) {
  return {stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(count)};
}

bool is(const ProvenRecord& it, RecordType type) {
  return it.record.type_code() == static_cast<std::uint32_t>(type);
}

bool is_data(const ProvenRecord& it) {
  return is(it, RecordType::write) || is(it, RecordType::write_embedded);
}

ResumePoint place(const ProvenRecord& it) {
  const drr::RecordPlace at = drr::place_of(it.record);
  return {at.object.value_or(0), at.offset.value_or(0)};
}

using Places = std::set<std::pair<std::uint64_t, std::uint64_t>>;

Places data_of(const Bytes& stream) {
  Places places;
  for (const ProvenRecord& it : test::proven_records(stream)) {
    if (is_data(it)) places.emplace(place(it).object, place(it).offset);
  }
  return places;
}

Target target_at(const Bytes& stream, ResumePoint point) {
  Stopped stopped = test::stopped_at(ByteSpan(stream).first(stream.size() - 1));
  stopped.token.object = point.object;
  stopped.token.offset = point.offset;
  return target_of(stopped.token);
}

// Each cut behind some record's header, and the token made of it.
template <class Check>
void for_each_cut(const Bytes& whole, Check check) {
  const auto records = test::proven_records(whole);
  const std::size_t step = std::max<std::size_t>(records.size() / 60, 1);
  for (std::size_t i = 2; i < records.size(); i += step) {
    const Bytes partial = first_bytes(whole, records[i].offset + drr::kRecordBytes);
    const Stopped stopped = test::stopped_at(partial);
    if (stopped.kind != StopKind::token) continue;
    SCOPED_TRACE(records[i].offset);
    check(partial, ResumePoint{stopped.token.object, stopped.token.offset});
  }
}

TEST(BlockOrder, CutAnywhereTheSendersContinuationMakesItWholeAgain) {
  for (const std::string_view name : kStreams) {
    SCOPED_TRACE(name);
    const Bytes whole = test::in_block_order(test::read_corpus(name));
    for_each_cut(whole, [&](const Bytes& partial, ResumePoint point) {
      if (point == ResumePoint{1, 0}) return;
      const Made made = test::stitch(partial, test::continued_in_block_order(whole, point));
      EXPECT_FALSE(made.refusal);
      EXPECT_TRUE(made.bytes == whole);
    });
  }
}

TEST(BlockOrder, WhatIsRebuiltIsWhatTheSenderSendsOrItsWholeBlock) {
  for (const std::string_view name : kStreams) {
    SCOPED_TRACE(name);
    const Bytes whole = test::in_block_order(test::read_corpus(name));
    std::size_t exact = 0;
    for_each_cut(whole, [&](const Bytes& partial, ResumePoint point) {
      const Made made = test::rebuild(whole, target_at(whole, point));
      EXPECT_TRUE(made.done && test::is_whole(made.bytes));
      EXPECT_TRUE(test::search(whole, target_at(whole, point))->object_is_there ||
                  point == (ResumePoint{1, 0}));
      if (made.bytes == test::continued_in_block_order(whole, point)) {
        ++exact;
      } else {
        EXPECT_EQ(point.offset, 0U);
      }
      EXPECT_TRUE(test::stitch(partial, made.bytes).bytes == whole);
    });
    EXPECT_GT(exact, 0U);
  }
}

// A receiver that counts OBJECTs has been told of (O, 0) before any data of the block came.
TEST(BlockOrder, APointAtAnObjectsRecordBringsAllDataThatComesBehindIt) {
  for (const std::string_view name : kStreams) {
    SCOPED_TRACE(name);
    const Bytes whole = test::in_block_order(test::read_corpus(name));
    for (const ProvenRecord& it : test::proven_records(whole)) {
      if (!is(it, RecordType::object)) continue;
      Places places = data_of(first_bytes(whole, it.end()));
      places.merge(data_of(test::rebuild(whole, target_at(whole, place(it))).bytes));
      EXPECT_TRUE(places == data_of(whole)) << place(it).object;
    }
  }
}

// A receiver that counts OBJECTs stops among empty files; earlier ones have shown the order.
TEST(BlockOrder, AnObjectProvesWhatIsBeforeItWhereTheSenderGoesObjectByObject) {
  const Bytes payload(kBlock);
  for (const bool has_shown : {true, false}) {
    StreamBuilder builder;
    builder.begin();
    builder.object({.object = 2, .block_bytes = kBlock});
    builder.write(2, 0, payload);
    if (has_shown) builder.object({.object = 3, .block_bytes = kBlock});
    builder.object({.object = 40, .block_bytes = kBlock});
    builder.object({.object = 41, .block_bytes = kBlock});
    const std::size_t cut = builder.bytes().size();
    builder.write(41, 0, payload);
    const Bytes whole = builder.end().bytes();
    const Made rest = test::rebuild(whole, target_at(whole, {41, 0}));
    const Made made = test::stitch(first_bytes(whole, cut), rest.bytes);
    if (has_shown) {
      EXPECT_TRUE(made.bytes == whole);
    } else {
      EXPECT_EQ(made.refusal->code, RefusalCode::gap);
    }
  }
}

// A sender that was brought up to date, or replaced by an older one, in between.
TEST(BlockOrder, PartsOfTwoOrdersAreNotJoinedWhereThatWouldHideAGap) {
  const Bytes payload(kBlock);
  StreamBuilder builder;
  builder.begin();
  for (const std::uint64_t object : {5U, 7U, 9U}) {
    builder.object({.object = object, .block_bytes = kBlock});
    for (std::uint64_t block = 0; block < 4; ++block) {
      builder.write(object, block * kBlock, payload);
    }
  }
  const Bytes whole = builder.end().bytes();
  const Bytes partial = first_bytes(whole, whole.size() / 2);
  const token::Token own = test::stopped_at(partial).token;
  const Bytes rest =
      test::continued_in_block_order(test::in_block_order(whole), {own.object, own.offset});
  const Made made = test::stitch(partial, rest);
  ASSERT_TRUE(made.refusal);
  EXPECT_EQ(made.refusal->code, RefusalCode::other_order);
}

// Whatever the point and wherever the cut: whole, or refused.
TEST(BlockOrder, NoDataIsLeftOutUnnoticedWhenTwoAreStitched) {
  for (const std::string_view name : kStreams) {
    SCOPED_TRACE(name);
    const Bytes whole = test::in_block_order(test::read_corpus(name));
    const Places wanted = data_of(whole);
    const auto records = test::proven_records(whole);
    std::size_t stitched = 0;
    for (std::size_t i = 1; i < records.size();
         i += std::max<std::size_t>(records.size() / 12, 1)) {
      if (!is_data(records[i]) && !is(records[i], RecordType::object)) continue;
      const Bytes continuation = test::continued_in_block_order(whole, place(records[i]));
      for (std::size_t cut = 2; cut < records.size();
           cut += std::max<std::size_t>(records.size() / 12, 1)) {
        const Made made =
            test::stitch(first_bytes(whole, records[cut].offset + drr::kRecordBytes), continuation);
        if (made.refusal) continue;
        EXPECT_TRUE(made.done);
        EXPECT_TRUE(data_of(made.bytes) == wanted) << i << ' ' << cut;
        ++stitched;
      }
    }
    EXPECT_GT(stitched, 0U);
  }
}

TEST(BlockOrder, ObjectsThatAreAnnouncedDoNotProveTheirData) {
  const Bytes whole = test::in_block_order(test::read_corpus("zv_raw_full"));
  const auto records = test::proven_records(whole);
  const auto first_data = std::find_if(records.begin(), records.end(), is_data);
  const Bytes partial = first_bytes(whole, first_data->offset + drr::kRecordBytes);
  const ProvenRecord& late = records[records.size() - 4];
  ASSERT_TRUE(is_data(late));
  const Made made = test::stitch(partial, test::continued_in_block_order(whole, place(late)));
  ASSERT_TRUE(made.refusal);
  EXPECT_EQ(made.refusal->code, RefusalCode::gap);
}

StreamBuilder first_blocks(std::uint64_t blocks, std::uint64_t record_toguid) {
  StreamBuilder builder;
  builder.begin({.fromguid = 5, .record_toguid = record_toguid})
      .object({.object = 34, .type = 19, .block_bytes = kBlock})
      .free(34, 8 * kBlock, drr::kFreeToEnd);
  for (std::uint64_t block = 0; block < blocks; ++block)
    builder.write(34, block * kBlock, test::pattern(kBlock, block));
  return builder;
}

// `zfs send --saved` sends what was not received as a hole, and frees the objects behind it.
Bytes saved_blocks(std::uint64_t blocks) {
  constexpr std::uint64_t kSavedGuid = 77;
  const Bytes saved = first_blocks(blocks, kSavedGuid)
                          .free(34, blocks * kBlock, (8 - blocks) * kBlock)
                          .object({.object = 35})
                          .free_objects(64, 32)
                          .end()
                          .bytes();
  return first_bytes(saved, saved.size() - 1);
}

TEST(SavedPartial, AHoleOrAnObjectProvesNothing) {
  const Bytes whole = first_blocks(8, 0).end().bytes();
  const Bytes partial = saved_blocks(3);
  for (const std::uint64_t block : {4U, 7U}) {
    const Bytes rest = test::rebuild(whole, target_at(whole, {34, block * kBlock})).bytes;
    const Made made = test::stitch(partial, rest);
    ASSERT_TRUE(made.refusal) << block;
    EXPECT_EQ(made.refusal->code, RefusalCode::gap);
  }
  for (const std::uint64_t block : {1U, 2U, 3U}) {
    const Bytes rest = test::rebuild(whole, target_at(whole, {34, block * kBlock})).bytes;
    const Made made = test::stitch(partial, rest);
    EXPECT_FALSE(made.refusal) << block;
    EXPECT_TRUE(data_of(made.bytes) == data_of(whole)) << block;
  }
}

// A receiver that has blocks of what is a hole there would lose them, and nobody would notice.
TEST(SavedPartial, IsNotResumedFromInsideAHole) {
  const Bytes whole = first_blocks(8, 0).end().bytes();
  const Bytes partial = saved_blocks(3);
  for (const ResumePoint point :
       {ResumePoint{34, 3 * kBlock}, ResumePoint{34, 4 * kBlock}, ResumePoint{34, 7 * kBlock},
        ResumePoint{35, 0}, ResumePoint{36, 0}, ResumePoint{64, 0}, ResumePoint{99, kBlock}}) {
    SCOPED_TRACE(std::to_string(point.object) + ", " + std::to_string(point.offset));
    const auto found = test::search(partial, target_at(whole, point));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, RefusalCode::saved_before);
    EXPECT_EQ(found.error().wanted, point.object);
    EXPECT_EQ(found.error().wanted_offset, point.offset);
  }
}

// Who stands at (1, 0) has no data yet.
TEST(SavedPartial, IsSentWholeToWhoHasNothing) {
  const Bytes whole = first_blocks(8, 0).end().bytes();
  const auto found = test::search(saved_blocks(3), target_at(whole, {1, 0}));
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->object_is_there);
}

// A saved one has no END. Whatever guid the records have, all of this one is here.
TEST(SavedPartial, WhatHasAnEndIsNone) {
  const Bytes whole = first_blocks(8, 0).end().bytes();
  const Bytes other_guids = first_blocks(8, 77)
                                .object({.object = 35})
                                .free(35, 0, kBlock)
                                .object({.object = 36})
                                .write(36, 0, test::pattern(kBlock))
                                .end()
                                .bytes();
  for (const ResumePoint point : {ResumePoint{34, 9 * kBlock}, ResumePoint{35, 0},
                                  ResumePoint{35, kBlock}, ResumePoint{36, kBlock}}) {
    SCOPED_TRACE(std::to_string(point.object) + ", " + std::to_string(point.offset));
    EXPECT_TRUE(test::search(other_guids, target_at(whole, point)));
  }
}

TEST(SavedPartial, IsResumedWhereItHasData) {
  const Bytes whole = first_blocks(8, 0).end().bytes();
  const Bytes partial = saved_blocks(3);
  for (const ResumePoint point :
       {ResumePoint{34, 0}, ResumePoint{34, kBlock}, ResumePoint{34, 2 * kBlock}}) {
    SCOPED_TRACE(point.offset);
    const auto found = test::search(partial, target_at(whole, point));
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->object_is_there);
  }
}

// What it announces behind the point is of the older snapshot.
TEST(SavedPartial, ALaterObjectIsTakenFromTheContinuation) {
  const auto stream = [](std::uint64_t record_toguid, std::uint32_t block_bytes) {
    StreamBuilder builder;
    return builder.begin({.fromguid = 5, .record_toguid = record_toguid})
        .object({.object = 34, .type = 19, .block_bytes = kBlock})
        .write(34, 0, test::pattern(kBlock))
        .object({.object = 35, .type = 19, .block_bytes = block_bytes})
        .object({.object = 36, .type = 19, .block_bytes = block_bytes})
        .end()
        .bytes();
  };
  const Bytes whole = stream(0, kBlock);
  const Bytes saved = stream(77, 512);
  const Bytes rest = test::continued_in_block_order(whole, {34, kBlock});
  const Made made = test::stitch(first_bytes(saved, saved.size() - 1), rest);
  ASSERT_TRUE(made.done);
  for (const ProvenRecord& it : test::proven_records(made.bytes)) {
    if (!is(it, RecordType::object)) continue;
    EXPECT_EQ(drr::decode_object(it.record).block_bytes, kBlock);
  }
}

// From a redaction bookmark, blocks may come whose object has not changed.
TEST(WriteWithoutObject, IsAPlaceToStartAt) {
  StreamBuilder builder;
  builder.begin({.fromguid = 5})
      .object({.object = 33, .type = 19, .block_bytes = kBlock})
      .write(33, 0, test::pattern(kBlock));
  for (const std::uint64_t object : {40U, 41U}) {
    for (std::uint64_t block = 0; block < 4; ++block)
      builder.write(object, block * kBlock, test::pattern(kBlock, block));
  }
  const Bytes whole = builder.end().bytes();
  for (const ResumePoint point :
       {ResumePoint{40, 0}, ResumePoint{40, 2 * kBlock}, ResumePoint{41, kBlock}}) {
    EXPECT_TRUE(test::rebuild(whole, target_at(whole, point)).bytes ==
                test::continued_in_block_order(whole, point))
        << point.object << ' ' << point.offset;
  }
}

}  // namespace
}  // namespace zsluice::resume
