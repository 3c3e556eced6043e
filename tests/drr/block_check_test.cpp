// SPDX-License-Identifier: BSD-2-Clause
// What of a WRITE can be compared with its block's checksum (FORMAT.md §C.6). That real streams
// agree is shown over the corpus (tests/pipeline/walk_blocks_test).
#include "zsluice/drr/block_check.hpp"

#include "support/stream_builder.hpp"
#include "zsluice/drr/format.hpp"

#include <gtest/gtest.h>

namespace zsluice::drr {
namespace {

using checksum::Fletcher4;
using test::Bytes;

constexpr std::uint8_t kFletcher4 = 7;
constexpr std::uint8_t kSha256 = 8;
constexpr std::uint64_t kEncrypted = std::uint64_t{1} << 39;

// A block of 4 KiB, uncompressed, as a plain stream sends it.
WriteRecord plain_write(const Bytes& payload, ByteOrder order = ByteOrder::little) {
  return {.object = 5,
          .type = 19,
          .logical_bytes = payload.size(),
          .checksum = kFletcher4,
          .key = checksum::fletcher4({}, payload, order),
          .key_properties = (std::uint64_t{kCompressionOff} << 32) | (payload.size() / 512 - 1)};
}

struct Checked {
  bool good = true;
  BlockCounts counts;
};

Checked check(const WriteRecord& write,
              const Bytes& payload,
              std::uint64_t features = 0,
              ByteOrder order = ByteOrder::little) {
  const test::StreamImage stream =
      test::StreamBuilder(order).begin().write(write, payload).end().build();
  BlockCheck check;
  const Bytes& record = stream.piece(1).bytes;
  check.start(RecordView(record.data(), order), features);
  for (ByteSpan rest = payload; !rest.empty();) {
    check.update(take_prefix(rest, std::min<std::size_t>(rest.size(), 1000)));
  }
  Checked checked;
  checked.good = check.finish();
  checked.counts = check.counts();
  return checked;
}

TEST(BlockCheck, AGoodBlockMatchesAndAWrongOneDoesNot) {
  const Bytes payload = test::pattern(4096);
  WriteRecord write = plain_write(payload);
  EXPECT_EQ(check(write, payload).counts.matched, 1U);
  write.key.c ^= 1;
  const Checked wrong = check(write, payload);
  EXPECT_FALSE(wrong.good);
  EXPECT_EQ(wrong.counts.mismatched, 1U);
}

// A stream does not say which host wrote a plain block.
TEST(BlockCheck, APlainBlockOfEitherByteOrderMatches) {
  const Bytes payload = test::pattern(4096);
  for (const ByteOrder written : {ByteOrder::little, ByteOrder::big}) {
    for (const ByteOrder sent : {ByteOrder::little, ByteOrder::big}) {
      EXPECT_EQ(check(plain_write(payload, written), payload, 0, sent).counts.matched, 1U);
    }
  }
}

TEST(BlockCheck, ARawBlockSaysItsByteOrder) {
  const Bytes payload = test::pattern(4096);
  WriteRecord write = plain_write(payload, ByteOrder::big);
  write.compression = kCompressionOff;
  write.compressed_bytes = payload.size();
  EXPECT_EQ(check(write, payload, feature::kRaw).counts.mismatched, 1U);
  write.flags = kFlagRawByteswap;
  EXPECT_EQ(check(write, payload, feature::kRaw).counts.matched, 1U);
}

TEST(BlockCheck, AnEncryptedBlockKeepsHalfOfItsSum) {
  const Bytes payload = test::pattern(4096);
  WriteRecord write = plain_write(payload);
  write.compression = kCompressionOff;
  write.compressed_bytes = payload.size();
  write.key_properties |= kEncrypted;
  write.key.a ^= write.key.c;
  write.key.b ^= write.key.d;
  write.key.c = 0x1111;  // the MAC
  write.key.d = 0x2222;
  EXPECT_EQ(check(write, payload, feature::kRaw).counts.matched, 1U);
  write.key.b ^= 1;
  EXPECT_EQ(check(write, payload, feature::kRaw).counts.mismatched, 1U);
}

TEST(BlockCheck, CountsWhatCannotBeChecked) {
  const Bytes payload = test::pattern(4096);
  WriteRecord decrypted = plain_write(payload);
  decrypted.key_properties |= kEncrypted;
  EXPECT_EQ(check(decrypted, payload).counts.not_as_stored, 1U);

  WriteRecord decompressed = plain_write(payload);
  decompressed.key_properties = (std::uint64_t{kCompressionLz4} << 32) | 7;
  EXPECT_EQ(check(decompressed, payload).counts.not_as_stored, 1U);

  WriteRecord split = plain_write(payload);  // a larger block, sent in pieces
  split.key_properties = (std::uint64_t{kCompressionOff} << 32) | 255;
  EXPECT_EQ(check(split, payload).counts.not_as_stored, 1U);

  for (const unsigned salted : {12U, 13U, 14U}) {
    WriteRecord write = plain_write(payload);
    write.checksum = static_cast<std::uint8_t>(salted);
    EXPECT_EQ(check(write, payload).counts.salted, 1U) << salted;
  }
  for (const unsigned none : {0U, 2U, 3U, 200U}) {
    WriteRecord write = plain_write(payload);
    write.checksum = static_cast<std::uint8_t>(none);
    EXPECT_EQ(check(write, payload).counts.no_checksum, 1U) << none;
  }
  WriteRecord without_key = plain_write(payload);
  without_key.key = {};
  EXPECT_EQ(check(without_key, payload).counts.no_checksum, 1U);
}

TEST(BlockCheck, Sha256IsTheSameInEveryByteOrder) {
  // Of 512 zeros.
  const Fletcher4 digest{0x076a27c79e5ace2a, 0x3d47f9dd2e83e4ff, 0x6ea8872b3c2218f6,
                         0x6c92b89b55f36560};
  const Bytes zeros(512);
  WriteRecord write = plain_write(zeros);
  write.checksum = kSha256;
  write.key = digest;
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    EXPECT_EQ(check(write, zeros, 0, order).counts.matched, 1U);
  }
}

}  // namespace
}  // namespace zsluice::drr
