// SPDX-License-Identifier: BSD-2-Clause
// What `verify` and `inspect` see in whole inputs: counts, several streams, damages.
#include "support/corpus.hpp"
#include "support/damages.hpp"
#include "support/for_each.hpp"
#include "support/policy_streams.hpp"
#include "walk_fixture.hpp"

#include <gmock/gmock.h>

#include <string>

namespace zsluice::pipeline {
namespace {

using drr::FaultCode;
using drr::RecordType;
using test::Bytes;
using test::StreamImage;
using testing::ElementsAre;

const WalkOptions kKeepGoing{.keep_going = true};

TEST(WalkCorpus, GetsTheVerdictOfTheTable) {
  test::for_each_stream([](const test::CorpusEntry& entry) {
    const WalkRun run(test::read_corpus(entry.name));
    EXPECT_EQ(run.whole(), entry.is("verdict", "whole"));
    if (entry.is("verdict", "saved")) {
      EXPECT_EQ(run.fault(), FaultCode::saved_stream);
    }
    EXPECT_EQ(run.walk.streams(), run.whole() ? 1U : 0U);
    EXPECT_EQ(run.walk.bytes(), *entry.number("stream_bytes"));
  });
}

TEST(WalkCorpus, GetsTheCountsOfTheTable) {
  test::for_each_stream([](const test::CorpusEntry& entry) {
    if (!entry.number("total_records")) return;
    const WalkRun run(test::read_corpus(entry.name), {}, test::at_random(3));
    EXPECT_EQ(run.walk.records(), *entry.number("total_records"));
    EXPECT_EQ(run.walk.substreams(), *entry.number("substreams"));
    ASSERT_EQ(run.diary.streams.size(), 1U);
    const StreamTotals& totals = run.diary.streams.front();
    EXPECT_EQ(totals.records_total, *entry.number("total_records"));
    EXPECT_EQ(totals.bytes, *entry.number("stream_bytes"));
    for (std::uint32_t type = 0; type < drr::kRecordTypes; ++type) {
      const std::string name(drr::record_type_name(type));
      EXPECT_EQ(totals.types[type].records, *entry.number(name)) << name;
    }
    const auto payload = [&](RecordType type) {
      return totals.types[static_cast<std::size_t>(type)].payload_bytes;
    };
    EXPECT_EQ(payload(RecordType::begin), *entry.number("BEGIN_bytes"));
    EXPECT_EQ(payload(RecordType::object), *entry.number("OBJECT_bytes"));
    EXPECT_EQ(payload(RecordType::spill), *entry.number("SPILL_bytes"));
    EXPECT_EQ(payload(RecordType::write_embedded), *entry.number("WRITE_EMBEDDED_bytes"));
  });
}

TEST(Walk, TellsAPackageInItsOrder) {
  const Bytes list = test::package_list({});
  const WalkRun run(
      test::package_stream(list, {{}, {.toname = "pool/fs/b@snap", .toguid = 2}}).bytes());
  EXPECT_THAT(run.diary.events, ElementsAre("package pool/fs@snap " + std::to_string(list.size()),
                                            "begin pool/fs@snap", "end pool/fs@snap",
                                            "begin pool/fs/b@snap", "end pool/fs/b@snap", "whole"));
}

TEST(Walk, TellsWhereACutStreamEnded) {
  Bytes bytes = test::simple_stream().bytes();
  bytes.pop_back();
  const WalkRun run(bytes);
  EXPECT_EQ(run.fault(), FaultCode::truncated_header);
  EXPECT_FALSE(run.walk.lost_at());
  EXPECT_THAT(run.diary.events, ElementsAre("begin pool/fs@snap", "cut pool/fs@snap", "not whole"));
}

TEST(Walk, JudgesEachOfSeveralStreams) {
  const Bytes all =
      test::joined({test::simple_stream().bytes(), test::simple_stream({.toguid = 2}).bytes(),
                    test::package_stream({}, {{.toguid = 3}}).bytes()});
  const WalkRun run(all, {}, test::in_pieces_of(1));
  EXPECT_TRUE(run.whole());
  EXPECT_EQ(run.walk.streams(), 3U);
  ASSERT_EQ(run.diary.streams.size(), 3U);
  EXPECT_EQ(run.diary.streams[1].offset, run.diary.streams[0].bytes);
  EXPECT_EQ(run.diary.streams[2].offset + run.diary.streams[2].bytes, all.size());
  EXPECT_TRUE(run.diary.streams[2].is_package);
}

TEST(Walk, NoticesAStreamThatStandsThereTwice) {
  const Bytes one = test::simple_stream().bytes();
  const Bytes other = test::simple_stream({.toguid = 2}).bytes();
  const WalkRun run(test::joined({one, other, one}));
  const auto* repeated = run.failed_with<RepeatedStream>();
  ASSERT_NE(repeated, nullptr);
  EXPECT_EQ(repeated->offset, one.size() + other.size());
  EXPECT_EQ(run.diary.events.back(), "whole repeated");
}

TEST(Walk, NoticesAnEmptyPackageThatStandsThereTwice) {
  const Bytes one = test::package_stream(test::package_list({}), {}).bytes();
  const WalkRun run(test::joined({one, one}));
  ASSERT_NE(run.failed_with<RepeatedStream>(), nullptr);
  EXPECT_EQ(run.diary.events.back(), "whole repeated");
}

TEST(Walk, NamesWhatFollowsAWholeStream) {
  const Bytes stream = test::simple_stream().bytes();
  for (const test::Chopper& chopper : {test::in_one_piece(), test::in_pieces_of(7)}) {
    const WalkRun zeros(test::joined({stream, Bytes(1000)}), {}, chopper);
    const auto* trailing = zeros.failed_with<TrailingBytes>();
    ASSERT_NE(trailing, nullptr);
    EXPECT_EQ(trailing->kind, TrailingKind::zeros);
    EXPECT_EQ(trailing->offset, stream.size());
    EXPECT_EQ(trailing->count, 1000U);
    const WalkRun garbage(test::joined({stream, test::pattern(5)}), {}, chopper);
    ASSERT_NE(garbage.failed_with<TrailingBytes>(), nullptr);
    EXPECT_EQ(garbage.failed_with<TrailingBytes>()->count, 5U);
  }
}

TEST(Walk, UnprovenRecordsAreCountedNotRefused) {
  const WalkRun run(test::read_corpus("foreign_order/c128_raw_full.zerosum"));
  EXPECT_TRUE(run.whole());
  EXPECT_EQ(run.walk.records_unproven(), 82U);
}

bool lies_behind_the_end(const test::Damage& damage) {
  const std::string_view name = damage.name;
  return name.substr(0, 8) == "trailing" || name == "end_duplicated" ||
         name == "package_end_duplicated" || name == "package_header_dropped";
}

TEST(WalkDamages, GetTheFaultOfTheTable) {
  test::for_each_damage([](const test::Damage& damage) {
    const test::DamagedStream damaged = damage.make();
    const WalkRun run(damaged.bytes, {}, test::at_random(9));
    if (damage.name == "stream_twice") {
      EXPECT_NE(run.failed_with<RepeatedStream>(), nullptr);
    } else if (damaged.fault == FaultCode::not_a_stream && lies_behind_the_end(damage)) {
      ASSERT_NE(run.failed_with<TrailingBytes>(), nullptr);
      EXPECT_EQ(run.failed_with<TrailingBytes>()->offset, damaged.begin);
    } else if (damaged.fault) {
      ASSERT_EQ(run.fault(), damaged.fault);
      const drr::Fault& fault = *run.failed_with<drr::Fault>();
      EXPECT_EQ(fault.at.number, damaged.record);
      EXPECT_EQ(fault.begin, damaged.begin);
      EXPECT_EQ(fault.end, damaged.end);
    } else {
      EXPECT_TRUE(run.whole() || run.fault() == FaultCode::rule_broken);
    }
  });
}

// Never a clean bill for what the plain reading refuses, and the first finding is the same.
TEST(WalkDamages, KeepGoingFindsTheSameFirst) {
  test::for_each_damage([](const test::Damage& damage) {
    const Bytes bytes = damage.make().bytes;
    const WalkRun plain(bytes);
    const WalkRun going(bytes, kKeepGoing, test::at_random(4));
    EXPECT_EQ(going.whole(), plain.whole());
    EXPECT_EQ(going.fault(), plain.fault());
    EXPECT_LE(going.walk.streams(), plain.whole() ? 1U : 2U);
    for (std::size_t i = 1; i < going.diary.damages.size(); ++i) {
      EXPECT_LT(going.diary.damages[i - 1].begin, going.diary.damages[i].end);
      EXPECT_LE(going.diary.damages[i - 1].end, going.diary.damages[i].end);
    }
  });
}

// --- going on behind a damage ---

TEST(WalkKeepGoing, ListsEveryDamagedRange) {
  StreamImage stream = test::corpus_image("c256_raw_full");
  const std::size_t one = stream.find(RecordType::write, 2);
  const std::size_t other = stream.find(RecordType::write, 9);
  stream.flip_bit(stream.header_end(one) + 7).flip_bit(stream.header_end(other) + 9);
  const WalkRun run(stream.bytes(), kKeepGoing);
  ASSERT_EQ(run.diary.damages.size(), 2U);
  EXPECT_EQ(run.diary.damages[0].begin, stream.header_end(one));
  EXPECT_EQ(run.diary.damages[0].end, stream.header_end(one + 1));
  EXPECT_EQ(run.diary.damages[1].begin, stream.header_end(other));
  EXPECT_EQ(run.diary.damages[1].end, stream.header_end(other + 1));
  EXPECT_EQ(run.walk.damages(), 2U);
  EXPECT_FALSE(run.walk.lost_at());
}

TEST(WalkKeepGoing, ADamagedStreamIsNotCountedAsWhole) {
  StreamImage stream = test::simple_stream();
  stream.flip_bit(stream.header_end(2) + 7);
  const Bytes good = test::simple_stream({.toguid = 2}).bytes();
  const WalkRun run(test::joined({stream.bytes(), good}), kKeepGoing);
  EXPECT_EQ(run.walk.streams(), 1U);
  ASSERT_EQ(run.diary.streams.size(), 2U);
  EXPECT_FALSE(run.diary.streams[0].is_whole);
  EXPECT_TRUE(run.diary.streams[1].is_whole);
  EXPECT_EQ(run.fault(), FaultCode::checksum_mismatch);
}

TEST(WalkKeepGoing, WhatFollowsADamagedStreamIsNotADamageOfIt) {
  StreamImage stream = test::simple_stream();
  stream.flip_bit(stream.header_end(2) + 7);
  const WalkRun run(test::joined({stream.bytes(), Bytes(100)}), kKeepGoing);
  EXPECT_EQ(run.walk.damages(), 1U);
}

TEST(WalkKeepGoing, GoesOnBehindABrokenRule) {
  StreamImage stream = test::corpus_image("c256_raw_full");
  const std::size_t one = stream.find(RecordType::free, 3);
  const std::size_t other = stream.find(RecordType::write, 9);
  stream.set_u64(one, 16, ~1ULL).set_u64(one, 24, 4096);  // ends beyond 2^64
  stream.resum().flip_bit(stream.header_end(other) + 7);
  const WalkRun run(stream.bytes(), kKeepGoing);
  ASSERT_EQ(run.diary.damages.size(), 2U);
  EXPECT_EQ(run.diary.damages[0].code, FaultCode::rule_broken);
  EXPECT_EQ(run.diary.damages[1].code, FaultCode::checksum_mismatch);
}

TEST(WalkKeepGoing, FindsTheNextRecordBehindALostFraming) {
  StreamImage stream = test::corpus_image("c256_raw_full");
  const Bytes whole = stream.bytes();
  const std::size_t write = stream.find(RecordType::write, 5);
  Bytes shorter = whole;  // a hole in the middle: 1000 bytes are missing
  const auto hole = shorter.begin() + static_cast<std::ptrdiff_t>(stream.header_end(write) + 100);
  shorter.erase(hole, hole + 1000);
  for (const test::Chopper& chopper :
       {test::in_one_piece(), test::in_pieces_of(97), test::at_random(6)}) {
    const WalkRun run(shorter, kKeepGoing, chopper);
    EXPECT_EQ(run.fault(), FaultCode::checksum_mismatch);
    ASSERT_GE(run.diary.damages.size(), 1U);
    EXPECT_FALSE(run.walk.lost_at());
    EXPECT_EQ(run.walk.streams(), 0U);
    EXPECT_GT(run.walk.records(), 70U);
  }
}

// One flipped bit in a header is one damage: the rules do not judge by what is in doubt.
TEST(WalkKeepGoing, ADoubtfulHeaderIsNoMeasureForTheOthers) {
  for (const std::uint64_t at : {std::uint64_t{8}, std::uint64_t{19}}) {  // object; BEGIN's RAW bit
    StreamImage stream(test::read_corpus(at == 8 ? "pl_full" : "g256_raw_full"));
    const std::size_t record = at == 8 ? stream.find(RecordType::write, 2) : 0;
    stream.flip_bit(stream.offset(record) + at, 2);
    const WalkRun run(stream.bytes(), kKeepGoing);
    EXPECT_EQ(run.walk.damages(), 1U) << at;
  }
}

TEST(WalkKeepGoing, AStreamInsideAPayloadIsNotTakenForTheStream) {
  const Bytes inner = test::simple_stream({.toname = "inner/fs@snap", .toguid = 5}).bytes();
  test::StreamBuilder builder;
  StreamImage stream = builder.begin({.toname = "pool/fs@snap", .toguid = 7})
                           .write(40, 0, test::pattern(1024, 1))
                           .write(41, 0, inner)
                           .write(42, 0, test::pattern(1024, 2))
                           .free(42, 1024, drr::kFreeToEnd)
                           .end()
                           .build();
  const std::uint64_t second_damage = stream.header_end(stream.find(RecordType::write, 2));
  stream.set_u32(2, 0, 77);  // the framing is lost in front of the file that is a stream
  stream.flip_bit(second_damage);
  const WalkRun run(stream.bytes(), kKeepGoing);
  EXPECT_EQ(run.walk.damages(), 2U);
  EXPECT_EQ(run.walk.streams(), 0U);
  EXPECT_FALSE(run.walk.lost_at());
}

TEST(WalkKeepGoing, FindsTheStreamBehindADamagedBegin) {
  const Bytes first = test::simple_stream({.toguid = 1}).bytes();
  StreamImage damaged = test::simple_stream({.toname = "pool/fs@s2", .toguid = 2});
  const Bytes third = test::simple_stream({.toname = "pool/fs@s3", .toguid = 3}).bytes();
  Bytes all = first;
  const Bytes second = damaged.flip_bit(drr::kBeginMagicAt).bytes();
  all.insert(all.end(), second.begin(), second.end());
  all.insert(all.end(), third.begin(), third.end());
  const WalkRun run(all, kKeepGoing);
  EXPECT_EQ(run.walk.streams(), 2U);
  EXPECT_EQ(run.walk.damages(), 1U);
  EXPECT_EQ(run.fault(), FaultCode::not_a_stream);
}

TEST(WalkKeepGoing, SaysWhereTheFramingWasLostForGood) {
  const StreamImage stream = test::simple_stream();
  const Bytes noise(static_cast<std::size_t>(stream.size() - stream.offset(2)), std::byte{0xA5});
  const Bytes head = StreamImage(stream).truncate(stream.offset(2)).bytes();
  const WalkRun run(test::joined({head, noise}), kKeepGoing);
  EXPECT_EQ(run.fault(), FaultCode::checksum_mismatch);
  EXPECT_EQ(run.walk.lost_at(), stream.header_end(2));
  EXPECT_EQ(run.diary.events.back(), "not whole");
}

TEST(Walk, WithoutKeepGoingTheFirstDamageIsTheLast) {
  StreamImage stream = test::simple_stream();
  stream.flip_bit(stream.header_end(2) + 7);
  const WalkRun run(test::joined({stream.bytes(), test::simple_stream().bytes()}));
  EXPECT_EQ(run.walk.damages(), 1U);
  EXPECT_TRUE(run.walk.is_over());
  EXPECT_EQ(run.walk.lost_at(), stream.header_end(3));
}

TEST(Walk, UnknownFeaturesAreThoseOfProvenBegins) {
  const std::uint64_t unknown = std::uint64_t{1} << 50;
  StreamImage stream = test::StreamBuilder().begin({.features = unknown}).frees(2).end().build();
  EXPECT_EQ(WalkRun(stream.bytes()).walk.unknown_features(), unknown);
  stream.flip_bit(100);
  EXPECT_EQ(WalkRun(stream.bytes()).walk.unknown_features(), 0U);
}

TEST(Walk, TellsRecordsOnlyWhenAsked) {
  const StreamImage stream = test::simple_stream();
  EXPECT_TRUE(WalkRun(stream.bytes()).diary.records.empty());
  const WalkRun run(stream.bytes(), {.tell_records = true}, test::in_pieces_of(5));
  ASSERT_EQ(run.diary.records.size(), stream.records());
  EXPECT_EQ(run.diary.records[3], stream.offset(3));
}

}  // namespace
}  // namespace zsluice::pipeline
