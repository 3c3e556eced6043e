// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/base/shell_quote.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace zsluice {
namespace {

TEST(ShellQuote, LeavesPlainWordsReadable) {
  for (const std::string_view word : {"zfs", "receive", "-s", "--", "tank/data@2026-11-21_03:00",
                                      "a+b", "user@host.example", "1,2", "/usr/sbin/zfs", "if"}) {
    EXPECT_EQ(*shell_quoted(word), word);
  }
}

TEST(ShellQuote, QuotesEverythingElse) {
  struct Case {
    std::string_view word;
    std::string_view quoted;
  };
  constexpr Case kCases[] = {
      {"", "''"},
      {" ", "' '"},
      {"a b", "'a b'"},
      {"a\nb", "'a\nb'"},
      {"it's", R"('it'\''s')"},
      {"'", R"(''\''')"},
      {"''", R"(''\'''\''')"},
      {R"(a\b)", R"('a\b')"},
      {R"("a")", R"('"a"')"},
      {"$(reboot)", "'$(reboot)'"},
      {"`reboot`", "'`reboot`'"},
      {"a;b", "'a;b'"},
      {"a&b", "'a&b'"},
      {"a|b", "'a|b'"},
      {"<a>", "'<a>'"},
      {"*", "'*'"},
      {"a?", "'a?'"},
      {"[a]", "'[a]'"},
      {"{a,b}", "'{a,b}'"},
      {"~root", "'~root'"},
      {"#a", "'#a'"},
      {"!a", "'!a'"},
      {"%1", "'%1'"},
      {"PATH=x", "'PATH=x'"},
      {"=ls", "'=ls'"},
      {"\x1b[2J", "'\x1b[2J'"},
      {"caf\xc3\xa9", "'caf\xc3\xa9'"},
      {"\xff", "'\xff'"},
  };
  for (const Case& c : kCases) {
    const auto quoted = shell_quoted(c.word);
    ASSERT_TRUE(quoted) << c.quoted;
    EXPECT_EQ(*quoted, c.quoted);
  }
}

TEST(ShellQuote, RefusesNulWhereverItStands) {
  for (const std::string_view word :
       {std::string_view("\0", 1), std::string_view("a\0b", 3), std::string_view("it's \0", 6)}) {
    const auto quoted = shell_quoted(word);
    ASSERT_FALSE(quoted);
    EXPECT_EQ(quoted.error(), ShellQuoteError::contains_nul);
  }
}

// What a POSIX shell makes of a quoted word: outside of quotes a backslash keeps the next byte.
std::string read_by_a_shell(std::string_view quoted) {
  std::string word;
  bool in_quotes = false;
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    if (quoted[i] == '\'') {
      in_quotes = !in_quotes;
    } else if (!in_quotes && quoted[i] == '\\') {
      word += quoted[++i];
    } else {
      word += quoted[i];
    }
  }
  EXPECT_FALSE(in_quotes) << quoted;
  return word;
}

TEST(ShellQuote, AShellReadsBackEveryByte) {
  std::string all;
  for (int byte = 255; byte > 0; --byte) {
    all += static_cast<char>(byte);
    const std::string one(1, static_cast<char>(byte));
    EXPECT_EQ(read_by_a_shell(*shell_quoted(one)), one);
  }
  EXPECT_EQ(read_by_a_shell(*shell_quoted(all)), all);
}

}  // namespace
}  // namespace zsluice
