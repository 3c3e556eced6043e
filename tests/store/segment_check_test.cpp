// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/store/segment_check.hpp"

#include "store/store_fixture.hpp"
#include "support/corpus.hpp"
#include "support/stream_builder.hpp"
#include "zsluice/base/wire_int.hpp"
#include "zsluice/drr/stream_checker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace zsluice::storage {
namespace {

using Code = SegmentErrorCode;
using checksum::HmacSha256;

test::Bytes stream_of(std::string_view toname = "pool/fs@snap") {
  return test::StreamBuilder()
      .begin({.toname = toname})
      .object({.object = 1, .block_bytes = 4096})
      .write(1, 0, test::pattern(512))
      .write(1, 512, test::pattern(512, 2))
      .free(1, 1024, drr::kFreeToEnd)
      .end()
      .bytes();
}

std::vector<TestSegment> sample(std::string_view key = {}) {
  return segments_of(stream_of(), {.target_bytes = 1, .key = key});
}

Code code_of(const Result<void, SegmentError>& result) {
  if (result) throw std::logic_error("nothing is wrong");
  return result.error().code;
}

// --- the payload ---

TEST(CheckPayload, EverySingleBitFlipIsDetected) {
  for (TestSegment segment : sample()) {
    for (std::size_t bit = 0; bit < segment.stored.size() * 8; ++bit) {
      segment.stored[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
      ASSERT_EQ(code_of(check_payload(segment.header, segment.stored)), Code::payload_damaged);
      segment.stored[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    }
    EXPECT_TRUE(check_payload(segment.header, segment.stored));
  }
}

TEST(CheckPayload, AnotherLengthIsDetected) {
  const TestSegment segment = sample().at(2);
  test::Bytes longer = segment.stored;
  longer.push_back({});
  const auto error = check_payload(segment.header, longer).error();
  EXPECT_EQ(error.code, Code::wrong_stored_size);
  EXPECT_EQ(error.expected, segment.stored.size());
  EXPECT_EQ(error.found, longer.size());
  for (std::size_t size = 0; size < segment.stored.size(); ++size) {
    EXPECT_EQ(code_of(check_payload(segment.header, ByteSpan(segment.stored).first(size))),
              Code::wrong_stored_size);
  }
}

// --- the key ---

TEST(CheckHmac, AcceptsWhatTheKeySigned) {
  HmacSha256 mac(bytes_of(kTestKey));
  for (const TestSegment& segment : sample(kTestKey)) {
    EXPECT_TRUE(check_header_hmac(segment.header, mac));
    EXPECT_TRUE(check_payload(segment.header, segment.stored, true));
  }
}

TEST(CheckHmac, AnotherKeyIsRefused) {
  for (const std::string& key : {std::string(kTestKey) + "\n", std::string(32, 'a')}) {
    HmacSha256 mac(bytes_of(key));
    for (const TestSegment& segment : sample(kTestKey))
      EXPECT_EQ(code_of(check_header_hmac(segment.header, mac)), Code::wrong_key);
  }
}

TEST(CheckHmac, ASegmentWithoutOneIsRefused) {
  HmacSha256 mac(bytes_of(kTestKey));
  for (const TestSegment& segment : sample()) {
    EXPECT_EQ(code_of(check_header_hmac(segment.header, mac)), Code::not_authenticated);
    EXPECT_EQ(code_of(check_payload(segment.header, segment.stored, true)),
              Code::not_authenticated);
  }
}

TEST(CheckHmac, AHeaderIsAuthenticWithoutItsPayload) {
  HmacSha256 mac(bytes_of(kTestKey));
  for (const TestSegment& segment : sample(kTestKey)) {
    EXPECT_TRUE(check_header_hmac(segment.header, mac));
    EXPECT_EQ(segment.header.key_id, key_id_of(mac).value());
  }
}

// What others need to make one.
TEST(CheckHmac, IsOverALabelAndTheHeaderBeforeIt) {
  using namespace std::literals;
  const TestSegment segment = sample(kTestKey).at(2);
  std::string message("zsluice segment 1\0"sv);
  message += text_of(ByteSpan(segment.encoded).first(720));
  EXPECT_EQ(segment.header.hmac, checksum::hmac_sha256(bytes_of(kTestKey), bytes_of(message)));
  const auto id = checksum::hmac_sha256(bytes_of(kTestKey), bytes_of("zsluice key 1\0"sv)).value();
  EXPECT_TRUE(std::equal(segment.header.key_id.begin(), segment.header.key_id.end(), id.begin()));
}

// Who can write the store makes all hashes right again, and has no key.
TEST(CheckHmac, EveryBitOfTheHeaderIsCovered) {
  const TestSegment segment = sample(kTestKey).at(3);
  constexpr std::size_t kHashAt = kSegmentHeaderBytes - 16;
  HmacSha256 mac(bytes_of(kTestKey));
  std::size_t decodable = 0;
  for (std::size_t bit = 0; bit < kHashAt * 8; ++bit) {
    EncodedSegmentHeader forged = segment.encoded;
    forged[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    const auto header = decode_segment_header(rehashed(forged));
    if (!header) continue;
    ++decodable;
    const Code code = code_of(check_header_hmac(*header, mac));
    const bool is_flag = code == Code::not_authenticated;
    ASSERT_TRUE(is_flag || code == (header->key_id == segment.header.key_id ? Code::wrong_hmac
                                                                            : Code::wrong_key))
        << "bit " << bit;
  }
  EXPECT_GT(decodable, 1000U);
}

// Where XXH3 finds nothing wrong.
TEST(CheckHmac, EveryByteOfThePayloadIsCovered) {
  TestSegment segment = sample(kTestKey).at(3);
  for (std::byte& byte : segment.stored) {
    byte ^= std::byte{16};
    segment.header.payload_hash = segment.header.raw_hash = checksum::xxh3(segment.stored);
    ASSERT_TRUE(check_payload(segment.header, segment.stored));
    ASSERT_EQ(code_of(check_payload(segment.header, segment.stored, true)), Code::wrong_digest);
    ASSERT_EQ(code_of(check_raw(segment.header, segment.stored, true)), Code::wrong_digest);
    byte ^= std::byte{16};
  }
}

// --- the chain ---

TEST(SegmentChain, AcceptsSegmentsInOrder) {
  const auto segments = sample();
  SegmentChain chain(segments[0].header.store_id);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    EXPECT_EQ(chain.next_sequence(), i);
    EXPECT_TRUE(chain.check(segments[i].header));
    if (i > 0) {
      EXPECT_TRUE(check_link(segments[i - 1].header, segments[i].header));
    }
  }
}

TEST(SegmentChain, EveryOtherSegmentIsDetected) {
  const auto segments = sample();
  for (std::size_t here = 0; here < segments.size(); ++here) {
    SegmentChain chain(segments[0].header.store_id);
    for (std::size_t i = 0; i < here; ++i)
      ASSERT_TRUE(chain.check(segments[i].header));
    for (std::size_t other = 0; other < segments.size(); ++other) {
      if (other == here) continue;
      const auto result = chain.check(segments[other].header);
      EXPECT_EQ(code_of(result), Code::misplaced);
      EXPECT_EQ(code_of(check_place(segments[other].header, here)), Code::misplaced);
      EXPECT_EQ(result.error().expected, here);
      EXPECT_EQ(result.error().found, other);
    }
    EXPECT_TRUE(chain.check(segments[here].header)) << "an error changes nothing";
  }
}

TEST(SegmentChain, ASegmentOfAnotherStreamIsForeign) {
  const auto segments = sample();
  const auto others = segments_of(stream_of("pool/fs@other"), {.target_bytes = 1});
  SegmentChain chain(segments[0].header.store_id);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto result = chain.check(others[i].header);
    EXPECT_EQ(code_of(result), Code::foreign);
    EXPECT_EQ(result.error().found_hash, others[0].header.store_id);
    ASSERT_TRUE(chain.check(segments[i].header));
  }
}

TEST(SegmentChain, NothingFollowsTheLastSegment) {
  const auto segments = sample();
  SegmentHeader next = segments.back().header;
  next.sequence += 1;
  EXPECT_EQ(code_of(check_link(segments.back().header, next)), Code::after_last);
}

// The same stream, cut otherwise: its segments do not fit in between.
TEST(SegmentChain, ASegmentOfAnotherStoreOfTheStreamIsDetected) {
  const auto segments = sample();
  const auto longer = segments_of(stream_of(), {.target_bytes = 700});
  EXPECT_EQ(code_of(check_link(segments[0].header, longer[1].header)), Code::wrong_settings);
  SegmentHeader next = segments[1].header;
  next.previous_hash.low ^= 1;
  EXPECT_EQ(code_of(check_link(segments[0].header, next)), Code::broken_chain);
  next = segments[1].header;
  next.start.offset += 4;
  EXPECT_EQ(code_of(check_link(segments[0].header, next)), Code::wrong_offset);
}

TEST(SegmentChain, AChainDigestIsCheckedWithoutAChainToo) {
  const auto segments = sample(kTestKey);
  EXPECT_TRUE(check_link(segments[0].header, segments[1].header));
  SegmentHeader next = segments[1].header;
  next.chain_digest[3] ^= std::byte{1};
  EXPECT_EQ(code_of(check_link(segments[0].header, next)), Code::wrong_chain_digest);
}

// How it is stored, and with which key, is of no matter: a lost segment comes from any such copy.
TEST(SegmentChain, ASegmentThatIsStoredOtherwiseFits) {
  const auto plain = sample();
  const auto zstd = segments_of(stream_of(), {.target_bytes = 1, .level = 1, .key = kTestKey});
  SegmentChain chain(plain[0].header.store_id);
  for (std::size_t i = 0; i < plain.size(); ++i)
    EXPECT_TRUE(chain.check((i % 2 == 0 ? plain : zstd)[i].header));
}

TEST(SegmentChain, OtherSumsAtTheSamePlaceAreDetected) {
  const auto segments = sample();
  SegmentHeader next = segments[2].header;
  next.start.sum.d ^= 1;
  EXPECT_EQ(code_of(check_link(segments[1].header, next)), Code::wrong_position);
}

// Whoever can make XXH3 agree: the headers are authentic, and yet not of this store.
TEST(SegmentChain, ASegmentThatWasMadeToFitIsFound) {
  const auto segments = sample(kTestKey);
  SegmentChain chain(segments[0].header.store_id);
  ASSERT_TRUE(chain.check(segments[0].header));
  for (const bool is_raw_digest : {false, true}) {
    SegmentHeader other = segments[1].header;
    (is_raw_digest ? other.raw_digest : other.chain_digest)[0] ^= std::byte{1};
    EXPECT_EQ(code_of(chain.check(other)), Code::wrong_chain_digest);
  }
  EXPECT_TRUE(chain.check(segments[1].header));
}

TEST(SegmentChain, ItsDigestIsTheSameForEveryCopy) {
  const test::Bytes stream = test::read_corpus("pl_c");
  const auto plain = segments_of(stream, {.target_bytes = 5000, .key = kTestKey});
  const auto packed = segments_of(stream, {.target_bytes = 5000, .level = 3, .key = kTestKey});
  ASSERT_EQ(plain.size(), packed.size());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    EXPECT_EQ(plain[i].header.raw_digest, packed[i].header.raw_digest);
    EXPECT_EQ(plain[i].header.chain_digest, packed[i].header.chain_digest);
    EXPECT_TRUE(check_raw(packed[i].header, plain[i].stored, true));
    EXPECT_EQ(check_payload(packed[i].header, plain[i].stored, true).has_value(),
              packed[i].header.codec == Codec::none);
  }
}

TEST(SegmentChain, WritesNothingThatCannotBeRead) {
  const auto segments = sample();
  for (const auto& change : {+[](SegmentHeader& h) { h.content_extension.bytes[3] = std::byte{1}; },
                             +[](SegmentHeader& h) { h.settings.compression = Compression(7); }}) {
    SegmentChain chain(segments[0].header);
    SegmentHeader next = segments[1].header;
    change(next);
    EXPECT_FALSE(chain.append(next));
    EXPECT_EQ(chain.next_sequence(), 1U);
  }
}

TEST(SegmentChain, GoesOnBehindABadSegment) {
  const auto segments = sample();
  SegmentChain chain(segments[0].header);
  chain.skip_to(segments[2].header);
  EXPECT_TRUE(chain.check(segments[3].header));
}

TEST(SegmentChain, AppendsOnlyWhatBelongsThere) {
  const auto segments = sample();
  SegmentChain chain(segments[0].header);
  SegmentHeader wrong = segments[2].header;
  const SegmentHeader before = wrong;
  EXPECT_EQ(chain.append(wrong).error().code, Code::misplaced);
  EXPECT_EQ(wrong, before) << "an error changes nothing";
  wrong = segments[1].header;
  wrong.raw_bytes = kRawBytesMax + 1;
  EXPECT_EQ(chain.append(wrong).error().code, Code::bad_raw_size);
  SegmentHeader right = segments[1].header;
  EXPECT_EQ(chain.append(right).value(), segments[1].encoded);
}

// --- the records ---

TEST(CheckRecords, NeedsNoNeighbour) {
  for (const test::Bytes& stream : {stream_of(), test::small_package(ByteOrder::big).bytes(),
                                    test::every_record_type(ByteOrder::little).bytes()}) {
    for (const TestSegment& segment : segments_of(stream, {.target_bytes = 800}))
      EXPECT_TRUE(check_records(segment.header, segment.stored));
  }
}

// zstream sums the closing END of a package, too, and no BEGIN is there to tell its byte order.
TEST(CheckRecords, APackagesClosingEndMayBeSummedInEitherByteOrder) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    test::Bytes stream = test::small_package(order).bytes();
    std::byte* const end = stream.data() + stream.size() - drr::kRecordBytes;
    const checksum::Fletcher4 sum =
        checksum::fletcher4({}, ByteSpan(end, drr::kRecordChecksumAt), order);
    std::size_t at = drr::kRecordChecksumAt;
    for (const std::uint64_t word : {sum.a, sum.b, sum.c, sum.d}) {
      store(end + at, word, order);
      at += sizeof(word);
    }
    const auto segments = segments_of(stream, {.target_bytes = 1});
    ASSERT_TRUE(segments.back().header.is_last);
    for (const TestSegment& segment : segments)
      EXPECT_TRUE(check_records(segment.header, segment.stored));
  }
}

// What a position tells of BEGIN is enough for the rules.
TEST(CheckRecords, TheRulesNeedNoNeighbourEither) {
  for (const char* const name : {"hier_raw_R_i", "g256_raw_I", "pl_c", "lb_raw_full"}) {
    for (const TestSegment& segment :
         segments_of(test::read_corpus(name), {.target_bytes = 5000})) {
      const auto place = stream_place(segment.header.start);
      drr::StreamChecker checker = place ? drr::StreamChecker(*place) : drr::StreamChecker();
      ByteSpan rest = segment.stored;
      drr::Step step = checker.next(rest);
      while (step == drr::Step::record || step == drr::Step::payload)
        step = checker.next(rest);
      EXPECT_NE(step, drr::Step::fault) << name << ", segment " << segment.header.sequence;
    }
  }
}

void expect_flips_detected(const test::Bytes& stream, std::uint64_t target) {
  const auto segments = segments_of(stream, {.target_bytes = target});
  ASSERT_FALSE(segments.empty());
  for (TestSegment segment : segments) {
    for (std::size_t bit = 0; bit < segment.stored.size() * 8; ++bit) {
      segment.stored[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
      ASSERT_FALSE(check_records(segment.header, segment.stored))
          << "segment " << segment.header.sequence << ", bit " << bit;
      segment.stored[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    }
    EXPECT_TRUE(check_records(segment.header, segment.stored));
  }
}

// What was changed before it was hashed: the sums of the sender tell, and the zeros of those ENDs
// that have none.
TEST(CheckRecords, EverySingleBitFlipIsDetected) {
  expect_flips_detected(stream_of(), 1500);
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    for (const std::uint64_t target : {1U, 800U, 1U << 20})
      expect_flips_detected(test::small_package(order).bytes(), target);
    expect_flips_detected(test::small_package(order).bytes(test::Sums::end_only), 1 << 20);
    expect_flips_detected(test::every_record_type(order).bytes(test::Sums::end_only), 1 << 20);
  }
}

// Whole records of the stream, and no more than them.
TEST(CheckRecords, APieceThatEndsElsewhereIsRefused) {
  const test::Bytes stream = stream_of();
  TestSegment segment = segments_of(stream, {.target_bytes = 1500}).at(0);
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    if (size == segment.stored.size()) continue;
    SegmentHeader header = segment.header;
    header.raw_bytes = size;
    header.end.offset = header.start.offset + size;
    ASSERT_FALSE(check_records(header, ByteSpan(stream).first(size))) << size;
  }
}

TEST(CheckRecords, TheFirstSegmentIsThatOfItsStore) {
  SegmentHeader header = sample().at(0).header;
  header.store_id.low ^= 1;
  EXPECT_EQ(code_of(check_records(header, sample().at(0).stored)), Code::wrong_store_id);
}

// `zfs send -R` of different snapshots of one name: their BEGINs are the same bytes.
TEST(StoreId, TellsPackagesApartThatDifferInTheirGuidsOnly) {
  const auto package = [](std::uint64_t guid) {
    return test::StreamBuilder().package(test::pattern(64, guid)).begin().end().package_end();
  };
  const test::Bytes one = package(1).bytes();
  const test::Bytes other = package(2).bytes();
  ASSERT_TRUE(std::equal(one.begin(), one.begin() + drr::kRecordBytes, other.begin()));
  EXPECT_NE(store_id_of(one), store_id_of(other));
  EXPECT_EQ(store_id_of(one), checksum::xxh3(ByteSpan(one).first(drr::kRecordBytes + 64)));
}

TEST(CheckRaw, EverySingleBitFlipIsDetected) {
  const TestSegment segment = segments_of(stream_of(), {.target_bytes = 1500, .level = 1}).at(0);
  test::Bytes raw = raw_of(segment);
  EXPECT_TRUE(check_raw(segment.header, raw));
  for (std::byte& byte : raw) {
    byte ^= std::byte{8};
    ASSERT_EQ(code_of(check_raw(segment.header, raw)), Code::raw_damaged);
    byte ^= std::byte{8};
  }
}

TEST(CheckRecords, ARecordIsNamedByItsPlace) {
  TestSegment segment = segments_of(stream_of(), {.target_bytes = 16 << 20}).at(0);
  const test::StreamImage image(stream_of());
  segment.stored[image.offset(3) + 280] ^= std::byte{1};
  const auto error = check_records(segment.header, segment.stored).error();
  EXPECT_EQ(error.code, Code::records_damaged);
  EXPECT_EQ(error.at, image.offset(3));
}

TEST(CheckRecords, AWaypointThatSaysOtherThingsIsDetected) {
  const TestSegment segment = sample().at(3);
  const auto changed = [&](auto change) {
    SegmentHeader header = segment.header;
    change(header);
    return code_of(check_records(header, segment.stored));
  };
  EXPECT_EQ(changed([](SegmentHeader& h) { h.end.sum.a ^= 1; }), Code::wrong_waypoint);
  EXPECT_EQ(changed([](SegmentHeader& h) { ++h.end.records; }), Code::wrong_waypoint);
  EXPECT_EQ(changed([](SegmentHeader& h) { ++h.end.write.offset; }), Code::wrong_waypoint);
  EXPECT_EQ(changed([](SegmentHeader& h) { h.end.object_at += 4; }), Code::wrong_waypoint);
  EXPECT_EQ(changed([](SegmentHeader& h) { ++h.places->last.object; }), Code::wrong_waypoint);
  EXPECT_EQ(changed([](SegmentHeader& h) { h.places.reset(); }), Code::wrong_waypoint);
  EXPECT_EQ(changed([](SegmentHeader& h) { h.start.sum.a ^= 1; }), Code::records_damaged);
}

// --- kinds ---

TEST(SegmentErrorKind, IsThatOfItsGroup) {
  EXPECT_EQ(kind_of(Code::truncated_header), SegmentErrorKind::header);
  EXPECT_EQ(kind_of(Code::header_damaged), SegmentErrorKind::header);
  EXPECT_EQ(kind_of(Code::unknown_version), SegmentErrorKind::header);
  EXPECT_EQ(kind_of(Code::wrong_header_size), SegmentErrorKind::contents);
  EXPECT_EQ(kind_of(Code::bad_end), SegmentErrorKind::contents);
  EXPECT_EQ(kind_of(Code::wrong_stored_size), SegmentErrorKind::payload);
  EXPECT_EQ(kind_of(Code::raw_damaged), SegmentErrorKind::payload);
  EXPECT_EQ(kind_of(Code::wrong_store_id), SegmentErrorKind::records);
  EXPECT_EQ(kind_of(Code::undecodable), SegmentErrorKind::payload);
  EXPECT_EQ(kind_of(Code::records_damaged), SegmentErrorKind::records);
  EXPECT_EQ(kind_of(Code::wrong_waypoint), SegmentErrorKind::records);
  EXPECT_EQ(kind_of(Code::not_authenticated), SegmentErrorKind::key);
  EXPECT_EQ(kind_of(Code::hmac_unavailable), SegmentErrorKind::key);
  EXPECT_EQ(kind_of(Code::foreign), SegmentErrorKind::link);
  EXPECT_EQ(kind_of(Code::broken_chain), SegmentErrorKind::link);
}

}  // namespace
}  // namespace zsluice::storage
