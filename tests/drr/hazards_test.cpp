// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/hazards.hpp"

#include "support/corpus.hpp"
#include "support/nvlist_builder.hpp"
#include "support/stream_builder.hpp"
#include "zsluice/drr/begin_collector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace zsluice::drr {
namespace {

using test::BeginSpec;
using test::Bytes;
using test::NvlistBuilder;
using test::StreamBuilder;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kRawFeatures = feature::kSaSpill | feature::kCompressed | feature::kRaw;

// Feeds a detector as `inspect` does: a BEGIN counts once the record after it is there.
class Feeder {
 public:
  explicit Feeder(HazardDetector& detector) : detector_(detector) {}

  void read(ByteSpan input) {
    Parser parser;
    for (;;) {
      const Step step = parser.next(input);
      if (step == Step::need_input) break;
      ASSERT_NE(step, Step::fault);
      if (step == Step::record) take_record(parser);
      if (step == Step::payload) take_payload(parser);
    }
    end();
  }

 private:
  void take_record(const Parser& parser) {
    if (begin_pending_) {
      counter_.set_payload(collector_.payload());
      detector_.begin_substream(counter_.summary());
      begin_pending_ = false;
    }
    if (parser.role() == Role::substream_begin) {
      collector_.start(parser);
      counter_.start(parser);
      begin_pending_ = in_substream_ = true;
    } else if (in_substream_) {
      counter_.count(parser);
      if (parser.role() == Role::substream_end) return end();
      detector_.record(parser.record(), parser.record_payload_bytes());
    }
  }
  void take_payload(const Parser& parser) {
    if (begin_pending_) return collector_.add(parser.payload());
    detector_.payload(parser.payload(), parser.payload_bytes_left());
  }
  void end() {
    if (in_substream_) detector_.end_substream(counter_.summary());
    in_substream_ = false;
  }

  HazardDetector& detector_;
  BeginCollector collector_;
  SubstreamCounter counter_;
  bool begin_pending_ = false;
  bool in_substream_ = false;
};

std::vector<std::string> names_in(const HazardDetector& detector) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kHazards; ++i) {
    const auto hazard = static_cast<Hazard>(i);
    if (detector.note(hazard).substreams > 0) names.emplace_back(hazard_name(hazard));
  }
  return names;
}

std::vector<std::string> hazards_of(const Bytes& stream) {
  HazardDetector detector(ByteOrder::little);
  Feeder(detector).read(stream);
  return names_in(detector);
}

struct KeySpec {
  std::uint64_t version = 1;
  std::uint64_t to_ivset = 7;
  std::uint64_t from_ivset = 0;
  ByteOrder order = ByteOrder::little;
  nvlist::Encoding encoding = nvlist::Encoding::native;
};

Bytes keys(const KeySpec& spec = {}) {
  NvlistBuilder list;
  list.u64("DSL_CRYPTO_SUITE", 8).u64("DSL_CRYPTO_GUID", 1);
  list.u64("DSL_CRYPTO_VERSION", spec.version);
  list.u64("to_ivset_guid", spec.to_ivset).u64("from_ivset_guid", spec.from_ivset);
  return NvlistBuilder().list("crypt_keydata", list).pack({spec.encoding, spec.order});
}

Bytes stream_of(const BeginSpec& spec) {
  return StreamBuilder().begin(spec).end().bytes();
}

BeginSpec raw_spec(std::uint64_t fromguid, std::uint64_t toguid, const KeySpec& key) {
  return {.features = kRawFeatures, .toguid = toguid, .fromguid = fromguid, .payload = keys(key)};
}

TEST(Hazards, EachHasANameOfItsOwnAndASentence) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kHazards; ++i) {
    const auto hazard = static_cast<Hazard>(i);
    EXPECT_TRUE(names.insert(hazard_name(hazard)).second) << hazard_name(hazard);
    EXPECT_GT(hazard_text(hazard).size(), 40U);
    EXPECT_EQ(hazard_text(hazard).back(), '.');
  }
}

TEST(Hazards, OrdinaryStreamsShowNone) {
  EXPECT_THAT(hazards_of(test::every_record_type(ByteOrder::little).bytes()),
              testing::Not(testing::Contains("bonus_spill_conflict")));
  for (const char* name : {"g256_raw_full", "g256_raw_I", "hier_raw_R", "hier_raw_R_i", "pl_full",
                           "ld_raw_incr", "sp_raw_full", "red_redacted", "lb_raw_full"}) {
    EXPECT_THAT(hazards_of(test::read_corpus(name)), IsEmpty()) << name;
  }
}

TEST(Hazards, ShowInBeginAlone) {
  EXPECT_THAT(hazards_of(stream_of({.features = feature::kDedup | feature::kSaSpill})),
              ElementsAre("dedup_stream"));
  EXPECT_THAT(hazards_of(stream_of({.features = feature::kEmbedData | feature::kSaSpill})),
              ElementsAre("embedded_data"));
  EXPECT_THAT(hazards_of(stream_of({.flags = kBeginFreeRecords})),
              ElementsAre("spill_flag_missing"));
}

TEST(Hazards, ShowInTheKeysOfARawStream) {
  EXPECT_THAT(hazards_of(stream_of(raw_spec(0, 2, {}))), IsEmpty());
  EXPECT_THAT(hazards_of(stream_of(raw_spec(0, 2, {.version = 0}))), ElementsAre("key_version"));
  EXPECT_THAT(hazards_of(stream_of(raw_spec(0, 2, {.to_ivset = 0}))),
              ElementsAre("ivset_guid_missing"));
  EXPECT_THAT(hazards_of(stream_of(raw_spec(1, 2, {.from_ivset = 0}))),
              ElementsAre("ivset_guid_missing"));
}

TEST(Hazards, OnlyANativeListOfTheOtherOrderIsForeign) {
  EXPECT_THAT(hazards_of(stream_of(raw_spec(0, 2, {.order = ByteOrder::big}))),
              ElementsAre("foreign_native_payload"));
  EXPECT_THAT(hazards_of(stream_of(
                  raw_spec(0, 2, {.order = ByteOrder::big, .encoding = nvlist::Encoding::xdr}))),
              IsEmpty());
}

TEST(Hazards, SavedStreamIsNotTakenForOneOfAnOldPool) {
  EXPECT_THAT(hazards_of(test::read_corpus("saved_raw_S")), ElementsAre("saved_stream"));
}

TEST(Hazards, ShowInObjects) {
  const ObjectRecord wide{.object = 1, .type = 19, .block_bytes = 512, .slots = 2};
  EXPECT_THAT(hazards_of(StreamBuilder().begin().object(wide).end().bytes()),
              ElementsAre("large_dnode_unannounced"));

  ObjectRecord tight{.object = 1,
                     .type = 19,
                     .bonus_type = 44,
                     .block_bytes = 512,
                     .bonus_bytes = 200,
                     .raw_bonus_bytes = 320,
                     .block_pointers = 1};
  const auto raw_stream = [](const ObjectRecord& object) {
    return StreamBuilder().begin(raw_spec(0, 2, {})).object(object, test::pattern(320)).end();
  };
  EXPECT_THAT(hazards_of(raw_stream(tight).bytes()), IsEmpty());
  tight.flags = kFlagSpill;  // its pointer takes 128 of the 320 bytes
  EXPECT_THAT(hazards_of(raw_stream(tight).bytes()), ElementsAre("bonus_spill_conflict"));
}

TEST(Hazards, ShortTailIsASplitBlockThatEndsEarly) {
  EXPECT_THAT(hazards_of(test::read_corpus("lbp_plain_full")), ElementsAre("short_tail"));
  EXPECT_THAT(hazards_of(test::read_corpus("lbp_plain_L_full")), IsEmpty());
}

TEST(Hazards, CorruptFillIsAWholeBlockOfThePattern) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    Bytes block(4096);
    for (std::size_t at = 0; at < block.size(); at += 8) {
      store<std::uint64_t>(block.data() + at, 0x2f5baddb10c, order);
    }
    const auto stream = [&] {
      return StreamBuilder(order).begin().write(1, 0, block).end().bytes();
    };
    EXPECT_THAT(hazards_of(stream()), ElementsAre("corrupt_fill"));
    block.back() = std::byte{1};
    EXPECT_THAT(hazards_of(stream()), IsEmpty());
  }
}

// Two substreams, one after the other, as `inspect` reads a package or several streams.
std::vector<std::string> hazards_between(const BeginSpec& base, const BeginSpec& next) {
  HazardDetector detector(ByteOrder::little);
  Feeder(detector).read(stream_of(base));
  EXPECT_THAT(names_in(detector), IsEmpty());
  Feeder(detector).read(stream_of(next));
  return names_in(detector);
}

TEST(Hazards, ShowAlongTheChainOfGuids) {
  const BeginSpec small{.toguid = 1};
  const BeginSpec large{.features = feature::kSaSpill | feature::kLargeBlocks, .toguid = 1};
  BeginSpec small_next{.toguid = 2, .fromguid = 1};
  BeginSpec large_next = large;
  large_next.toguid = 2;
  large_next.fromguid = 1;
  EXPECT_THAT(hazards_between(small, small_next), IsEmpty());
  EXPECT_THAT(hazards_between(large, large_next), IsEmpty());
  EXPECT_THAT(hazards_between(large, small_next), ElementsAre("large_blocks_dropped"));
  EXPECT_THAT(hazards_between(small, large_next), ElementsAre("large_blocks_begun"));

  const BeginSpec raw_base = raw_spec(0, 1, {.to_ivset = 7});
  EXPECT_THAT(hazards_between(raw_base, raw_spec(1, 2, {.from_ivset = 7})), IsEmpty());
  EXPECT_THAT(hazards_between(raw_base, raw_spec(1, 2, {.from_ivset = 8})),
              ElementsAre("ivset_guid_mismatch"));
  EXPECT_THAT(hazards_between(small, raw_spec(1, 2, {.from_ivset = 7})),
              ElementsAre("raw_after_plain"));
}

TEST(Hazards, OfAnotherLineageAreNotMixedUp) {
  const BeginSpec base{.features = feature::kSaSpill | feature::kLargeBlocks, .toguid = 1};
  EXPECT_THAT(hazards_between(base, {.toguid = 2, .fromguid = 99}), IsEmpty());
  EXPECT_THAT(hazards_between(base, {.toguid = 2}), IsEmpty());
}

TEST(Hazards, LineageIsForgottenBeyondItsBound) {
  HazardDetector detector(ByteOrder::little);
  const BeginSpec base{.features = feature::kSaSpill | feature::kLargeBlocks, .toguid = 1};
  const BeginSpec next{.toguid = 2, .fromguid = 1};
  const auto after = [&](std::size_t others) {
    detector = HazardDetector(ByteOrder::little);
    Feeder(detector).read(stream_of(base));
    for (std::size_t i = 0; i < others; ++i) {
      Feeder(detector).read(stream_of({.toguid = 1000 + i}));
    }
    Feeder(detector).read(stream_of(next));
    return names_in(detector);
  };
  EXPECT_THAT(after(HazardDetector::kRememberedSubstreams - 1),
              ElementsAre("large_blocks_dropped"));
  EXPECT_THAT(after(HazardDetector::kRememberedSubstreams), IsEmpty());
}

TEST(Hazards, AreCountedBySubstreamAndForgottenWithTheStream) {
  HazardDetector detector(ByteOrder::little);
  const Bytes stream = stream_of({.flags = 0});
  Feeder(detector).read(stream);
  Feeder(detector).read(stream);
  EXPECT_EQ(detector.note(Hazard::spill_flag_missing).substreams, 2U);
  EXPECT_EQ(detector.note(Hazard::spill_flag_missing).first_offset, 0U);
  detector.start_stream();
  EXPECT_EQ(detector.note(Hazard::spill_flag_missing).substreams, 0U);
}

}  // namespace
}  // namespace zsluice::drr
