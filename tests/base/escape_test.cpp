// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/base/escape.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <random>
#include <string>
#include <string_view>

namespace zsluice {
namespace {

struct Case {
  std::string_view foreign;
  std::string_view shown;
};

void expect_shown(const Case& c) {
  SCOPED_TRACE(c.shown);
  EXPECT_EQ(escaped(c.foreign), c.shown);
}

std::string utf8(std::uint32_t code_point) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  const auto tail = [&](unsigned shift) { return byte(0x80 | (code_point >> shift & 0x3F)); };
  if (code_point < 0x80) return {byte(code_point)};
  if (code_point < 0x800) return {byte(0xC0 | code_point >> 6), tail(0)};
  if (code_point < 0x10000) return {byte(0xE0 | code_point >> 12), tail(6), tail(0)};
  return {byte(0xF0 | code_point >> 18), tail(12), tail(6), tail(0)};
}

TEST(Escape, PassesPrintableTextInAnyScript) {
  for (const std::string_view text :
       {"", "tank/data@2026-11-21_03:00", "it's 100 % `fine` <b>", "r\u00e9sum\u00e9", "\u00a0",
        "\u65e5\u672c\u8a9e", "\u0639\u0631\u0628\u064a", "\u05e2\u05d1\u05e8\u05d9\u05ea",
        "\U0001F600", "\U0001F1E9\U0001F1EA", "\u20ac \u2026 \u2014", "\U0010FFFD"}) {
    expect_shown({text, text});
  }
}

TEST(Escape, ShowsControlCharacters) {
  const Case cases[] = {
      {"a\nb", R"(a\nb)"},
      {"a\tb", R"(a\tb)"},
      {"a\rb", R"(a\x0db)"},
      {std::string_view("a\0b", 3), R"(a\x00b)"},
      {"\x1b[31mred", R"(\x1b[31mred)"},
      {"\x1b]0;title\x07", R"(\x1b]0;title\x07)"},
      {"\x08\x0b\x0c", R"(\x08\x0b\x0c)"},
      {"\x1f \x7f", R"(\x1f \x7f)"},
      {"\u0080\u009b2J\u009f", R"(\u{0080}\u{009b}2J\u{009f})"},
      {"\x9b"
       "2J",
       R"(\x9b2J)"},
  };
  for (const Case& c : cases)
    expect_shown(c);
}

TEST(Escape, KeepsItsOwnMarksUnambiguous) {
  constexpr Case kCases[] = {
      {R"(\)", R"(\\)"},       {R"(\n)", R"(\\n)"},
      {R"(\x1b)", R"(\\x1b)"}, {R"(say "hi")", R"(say \"hi\")"},
      {R"(\...)", R"(\\...)"},
  };
  for (const Case& c : kCases)
    expect_shown(c);
}

TEST(Escape, ShowsWhatWouldReorderOrHideText) {
  constexpr std::uint32_t kHidden[] = {
      0x00AD, 0x061C, 0x180E, 0x200B, 0x200C, 0x200D,  0x200E,  0x200F,  0x2028,  0x2029, 0x202A,
      0x202B, 0x202C, 0x202D, 0x202E, 0x2060, 0x2066,  0x2067,  0x2068,  0x2069,  0xFE0F, 0xFEFF,
      0xFFF9, 0xFFFB, 0xFFFE, 0xFFFF, 0xFDD0, 0x1FFFE, 0xE0001, 0xE0041, 0x10FFFF};
  for (const std::uint32_t code_point : kHidden) {
    char expected[16];
    std::snprintf(expected, sizeof(expected), "\\u{%04x}", code_point);
    expect_shown({utf8(code_point), expected});
  }
  constexpr std::uint32_t kNeighbours[] = {0x00A0, 0x00AE, 0x061B, 0x061D, 0x200A, 0x2010,
                                           0x2027, 0x202F, 0x205F, 0x2070, 0xFFFC, 0xFFFD};
  for (const std::uint32_t code_point : kNeighbours) {
    expect_shown({utf8(code_point), utf8(code_point)});
  }
}

TEST(Escape, ShowsEachByteThatIsNotUtf8) {
  constexpr Case kCases[] = {
      {"caf\xe9", R"(caf\xe9)"},                    // Latin-1
      {"\x80\xbf", R"(\x80\xbf)"},                  // continuation without a lead
      {"\xc3", R"(\xc3)"},                          // cut short at the end
      {"\xe2\x82", R"(\xe2\x82)"},                  //
      {"\xf0\x9f\x98", R"(\xf0\x9f\x98)"},          //
      {"\xc3(", R"(\xc3()"},                        // cut short by another character
      {"\xe2\x82 a", R"(\xe2\x82 a)"},              //
      {"\xe2\xe2\x82\xac", "\\xe2\u20ac"},          // the second lead starts a good one
      {"\xc0\xaf", R"(\xc0\xaf)"},                  // overlong '/'
      {"\xc1\xbf", R"(\xc1\xbf)"},                  //
      {"\xe0\x9f\xbf", R"(\xe0\x9f\xbf)"},          // overlong U+07FF
      {"\xf0\x8f\xbf\xbf", R"(\xf0\x8f\xbf\xbf)"},  // overlong U+FFFF
      {"\xed\xa0\x80", R"(\xed\xa0\x80)"},          // surrogate U+D800
      {"\xed\xbf\xbf", R"(\xed\xbf\xbf)"},          // surrogate U+DFFF
      {"\xf4\x90\x80\x80", R"(\xf4\x90\x80\x80)"},  // U+110000
      {"\xf5\xbf\xbf\xbf", R"(\xf5\xbf\xbf\xbf)"},  // lead past the last plane
      {"\xf8\x88\x80\x80\x80", R"(\xf8\x88\x80\x80\x80)"},
      {"\xff\xfe", R"(\xff\xfe)"},
  };
  for (const Case& c : kCases)
    expect_shown(c);
}

TEST(Escape, CutsOnlyBetweenCharacters) {
  struct CutCase {
    std::string_view foreign;
    std::size_t bytes_max;
    std::string_view shown;
  };
  constexpr CutCase kCases[] = {
      {"abc", 3, "abc"},  // exactly fits: no mark
      {"abcd", 3, R"(abc\...)"},
      {"a\nb", 2, R"(a\...)"},
      {"a\nb", 3, R"(a\n\...)"},
      {"a\x1b", 4, R"(a\...)"},
      {"a\x1b", 5, R"(a\x1b)"},
      {"\u20ac\u20ac", 5, "\u20ac\\..."},
      {"\U0001F600", 3, R"(\...)"},
      {"a\u202e", 8, R"(a\...)"},
      {"a\u202e", 9, R"(a\u{202e})"},
      {"a", 0, R"(\...)"},
      {"", 0, ""},
  };
  for (const CutCase& c : kCases) {
    SCOPED_TRACE(c.shown);
    EXPECT_EQ(escaped(c.foreign, c.bytes_max), c.shown);
  }
}

TEST(Escape, IsBoundedByDefault) {
  const std::string text = escaped(std::string(1 << 20, 'x'));
  EXPECT_EQ(text.size(), kEscapedBytesMax + kEscapeCutMark.size());
  EXPECT_TRUE(text.ends_with(kEscapeCutMark));
}

TEST(Escape, AppendsBehindWhatIsThere) {
  std::string message(2000, 'm');
  append_escaped(message, "a\nb", 8);
  EXPECT_EQ(message.substr(2000), R"(a\nb)");
}

TEST(Escape, ShowsDifferentTextsDifferently) {
  constexpr std::uint64_t kSeed = 20261123;
  SCOPED_TRACE(kSeed);
  std::mt19937_64 random(kSeed);
  constexpr std::string_view kAlphabet("\\\"nx0{u}.\n\x1b\xc2\x9b\xe2\x80\xae\xff", 16);
  std::map<std::string, std::string> seen;
  for (int i = 0; i < 20000; ++i) {
    std::string foreign(random() % 6, ' ');
    for (char& c : foreign)
      c = kAlphabet[random() % kAlphabet.size()];
    const auto [entry, is_new] = seen.try_emplace(escaped(foreign), foreign);
    ASSERT_TRUE(is_new || entry->second == foreign) << entry->first;
  }
}

TEST(Escape, LeavesNoRandomByteThatSteersATerminal) {
  constexpr std::uint64_t kSeed = 20261124;
  SCOPED_TRACE(kSeed);
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 2000; ++i) {
    std::string foreign(random() % 64, ' ');
    for (char& c : foreign)
      c = static_cast<char>(random());
    const std::string shown = escaped(foreign);
    for (const char c : shown) {
      const auto byte = static_cast<unsigned char>(c);
      ASSERT_TRUE(byte >= 0x20 && byte != 0x7F);
    }
    // What is shown is valid UTF-8 with nothing left to escape but its own marks.
    std::string marks_escaped;
    for (const char c : shown) {
      if (c == '\\' || c == '"') marks_escaped += '\\';
      marks_escaped += c;
    }
    ASSERT_EQ(escaped(shown), marks_escaped);
  }
}

}  // namespace
}  // namespace zsluice
