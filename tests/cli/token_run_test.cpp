// SPDX-License-Identifier: BSD-2-Clause
// `zsluice token` in this process, word for word.
#include "cli/cli_run.hpp"
#include "support/corpus.hpp"
#include "support/damages.hpp"
#include "support/policy_streams.hpp"
#include "support/stream_builder.hpp"
#include "support/token_text.hpp"
#include "zsluice/token/token.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

namespace zsluice {
namespace {

using test::Bytes;
using test::CliRun;
using test::run_cli;
using testing::HasSubstr;

token::Token increment() {
  token::Token token;
  token.fromguid = 7;
  token.object = 34;
  token.offset = 131072;
  token.bytes = 4096;
  token.toguid = 9;
  token.toname = "tank/a@s2";
  token.compress_ok = true;
  token.raw_ok = true;
  return token;
}

std::string text_of(const token::Token& token) {
  return token::encode(token, ByteOrder::little).value();
}

Bytes head_of(const Bytes& stream, std::size_t bytes) {
  return {stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(bytes)};
}

// The text that a run of `token make` or of `--encode` printed.
std::string token_in(const CliRun& run) {
  return run.out.substr(0, run.out.find('\n'));
}

TEST(TokenDecode, ShowsEveryField) {
  const CliRun run = run_cli({"token", "decode", text_of(increment())});
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(run.out,
            "  snapshot      \"tank/a@s2\", guid 9\n"
            "  from          guid 7\n"
            "  resumes at    object 34, offset 131072\n"
            "  received      4096 bytes in all attempts\n"
            "  flags         compressok rawok\n"
            "  nvlist        native, from a little-endian machine, 280 bytes\n"
            "  would send    a raw stream\n");
}

TEST(TokenDecode, ReadsStandardInputWithBlanksAroundIt) {
  const std::string text = text_of(increment());
  const CliRun named = run_cli({"token", "decode", text});
  for (const std::string& input : {text, text + "\n", "  " + text + "\r\n\n"}) {
    EXPECT_EQ(run_cli({"token", "decode"}, bytes_of(input)).out, named.out);
    EXPECT_EQ(run_cli({"token", "decode", "-"}, bytes_of(input)).out, named.out);
  }
}

TEST(TokenDecode, WarnsWhenResumingWouldSendPlaintext) {
  token::Token plain = increment();
  plain.raw_ok = false;
  const std::string text = text_of(plain);
  const CliRun run = run_cli({"token", "decode", text});
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.out, HasSubstr("  would send    plaintext\n"));
  EXPECT_EQ(run.err,
            "zsluice: token decode: warning: no rawok: `zfs send -t` sends the plaintext of "
            "\"tank/a@s2\" for this token\n"
            "  If what was interrupted was a raw send, the receiver changed the token.\n");
  EXPECT_EQ(run_cli({"token", "decode", "-q", text}).err, "");
}

TEST(TokenDecode, ForeignTextReachesNoTerminal) {
  token::Token token = increment();
  token.toname = "tank/\x1b[31m\xff@s";
  const std::string text = text_of(token);
  EXPECT_THAT(run_cli({"token", "decode", text}).out, HasSubstr("\"tank/\\x1b[31m\\xff@s\""));
  const CliRun json = run_cli({"token", "decode", "--json", text});
  EXPECT_EQ(json.out.find('\x1b'), std::string::npos);
  EXPECT_EQ(json.json()["token"]["toname_hex"], "74616e6b2f1b5b33316dff4073");
}

struct Wrong {
  std::string token;
  std::string reason;
  std::string code;
};

TEST(TokenDecode, SaysWhatIsWrongWithAToken) {
  const std::string good = text_of(increment());
  std::string changed = good;
  changed.back() = changed.back() == '0' ? '1' : '0';
  const std::string sum = good.substr(2, good.find('-', 2) - 2);
  const std::string rest = good.substr(2 + sum.size());
  const Wrong table[] = {
      {"hello", "a token has four parts with '-' between them, this has 1", "malformed"},
      {"2-1-1-00", "its version is 2; only 1 is known", "unsupported_version"},
      {"1-x-1-00", "part 2 is no number as tokens have it", "bad_number"},
      {"1-1-ffffffffffffffff-00",
       "it claims to unpack to 18446744073709551615 bytes; 1048576 are the most that is accepted",
       "length_too_large"},
      {"1-1-1-0g", "character 8 is no hex digit", "bad_digit"},
      {"1-1-1-000", "its data has 3 hex digits, an odd number", "odd_digits"},
      {"1-1" + rest, "checksum mismatch: it says 1, its data sums to " + sum, "checksum_mismatch"},
  };
  for (const Wrong& wrong : table) {
    SCOPED_TRACE(wrong.reason);
    const CliRun run = run_cli({"token", "decode", wrong.token});
    EXPECT_EQ(run.status, 3);
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(run.err, "zsluice: token decode: damaged: " + wrong.reason +
                           "\n  Resume by no part of it: take it again from the receiver.\n");
    const CliRun json = run_cli({"token", "decode", "--json", wrong.token});
    EXPECT_EQ(json.status, 3);
    EXPECT_EQ(json.json()["verdict"], "damaged");
    EXPECT_EQ(json.json()["failure"]["code"], wrong.code);
    EXPECT_TRUE(json.json()["token"].is_null());
  }
  EXPECT_EQ(run_cli({"token", "decode", changed}).status, 3);
}

TEST(TokenDecode, AnEmptyInputIsToldFromADamagedToken) {
  const CliRun run = run_cli({"token", "decode"});
  EXPECT_EQ(run.status, 3);
  EXPECT_THAT(run.err, HasSubstr("there is no token"));
}

TEST(TokenDecode, EndlessInputIsReadNoFurtherThanATokenCanBe) {
  const std::string endless(8U << 20, '1');
  const CliRun run = run_cli({"token", "decode"}, bytes_of(endless));
  EXPECT_EQ(run.status, 3);
  EXPECT_THAT(run.err, HasSubstr("it is longer than any token"));
}

TEST(TokenCheck, AcceptsWhatTheJobIs) {
  const std::string text = text_of(increment());
  for (const test::Arguments& more :
       {test::Arguments{"--expect-toguid", "9"}, test::Arguments{"--expect-name", "tank/*@s2"},
        test::Arguments{"--expect-toguid", "9", "--expect-fromguid", "7"}}) {
    test::Arguments arguments = {"token", "check", text};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const CliRun run = run_cli(arguments);
    EXPECT_EQ(run.status, 0);
    const bool by_name_alone = more.front() == "--expect-name";
    EXPECT_EQ(run.err.find("warning: by --expect-name alone") != std::string::npos, by_name_alone);
    EXPECT_EQ(run.err.empty(), !by_name_alone);
    EXPECT_EQ(run.out, "accepted: a raw stream of \"tank/a@s2\", from object 34, offset 131072\n");
    arguments.push_back("-q");
    EXPECT_EQ(run_cli(arguments).out, "");
  }
}

struct Refused {
  token::Token token;
  test::Arguments options;
  std::string reason;
  std::string code;
};

std::vector<Refused> refused_tokens() {
  token::Token plain = increment();
  plain.raw_ok = false;
  token::Token saved = increment();
  saved.saved_ok = true;
  token::Token beyond = increment();
  beyond.object = 0;
  return {
      {plain,
       {"--expect-toguid", "9"},
       "it does not ask for a raw stream: `zfs send -t` would send plaintext\n"
       "  A receiver can make any token. --allow-plaintext accepts such ones.",
       "not_raw"},
      {increment(),
       {"--expect-toguid", "10"},
       "it asks for snapshot guid 9, expected 10",
       "unexpected_toguid"},
      {increment(),
       {"--expect-toguid", "9", "--expect-fromguid", "0"},
       "it starts from snapshot guid 7, expected 0 (a full stream)",
       "unexpected_fromguid"},
      {increment(),
       {"--expect-name", "tank/b@*"},
       "it asks for \"tank/a@s2\", which does not match --expect-name \"tank/b@*\"",
       "unexpected_name"},
      {saved, {"--expect-toguid", "9"}, "it asks for a saved stream, not for a snapshot", "saved"},
      {beyond,
       {"--expect-toguid", "9"},
       "no stream has its position, object 0, offset 131072",
       "impossible_position"},
  };
}

TEST(TokenCheck, RefusesWhatAsksForAnythingElse) {
  for (const Refused& refused : refused_tokens()) {
    SCOPED_TRACE(refused.code);
    const std::string text = text_of(refused.token);
    test::Arguments arguments = {"token", "check", text};
    arguments.insert(arguments.end(), refused.options.begin(), refused.options.end());
    const CliRun run = run_cli(arguments);
    EXPECT_EQ(run.status, 5);
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(run.err, "zsluice: token check: refused: " + refused.reason +
                           "\n  Nothing should be sent by this token.\n");
    arguments.push_back("--json");
    const CliRun json = run_cli(arguments);
    EXPECT_EQ(json.status, 5);
    EXPECT_EQ(json.json()["failure"]["code"], refused.code);
    EXPECT_EQ(json.json()["token"]["toname"], "tank/a@s2");
  }
}

TEST(TokenMake, GivesTheRealReceiversTokenForEveryCut) {
  std::size_t compared = 0;
  std::size_t equal_texts = 0;
  for (const test::CorpusToken& real : test::corpus_tokens()) {
    SCOPED_TRACE(real.name);
    const std::size_t dot = real.name.rfind(".cut");
    const std::string name = real.name.substr(0, dot);
    const std::size_t bytes = std::stoul(real.name.substr(dot + 4));
    const Bytes stream = head_of(test::read_corpus(name), bytes);
    const CliRun run = run_cli({"token", "make", "-q"}, stream);
    ASSERT_EQ(run.status, 0) << run.err;
    auto made = token::decode(token_in(run)).value().token;
    auto expected = token::decode(real.text).value().token;
    equal_texts += made == expected ? 1U : 0U;
    // A counter of the receiver's, not a position (FORMAT.md §F.6).
    made.bytes = expected.bytes;
    EXPECT_EQ(made, expected);
    ++compared;
  }
  EXPECT_EQ(compared, 24U);
  EXPECT_GT(equal_texts, 10U);
}

// A sender does not unpack a list of another byte order than its own.
TEST(TokenMake, IsInTheByteOrderOfTheStreamsSender) {
  for (const char* const name : {"foreign_order/pl_e.be", "pl_e"}) {
    const Bytes stream = test::read_corpus(name);
    const CliRun run = run_cli({"token", "make", "-q"}, head_of(stream, stream.size() - 400));
    const token::Token made = token::decode(token_in(run)).value().token;
    const bool is_big = std::string_view(name).ends_with(".be");
    EXPECT_EQ(token_in(run), token::encode(made, is_big ? ByteOrder::big : ByteOrder::little));
  }
}

TEST(TokenMake, SaysHowMuchIsSentAgain) {
  const Bytes stream = head_of(test::read_corpus("g256_raw_full"), 869740);
  const CliRun run = run_cli({"token", "make"}, stream);
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.err,
            "zsluice: token make: stdin: \"src/g256@s1\" goes on at object 19, offset 0; "
            "4320 stored bytes sent again\n");
  const CliRun json = run_cli({"token", "make", "--json"}, stream);
  EXPECT_EQ(json.err, "");
  const nlohmann::json result = json.json();
  EXPECT_EQ(result["text"], token_in(run));
  EXPECT_EQ(result["source"]["bytes"], 869740);
  EXPECT_EQ(result["source"]["resent_bytes"], 4320);
  // What is there of a record that is not whole is sent again, too.
  const CliRun amid = run_cli({"token", "make", "--json"}, head_of(stream, 869700));
  EXPECT_EQ(amid.json()["source"]["resent_bytes"],
            869700 - amid.json()["source"]["record_offset"].get<std::uint64_t>());
  EXPECT_LT(amid.json()["source"]["proven_bytes"], 869700);
}

TEST(TokenMake, GoesOnBeforeADamage) {
  Bytes stream = test::read_corpus("g256_raw_full");
  stream[500'000] ^= std::byte{1};
  const CliRun run = run_cli({"token", "make"}, stream);
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.err, HasSubstr(" sent again, and all behind the damage\n"));
  EXPECT_THAT(run.err, HasSubstr("\n  It is damaged between offsets 489836 and 506532; "
                                 "what lies behind is not used.\n"));
}

TEST(TokenMake, OfSeveralStreamsTheOneThatIsCutIsMeant) {
  Bytes file = test::read_corpus("g256_raw_full");
  const Bytes increment = head_of(test::read_corpus("g256_raw_incr"), 180769);
  file.insert(file.end(), increment.begin(), increment.end());
  const CliRun run = run_cli({"token", "make", "-q"}, file);
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.out, run_cli({"token", "make", "-q"}, increment).out);
}

TEST(TokenMake, WhatFollowsAWholeStreamIsSaid) {
  Bytes file = test::read_corpus("g256_raw_full");
  file.insert(file.end(), 5000, std::byte{7});
  const CliRun run = run_cli({"token", "make"}, file);
  EXPECT_EQ(run.status, 5);
  EXPECT_THAT(run.err, HasSubstr("it is whole: nothing is missing; what follows its end is no"));
}

TEST(TokenMake, OfALaterStreamTooLittleMayBeThere) {
  const Bytes whole = test::read_corpus("g256_raw_full");
  for (const std::size_t more : {100U, 312U, 700U}) {
    Bytes file = whole;
    const Bytes begun = head_of(test::read_corpus("g256_raw_incr"), more);
    file.insert(file.end(), begun.begin(), begun.end());
    const CliRun run = run_cli({"token", "make"}, file);
    EXPECT_EQ(run.status, 4);
    EXPECT_THAT(run.err, HasSubstr("truncated: not even the last stream's beginning is there"));
  }
}

TEST(TokenMake, APackageCutInALaterBeginStopsBetweenSnapshots) {
  const Bytes package = test::read_corpus("hier_raw_R");
  const test::StreamImage image(package);
  std::size_t begins = 0;
  for (std::size_t i = 0; i < image.records(); ++i) {
    if (image.type(i) == 0 && ++begins == 4) {
      for (const std::uint64_t more : {100U, 312U, 900U}) {
        const CliRun run = run_cli({"token", "make"}, head_of(package, image.offset(i) + more));
        EXPECT_EQ(run.status, 4);
        EXPECT_THAT(run.err, HasSubstr("stops between two snapshots: 2 substreams complete"));
      }
    }
  }
}

TEST(TokenMake, TellsOfAPackageWhatTheTokenLeavesOut) {
  const Bytes package = test::read_corpus("hier_raw_R");
  const CliRun run = run_cli({"token", "make"}, head_of(package, package.size() / 2));
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.err, HasSubstr("\n  It is part of a package, with "));
}

TEST(TokenMake, ThereIsNoneForWhatIsWholeOrHardlyBegun) {
  const Bytes stream = test::read_corpus("g256_raw_full");
  const CliRun whole = run_cli({"token", "make"}, stream);
  EXPECT_EQ(whole.status, 5);
  EXPECT_EQ(whole.out, "");
  EXPECT_EQ(whole.err, "zsluice: token make: stdin: it is whole: nothing is missing\n");
  for (const std::size_t bytes : {0U, 100U, 312U, 1500U}) {
    const CliRun begun = run_cli({"token", "make"}, head_of(stream, bytes));
    EXPECT_EQ(begun.status, 4);
    EXPECT_EQ(begun.err,
              "zsluice: token make: stdin: truncated: not even its beginning is there and proven\n"
              "  No token asks for that: send it again from its start.\n");
  }
  const CliRun garbage = run_cli({"token", "make"}, Bytes(5000, std::byte{7}));
  EXPECT_EQ(garbage.status, 3);
  const CliRun absent = run_cli({"token", "make", "/nowhere/at/all"});
  EXPECT_EQ(absent.status, 7);
}

TEST(TokenMake, OfRecordsWithoutChecksumsThatIsTheReason) {
  Bytes stream = test::StreamBuilder().begin().frees(8).end().bytes(test::Sums::end_only);
  stream.resize(stream.size() - 100);
  const CliRun run = run_cli({"token", "make"}, stream);
  EXPECT_EQ(run.status, 4);
  EXPECT_EQ(run.err,
            "zsluice: token make: stdin: truncated: its records carry no checksums of their own "
            "(very old senders made such): only END would prove them\n"
            "  No token asks for that: send it again from its start.\n");
}

TEST(TokenEncode, ANameThatIsTooLongIsCalledThat) {
  const CliRun run = run_cli({"token", "make", "--encode"},
                             bytes_of(R"({"toname":")" + std::string(1'100'000, 'a') +
                                      R"(","toguid":1,"object":1,"offset":0,"bytes":0})"));
  EXPECT_EQ(run.status, 3);
  EXPECT_THAT(run.err, HasSubstr("it packs to more than 1048576 bytes, and no token does: its "
                                 "\"toname\" has 1100000 bytes, and it names 0 redaction "
                                 "snapshots\n"));
}

TEST(TokenDecode, BytesBehindTheListAreToldFromAWrongLength) {
  const auto form = test::token_parts(text_of(increment()));
  const auto packed_bytes = std::stoull(form.length, nullptr, 16);
  const auto claiming = [&](unsigned long long bytes) {
    return fmt::format("{}-{}-{:x}-{}", form.version, form.checksum, bytes, form.digits);
  };
  EXPECT_THAT(run_cli({"token", "decode", claiming(packed_bytes + 1)}).err,
              HasSubstr(fmt::format("its data unpacks to {} bytes, it claims {}\n", packed_bytes,
                                    packed_bytes + 1)));
  EXPECT_THAT(run_cli({"token", "decode", claiming(packed_bytes - 1)}).err,
              HasSubstr(fmt::format("its data unpacks to more than the {} bytes it claims\n",
                                    packed_bytes - 1)));
  test::NvlistBuilder list;
  list.u64("object", 1).u64("offset", 0).u64("bytes", 0).u64("toguid", 1).string("toname", "a@b");
  Bytes packed = list.pack(test::kPackedAsSent);
  const std::size_t size = packed.size();
  packed.resize(size + 4);
  const std::string token = test::token_around(packed, ByteOrder::little).text();
  EXPECT_THAT(run_cli({"token", "decode", token}).err,
              HasSubstr(fmt::format("its nvlist ends after {} of the {} bytes it unpacks to\n",
                                    size, size + 4)));
}

TEST(TokenEncode, MakesTheTokenThatDecodeHasShown) {
  for (const test::CorpusToken& real : test::corpus_tokens()) {
    SCOPED_TRACE(real.name);
    const CliRun shown = run_cli({"token", "decode", "--json", "-q", real.text});
    const CliRun made = run_cli({"token", "make", "--encode", "-q"}, bytes_of(shown.out));
    ASSERT_EQ(made.status, 0) << made.err;
    EXPECT_EQ(token::decode(token_in(made)).value().token, token::decode(real.text).value().token);
  }
}

TEST(TokenEncode, KeepsBytesThatJsonCannotHold) {
  token::Token token = increment();
  token.toname = "tank/\xff@s";
  token.redact_snaps = {1, ~std::uint64_t{0}};
  token.book_redact_snaps.emplace();
  const CliRun shown = run_cli({"token", "decode", "--json", text_of(token)});
  const CliRun made = run_cli({"token", "make", "--encode"}, bytes_of(shown.out));
  ASSERT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(token::decode(token_in(made)).value().token, token);
}

TEST(TokenEncode, SaysWhatIsMissing) {
  const Wrong table[] = {
      {"", "it is not JSON", ""},
      {"[1]", "it is not a JSON object", ""},
      {"{}", "\"toname\" is missing", ""},
      {R"({"toname":"a@b","toguid":1,"object":1,"offset":0})", "\"bytes\" is missing", ""},
      {R"({"toname":"a@b","toguid":-1,"object":1,"offset":0,"bytes":0})",
       "\"toguid\" is not a 64-bit number", ""},
      {R"({"toname":"a@b","toguid":1,"object":1,"offset":0,"bytes":0,"rawok":1})",
       "\"rawok\" is neither true nor false", ""},
  };
  for (const Wrong& wrong : table) {
    const CliRun run = run_cli({"token", "make", "--encode"}, bytes_of(wrong.token));
    EXPECT_EQ(run.status, 3);
    EXPECT_EQ(run.err, "zsluice: token make: damaged: no token can be made of this JSON: " +
                           wrong.reason + "\n");
  }
}

}  // namespace
}  // namespace zsluice
