// SPDX-License-Identifier: BSD-2-Clause
// `zsluice pipe` in this process, word for word.
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

// The backend is chosen by name: what is said must not depend on the machine.
CliRun run_pipe(Arguments options, const Bytes& input) {
  options.insert(options.begin(), {"pipe", "--io", "poll"});
  return run_cli(options, input);
}

struct Expected {
  const char* name;
  Arguments options;
  Bytes input;
  int status;
  std::uint64_t passed;
  std::string err;
};

Bytes cut(const StreamImage& stream, std::uint64_t size) {
  return StreamImage(stream).truncate(size).bytes();
}

std::vector<Expected> damaged_and_cut() {
  const StreamImage stream = raw_stream();
  const std::size_t write = stream.find(RecordType::write, 3);
  return {
      {"a flipped bit",
       {},
       StreamImage(stream).flip_bit(stream.header_end(write) + 100).bytes(),
       3,
       85004,
       "zsluice: pipe: stdin: damaged between offsets 85004 and 86340: checksum mismatch\n"
       "  either the payload of record 14 (WRITE, object 4, offset 0) or the header of record 15 "
       "(OBJECT, object 5)\n"
       "  expected 000027cd26705522:066780a0a09f6597:92d2e8225bb13f17:86293ed8e1e0d190\n"
       "  computed 000027cd26705521:066780a0a09f646a:92d2e8225bb08d8c:86293ed8e19ac5b9\n"
       "  Nothing from offset 85004 on was passed; `zfs receive -s` keeps what it has: resume with "
       "its token.\n"},
      {"cut",
       {},
       cut(stream, 85104),
       4,
       85004,
       "zsluice: pipe: stdin: truncated at offset 85104: the input ends inside the payload of "
       "record 14 (WRITE, object 4, offset 0), after 100 of 1024 bytes\n"
       "  Nothing from offset 85004 on was passed; `zfs receive -s` keeps what it has: resume with "
       "its token.\n"},
      {"empty",
       {},
       {},
       4,
       0,
       "zsluice: pipe: stdin: truncated: the input is empty\n"
       "  Nothing was passed on.\n"},
  };
}

std::vector<Expected> followed_and_foreign() {
  const StreamImage stream = raw_stream();
  return {
      {"zeros behind the end",
       {},
       test::joined({stream.bytes(), Bytes(512)}),
       3,
       172580,
       "zsluice: pipe: stdin: 512 bytes after the end of the stream at offset 172580: zeros\n"
       "  They were not passed; the stream itself was delivered whole.\n"},
      {"another stream behind the end",
       {},
       test::joined({stream.bytes(), test::read_corpus("empty_raw_incr")}),
       3,
       172580,
       "zsluice: pipe: stdin: 1652 bytes after the end of the stream at offset 172580: another "
       "stream\n"
       "  They were not passed; the stream itself was delivered whole.\n"
       "  --concatenated passes several streams one after another.\n"},
      {"the same stream twice, concatenated",
       {"--concatenated"},
       test::joined({stream.bytes(), stream.bytes()}),
       3,
       172580,
       "zsluice: pipe: stdin: the same stream stands here a second time, at offset 172580\n"
       "  `zfs receive` takes only the first.\n"
       "  The first 172580 bytes had been passed on.\n"},
      {"no stream",
       {},
       test::pattern(1000, 3),
       3,
       0,
       "zsluice: pipe: stdin: not a ZFS send stream: no BEGIN record at offset 0\n"
       "  Nothing was passed on.\n"
       "  --any-data passes what is no stream, unchecked.\n"},
      {"no stream, allowed",
       {"--any-data"},
       test::pattern(1000, 3),
       0,
       1000,
       "zsluice: pipe: stdin: not a ZFS send stream: passed untouched and unchecked\n"},
  };
}

std::vector<Expected> refused() {
  const std::string nothing = "  Nothing was passed on.\n";
  const StreamImage turning = test::package_stream(
      test::package_list({}), {{}, {.toname = "pool/fs/open@snap", .toguid = 2, .raw = false}});
  const std::uint64_t boundary = turning.offset(turning.find(RecordType::begin, 2));
  return {
      {"plain",
       {},
       test::read_corpus("pl_full"),
       5,
       0,
       "zsluice: pipe: stdin: refused: \"src/pl@s1\" is not raw: its data would leave unencrypted\n"
       "  Send it with `zfs send --raw`, or allow it with --allow-plaintext.\n" +
           nothing},
      {"plain package",
       {},
       test::read_corpus("tree_plain_R"),
       5,
       0,
       "zsluice: pipe: stdin: refused: the package \"src/tree@t2\" is not raw: its data would "
       "leave "
       "unencrypted\n"
       "  Send it with `zfs send --raw`, or allow it with --allow-plaintext.\n" +
           nothing},
      {"a package that turns plain",
       {},
       turning.bytes(),
       5,
       boundary,
       "zsluice: pipe: stdin: refused: \"pool/fs/open@snap\" is not raw: its data would leave "
       "unencrypted\n"
       "  Send it with `zfs send --raw`, or allow it with --allow-plaintext.\n"
       "  The first " +
           std::to_string(boundary) +
           " bytes had been passed on; all of that was raw and "
           "encrypted.\n"},
      {"raw in name only",
       {},
       test::StreamBuilder().begin({.features = test::kRawFeatures}).frees(1).end().bytes(),
       5,
       0,
       "zsluice: pipe: stdin: refused: \"pool/fs@snap\" calls itself raw but carries no encryption "
       "key: its data would leave unencrypted\n" +
           nothing},
  };
}

constexpr const char* kNothing = "  Nothing was passed on.\n";

std::vector<Expected> unexpected() {
  const Bytes stream = raw_stream().bytes();
  const std::string nothing = kNothing;
  return {
      {"toguid",
       {"--expect-toguid", "5"},
       stream,
       5,
       0,
       "zsluice: pipe: stdin: refused: the stream brings snapshot guid 9258213830904586562, "
       "expected 5\n" +
           nothing},
      {"fromguid",
       {"--expect-fromguid", "0x7"},
       stream,
       5,
       0,
       "zsluice: pipe: stdin: refused: the stream starts from snapshot guid 0, expected 7\n" +
           nothing},
      {"not full",
       {"--expect-fromguid", "0"},
       test::read_corpus("empty_raw_incr"),
       5,
       0,
       "zsluice: pipe: stdin: refused: the stream starts from snapshot guid 16888850814308212297, "
       "expected 0 (a full stream)\n" +
           nothing},
      {"name",
       {"--expect-name", "tank/*"},
       stream,
       5,
       0,
       "zsluice: pipe: stdin: refused: the name \"src/c256@s1\" does not match --expect-name\n" +
           nothing},
      {"size",
       {"--max-size", "100K"},
       stream,
       5,
       92076,
       "zsluice: pipe: stdin: refused: the stream is longer than --max-size 100 KiB\n"
       "  The first 92076 bytes had been passed on.\n"},
  };
}

std::vector<Expected> unwanted() {
  const Bytes stream = raw_stream().bytes();
  const std::string nothing = kNothing;
  return {
      {"datasets",
       {"--single-dataset"},
       test::read_corpus("hier_raw_R"),
       5,
       0,
       "zsluice: pipe: stdin: refused: the package holds 5 datasets, --single-dataset allows "
       "one\n" +
           nothing},
      {"properties",
       {"--no-properties"},
       test::read_corpus("hier_raw_p"),
       5,
       0,
       "zsluice: pipe: stdin: refused: the package carries properties or holds (the first is "
       "\"lab:note\"), --no-properties allows none\n" +
           nothing},
      {"no sums",
       {},
       test::read_corpus("foreign_order/c128_raw_full.zerosum"),
       5,
       0,
       "zsluice: pipe: stdin: refused at offset 1340: record 1 (OBJECT_RANGE, object 0) carries no "
       "checksum of its own\n"
       "  Only END proves such streams (very old senders made them): `zsluice verify` judges them, "
       "--allow-unproven passes them.\n" +
           nothing},
      {"header",
       {"--max-header", "100"},
       stream,
       5,
       0,
       "zsluice: pipe: stdin: refused at offset 0: BEGIN announces an nvlist of 1028 bytes, the "
       "limit is 100 B\n"
       "  --max-header SIZE raises it.\n" +
           nothing},
  };
}

void expect_all(const std::vector<Expected>& table) {
  for (const Expected& expected : table) {
    SCOPED_TRACE(expected.name);
    const CliRun run = run_pipe(expected.options, expected.input);
    EXPECT_EQ(run.status, expected.status);
    EXPECT_EQ(run.err, expected.err);
    EXPECT_EQ(run.out.size(), expected.passed);
    EXPECT_TRUE(
        run.out.size() <= expected.input.size() &&
        std::equal(run.out.begin(), run.out.end(), expected.input.begin(),
                   [](char out, std::byte in) { return static_cast<std::byte>(out) == in; }));
  }
}

TEST(PipeRun, DamagedAndTruncatedStreams) {
  expect_all(damaged_and_cut());
  expect_all(followed_and_foreign());
}
TEST(PipeRun, RefusedStreams) {
  expect_all(refused());
  expect_all(unexpected());
  expect_all(unwanted());
}

TEST(PipeRun, EveryRealStreamPassesOrIsRefusedAsItsNotesSay) {
  test::for_each_stream([](const test::CorpusEntry& entry) {
    const Bytes bytes = test::read_corpus(entry.name);
    const CliRun run = run_pipe({"--allow-plaintext", "--allow-unproven"}, bytes);
    EXPECT_EQ(run.status, entry.is("verdict", "whole") ? 0 : 4);
    if (run.status == 0) {
      EXPECT_EQ(run.err, "");
      EXPECT_EQ(run.out.size(), bytes.size());
    }
    EXPECT_EQ(run_pipe({}, bytes).status == 5,
              !entry.is("raw", "yes") || entry.name.find("zerosum") != std::string::npos);
  });
}

TEST(PipeRun, SeveralStreamsPassWhenConcatenated) {
  const Bytes all = test::joined({raw_stream().bytes(), test::read_corpus("empty_raw_incr")});
  const CliRun run = run_pipe({"--concatenated", "-v"}, all);
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.out.size(), all.size());
  EXPECT_EQ(run.err, "zsluice: pipe: moving bytes with poll (asked for)\n");
  EXPECT_EQ(run.summary, "zsluice: pipe: stdin: whole: 86 records, 174232 bytes (170.1 KiB)");
}

TEST(PipeRun, QuietSaysNothingOfAWarning) {
  EXPECT_EQ(run_pipe({"--any-data", "-q"}, test::pattern(10)).err, "");
  EXPECT_NE(run_pipe({"-q"}, test::pattern(10)).err, "");
}

TEST(PipeRun, AFullDiskSaysHowMuchHadPassed) {
  const test::MemoryFile in(raw_stream().bytes());
  const test::MemoryFile err;
  io::Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  const Arguments arguments = {"pipe", "--io", "poll"};
  EXPECT_EQ(cli::run(arguments, {in.fd(), full.release(), err.fd()}), 7);
  EXPECT_EQ(err.content(),
            "zsluice: pipe: stdout: cannot be written after 0 bytes: No space left on device\n");
}

TEST(PipeRun, AReaderThatHasGone) {
  const test::MemoryFile in(raw_stream().bytes());
  const test::MemoryFile err;
  int fds[2] = {-1, -1};
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  ::close(fds[0]);
  const Arguments arguments = {"pipe", "--io", "poll"};
  EXPECT_EQ(cli::run(arguments, {in.fd(), fds[1], err.fd()}), 7);
  EXPECT_EQ(err.content(),
            "zsluice: pipe: stdout: the reader closed after 0 bytes; see its own message\n");
}

TEST(PipeRun, TerminalsAreRefusedOnBothSides) {
  const io::Fd terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal) GTEST_SKIP() << "no pseudo-terminals here";
  ASSERT_EQ(::grantpt(terminal.get()) | ::unlockpt(terminal.get()), 0);
  const io::Fd slave(::open(::ptsname(terminal.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));  // NOLINT
  ASSERT_TRUE(slave);
  const Arguments arguments = {"pipe"};
  {
    const test::MemoryFile out;
    const test::MemoryFile err;
    EXPECT_EQ(cli::run(arguments, {slave.get(), out.fd(), err.fd()}), 2);
    EXPECT_EQ(err.content(), "zsluice: pipe: stdin is a terminal: pipe a stream into it\n");
  }
  const test::MemoryFile in(raw_stream().bytes());
  const test::MemoryFile err;
  EXPECT_EQ(cli::run(arguments, {in.fd(), slave.get(), err.fd()}), 2);
  EXPECT_EQ(err.content(), "zsluice: pipe: stdout is a terminal: a stream is binary data\n");
}

TEST(PipeRun, MessagesAsJsonLines) {
  const CliRun run = run_pipe({"--log-format", "json"}, Bytes{});
  EXPECT_EQ(run.err,
            "{\"level\":\"error\",\"message\":\"pipe: stdin: truncated: the input is empty\","
            "\"details\":[\"Nothing was passed on.\"]}\n");
}

}  // namespace
}  // namespace zsluice
