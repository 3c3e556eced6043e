// SPDX-License-Identifier: BSD-2-Clause
// Command lines that are wrong, and what is said of them: exit status 2, one line and a pointer.
#include "cli/cli_run.hpp"
#include "cli/options.hpp"
#include "io/fd.hpp"

#include <gmock/gmock.h>

#include <span>
#include <string>

namespace zsluice {
namespace {

using test::Arguments;
using test::CliRun;
using test::run_cli;

struct Wrong {
  Arguments arguments;
  std::string message;
  std::string command;  // whose help is named
};

void expect_explained(std::span<const Wrong> table) {
  for (const Wrong& wrong : table) {
    SCOPED_TRACE(wrong.message);
    const CliRun run = run_cli(wrong.arguments);
    EXPECT_EQ(run.status, 2);
    EXPECT_EQ(run.out, "");
    const std::string help = wrong.command.empty() ? "--help" : wrong.command + " --help";
    EXPECT_EQ(run.err,
              "zsluice: " + wrong.message + "\n  `zsluice " + help + "` lists the options.\n");
  }
}

TEST(Usage, WrongCommandLinesAreExplained) {
  const Wrong table[] = {
      {{}, "no command given", ""},
      {{"verfy"}, "unknown command \"verfy\"; did you mean \"verify\"?", ""},
      {{"pip"}, "unknown command \"pip\"; did you mean \"pipe\"?", ""},
      {{"inspetc"}, "unknown command \"inspetc\"; did you mean \"inspect\"?", ""},
      {{"frobnicate"}, "unknown command \"frobnicate\"", ""},
      {{"--frob"}, "\"--frob\" where a command is expected: options follow the command", ""},
      {{"--json", "verify"},
       "\"--json\" where a command is expected: options follow the command",
       ""},
      {{"help", "pip"}, "unknown command \"pip\"; did you mean \"pipe\"?", ""},
      {{"verify", "--path=a"}, "verify: unrecognised option '--path=a'", "verify"},
      {{"\x1b[31m"}, "unknown command \"\\x1b[31m\"", ""},
      {{"verify", "--frob"}, "verify: unrecognised option '--frob'", "verify"},
      {{"verify", "--allow-plaintext"},
       "verify: unrecognised option '--allow-plaintext'",
       "verify"},
      {{"verify", "--jo", "2"}, "verify: unrecognised option '--jo'", "verify"},
      {{"verify", "a", "b"}, "verify: one PATH only, but \"b\" follows", "verify"},
      {{"verify", ""}, "verify: PATH is empty", "verify"},
      {{"verify", "-j"}, "verify: the required argument for option '--jobs' is missing", "verify"},
      {{"verify", "-j", "0"}, "verify: --jobs: \"0\" is not a number from 1 to 64", "verify"},
      {{"verify", "-j", "65"}, "verify: --jobs: \"65\" is not a number from 1 to 64", "verify"},
      {{"verify", "-j", "two"}, "verify: --jobs: \"two\" is not a number from 1 to 64", "verify"},
      {{"verify", "-q", "-v"}, "verify: --quiet and --verbose exclude each other", "verify"},
      {{"verify", "--json=yes"}, "verify: option '--json' does not take any arguments", "verify"},
      {{"verify", "--strict", "--strict"},
       "verify: option '--strict' cannot be specified more than once",
       "verify"},
      {{"verify", "--io", "aio"},
       "verify: --io: \"aio\" is not one of auto, uring, poll, copy",
       "verify"},
      {{"verify", "--log-format", "xml"},
       "verify: --log-format: \"xml\" is not one of text, json",
       "verify"},
      {{"pipe", "file"}, "pipe: unexpected argument \"file\"", "pipe"},
      {{"pipe", "--buffer", "1M"},
       "pipe: --buffer: 1 MiB is too small: 34 MiB are needed to hold the two largest records",
       "pipe"},
      {{"pipe", "--buffer", "much"},
       "pipe: --buffer: \"much\" is not a size (such as 64K, 1.5M, 2GiB)",
       "pipe"},
      {{"pipe", "--max-header", "-1"},
       "pipe: --max-header: \"-1\" is not a size (such as 64K, 1.5M, 2GiB)",
       "pipe"},
      {{"pipe", "--max-size", "99999999999G"},
       "pipe: --max-size: \"99999999999G\" is not a size (such as 64K, 1.5M, 2GiB)",
       "pipe"},
      {{"pipe", "--expect-toguid", "0xZZ"},
       "pipe: --expect-toguid: \"0xZZ\" is not a guid (a 64-bit number, decimal or 0x…)",
       "pipe"},
      {{"pipe", "--expect-fromguid", "18446744073709551616"},
       "pipe: --expect-fromguid: \"18446744073709551616\" is not a guid (a 64-bit number, decimal "
       "or 0x…)",
       "pipe"},
  };
  expect_explained(table);
}

TEST(Usage, WrongCommandLinesOfTokenAndResumeAreExplained) {
  const Wrong table[] = {
      {{"token"}, "token: `token` is followed by decode, check or make", "token"},
      {{"token", "show"}, "token: \"show\" is not one of decode, check, make", "token"},
      {{"token", "decode", "a", "b"}, "token: one TOKEN only, but \"b\" follows", "token"},
      {{"token", "make", ""}, "token: PATH is empty", "token"},
      {{"token", "decode", "--encode"},
       "token: --encode and --max-header are for `token make`",
       "token"},
      {{"token", "decode", "--expect-toguid", "1"},
       "token: --expect-toguid, --expect-fromguid, --expect-name and --allow-plaintext are for "
       "`token check`",
       "token"},
      {{"token", "check"},
       "token: `token check` needs --expect-toguid or --expect-name: what the job is",
       "token"},
      {{"resume", "a"},
       "resume: one of --token and --stitch must be given, and not both",
       "resume"},
      {{"resume", "--token", "t"}, "resume: PATH must be named", "resume"},
      {{"resume", "--token", "t", "-"},
       "resume: a file must be named: stdin can be read only once",
       "resume"},
      {{"resume", "--stitch", "a"}, "resume: PARTIAL and CONTINUATION must be named", "resume"},
      {{"resume", "--stitch", "a", "b", "c"}, "resume: unexpected argument \"c\"", "resume"},
      {{"resume", "--stitch", "--rest", "a", "b"}, "resume: --rest goes with --token", "resume"},
  };
  expect_explained(table);
}

TEST(Usage, TheVersionIsTold) {
  for (const Arguments& arguments :
       {Arguments{"--version"}, Arguments{"verify", "--version"}, Arguments{"pipe", "--version"}}) {
    const CliRun run = run_cli(arguments);
    EXPECT_EQ(run.status, 0);
    EXPECT_THAT(run.out, testing::MatchesRegex("zsluice [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  }
}

TEST(Usage, HelpNamesEveryCommandAndItsOptions) {
  for (const Arguments& arguments : {Arguments{"--help"}, Arguments{"-h"}, Arguments{"help"}}) {
    const CliRun run = run_cli(arguments);
    EXPECT_EQ(run.status, 0);
    EXPECT_EQ(run.err, "");
    EXPECT_THAT(run.out, testing::HasSubstr("pipe"));
    EXPECT_THAT(run.out, testing::HasSubstr("verify"));
    EXPECT_THAT(run.out, testing::HasSubstr("inspect"));
  }
  const CliRun run = run_cli({"pipe", "--help"});
  EXPECT_EQ(run.out, cli::help_text("pipe"));
  EXPECT_EQ(run_cli({"help", "pipe"}).out, run.out);
  for (const char* option :
       {"--allow-plaintext", "--expect-toguid GUID", "--expect-fromguid GUID", "--expect-name GLOB",
        "--max-size SIZE", "--single-dataset", "--no-properties", "--buffer SIZE",
        "--max-header SIZE", "--allow-unproven", "--any-data", "--concatenated", "--json",
        "--log-format text|json", "--io auto|uring|poll"}) {
    EXPECT_THAT(run.out, testing::HasSubstr(option));
  }
}

TEST(Usage, HelpThatCannotBeWrittenIsNoSuccess) {
  const test::MemoryFile err;
  const io::Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  const Arguments arguments = {"--help"};
  EXPECT_EQ(cli::run(arguments, {-1, full.get(), err.fd()}), 7);
  EXPECT_EQ(err.content(),
            "zsluice: stdout: cannot be written after 0 bytes: No space left on device\n");
}

TEST(Usage, APathBehindTwoDashesMayLookLikeAnOption) {
  const CliRun run = run_cli({"verify", "--", "--frob"});
  EXPECT_EQ(run.status, 7);
  EXPECT_EQ(run.err, "zsluice: verify: --frob: cannot be opened: No such file or directory\n");
}

TEST(Usage, ADashIsStandardInput) {
  EXPECT_EQ(run_cli({"verify", "-"}).err,
            "zsluice: verify: stdin: truncated: the input is empty\n");
}

}  // namespace
}  // namespace zsluice
