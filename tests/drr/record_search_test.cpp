// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/record_search.hpp"

#include "zsluice/drr/stream_checker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace zsluice::drr {
namespace {

constexpr std::uint64_t kToguid = 0x1122334455667788;

std::vector<std::byte> free_record(std::uint64_t toguid, ByteOrder order) {
  std::vector<std::byte> record(kRecordBytes);
  store<std::uint32_t>(record.data(), static_cast<std::uint32_t>(RecordType::free), order);
  store<std::uint64_t>(record.data() + 8, 34, order);
  store<std::uint64_t>(record.data() + 32, toguid, order);
  return record;
}

// `noise` random bytes, then a record.
std::vector<std::byte> noise_and(std::size_t noise, const std::vector<std::byte>& record) {
  std::mt19937_64 random(7);
  std::vector<std::byte> bytes(noise);
  for (std::byte& byte : bytes)
    byte = static_cast<std::byte>(random());
  bytes.insert(bytes.end(), record.begin(), record.end());
  return bytes;
}

struct Found {
  bool found = false;
  std::uint64_t skipped = 0;
  std::size_t left = 0;  // bytes behind the record that were not consumed
};

Found search_in_pieces(RecordSearch& search, ByteSpan input, std::size_t piece_bytes) {
  while (!input.empty()) {
    ByteSpan piece = take_prefix(input, piece_bytes);
    if (search.next(piece)) return {true, search.skipped(), piece.size() + input.size()};
  }
  return {false, search.skipped(), 0};
}

TEST(RecordSearch, FindsARecordAtAnyPlaceInAnyPieces) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    const std::vector<std::byte> record = free_record(kToguid, order);
    for (const unsigned noise : {0U, 1U, 3U, 311U, 312U, 313U, 623U, 624U, 1000U, 70000U}) {
      std::vector<std::byte> bytes = noise_and(noise, record);
      bytes.resize(bytes.size() + 10);
      for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{311},
                                      std::size_t{312}, std::size_t{4096}, bytes.size()}) {
        SCOPED_TRACE(testing::Message() << "noise " << noise << " piece " << piece);
        RecordSearch search(kToguid, order, true);
        const Found found = search_in_pieces(search, bytes, piece);
        ASSERT_TRUE(found.found);
        EXPECT_EQ(found.skipped, noise);
        EXPECT_EQ(found.left, 10U);
        EXPECT_TRUE(std::equal(record.begin(), record.end(), search.record().begin()));
      }
    }
  }
}

TEST(RecordSearch, IgnoresRecordsOfAnotherSnapshot) {
  RecordSearch search(kToguid, ByteOrder::little, true);
  const std::vector<std::byte> bytes = noise_and(50, free_record(kToguid + 1, ByteOrder::little));
  EXPECT_FALSE(search_in_pieces(search, bytes, bytes.size()).found);
}

TEST(RecordSearch, WithoutAGuidFindsOnlyABegin) {
  RecordSearch search(0, ByteOrder::little, true);
  const std::vector<std::byte> zeros = free_record(0, ByteOrder::little);
  EXPECT_FALSE(search_in_pieces(search, zeros, zeros.size()).found);

  std::vector<std::byte> begin(kRecordBytes);
  store<std::uint64_t>(begin.data() + kBeginMagicAt, kBeginMagic, ByteOrder::big);
  EXPECT_TRUE(search_in_pieces(search, begin, begin.size()).found);
}

TEST(RecordSearch, LeavesABeginInAPayloadAlone) {
  std::vector<std::byte> begin(kRecordBytes);
  store<std::uint64_t>(begin.data() + kBeginMagicAt, kBeginMagic, ByteOrder::little);
  RecordSearch search(kToguid, ByteOrder::little, false);
  EXPECT_FALSE(search_in_pieces(search, begin, begin.size()).found);
}

TEST(RecordSearch, GoesOnBehindARejectedRecord) {
  RecordSearch search(kToguid, ByteOrder::little, true);
  const std::vector<std::byte> record = free_record(kToguid, ByteOrder::little);
  std::vector<std::byte> bytes = noise_and(100, record);
  const std::vector<std::byte> more = noise_and(40, record);
  bytes.insert(bytes.end(), more.begin(), more.end());
  ByteSpan input = bytes;
  ASSERT_TRUE(search.next(input));
  search.reject();
  ASSERT_TRUE(search.next(input));
  EXPECT_EQ(search.skipped(), 100 + kRecordBytes + 40);
}

TEST(RecordSearch, BoundsTheLengthsItBelieves) {
  std::vector<std::byte> write(kRecordBytes);
  store<std::uint32_t>(write.data(), static_cast<std::uint32_t>(RecordType::write),
                       ByteOrder::little);
  store<std::uint64_t>(write.data() + 32, kPayloadBytesMax + 4, ByteOrder::little);
  store<std::uint64_t>(write.data() + 40, kToguid, ByteOrder::little);
  RecordSearch search(kToguid, ByteOrder::little, true);
  EXPECT_FALSE(search_in_pieces(search, write, write.size()).found);
}

}  // namespace
}  // namespace zsluice::drr
