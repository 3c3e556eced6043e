// SPDX-License-Identifier: BSD-2-Clause
// The small parts that `inspect` is made of.
#include "cli/json_writer.hpp"
#include "cli/property_concerns.hpp"
#include "cli/text_layout.hpp"
#include "cli/utc_text.hpp"

#include <gtest/gtest.h>

#include <set>

namespace zsluice::cli {
namespace {

TEST(UtcText, IsTheSameInEveryTimeZone) {
  EXPECT_EQ(utc_text(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(utc_text(951782399), "2000-02-28T23:59:59Z");
  EXPECT_EQ(utc_text(951782400), "2000-02-29T00:00:00Z");
  EXPECT_EQ(utc_text(1700000000), "2023-11-14T22:13:20Z");
  EXPECT_EQ(utc_text(253402300799), "9999-12-31T23:59:59Z");
  EXPECT_EQ(utc_text(253402300800), "");
  EXPECT_EQ(utc_text(~std::uint64_t{0}), "");
}

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
  std::string out;
  JsonWriter json(out);
  json.open_object();
  json.number("a", 1);
  json.open_array("b");
  json.text({}, "x");
  json.open_object();
  json.close_object();
  json.close_array();
  json.null("c");
  json.number("d", std::nullopt);
  json.boolean("e", true);
  json.guid("f", ~std::uint64_t{0});
  json.close_object();
  EXPECT_EQ(out, R"({"a":1,"b":["x",{}],"c":null,"d":null,"e":true,"f":"18446744073709551615"})");
}

TEST(JsonWriter, KeepsTheBytesOfForeignText) {
  std::string out;
  JsonWriter json(out);
  json.open_object();
  json.foreign("good", "gr\xC3\xBC\xC3\x9F\"e\n");
  json.foreign("mark", "\xEF\xBF\xBD");  // U+FFFD itself is good text
  json.foreign("bad", "a\xC3(");
  json.close_object();
  EXPECT_EQ(out, R"({"good":"gr\u00fc\u00df\"e\n","mark":"\ufffd","bad":"a\ufffd(",)"
                 R"("bad_hex":"61c328"})");
}

TEST(TextLayout, WrapsAtBlanksOnly) {
  EXPECT_EQ(labelled("kind", "full"), "  kind          full\n");
  EXPECT_EQ(labelled("", "x"), "                x\n");
  const std::string word(90, 'w');
  EXPECT_EQ(labelled("a", "one " + word + " two"),
            "  a             one\n                " + word + "\n                two\n");
  EXPECT_EQ(labelled_whole("a", word + " " + word), "  a             " + word + " " + word + "\n");
}

TEST(TextLayout, CountsInWords) {
  EXPECT_EQ(counted(0, "record"), "0 records");
  EXPECT_EQ(counted(1, "record"), "1 record");
  EXPECT_EQ(counted(2, "record"), "2 records");
}

TEST(PropertyConcerns, EachHasACodeOfItsOwnAndAReason) {
  std::set<std::string_view> codes;
  for (std::size_t i = 0; i < kPropertyConcerns; ++i) {
    EXPECT_TRUE(codes.insert(concern_code(i)).second) << concern_code(i);
    EXPECT_FALSE(concern_property(i).empty());
    EXPECT_EQ(concern_reason(i).back(), '.');
  }
}

struct TextCase {
  std::string_view name;
  std::string_view value;
  std::string_view code;  // empty: no concern
};

TEST(PropertyConcerns, OfTexts) {
  const TextCase cases[] = {
      {"keylocation", "https://k.example/pool", "keylocation_url"},
      {"keylocation", "http://k.example/pool", "keylocation_url"},
      {"keylocation", "file:///etc/zfs/key", "keylocation_file"},
      {"keylocation", "prompt", ""},
      {"mountpoint", "/etc", "mountpoint"},
      {"mountpoint", "legacy", ""},
      {"sharesmb", "on", "sharesmb"},
      {"sharenfs", "off", ""},
      {"rootcontext", "system_u:object_r:x", "context"},
      {"fscontext", "none", ""},
      {"com.sun:auto-snapshot:daily", "true", "auto_snapshot"},
      {"com.sun:auto-snapshot", "false", ""},
      {"org.openzfs.systemd:required-by", "x.mount", "systemd"},
      {"lab:mountpoint", "/etc", ""},
      {"", "", ""},
  };
  for (const TextCase& row : cases) {
    const nvlist::Value value(nvlist::DataType::string, 1, bytes_of(row.value),
                              nvlist::Encoding::xdr, ByteOrder::big);
    const auto concern = concern_of(row.name, value);
    EXPECT_EQ(concern ? concern_code(*concern) : "", row.code) << row.name << '=' << row.value;
  }
}

struct NumberCase {
  std::string_view name;
  std::uint8_t value;
  std::string_view code;
  std::string_view text;
};

TEST(PropertyConcerns, OfNumbersAndTheirWords) {
  const NumberCase cases[] = {
      {"canmount", 2, "canmount", "noauto"},
      {"canmount", 0, "", "off"},
      {"readonly", 0, "readonly", "off"},
      {"readonly", 1, "", "on"},
      {"volmode", 3, "", "none"},
      {"volmode", 1, "volmode", "full"},
      {"dedup", 2, "", "2"},
      {"copies", 2, "copies", "2"},
      {"compression", 15, "", "lz4"},
      {"checksum", 8, "", "sha256"},
      {"recordsize", 128, "", "128"},
      {"canmount", 9, "canmount", "9"},
  };
  for (const NumberCase& row : cases) {
    std::array<std::byte, 8> wire{};
    wire[7] = std::byte{row.value};
    const nvlist::Value value(nvlist::DataType::uint64, 1, wire, nvlist::Encoding::xdr,
                              ByteOrder::big);
    const auto concern = concern_of(row.name, value);
    EXPECT_EQ(concern ? concern_code(*concern) : "", row.code) << row.name;
    EXPECT_EQ(property_value_text(row.name, value), row.text) << row.name;
  }
}

}  // namespace
}  // namespace zsluice::cli
