// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/resume/stitch.hpp"

#include "resume/stream_records.hpp"
#include "support/corpus.hpp"
#include "support/policy_streams.hpp"
#include "support/stream_builder.hpp"
#include "zsluice/resume/begin_edit.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace zsluice::resume {
namespace {

using drr::RecordType;
using test::Bytes;
using test::Made;
using test::ProvenRecord;
using test::StreamBuilder;
using test::StreamImage;

Bytes first_bytes(const Bytes& stream, std::uint64_t count) {
  return {stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(count)};
}

// What a sender would send for the token made of `partial`.
Bytes continuation_of(const Bytes& partial, const Bytes& whole) {
  const Stopped stopped = test::stopped_at(partial);
  if (stopped.kind != StopKind::token) return {};
  return test::rebuild(whole, target_of(stopped.token)).bytes;
}

Target target_at(const Bytes& stream, drr::ResumePoint point) {
  Stopped stopped = test::stopped_at(first_bytes(stream, stream.size() - 1));
  stopped.token.object = point.object;
  stopped.token.offset = point.offset;
  return target_of(stopped.token);
}

constexpr std::array<std::string_view, 8> kSmall{
    "c256_raw_full",   "reuse_raw_incr",
    "sparse_raw_incr", "sp_raw_incr",
    "g256_raw_incr",   "foreign_order/pl_e.be",
    "red_redacted",    "foreign_order/sp_raw_full.be_xdr"};

// From here on a token can be made: BEGIN with its nvlist is there, and the header behind it.
std::uint64_t first_cut_of(const Bytes& stream) {
  return test::proven_records(stream).at(1).offset + drr::kRecordBytes;
}

// Cuts of a stream, one behind the other. What is stitched depends on the token and on the records
// of the partial stream that are proven: where both are those of the cut before, so is the result.
class Cuts {
 public:
  explicit Cuts(Bytes whole) : whole_(std::move(whole)) {}

  void expect_made_whole(std::uint64_t cut) {
    const Bytes partial = first_bytes(whole_, cut);
    const Stopped stopped = test::stopped_at(partial);
    ASSERT_EQ(stopped.kind, StopKind::token) << cut;
    ++tried_;
    const std::size_t records = test::proven_records(partial).size();
    if (records == records_ && stopped.token == token_) return;
    records_ = records;
    token_ = stopped.token;
    const Bytes continuation = test::rebuild(whole_, target_of(stopped.token)).bytes;
    const Made made = test::stitch(partial, continuation);
    ASSERT_FALSE(made.refusal) << cut;
    ASSERT_TRUE(made.done) << cut;
    ASSERT_TRUE(made.bytes == whole_) << cut;
    ++stitched_;
  }
  [[nodiscard]] std::size_t tried() const { return tried_; }
  [[nodiscard]] std::size_t stitched() const { return stitched_; }

 private:
  Bytes whole_;
  std::size_t records_ = 0;
  std::optional<token::Token> token_;
  std::size_t tried_ = 0;
  std::size_t stitched_ = 0;
};

TEST(Stitch, CutAtEveryByteItIsMadeWholeAgain) {
  std::vector<Bytes> streams{test::read_corpus("sparse_raw_incr")};
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    for (const bool is_raw : {false, true})
      streams.push_back(test::every_record_in_order(order, is_raw).bytes());
  }
  for (const Bytes& whole : streams) {
    SCOPED_TRACE(whole.size());
    ASSERT_TRUE(test::is_whole(whole));
    const std::uint64_t first_cut = first_cut_of(whole);
    for (std::uint64_t cut = 0; cut < first_cut; ++cut)
      ASSERT_TRUE(continuation_of(first_bytes(whole, cut), whole).empty()) << cut;
    Cuts cuts(whole);
    for (std::uint64_t cut = first_cut; cut < whole.size(); ++cut) {
      cuts.expect_made_whole(cut);
      if (HasFatalFailure()) return;
    }
    EXPECT_EQ(cuts.tried(), whole.size() - first_cut);
    EXPECT_GE(cuts.stitched(), test::proven_records(whole).size() / 2);
  }
}

// At a record's first byte and its payload's, and on either side of both.
std::set<std::uint64_t> cuts_of(const Bytes& stream) {
  const std::uint64_t first_cut = first_cut_of(stream);
  std::set<std::uint64_t> cuts;
  for (const ProvenRecord& it : test::proven_records(stream)) {
    for (const std::uint64_t border : {it.offset, it.offset + drr::kRecordBytes}) {
      for (const std::uint64_t cut : {border - 1, border, border + 1}) {
        if (cut >= first_cut && cut < stream.size()) cuts.insert(cut);
      }
    }
  }
  return cuts;
}

TEST(Stitch, CutAtEveryRecordsBorderItIsMadeWholeAgain) {
  for (const std::string_view name : kSmall) {
    SCOPED_TRACE(name);
    const Bytes whole = test::read_corpus(name);
    const std::set<std::uint64_t> borders = cuts_of(whole);
    Cuts cuts(whole);
    for (const std::uint64_t cut : borders) {
      cuts.expect_made_whole(cut);
      if (HasFatalFailure()) return;
    }
    EXPECT_EQ(cuts.tried(), borders.size());
    EXPECT_GT(cuts.tried(), 3 * test::proven_records(whole).size());
    EXPECT_GE(cuts.stitched(), test::proven_records(whole).size() / 2);
  }
}

// A receiver of 2.3 counts OBJECT records: its token may name an object of which no data is there.
TEST(Stitch, APointAtAnObjectsRecordIsTakenToo) {
  for (const std::string_view name : kSmall) {
    SCOPED_TRACE(name);
    const Bytes whole = test::read_corpus(name);
    for (const ProvenRecord& it : test::proven_records(whole)) {
      if (it.record.type_code() != static_cast<std::uint32_t>(RecordType::object)) continue;
      const std::uint64_t object = drr::decode_object(it.record).object;
      const Bytes continuation = test::rebuild(whole, target_at(whole, {object, 0})).bytes;
      const Made made =
          test::stitch(first_bytes(whole, it.end() + drr::kRecordBytes), continuation);
      EXPECT_TRUE(made.bytes == whole) << object;
    }
  }
}

TEST(Stitch, AContinuationThatBringsEverythingAgainIsCutToo) {
  const Bytes whole = test::read_corpus("c256_raw_full");
  const Bytes partial = first_bytes(whole, whole.size() / 2);
  const Target target = target_of(test::stopped_at(partial).token);
  const Made all = test::rebuild_all(whole, {.target = target});
  EXPECT_TRUE(test::stitch(partial, all.bytes).bytes == whole);
}

// Without -L a block above 128 KiB is sent in pieces. `zfs send -t` starts again with the first
// piece, whatever piece the token names: here as it does for lbp_plain_full cut at 449985.
TEST(Stitch, PiecesOfASplitBlockAreNotTakenTwice) {
  const Bytes whole = test::read_corpus("lbp_plain_full");
  const Bytes partial = first_bytes(whole, 449985);
  const token::Token token = test::stopped_at(partial).token;
  ASSERT_EQ(token.object, 2U);
  ASSERT_EQ(token.offset, 262144U);
  StreamImage sent(whole);
  const ResumedBegin begin = *resumed_begin({sent.piece(0).bytes.data(), sent.order(0)}, {},
                                            {.object = 2, .offset = 262144});
  const std::size_t first = [&sent] {
    std::size_t record = 0;
    while (sent.type(record) != static_cast<std::uint32_t>(RecordType::object) ||
           sent.u64(record, 8) != 2) {
      ++record;
    }
    return record;
  }();
  Bytes bytes(begin.header.begin(), begin.header.end());
  bytes.insert(bytes.end(), begin.payload.begin(), begin.payload.end());
  StreamImage continuation;
  continuation.append({bytes, sent.order(0)});
  continuation.splice(1, sent, first, sent.records()).resum();
  EXPECT_EQ(continuation.size(), 748312U);  // as the real one
  EXPECT_TRUE(test::stitch(partial, continuation.bytes()).bytes == whole);
  EXPECT_LT(test::rebuild(whole, target_of(token)).bytes.size(), continuation.size());
}

TEST(Stitch, AResumedPartialStaysOne) {
  const Bytes first = test::read_corpus("tokens/reuse_raw_incr.cut25410.resumed");
  const Bytes second = test::read_corpus("tokens/reuse_raw_incr.cut63526.resumed");
  const Made made = test::stitch(first_bytes(first, first.size() - 400), second);
  EXPECT_TRUE(made.done);
  EXPECT_TRUE(made.bytes == first);
}

TEST(Stitch, ABrokenPartialIsContinuedFromItsProvenPart) {
  const Bytes whole = test::read_corpus("sp_raw_incr");
  Bytes partial = whole;
  partial[partial.size() / 2] ^= std::byte{1};
  EXPECT_TRUE(test::stitch(partial, continuation_of(partial, whole)).bytes == whole);
}

TEST(Stitch, APackageCutInASubstreamIsFinishedUpToThatSubstreamsEnd) {
  const Bytes whole = test::read_corpus("hier_raw_R");
  std::vector<std::uint64_t> ends;
  for (const ProvenRecord& it : test::proven_records(whole)) {
    if (it.role == drr::Role::substream_end) ends.push_back(it.end());
  }
  std::size_t stitched = 0;
  for (const std::uint64_t end : ends) {
    const Bytes partial = first_bytes(whole, end - 100);
    const Bytes continuation = continuation_of(partial, whole);
    if (continuation.empty()) continue;  // a substream of BEGIN and END: nothing of it is proven
    const Made made = test::stitch(partial, continuation);
    EXPECT_TRUE(made.done);
    EXPECT_TRUE(made.bytes == first_bytes(whole, end));
    ++stitched;
  }
  EXPECT_EQ(stitched, 8U);
}

TEST(Stitch, AWholePackageBeforeACutStreamIsNoUnfinishedOne) {
  const Bytes whole = test::read_corpus("c256_raw_full");
  const Bytes continuation = continuation_of(first_bytes(whole, whole.size() / 2), whole);
  const auto second = test::proven_records(continuation);
  Stitcher stitcher;
  ASSERT_TRUE(stitcher.start(second.front().record, second.front().payload));
  const Bytes package = test::small_package(ByteOrder::little).bytes();
  for (const ProvenRecord& it : test::proven_records(package)) {
    ASSERT_TRUE(stitcher.add_partial(it.role, it.record, it.payload));
    EXPECT_EQ(stitcher.is_in_package(), it.role != drr::Role::package_end);
  }
  EXPECT_FALSE(stitcher.is_in_package());
}

TEST(Stitch, WhatLiesBeforeThePointNeedNotBeReadAgain) {
  const Bytes whole = test::read_corpus("c256_raw_full");
  const Bytes partial = first_bytes(whole, whole.size() * 3 / 4);
  const Stopped stopped = test::stopped_at(partial);
  const Bytes continuation = continuation_of(partial, whole);
  const auto second = test::proven_records(continuation);
  Stitcher stitcher;
  ASSERT_TRUE(stitcher.start(second.front().record, second.front().payload));
  checksum::Fletcher4 sum;
  std::uint64_t skipped = 0;
  for (const ProvenRecord& it : test::proven_records(partial)) {
    const bool is_skipped = it.offset > 0 && it.offset < stopped.record_offset;
    if (it.offset >= stopped.record_offset && skipped > 0) {
      stitcher.skip_partial({.bytes = skipped,
                             .sum = sum,
                             .last_object = stopped.token.object,
                             .last_data = stopped.token.object});
      skipped = 0;
    }
    if (!is_skipped) {
      ASSERT_TRUE(stitcher.add_partial(it.role, it.record, it.payload));
    }
    sum = checksum::fletcher4(sum, it.record.bytes(), it.record.order());
    sum = checksum::fletcher4(sum, it.payload, it.record.order());
    if (is_skipped) skipped += it.end() - it.offset;
  }
  ASSERT_TRUE(stitcher.partial_ended());
  EXPECT_EQ(stitcher.kept_bytes(), stopped.record_offset);
  Bytes made = first_bytes(partial, stitcher.kept_bytes());
  for (const ProvenRecord& it : second) {
    const auto answer = stitcher.add_continuation(it.role, it.record, it.payload);
    ASSERT_TRUE(answer);
    if (!*answer) continue;
    made.insert(made.end(), (*answer)->header.begin(), (*answer)->header.end());
    made.insert(made.end(), (*answer)->payload.begin(), (*answer)->payload.end());
  }
  EXPECT_TRUE(made == whole);
}

// --- refusals ---

struct Spec {
  std::uint64_t features = drr::feature::kSaSpill;
  std::uint64_t toguid = test::kToGuid;
  std::uint64_t fromguid = 5;
  ByteOrder order = ByteOrder::little;
  Bytes payload = {};
};

constexpr std::uint64_t kBlock = 4096;

Bytes stream_of(const Spec& spec) {
  StreamBuilder stream(spec.order);
  stream.begin({.features = spec.features,
                .toguid = spec.toguid,
                .fromguid = spec.fromguid,
                .payload = spec.payload});
  for (const std::uint64_t object : {33U, 34U, 35U}) {
    stream.object({.object = object, .type = 19, .block_bytes = kBlock})
        .free(object, 4 * kBlock, drr::kFreeToEnd);
    for (std::uint64_t block = 0; block < 4; ++block)
      stream.write(object, block * kBlock, test::pattern(kBlock, block));
  }
  return stream.end().bytes();
}

Bytes resumed_stream(Spec spec, std::uint64_t object, std::uint64_t offset) {
  spec.features |= drr::feature::kResuming;
  spec.payload = test::NvlistBuilder()
                     .u64("resume_object", object)
                     .u64("resume_offset", offset)
                     .pack({nvlist::Encoding::native, spec.order});
  return stream_of(spec);
}

// The first N records of a stream.
Bytes records_of(const Bytes& stream, std::size_t count) {
  return first_bytes(stream, StreamImage(stream).offset(count));
}

RefusalCode refusal_of_stitch(const Bytes& partial, const Bytes& continuation) {
  const Made made = test::stitch(partial, continuation);
  EXPECT_TRUE(made.refusal);
  EXPECT_FALSE(made.done);
  return made.refusal.value_or(Refusal{}).code;
}

TEST(Stitch, WhatDoesNotBelongTogetherIsRefused) {
  const Bytes partial = records_of(stream_of({}), 12);  // up to block 3 of object 34
  const auto refusal = [&](const Bytes& continuation) {
    return refusal_of_stitch(partial, continuation);
  };
  EXPECT_EQ(refusal(stream_of({})), RefusalCode::not_a_continuation);
  EXPECT_EQ(refusal(stream_of({.features = drr::feature::kResuming})), RefusalCode::no_own_point);
  EXPECT_EQ(refusal(resumed_stream({.toguid = 9}, 34, 0)), RefusalCode::unknown_snapshot);
  EXPECT_EQ(refusal(resumed_stream({.fromguid = 9}, 34, 0)), RefusalCode::other_origin);
  EXPECT_EQ(refusal(resumed_stream({.order = ByteOrder::big}, 34, 0)),
            RefusalCode::other_byte_order);
  EXPECT_EQ(refusal(resumed_stream({.features = drr::feature::kCompressed}, 34, 0)),
            RefusalCode::other_features);
  EXPECT_EQ(
      refusal(resumed_stream({.features = drr::feature::kSaSpill | drr::feature::kZstd}, 34, 0)),
      RefusalCode::other_features);
  EXPECT_EQ(refusal(resumed_stream({.features = drr::feature::kDedup}, 34, 0)),
            RefusalCode::deduplicated);
  EXPECT_EQ(refusal(stream_of({.features = drr::feature::kResuming, .payload = test::pattern(16)})),
            RefusalCode::bad_begin_nvlist);
}

TEST(Stitch, AnotherKeyIsRefused) {
  const auto crypt = [](std::uint64_t key_guid, bool resumed) {
    test::NvlistBuilder list;
    if (resumed) list.u64("resume_object", 34).u64("resume_offset", 0);
    list.list("crypt_keydata", test::NvlistBuilder().u64("DSL_CRYPTO_GUID", key_guid));
    return list.pack(test::kPackedAsSent);
  };
  const Bytes partial = records_of(stream_of({.payload = crypt(1, false)}), 12);
  const std::uint64_t features = drr::feature::kSaSpill | drr::feature::kResuming;
  EXPECT_EQ(
      refusal_of_stitch(partial, stream_of({.features = features, .payload = crypt(2, true)})),
      RefusalCode::other_key);
  EXPECT_TRUE(
      test::stitch(partial, stream_of({.features = features, .payload = crypt(1, true)})).done);
}

// A BEGIN of `zfs send --saved` is that of what was half received.
TEST(Stitch, ABeginningOfAnotherEncryptedStateIsRefused) {
  struct Row {
    std::uint64_t to;
    std::uint64_t from;
    std::size_t mac_bytes;
  };
  const auto crypt = [](const Row& row, bool resumed) {
    test::NvlistBuilder list;
    if (resumed) list.u64("resume_object", 34).u64("resume_offset", 0);
    list.list("crypt_keydata", test::NvlistBuilder()
                                   .u64("DSL_CRYPTO_GUID", 1)
                                   .u8_ramp("portable_mac", row.mac_bytes)
                                   .u64("to_ivset_guid", row.to)
                                   .u64("from_ivset_guid", row.from));
    return list.pack(test::kPackedAsSent);
  };
  constexpr Row kSent{7, 3, 32};
  constexpr std::uint64_t kFeatures = drr::feature::kSaSpill | drr::feature::kResuming;
  const Bytes continuation = stream_of({.features = kFeatures, .payload = crypt(kSent, true)});
  for (const Row& row : {Row{0, 3, 32}, Row{7, 0, 32}, Row{7, 3, 0}}) {
    const Bytes partial = records_of(stream_of({.payload = crypt(row, false)}), 12);
    EXPECT_EQ(refusal_of_stitch(partial, continuation), RefusalCode::other_beginning);
  }
  const Bytes partial = records_of(stream_of({.payload = crypt(kSent, false)}), 12);
  EXPECT_TRUE(test::stitch(partial, continuation).done);
}

// The sender finds features out anew, and a stream may well use fewer.
TEST(Stitch, AContinuationMayHaveFewerFeatures) {
  const Bytes whole = stream_of({.features = drr::feature::kSaSpill | drr::feature::kZstd});
  EXPECT_TRUE(test::stitch(records_of(whole, 12), resumed_stream({}, 34, 0)).bytes == whole);
}

TEST(Stitch, AGapIsRefused) {
  const Bytes whole = stream_of({});
  // Records: 0 BEGIN; 1 OBJECT 33, 2 FREE, 3–6 WRITEs; 7 OBJECT 34, 8 FREE, 9–12 WRITEs; …
  struct Row {
    std::size_t last;  // of which only the header is there
    drr::ResumePoint point;
    bool is_gap;
    drr::ResumePoint end{};
  };
  constexpr std::array<Row, 10> kRows{{
      {12, {34, 3 * kBlock}, false},  // blocks 0 to 2 of object 34 are there, it brings the third
      {11, {34, 3 * kBlock}, true, {34, 2 * kBlock}},
      {13, {34, 3 * kBlock}, false},
      {12, {34, 2 * kBlock}, false},
      {12, {34, 4 * kBlock}, true, {34, 3 * kBlock}},
      {12, {35, 0}, true, {34, 3 * kBlock}},
      {13, {35, 0}, false},  // its OBJECT is there
      {6, {34, 0}, true, {33, 3 * kBlock}},
      {8, {34, kBlock}, true, {34, 0}},
      {1, {1, 0}, false},  // where receivers begin
  }};
  for (const Row& row : kRows) {
    SCOPED_TRACE(std::to_string(row.last) + " " + std::to_string(row.point.object) + " " +
                 std::to_string(row.point.offset));
    const Bytes partial = first_bytes(whole, StreamImage(whole).header_end(row.last));
    const Bytes continuation = resumed_stream({}, row.point.object, row.point.offset);
    const Made made = test::stitch(partial, continuation);
    if (row.is_gap) {
      ASSERT_TRUE(made.refusal);
      EXPECT_EQ(made.refusal->code, RefusalCode::gap);
      EXPECT_EQ(made.refusal->wanted, row.point.object);
      EXPECT_EQ(made.refusal->wanted_offset, row.point.offset);
      EXPECT_EQ(made.refusal->found, row.end.object);
      EXPECT_EQ(made.refusal->found_offset, row.end.offset);
    } else {
      EXPECT_TRUE(made.bytes == whole);
    }
  }
}

// What PARTIAL has from the point on is left to the continuation, so that must bring it.
TEST(Stitch, AContinuationThatBringsLessThanPartialHasIsRefused) {
  const Bytes whole = test::read_corpus("c256_raw_full");
  const Bytes partial = first_bytes(whole, whole.size() / 2);
  const Bytes continuation = continuation_of(partial, whole);
  const std::size_t write = StreamImage(continuation).find(RecordType::write);
  const Bytes without_write = StreamImage(continuation).drop(write).resum().bytes();
  const Made lacking = test::stitch(partial, without_write);
  ASSERT_TRUE(lacking.refusal);
  EXPECT_EQ(lacking.refusal->code, RefusalCode::brings_less);
  EXPECT_FALSE(lacking.done);
  // Nothing but BEGIN and END.
  StreamImage bare(continuation);
  while (bare.records() > 2) {
    bare.drop(1);
  }
  const Made ended = test::stitch(partial, bare.resum().bytes());
  ASSERT_TRUE(ended.refusal);
  EXPECT_EQ(ended.refusal->code, RefusalCode::brings_less);
}

TEST(Stitch, APartialThatGoesBackBehindThePointIsRefused) {
  const auto writes = [](std::initializer_list<std::uint64_t> offsets) {
    StreamBuilder builder;
    builder.begin().object({.object = 34});
    for (const std::uint64_t offset : offsets) {
      builder.write(34, offset, test::pattern(4096));
    }
    return builder.end().bytes();
  };
  const Bytes whole = writes({0, 4096, 8192});
  const Bytes continuation = test::rebuild(whole, target_at(whole, {34, 4096})).bytes;
  const auto without_end = [](const Bytes& stream) {
    return first_bytes(stream, stream.size() - drr::kRecordBytes / 2);
  };
  EXPECT_TRUE(test::stitch(without_end(whole), continuation).bytes == whole);
  const Made made = test::stitch(without_end(writes({4096, 0, 8192})), continuation);
  ASSERT_TRUE(made.refusal);
  EXPECT_EQ(made.refusal->code, RefusalCode::out_of_order);
  EXPECT_FALSE(made.done);
}

TEST(Stitch, AContinuationThatStartsBeforeAResumedPartialIsRefused) {
  const Bytes partial = records_of(resumed_stream({}, 34, kBlock), 14);
  EXPECT_EQ(refusal_of_stitch(partial, resumed_stream({}, 34, 0)), RefusalCode::before_own_point);
  EXPECT_TRUE(test::stitch(partial, resumed_stream({}, 34, kBlock)).done);
}

TEST(Stitch, AWholePartialIsRefused) {
  EXPECT_EQ(refusal_of_stitch(stream_of({}), resumed_stream({}, 34, 0)),
            RefusalCode::nothing_missing);
}

}  // namespace
}  // namespace zsluice::resume
