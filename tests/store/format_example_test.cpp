// SPDX-License-Identifier: BSD-2-Clause
// The worked example of src/store/FORMAT.md, read out of that page: what it shows is what this
// version writes, byte for byte, and reads, and what it says of the bytes is so.
#include "store/store_fixture.hpp"
#include "support/stream_builder.hpp"
#include "zsluice/checksum/hmac_sha256.hpp"
#include "zsluice/store/manifest_reader.hpp"
#include "zsluice/store/segment_name.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace zsluice::storage {
namespace {

constexpr std::string_view kKey = kTestKey;

// The stream of the example.
test::Bytes example_stream() {
  return test::StreamBuilder()
      .begin({.toname = "tank/docs@monday", .toguid = 0x1122334455667788})
      .object({.object = 5, .type = 19, .block_bytes = 512})
      .write(5, 0, test::Bytes(512, std::byte{'z'}))
      .end()
      .bytes();
}

std::string page() {
  std::ifstream file(ZSLUICE_STORE_FORMAT);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// What stands between ```LABEL and ```.
std::string block(const std::string& label) {
  const std::string text = page();
  const std::string fence = "```" + label + "\n";
  const std::size_t from = text.find(fence);
  if (from == std::string::npos) throw std::out_of_range("no block " + label);
  const std::size_t start = from + fence.size();
  return text.substr(start, text.find("```", start) - start);
}

// As `hexdump -C` writes it, without the letters: a line `*` stands for lines like the one before.
test::Bytes bytes_in(const std::string& dump) {
  test::Bytes bytes;
  std::istringstream lines(dump);
  for (std::string line; std::getline(lines, line);) {
    if (line == "*") continue;
    const std::size_t offset = std::stoul(line.substr(0, 8), nullptr, 16);
    while (bytes.size() < offset)
      bytes.push_back(bytes.at(bytes.size() - 16));
    std::istringstream digits(line.substr(8));
    for (std::string two; digits >> two;)
      bytes.push_back(static_cast<std::byte>(std::stoul(two, nullptr, 16)));
  }
  return bytes;
}

test::Bytes shown_segment(std::uint64_t sequence) {
  return bytes_in(block("hex " + segment_name(sequence)));
}

std::vector<TestSegment> written() {
  return segments_of(example_stream(), {.target_bytes = 1200, .key = kKey});
}

std::string hex(ByteSpan bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    for (const unsigned digit :
         {std::to_integer<unsigned>(byte) / 16, std::to_integer<unsigned>(byte) % 16}) {
      text += "0123456789abcdef"[digit];
    }
  }
  return text;
}

TEST(FormatExample, SegmentsAreWhatThisVersionWrites) {
  const auto segments = written();
  ASSERT_EQ(segments.size(), 2U);
  for (const TestSegment& segment : segments)
    EXPECT_EQ(hex(segment.file()), hex(shown_segment(segment.header.sequence)));
}

TEST(FormatExample, TheManifestIsWhatThisVersionWrites) {
  std::string text;
  for (const std::string& line : manifest_of(written(), kKey))
    text += line;
  EXPECT_EQ(text, block("manifest"));
}

TEST(FormatExample, SegmentsDecodeToTheStream) {
  test::Bytes stream;
  SegmentChain chain(store_id_of(example_stream()));
  checksum::HmacSha256 mac(bytes_of(kKey));
  for (const std::uint64_t sequence : {0U, 1U}) {
    const test::Bytes file = shown_segment(sequence);
    const auto header = decode_segment_header(file);
    ASSERT_TRUE(header) << static_cast<int>(header.error().code);
    const ByteSpan raw = ByteSpan(file).subspan(kSegmentHeaderBytes);
    EXPECT_TRUE(check_header_hmac(*header, mac));
    EXPECT_TRUE(check_payload(*header, raw, true));
    EXPECT_TRUE(chain.check(*header));
    EXPECT_EQ(header->codec, Codec::none);
    EXPECT_TRUE(check_records(*header, raw));
    stream.insert(stream.end(), raw.begin(), raw.end());
  }
  EXPECT_TRUE(stream == example_stream());
  EXPECT_TRUE(chain.last()->is_last);
}

TEST(FormatExample, HeadersSayWhatThePageSays) {
  const SegmentHeader first = decode_segment_header(shown_segment(0)).value();
  const SegmentHeader second = decode_segment_header(shown_segment(1)).value();
  EXPECT_EQ(first.start, Position{});
  EXPECT_EQ(first.raw_bytes, 624U);
  EXPECT_EQ(first.settings.segment_bytes, 1200U);
  EXPECT_EQ(first.places, (Places{{5, 0}, {5, 0}}));
  EXPECT_EQ(second.previous_hash, first.content_hash);
  EXPECT_EQ(second.start.offset, 624U);
  EXPECT_EQ(second.start.records, 2U);
  EXPECT_EQ(second.start.framing, Framing::substream);
  EXPECT_EQ(second.start.toguid, 0x1122334455667788U);
  EXPECT_EQ(second.start.begin_at, 0U);
  EXPECT_EQ(second.start.object_at, 312U);
  EXPECT_EQ(second.start.object, 5U);
  EXPECT_EQ(second.start.write_at, kNowhere);
  EXPECT_EQ(second.end.offset, 1760U);
  EXPECT_EQ(second.end.framing, Framing::outside);
}

// Computed with `openssl mac -digest SHA256 -macopt key:0123…` and `openssl dgst -sha256` of the
// bytes that the page says.
TEST(FormatExample, TheKeyedPartsAreWhatOthersCompute) {
  const SegmentHeader first = decode_segment_header(shown_segment(0)).value();
  EXPECT_EQ(hex(first.key_id), "bd11e33884b0638a");
  EXPECT_EQ(hex(first.payload_digest),
            "7be2c3ba2bfc86b51d40c1fce59b074f9341156a3c3ac256961e79341288e1fd");
  EXPECT_EQ(first.raw_digest, first.payload_digest);
  EXPECT_EQ(hex(first.chain_digest),
            "4cc0fff31ed459aac5ea9b09b1e4eb9e0c1c3829dc10b71c941421f7336ba5c4");
  EXPECT_EQ(hex(decode_segment_header(shown_segment(1)).value().chain_digest),
            "41e73692dbc0e365427c2b2c35cbee29ad24af7775a2f061a8826716fd54486e");
  EXPECT_EQ(hex(*first.hmac), "c1da65e60bc0ada273e1c3be6a58a530e40dabea6eeb51bb1e7f3ecc1f428a1e");
  const std::string manifest = block("manifest");
  EXPECT_NE(manifest.find(
                "\"hmac\":\"97504f862398d6fde5c40ad7626965a0980257b3214987c5c1495a49c3934a41\""),
            std::string::npos);
}

}  // namespace
}  // namespace zsluice::storage
