// SPDX-License-Identifier: BSD-2-Clause
// `zsluice verify` in this process, word for word.
#include "cli/cli_run.hpp"
#include "io/fd.hpp"
#include "support/corpus.hpp"
#include "support/damages.hpp"
#include "support/for_each.hpp"
#include "support/policy_streams.hpp"

#include <string>

namespace zsluice {
namespace {

using drr::RecordType;
using test::Arguments;
using test::Bytes;
using test::CliRun;
using test::run_cli;
using test::StreamImage;

StreamImage raw_stream() {
  return test::corpus_image("c256_raw_full");
}
constexpr const char* kWhole =
    "stdin: whole: full raw stream of \"src/c256@s1\", 84 records, 172580 bytes\n";

struct Expected {
  const char* name;
  Bytes input;
  int status;
  std::string out;
  std::string err;
};

Bytes cut(const StreamImage& stream, std::uint64_t size) {
  return StreamImage(stream).truncate(size).bytes();
}

Bytes text_bytes(std::string_view text) {
  const ByteSpan bytes = bytes_of(text);
  return {bytes.begin(), bytes.end()};
}

std::vector<Expected> damaged_and_cut() {
  const StreamImage stream = raw_stream();
  const std::size_t write = stream.find(RecordType::write, 3);
  const std::string until = "  Everything before offset ";
  const std::string missing =
      " is as it was sent; what follows is not proven, and the rest is missing.\n";
  return {
      {"a flipped bit", StreamImage(stream).flip_bit(stream.header_end(write) + 100).bytes(), 3, "",
       "zsluice: verify: stdin: damaged between offsets 85004 and 86340: checksum mismatch\n"
       "  either the payload of record 14 (WRITE, object 4, offset 0) or the header of record 15 "
       "(OBJECT, object 5)\n"
       "  expected 000027cd26705522:066780a0a09f6597:92d2e8225bb13f17:86293ed8e1e0d190\n"
       "  computed 000027cd26705521:066780a0a09f646a:92d2e8225bb08d8c:86293ed8e19ac5b9\n"
       "  Everything before offset 85004 is as it was sent; what follows is not proven.\n"},
      {"inside BEGIN", cut(stream, 100), 4, "",
       "zsluice: verify: stdin: truncated at offset 100: the input ends inside the header of "
       "record 0, after 100 of 312 bytes\n"
       "  Nothing of it is proven.\n"},
      {"inside a header", cut(stream, stream.offset(write) + 100), 4, "",
       "zsluice: verify: stdin: truncated at offset 84792: the input ends inside the header of "
       "record 14, after 100 of 312 bytes\n" +
           until + "84692" + missing},
      {"inside a payload", cut(stream, stream.header_end(write) + 100), 4, "",
       "zsluice: verify: stdin: truncated at offset 85104: the input ends inside the payload of "
       "record 14 (WRITE, object 4, offset 0), after 100 of 1024 bytes\n" +
           until + "85004" + missing},
      {"between records", cut(stream, stream.offset(write)), 4, "",
       "zsluice: verify: stdin: truncated at offset 84692: the input ends after record 13 (FREE, "
       "object 4, offset 1024), END is missing\n"
       "  What is there is as it was sent; the rest is missing.\n"},
      {"before END", cut(stream, stream.offset(stream.last())), 4, "",
       "zsluice: verify: stdin: truncated at offset 172268: the input ends after record 82 "
       "(FREEOBJECTS, object 37), END is missing\n"
       "  What is there is as it was sent; the rest is missing.\n"},
      {"inside a package", cut(test::corpus_image("hier_raw_p"), 1220), 4, "",
       "zsluice: verify: stdin: truncated at offset 1220: the package's closing END is missing\n"
       "  What is there is as it was sent; the rest is missing.\n"},
      {"empty", {}, 4, "", "zsluice: verify: stdin: truncated: the input is empty\n"},
  };
}

std::vector<Expected> unusual() {
  const Bytes stream = raw_stream().bytes();
  return {
      {"whole", stream, 0, kWhole, ""},
      {"package", test::read_corpus("hier_raw_R"), 0,
       "stdin: whole: package \"src/hier@r2\" of 9 substreams, 591 records, 804488 bytes\n", ""},
      {"resumed", test::read_corpus("tokens/c256_raw_full.cut51774.resumed"), 0,
       "stdin: whole: full raw resumed stream of \"src/c256@s1\", 84 records, 172660 bytes\n", ""},
      {"incremental", test::read_corpus("empty_raw_incr"), 0,
       "stdin: whole: incremental raw stream of \"src/emp@s2\", 2 records, 1652 bytes\n", ""},
      {"trailing zeros", test::joined({stream, Bytes(512)}), 3, kWhole,
       "zsluice: verify: stdin: 512 bytes after the end of the stream at offset 172580: zeros\n"
       "  `zfs receive` never reads them; the stream before them is whole.\n"},
      {"trailing newline", test::joined({stream, text_bytes("\n")}), 3, kWhole,
       "zsluice: verify: stdin: 1 byte after the end of the stream at offset 172580: no stream\n"
       "  `zfs receive` never reads them; the stream before them is whole.\n"},
      {"the same again", test::joined({stream, stream}), 3,
       std::string(kWhole) +
           "stdin: whole: full raw stream of \"src/c256@s1\", 84 records, 172580 bytes from "
           "offset 172580\n",
       "zsluice: verify: stdin: the same stream stands here a second time, at offset 172580\n"
       "  `zfs receive` takes only the first.\n"},
      {"several", test::joined({stream, test::read_corpus("c128_raw_full")}), 0,
       std::string(kWhole) +
           "stdin: whole: full raw stream of \"src/c128@s1\", 84 records, 172580 bytes from "
           "offset 172580\n",
       "zsluice: verify: stdin: 2 streams one after another: one `zfs receive` takes only the "
       "first\n"},
      {"saved", test::read_corpus("saved_raw_S"), 4, "",
       "zsluice: verify: stdin: a saved stream: it ends at offset 299508 without END, by design\n"
       "  `zfs send --saved` sends what a partial receive holds; nothing proves that its last "
       "record is the last.\n"
       "  What is there is as it was sent; the rest is missing.\n"},
      {"without sums", test::read_corpus("foreign_order/c128_raw_full.zerosum"), 0,
       "stdin: whole: full raw stream of \"src/c128@s1\", 84 records, 172580 bytes\n",
       "zsluice: verify: stdin: 82 records without a checksum of their own: END alone judges them "
       "(very old senders made such streams)\n"},
  };
}

std::vector<Expected> not_streams() {
  const std::string head =
      "zsluice: verify: stdin: not a ZFS send stream: no BEGIN record at offset 0\n";
  Bytes gzip = test::pattern(400);
  gzip[0] = std::byte{0x1F};
  gzip[1] = std::byte{0x8B};
  Bytes short_gzip = gzip;
  short_gzip.resize(20);
  return {
      {"gzip", gzip, 3, "", head + "  It begins like gzip-compressed data: undo that first.\n"},
      {"a short gzip", short_gzip, 3, "",
       head + "  It begins like gzip-compressed data: undo that first.\n"},
      {"zeros", Bytes(4096), 3, "", head + "  It begins with zeros.\n"},
      {"an error message", text_bytes("cannot open 'tank/x': dataset does not exist\n"), 3, "",
       head + "  It begins with text: perhaps an error message was stored instead of the "
              "stream.\n"},
      {"noise", test::pattern(5000, 9), 3, "", head},
  };
}

void expect_all(const std::vector<Expected>& table) {
  for (const Expected& expected : table) {
    SCOPED_TRACE(expected.name);
    const CliRun run = run_cli({"verify"}, expected.input);
    EXPECT_EQ(run.status, expected.status);
    EXPECT_EQ(run.out, expected.out);
    EXPECT_EQ(run.err, expected.err);
  }
}

TEST(VerifyRun, DamagedAndTruncatedStreams) {
  expect_all(damaged_and_cut());
}
TEST(VerifyRun, WholeAndUnusualStreams) {
  expect_all(unusual());
}
TEST(VerifyRun, WhatIsNoStream) {
  expect_all(not_streams());
}

TEST(VerifyRun, EveryRealStreamGetsTheVerdictOfItsNotes) {
  test::for_each_stream([](const test::CorpusEntry& entry) {
    const std::string path = test::corpus_path(entry.name);
    const int expected = entry.is("verdict", "whole") ? 0 : 4;
    EXPECT_EQ(run_cli({"verify", path}).status, expected);
    EXPECT_EQ(run_cli({"verify", "-j", "3", "--blocks", path}).status, expected);
    EXPECT_EQ(run_cli({"verify", "--strict", "-q", path}).status, expected);
  });
}

TEST(VerifyRun, APathIsNamedAsTheUserGaveItButEscaped) {
  EXPECT_EQ(run_cli({"verify", test::corpus_path("empty_raw_incr")}).out,
            test::corpus_path("empty_raw_incr") +
                ": whole: incremental raw stream of \"src/emp@s2\", 2 records, 1652 bytes\n");
  const CliRun run = run_cli({"verify", "no\x1b[31msuch"});
  EXPECT_EQ(run.status, 7);
  EXPECT_EQ(run.err.find('\x1b'), std::string::npos);
}

TEST(VerifyRun, AFileThatIsNotThere) {
  const CliRun run = run_cli({"verify", "nosuch.zsend"});
  EXPECT_EQ(run.status, 7);
  EXPECT_EQ(run.err,
            "zsluice: verify: nosuch.zsend: cannot be opened: No such file or directory\n");
}

TEST(VerifyRun, ADirectoryIsTakenForAStore) {
  const CliRun run = run_cli({"verify", "/"});
  EXPECT_EQ(run.status, 3);
  EXPECT_EQ(run.err, "zsluice: verify: /: no store: it holds neither a manifest nor a segment\n");
}

TEST(VerifyRun, ATerminalIsRefused) {
  const io::Fd terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal) GTEST_SKIP() << "no pseudo-terminals here";
  ASSERT_EQ(::grantpt(terminal.get()) | ::unlockpt(terminal.get()), 0);
  const io::Fd slave(::open(::ptsname(terminal.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));  // NOLINT
  ASSERT_TRUE(slave);
  const test::MemoryFile out;
  const test::MemoryFile err;
  const Arguments arguments = {"verify"};
  EXPECT_EQ(cli::run(arguments, {slave.get(), out.fd(), err.fd()}), 2);
  EXPECT_EQ(err.content(), "zsluice: verify: stdin is a terminal: name a file, or redirect one\n");
}

TEST(VerifyRun, AFullDiskIsNoSuccess) {
  const test::MemoryFile in(test::read_corpus("empty_raw_incr"));
  const test::MemoryFile err;
  const io::Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  const Arguments arguments = {"verify"};
  EXPECT_EQ(cli::run(arguments, {in.fd(), full.get(), err.fd()}), 7);
  EXPECT_EQ(err.content(),
            "zsluice: verify: stdout: cannot be written after 0 bytes: No space left on device\n");
}

TEST(VerifyRun, QuietSaysFailuresOnly) {
  EXPECT_EQ(run_cli({"verify", "-q"}, raw_stream().bytes()).out, "");
  const Bytes twice = test::joined({raw_stream().bytes(), test::read_corpus("c128_raw_full")});
  const CliRun run = run_cli({"verify", "-q"}, twice);
  EXPECT_EQ(run.out + run.err, "");
  EXPECT_NE(run_cli({"verify", "-q"}, Bytes(1)).err, "");
}

TEST(VerifyRun, KeepGoingListsEveryDamagedRange) {
  StreamImage stream = raw_stream();
  stream.flip_bit(stream.header_end(stream.find(RecordType::write, 3)) + 100);
  stream.flip_bit(stream.header_end(stream.find(RecordType::write, 9)) + 100);
  const CliRun run = run_cli({"verify", "--keep-going"}, stream.bytes());
  EXPECT_EQ(run.status, 3);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(
      run.err,
      "zsluice: verify: stdin: damaged between offsets 85004 and 86340: checksum mismatch\n"
      "  either the payload of record 14 (WRITE, object 4, offset 0) or the header of record 15 "
      "(OBJECT, object 5)\n"
      "  expected 000027cd26705522:066780a0a09f6597:92d2e8225bb13f17:86293ed8e1e0d190\n"
      "  computed 000027cd26705521:066780a0a09f646a:92d2e8225bb08d8c:86293ed8e19ac5b9\n"
      "zsluice: verify: stdin: damaged between offsets 128844 and 130180: checksum mismatch\n"
      "  either the payload of record 38 (WRITE, object 12, offset 0) or the header of record 39 "
      "(OBJECT, object 13)\n"
      "  expected 00003a0cb2a5c997:0e990f5dbd5c4608:43c3e0b34f43a1e5:8d7450a2d966ae2b\n"
      "  computed 00003a0cb2a5c998:0e990f5dbd5c4735:43c3e0b34f445370:8d7450a2d9acba02\n"
      "zsluice: verify: stdin: 2 damaged ranges; everything outside agrees with the sums it "
      "carries\n");
}

TEST(VerifyRun, KeepGoingSaysNoMoreOfACutStream) {
  const Bytes bytes = cut(raw_stream(), 1000);
  EXPECT_EQ(run_cli({"verify", "--keep-going"}, bytes).err,
            "zsluice: verify: stdin: truncated at offset 1000: the input ends inside the payload "
            "of record 0 (BEGIN), after 688 of 1028 bytes\n");
}

TEST(VerifyRun, BlocksAreCounted) {
  const CliRun run = run_cli({"verify", "--blocks"}, raw_stream().bytes());
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.out, std::string(kWhole) +
                         "stdin: blocks: 23 match their on-disk checksum, 0 do not; not checked: 0 "
                         "salted, 0 without a checksum, 0 not sent as stored\n");
}

TEST(VerifyRun, ABlockThatDoesNotMatchIsAWarning) {
  StreamImage stream = raw_stream();
  stream.flip_bit(stream.header_end(stream.find(RecordType::write, 3)) + 100).resum();
  const CliRun run = run_cli({"verify", "--blocks"}, stream.bytes());
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.err,
            "zsluice: verify: stdin: record 14 (WRITE, object 4, offset 0) at offset 84692: its "
            "block's own checksum does not match\n"
            "  The stream is as it was sent; the block was wrong before, or a tool that rewrites "
            "streams left its checksum behind.\n");
}

TEST(VerifyRun, MessagesAsJsonLines) {
  const CliRun run = run_cli({"verify", "--log-format", "json"}, cut(raw_stream(), 100));
  EXPECT_EQ(run.status, 4);
  EXPECT_EQ(run.err,
            "{\"level\":\"error\",\"message\":\"verify: stdin: truncated at offset 100: the input "
            "ends inside the header of record 0, after 100 of 312 bytes\",\"details\":[\"Nothing "
            "of it is proven.\"]}\n");
}

TEST(VerifyRun, UnknownFeaturesAreNamed) {
  const StreamImage stream =
      test::StreamBuilder().begin({.features = std::uint64_t{5} << 40}).frees(1).end().build();
  EXPECT_EQ(run_cli({"verify"}, stream.bytes()).err,
            "zsluice: verify: stdin: the stream uses features unknown to this version (bits 40, "
            "42)\n"
            "  It is checked and handled like any other; whether a receiver knows them is not "
            "known.\n");
}

TEST(VerifyRun, HostileNamesAreEscaped) {
  const StreamImage stream =
      test::StreamBuilder().begin({.toname = "pool/\x1b[2J@\n\"x"}).frees(1).end().build();
  const CliRun run = run_cli({"verify"}, stream.bytes());
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.out.find('\x1b'), std::string::npos);
  EXPECT_EQ(run.out.find('\n'), run.out.size() - 1);
}

}  // namespace
}  // namespace zsluice
