// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/store/manifest.hpp"

#include "store/store_fixture.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

#include <string>

namespace zsluice::storage {
namespace {

using checksum::HmacSha256;

constexpr std::uint64_t kHuge = 0xffff'ffff'ffff'ffff;

StoreLine store_line() {
  return {.store_id = {0x0123456789abcdef, 0xfedcba9876543210},
          .settings = {.segment_bytes = 65536, .compression = Compression::always, .level = 3},
          .is_authenticated = false,
          .created_by = "zsluice 0.1.0"};
}

SegmentLine segment_line() {
  return {.sequence = 7,
          .offset = 1 << 20,
          .raw_bytes = 65000,
          .stored_bytes = 4000,
          .substreams = 2,
          .is_last = false,
          .payload_hash = {1, 2},
          .content_hash = {5, 6},
          .header_hash = {3, 4}};
}

SubstreamLine substream_line() {
  return {.sequence = 7,
          .substream = {.toguid = kHuge,
                        .fromguid = 0,
                        .begin_at = 1 << 20,
                        .toname = "tank/50% \"a\\b\xc3\xa4\n@s"}};
}

EndLine end_line() {
  return {.segments = 8, .raw_bytes = 500000, .stored_bytes = 4000, .chain = {5, 6}, .hmac = {}};
}

std::string without_newline(std::string line) {
  EXPECT_EQ(line.back(), '\n');
  line.pop_back();
  return line;
}

void expect_line(const std::string& encoded, const ManifestLine& wanted) {
  EXPECT_LT(encoded.size(), 512U);
  const auto decoded = decode_line(without_newline(encoded));
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(*decoded == wanted);
}

TEST(ManifestLine, IsWrittenInOneForm) {
  EXPECT_EQ(
      encode_line(store_line()),
      hashed_line(R"({"type":"store","version":1,"store_id":"0123456789abcdeffedcba9876543210",)"
                  R"("segment_bytes":65536,"compression":"always","level":3,"authenticated":false,)"
                  R"("created_by":"zsluice 0.1.0")") +
          "\n");
  EXPECT_EQ(
      encode_line(segment_line()),
      hashed_line(R"({"type":"segment","sequence":7,"offset":1048576,"raw":65000,"stored":4000,)"
                  R"("substreams":2,"last":false,"payload":"00000000000000010000000000000002",)"
                  R"("content":"00000000000000050000000000000006",)"
                  R"("header":"00000000000000030000000000000004")") +
          "\n");
  EXPECT_EQ(encode_line(substream_line()),
            hashed_line(R"({"type":"substream","sequence":7,"begin":1048576,)"
                        R"("toguid":"18446744073709551615","fromguid":"0",)"
                        R"("toname":"tank/50%25 %22a%5cb%c3%a4%0a@s")") +
                "\n");
  EXPECT_EQ(encode_line(end_line()),
            hashed_line(R"({"type":"end","segments":8,"raw":500000,"stored":4000,)"
                        R"("chain":"00000000000000050000000000000006")") +
                "\n");
}

TEST(ManifestLine, ComesBackAsItWas) {
  expect_line(encode_line(store_line()), store_line());
  expect_line(encode_line(segment_line()), segment_line());
  expect_line(encode_line(substream_line()), substream_line());
  expect_line(encode_line(end_line()), end_line());
  StoreLine plain = store_line();
  plain.settings = {};
  plain.is_authenticated = true;
  plain.created_by = std::string(kCreatedByBytesMax, '~');
  expect_line(encode_line(plain), plain);
  EndLine keyed = end_line();
  keyed.segments = kSegmentsMax;
  keyed.raw_bytes = keyed.stored_bytes = kHuge;
  keyed.hmac.emplace().fill(std::byte{0xfe});
  expect_line(encode_line(keyed), keyed);
}

TEST(ManifestLine, IsMadeFromAHeader) {
  const auto segments =
      segments_of(test::every_record_type(ByteOrder::little).bytes(), {.target_bytes = 800});
  std::uint64_t offset = 0;
  for (const TestSegment& segment : segments) {
    const SegmentLine line = line_of(decode_segment_header(segment.encoded).value());
    EXPECT_EQ(line.offset, offset);
    EXPECT_EQ(line.stored_bytes, segment.stored.size());
    EXPECT_EQ(line.payload_hash, checksum::xxh3(segment.stored));
    offset += line.raw_bytes;
    expect_line(encode_line(line), line);
  }
}

TEST(ManifestLine, EverySingleBitFlipIsDetected) {
  for (const std::string& good : {encode_line(store_line()), encode_line(segment_line()),
                                  encode_line(substream_line()), encode_line(end_line())}) {
    for (std::size_t bit = 0; bit < (good.size() - 1) * 8; ++bit) {
      std::string bad = without_newline(good);
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
      const auto line = decode_line(bad);
      ASSERT_FALSE(line);
      ASSERT_EQ(line.error(), LineError::wrong_hash);
    }
  }
}

// JSON with a right hash that is not what would be written.
TEST(ManifestLine, NoOtherFormIsRead) {
  const std::string hash = "00000000000000010000000000000002";
  const std::string tail = ",\"substreams\":0,\"last\":true,\"payload\":\"" + hash +
                           "\",\"content\":\"" + hash + "\",\"header\":\"" + hash + "\"";
  const std::string head = "{\"type\":\"segment\",\"sequence\":";
  ASSERT_TRUE(decode_line(hashed_line(head + "7,\"offset\":0,\"raw\":400,\"stored\":400" + tail)));
  for (const std::string_view numbers :
       {"7,\"offset\":0,\"raw\":400", "07,\"offset\":0,\"raw\":400,\"stored\":400",
        "-7,\"offset\":0,\"raw\":400,\"stored\":400", "7,\"offset\":00,\"raw\":400,\"stored\":400",
        " 7,\"offset\":0,\"raw\":400,\"stored\":400", "7,\"offset\": 0,\"raw\":400,\"stored\":400",
        "7,\"offset\":0,\"raw\":400,\"stored\":400,\"more\":1", "7.0,\"offset\":0,\"raw\":400",
        "7,\"offset\":0,\"raw\":400,\"stored\":401", "7,\"offset\":0,\"raw\":400,\"stored\":0",
        "7,\"offset\":0,\"raw\":311,\"stored\":311", ",\"offset\":0,\"raw\":400,\"stored\":400",
        "7,\"offset\":0,\"raw\":1073741825,\"stored\":400",
        "7,\"offset\":18446744073709551616,\"raw\":400,\"stored\":400",
        "7,\"offset\":18446744073709551615,\"raw\":400,\"stored\":400",
        "1000000000000,\"offset\":0,\"raw\":400,\"stored\":400"}) {
    const auto line = decode_line(hashed_line(head + std::string(numbers) + tail));
    ASSERT_FALSE(line) << numbers;
    EXPECT_EQ(line.error(), LineError::malformed) << numbers;
  }
  for (const std::string& open : {std::string(), std::string("{}"), std::string("{\"type\":\"x\""),
                                  std::string("{\"type\":\"segment\"")}) {
    EXPECT_EQ(decode_line(hashed_line(open)).error(), LineError::malformed) << open;
  }
}

TEST(ManifestLine, AClosingLineIsOfAStoreThatHoldsSomething) {
  const auto code_with = [](const std::string& numbers) {
    return decode_line(hashed_line("{\"type\":\"end\",\"segments\":" + numbers +
                                   ",\"chain\":\"00000000000000050000000000000006\""));
  };
  ASSERT_TRUE(code_with("1,\"raw\":400,\"stored\":400"));
  for (const std::string numbers : {"0,\"raw\":0,\"stored\":0", "1,\"raw\":400,\"stored\":401",
                                    "1000000000001,\"raw\":400,\"stored\":400"}) {
    EXPECT_EQ(code_with(numbers).error(), LineError::malformed) << numbers;
  }
}

TEST(ManifestLine, ANameHasOneForm) {
  const auto line_with = [](const std::string& name) {
    return decode_line(
        hashed_line("{\"type\":\"substream\",\"sequence\":7,\"begin\":0,"
                    "\"toguid\":\"1\",\"fromguid\":\"0\",\"toname\":\"" +
                    name + "\""));
  };
  EXPECT_EQ(std::get<SubstreamLine>(line_with("a%25b%00").value()).substream.toname,
            std::string("a%b\0", 4));
  for (const std::string name : {"%", "%2", "%zz", "%41", "%C3", "a\xc3", "%20"})
    EXPECT_EQ(line_with(name).error(), LineError::malformed) << name;
  EXPECT_TRUE(line_with(std::string(drr::kToNameBytes, 'n')));
  EXPECT_FALSE(line_with(std::string(drr::kToNameBytes + 1, 'n')));
}

TEST(ManifestLine, LinesOfForeignAndLaterTypesArePassedOver) {
  const std::string line = hashed_line(R"({"type":"x-note","anything":["at",{"all":1}])");
  EXPECT_TRUE(decode_line(line).value() == ManifestLine(ExtraLine{line}));
  const std::string later = hashed_line(R"({"type":"z-repaired","sequence":5)");
  EXPECT_TRUE(decode_line(later).value() == ManifestLine(ExtraLine{later}));
  EXPECT_EQ(decode_line(hashed_line(R"({"type":"xnote")")).error(), LineError::malformed);
}

TEST(ManifestLine, OfAStoreCanBeMadeFromTheFirstHeader) {
  const auto segments = segments_of(test::every_record_type(ByteOrder::little).bytes(),
                                    {.target_bytes = 800, .level = 2, .key = kTestKey});
  const StoreLine line = store_line_of(segments[0].header, "x");
  EXPECT_EQ(line.settings, (StoreSettings{800, Compression::always, 2}));
  EXPECT_TRUE(describes(line, segments[0].header));
  for (const auto& change : {+[](StoreLine& l) { l.store_id.low ^= 1; },
                             +[](StoreLine& l) { ++l.settings.segment_bytes; },
                             +[](StoreLine& l) { ++l.settings.level; },
                             +[](StoreLine& l) { l.is_authenticated = false; }}) {
    StoreLine other = line;
    change(other);
    EXPECT_FALSE(describes(other, segments[0].header));
  }
}

TEST(ManifestLine, AStoreOfAnotherVersionIsNamed) {
  EXPECT_EQ(decode_line(hashed_line(R"({"type":"store","version":2,"anything":true)")).error(),
            LineError::unknown_version);
}

TEST(ManifestLine, StoresBeyondTheLimitsAreRefused) {
  const auto with = [](const std::string& from, const std::string& to) {
    std::string line = without_newline(encode_line(store_line()));
    line.resize(line.find(",\"xxh3\""));
    return hashed_line(line.replace(line.find(from), from.size(), to));
  };
  ASSERT_TRUE(decode_line(with("zsluice", "zsluice")));
  for (const auto& [from, to] : {std::pair("\"level\":3", "\"level\":0"),
                                 {"\"level\":3", "\"level\":20"},
                                 {"\"compression\":\"always\"", "\"compression\":\"off\""},
                                 {"\"compression\":\"always\"", "\"compression\":\"lz4\""},
                                 {":65536", ":0"},
                                 {":65536", ":1073741825"},
                                 {"false", "0"},
                                 {"zsluice", "zs\\u006c"},
                                 {"zsluice", "zs\x1b[2J"},
                                 {"0.1.0\"", "0.1.0"}}) {
    EXPECT_EQ(decode_line(with(from, to)).error(), LineError::malformed) << to;
  }
  EXPECT_EQ(decode_line(with("zsluice", std::string(kCreatedByBytesMax, 'z'))).error(),
            LineError::malformed);
}

TEST(ManifestLine, ALineBeyondTheLimitIsNotEvenHashed) {
  EXPECT_EQ(decode_line(hashed_line(std::string(kManifestLineBytesMax, ' '))).error(),
            LineError::too_long);
}

TEST(EndLineHmac, IsThatOfTheKey) {
  HmacSha256 mac(bytes_of(kTestKey));
  EndLine line = end_line();
  EXPECT_FALSE(is_authentic(line, mac));
  ASSERT_TRUE(authenticate(line, mac));
  EXPECT_TRUE(is_authentic(line, mac));
  HmacSha256 other(bytes_of("another key"));
  EXPECT_FALSE(is_authentic(line, other));
  EndLine changed = line;
  changed.segments -= 1;
  EXPECT_FALSE(is_authentic(changed, mac));
  changed = line;
  changed.chain.low ^= 1;
  EXPECT_FALSE(is_authentic(changed, mac));
  expect_line(encode_line(line), line);
}

// What others need to check it with: a label, and everything before the member, as it stands.
TEST(EndLineHmac, CoversTheTextBeforeIt) {
  HmacSha256 mac(bytes_of(kTestKey));
  EndLine line = end_line();
  ASSERT_TRUE(authenticate(line, mac));
  const std::string text = encode_line(line);
  const std::string covered =
      std::string("zsluice end 1") + '\0' + text.substr(0, text.find(",\"hmac\""));
  EXPECT_EQ(line.hmac, checksum::hmac_sha256(bytes_of(kTestKey), bytes_of(covered)));
}

}  // namespace
}  // namespace zsluice::storage
