// SPDX-License-Identifier: BSD-2-Clause
// `zsluice resume` in this process: what comes out, and what is said.
#include "cli/cli_run.hpp"
#include "io/fd.hpp"
#include "support/corpus.hpp"
#include "support/stream_image.hpp"
#include "support/token_text.hpp"
#include "zsluice/token/token.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>

namespace zsluice {
namespace {

using test::Bytes;
using test::CliRun;
using test::run_cli;
using test::StoredStream;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kCut = "tokens/g256_raw_full.cut869740";
constexpr std::size_t kCutAt = 869740;

std::string token_of(std::string_view name) {
  for (const test::CorpusToken& real : test::corpus_tokens()) {
    if (real.name == name) return real.text;
  }
  ADD_FAILURE() << "no token " << name;
  return {};
}

std::string text_of_corpus(const std::string& name) {
  return std::string(text_of(test::read_corpus(name)));
}

Bytes head_of(const Bytes& stream, std::size_t bytes) {
  return {stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(bytes)};
}

TEST(ResumeRun, GivesWhatTheRealSenderGave) {
  const StoredStream stored(test::read_corpus("g256_raw_full"));
  const std::string token = token_of("g256_raw_full.cut869740");
  const CliRun run = run_cli({"resume", "--token", token, stored.path()});
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.out, text_of_corpus(std::string(kCut) + ".resumed"));
  EXPECT_EQ(run.err, "zsluice: resume: " + stored.path() +
                         ": whole: 25132 bytes of \"src/g256@s1\", from object 19, offset 0 on\n");
  EXPECT_EQ(run_cli({"resume", "-q", "--token", token, stored.path()}).err, "");
  // The token from stdin.
  const CliRun piped = run_cli({"resume", "--token", "-", stored.path()}, bytes_of(token + "\n"));
  EXPECT_EQ(piped.out, run.out);
}

TEST(ResumeRun, TheResultForMachinesGoesToStderr) {
  const StoredStream stored(test::read_corpus("g256_raw_full"));
  const CliRun run =
      run_cli({"resume", "--json", "--token", token_of("g256_raw_full.cut869740"), stored.path()});
  EXPECT_EQ(run.out.size(), 25132U);
  const auto json = nlohmann::json::parse(run.err);
  EXPECT_EQ(json["schema"], "zsluice.resume/1");
  EXPECT_EQ(json["verdict"], "whole");
  EXPECT_EQ(json["bytes_out"], 25132);
  EXPECT_EQ(json["toname"], "src/g256@s1");
}

// What is damaged behind the point shows when it comes: nothing of it leaves, and no END.
TEST(ResumeRun, ADamagedStoreGivesAStreamWithoutAnEnd) {
  Bytes stream = test::read_corpus("g256_raw_full");
  stream[stream.size() - 1000] ^= std::byte{1};
  const StoredStream stored(stream);
  const CliRun run =
      run_cli({"resume", "--token", token_of("g256_raw_full.cut869740"), stored.path()});
  EXPECT_EQ(run.status, 3);
  const std::string whole = text_of_corpus(std::string(kCut) + ".resumed");
  EXPECT_LT(run.out.size(), whole.size());
  EXPECT_EQ(run.out, whole.substr(0, run.out.size()));
  EXPECT_THAT(run.err, HasSubstr("damaged between offsets"));
  EXPECT_THAT(run.err, HasSubstr("  The first " + std::to_string(run.out.size()) +
                                 " bytes of the new stream were passed, without its END; `zfs "
                                 "receive -s` keeps what it has: resume with its token.\n"));
}

TEST(ResumeRun, ATruncatedStoreGivesAStreamWithoutAnEnd) {
  const Bytes stream = test::read_corpus("g256_raw_full");
  const StoredStream stored(head_of(stream, stream.size() - 100));
  const CliRun run =
      run_cli({"resume", "--token", token_of("g256_raw_full.cut869740"), stored.path()});
  EXPECT_EQ(run.status, 4);
  const std::string whole = text_of_corpus(std::string(kCut) + ".resumed");
  EXPECT_EQ(run.out, whole.substr(0, run.out.size()));
  EXPECT_LE(run.out.size(), whole.size() - 312);
}

TEST(ResumeRun, ATokenForAnotherStreamIsRefusedAndToldWhatIsThere) {
  const StoredStream stored(test::read_corpus("c256_raw_full"));
  const CliRun run =
      run_cli({"resume", "--token", token_of("g256_raw_full.cut869740"), stored.path()});
  EXPECT_EQ(run.status, 5);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr(": refused: no stream here brings the snapshot with guid "
                                 "15659996431542376708\n  Nothing was passed on.\n"));
  EXPECT_THAT(run.err, HasSubstr(": what is here:\n  \"src/c256@s1\", guid "));
}

TEST(ResumeRun, WhatWillNotDoIsTheReasonAlsoWhenItIsCutOff) {
  auto token = token::decode(token_of("g256_raw_full.cut869740")).value().token;
  token.fromguid = 1;
  const StoredStream stored(head_of(test::read_corpus("g256_raw_full"), 300'000));
  const CliRun run = run_cli({"resume", "--token", *token::encode(token), stored.path()});
  EXPECT_EQ(run.status, 5);
  EXPECT_THAT(run.err, HasSubstr("the snapshot is here, but sent in full, not from that with 1"));
}

TEST(ResumeRun, PlaintextLeavesOnlyWhenItIsMeantTo) {
  const StoredStream stored(test::read_corpus("pl_w"));
  const std::string token = token_of("pl_w.cut120271");
  const CliRun refused = run_cli({"resume", "--token", token, stored.path()});
  EXPECT_EQ(refused.status, 5);
  EXPECT_EQ(refused.out, "");
  EXPECT_THAT(refused.err, HasSubstr("is not raw: its data would leave unencrypted"));
  const CliRun allowed = run_cli({"resume", "--allow-plaintext", "--token", token, stored.path()});
  EXPECT_EQ(allowed.status, 0);
  EXPECT_EQ(allowed.out, text_of_corpus("tokens/pl_w.cut120271.resumed"));
}

TEST(ResumeRun, ADamagedTokenIsRefusedBeforeAnythingIsRead) {
  const CliRun run = run_cli({"resume", "--token", "1-2-3", "/nowhere"});
  EXPECT_EQ(run.status, 3);
  EXPECT_THAT(run.err, HasSubstr("zsluice: resume: the token is damaged: a token has four parts"));
}

TEST(ResumeRun, AFullDiskIsSaid) {
  const StoredStream stored(test::read_corpus("g256_raw_full"));
  const std::string token = token_of("g256_raw_full.cut869740");
  const test::MemoryFile err;
  const io::Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  const test::Arguments arguments = {"resume", "--token", token, stored.path()};
  EXPECT_EQ(cli::run(arguments, {-1, full.get(), err.fd()}), 7);
  EXPECT_THAT(err.content(), HasSubstr("No space left on device"));
}

// Cut in the second half: the token that is made, what it asks for, and the whole again.
TEST(ResumeRun, OfAPackageTheRestComesAsOne) {
  const Bytes package = test::read_corpus("hier_raw_R");
  const StoredStream stored(package);
  const CliRun made = run_cli({"token", "make", "-q"}, head_of(package, package.size() / 2));
  ASSERT_EQ(made.status, 0) << made.err;
  const std::string token = made.out.substr(0, made.out.size() - 1);
  const CliRun alone = run_cli({"resume", "--token", token, stored.path()});
  EXPECT_EQ(alone.status, 0);
  EXPECT_EQ(run_cli({"verify", "-q"}, bytes_of(alone.out)).status, 0);
  const CliRun rest = run_cli({"resume", "--rest", "--token", token, stored.path()});
  EXPECT_EQ(rest.status, 0);
  EXPECT_GT(rest.out.size(), alone.out.size());
  const CliRun verified = run_cli({"verify"}, bytes_of(rest.out));
  EXPECT_EQ(verified.status, 0);
  EXPECT_THAT(verified.out, HasSubstr("package"));
  EXPECT_THAT(rest.err, HasSubstr("the receiver makes its copy of \""));
  EXPECT_THAT(rest.err, HasSubstr("an encryption root of its own"));
  EXPECT_THAT(rest.err, HasSubstr("`zfs change-key -i TARGET/"));
}

TEST(ResumeStitch, MakesTheUninterruptedStream) {
  const Bytes whole = test::read_corpus("g256_raw_full");
  const StoredStream partial(head_of(whole, kCutAt));
  const Bytes continuation = test::read_corpus(std::string(kCut) + ".resumed");
  const StoredStream stored(continuation);
  const CliRun named = run_cli({"resume", "--stitch", partial.path(), stored.path()});
  EXPECT_EQ(named.status, 0) << named.err;
  EXPECT_EQ(named.out, text_of(whole));
  const CliRun piped = run_cli({"resume", "--stitch", partial.path(), "-"}, continuation);
  EXPECT_EQ(piped.out, named.out);
  EXPECT_THAT(piped.err, HasSubstr(": whole: \"src/g256@s1\": the first "));
}

TEST(ResumeStitch, ADamagedPartialWillDoWhenItIsProvenFarEnough) {
  Bytes partial_bytes = head_of(test::read_corpus("g256_raw_full"), kCutAt);
  partial_bytes.insert(partial_bytes.end(), 5000, std::byte{0x55});
  const StoredStream partial(partial_bytes);
  const CliRun run = run_cli({"resume", "--stitch", partial.path(), "-"},
                             test::read_corpus(std::string(kCut) + ".resumed"));
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.out, text_of_corpus("g256_raw_full"));
}

TEST(ResumeStitch, AGapIsRefused) {
  const Bytes whole = test::read_corpus("g256_raw_full");
  const StoredStream partial(head_of(whole, 300'000));
  const CliRun run = run_cli({"resume", "--stitch", partial.path(), "-"},
                             test::read_corpus(std::string(kCut) + ".resumed"));
  EXPECT_EQ(run.status, 5);
  EXPECT_THAT(run.err, HasSubstr("zsluice: resume: " + partial.path() +
                                 ": refused: the first stream ends at object "));
  EXPECT_THAT(run.err, HasSubstr("; the second stream goes on at object 19, offset 0: something "
                                 "before that would be missing"));
}

// What is lost to the damage may be what the continuation needs: the sound file is not to blame.
TEST(ResumeStitch, OfADamagedPartialThatIsTooShortTheDamageIsTold) {
  Bytes damaged = head_of(test::read_corpus("g256_raw_full"), kCutAt);
  damaged[test::StreamImage(damaged).offset(20) + 50] ^= std::byte{1};
  const StoredStream partial(damaged);
  const Bytes continuation = test::read_corpus(std::string(kCut) + ".resumed");
  const CliRun run = run_cli({"resume", "--stitch", partial.path(), "-"}, continuation);
  EXPECT_EQ(run.status, 3);
  EXPECT_THAT(run.err,
              HasSubstr("zsluice: resume: " + partial.path() + ": damaged between offsets "));
  EXPECT_THAT(run.err,
              HasSubstr(" of the new stream were passed, without its END: `zsluice token make` of "
                        "them tells from where to go on.\n"
                        "  The second stream goes on at object 19, offset 0; the first is good up "
                        "to object "));
  const CliRun json = run_cli({"resume", "--json", "--stitch", partial.path(), "-"}, continuation);
  const auto result = nlohmann::json::parse(json.err);
  EXPECT_EQ(result["source"], partial.path());
  EXPECT_EQ(result["verdict"], "damaged");
}

TEST(ResumeStitch, APartialWithoutAStreamIsToBlame) {
  const StoredStream empty({});
  const Bytes continuation = test::read_corpus(std::string(kCut) + ".resumed");
  const CliRun none = run_cli({"resume", "--stitch", empty.path(), "-"}, continuation);
  EXPECT_EQ(none.status, 4);
  EXPECT_EQ(none.err, "zsluice: resume: " + empty.path() +
                          ": truncated: the input is empty\n"
                          "  Nothing was passed on.\n"
                          "  The second stream goes on with the snapshot with guid "
                          "15659996431542376708.\n");
  const StoredStream garbage(Bytes(5000, std::byte{7}));
  const CliRun other = run_cli({"resume", "--stitch", garbage.path(), "-"}, continuation);
  EXPECT_EQ(other.status, 3);
  EXPECT_THAT(other.err, HasSubstr(garbage.path() + ": not a ZFS send stream"));
  EXPECT_THAT(other.err, Not(HasSubstr("--any-data")));
}

TEST(ResumeStitch, OfAnotherSnapshotBothGuidsAreTold) {
  for (const std::size_t bytes : {test::read_corpus("c256_raw_full").size(), 50000UL}) {
    const StoredStream partial(head_of(test::read_corpus("c256_raw_full"), bytes));
    const CliRun run = run_cli({"resume", "--json", "--stitch", partial.path(), "-"},
                               test::read_corpus(std::string(kCut) + ".resumed"));
    EXPECT_EQ(run.status, 5);
    const auto json = nlohmann::json::parse(run.err);
    EXPECT_EQ(json["source"], partial.path());
    EXPECT_EQ(json["failure"]["code"], "unknown_snapshot");
    EXPECT_EQ(json["failure"]["wanted"], "15659996431542376708");
    EXPECT_THAT(std::string(json["failure"]["message"]),
                HasSubstr("refused: the first stream brings the snapshot with guid " +
                          std::string(json["failure"]["found"]) +
                          ", the second stream goes on with that with guid 15659996431542376708"));
  }
}

TEST(ResumeStitch, AWholePartialIsRefusedByName) {
  const StoredStream partial(test::read_corpus("g256_raw_full"));
  const CliRun run = run_cli({"resume", "--stitch", partial.path(), "-"},
                             test::read_corpus(std::string(kCut) + ".resumed"));
  EXPECT_EQ(run.status, 5);
  EXPECT_THAT(run.err, HasSubstr(partial.path() + ": refused: the first stream is whole"));
}

// The package before it ends where it ends.
TEST(ResumeStitch, AWholePackageMayStandBeforeTheStreamThatIsCut) {
  Bytes stored = test::read_corpus("hier_raw_R");
  const std::string package(text_of(stored));
  const Bytes cut = head_of(test::read_corpus("g256_raw_full"), kCutAt);
  stored.insert(stored.end(), cut.begin(), cut.end());
  const StoredStream partial(stored);
  const CliRun run = run_cli({"resume", "--stitch", partial.path(), "-"},
                             test::read_corpus(std::string(kCut) + ".resumed"));
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_TRUE(run.out == package + text_of_corpus("g256_raw_full"));
}

TEST(ResumeStitch, AContinuationThatIsCutGivesNoEnd) {
  const Bytes whole = test::read_corpus("g256_raw_full");
  const StoredStream partial(head_of(whole, kCutAt));
  const Bytes continuation = test::read_corpus(std::string(kCut) + ".resumed");
  const CliRun run = run_cli({"resume", "--stitch", partial.path(), "-"},
                             head_of(continuation, continuation.size() - 400));
  EXPECT_EQ(run.status, 4);
  EXPECT_THAT(run.err, HasSubstr("zsluice: resume: stdin: truncated"));
  EXPECT_THAT(run.err, HasSubstr("  The first " + std::to_string(run.out.size()) +
                                 " bytes of the new stream were passed, without its END: `zsluice "
                                 "token make` of them tells from where to go on.\n"));
  EXPECT_EQ(run.out, text_of(whole).substr(0, run.out.size()));
}

TEST(ResumeStitch, WhatIsNoContinuationIsRefused) {
  const Bytes whole = test::read_corpus("g256_raw_full");
  const StoredStream partial(head_of(whole, kCutAt));
  const CliRun run = run_cli({"resume", "--stitch", partial.path(), "-"}, whole);
  EXPECT_EQ(run.status, 5);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("the second stream is not one of `zfs send -t`"));
}

// The policy holds for every way in which a stream is made.
TEST(ResumeStitch, PlaintextLeavesOnlyWhenItIsMeantTo) {
  const Bytes whole = test::read_corpus("pl_w");
  const StoredStream partial(head_of(whole, 120271));
  const Bytes continuation = test::read_corpus("tokens/pl_w.cut120271.resumed");
  const CliRun refused = run_cli({"resume", "--stitch", partial.path(), "-"}, continuation);
  EXPECT_EQ(refused.status, 5);
  EXPECT_EQ(refused.out, "");
  const CliRun allowed =
      run_cli({"resume", "--stitch", "--allow-plaintext", partial.path(), "-"}, continuation);
  EXPECT_EQ(allowed.out, text_of(whole));
}

TEST(ResumeRun, OfAPlainPackageNothingLeaves) {
  const Bytes package = test::read_corpus("tree_plain_R");
  const StoredStream stored(package);
  const CliRun made = run_cli({"token", "make", "-q"}, head_of(package, package.size() / 2));
  ASSERT_EQ(made.status, 0) << made.err;
  const std::string token = made.out.substr(0, made.out.size() - 1);
  const CliRun run = run_cli({"resume", "--rest", "--token", token, stored.path()});
  EXPECT_EQ(run.status, 5);
  EXPECT_EQ(run.out, "");
}

TEST(ResumeRun, WithoutEncryptionNothingIsSaidOfRoots) {
  const Bytes package = test::read_corpus("tree_plain_R");
  const StoredStream stored(package);
  const CliRun made = run_cli({"token", "make", "-q"}, head_of(package, package.size() / 2));
  ASSERT_EQ(made.status, 0) << made.err;
  const std::string token = made.out.substr(0, made.out.size() - 1);
  const CliRun run =
      run_cli({"resume", "--rest", "--allow-plaintext", "--token", token, stored.path()});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("and what follows it in its package"));
  EXPECT_THAT(run.err, Not(HasSubstr("encryption root")));
}

TEST(ResumeStitch, BytesBehindTheContinuationAreSaid) {
  const StoredStream partial(head_of(test::read_corpus("g256_raw_full"), kCutAt));
  Bytes continuation = test::read_corpus(std::string(kCut) + ".resumed");
  continuation.insert(continuation.end(), 700, std::byte{7});
  const CliRun run = run_cli({"resume", "--stitch", partial.path(), "-"}, continuation);
  EXPECT_EQ(run.status, 3);
  EXPECT_EQ(run.out, text_of_corpus("g256_raw_full"));
  EXPECT_THAT(run.err, HasSubstr("700 bytes after the end of the stream"));
}

TEST(ResumeStitch, APackageThatStaysUnfinishedIsNoSuccess) {
  const Bytes package = test::read_corpus("hier_raw_R");
  const StoredStream stored(package);
  const Bytes cut = head_of(package, package.size() / 2);
  const StoredStream partial(cut);
  const CliRun made = run_cli({"token", "make", "-q"}, cut);
  const std::string token = made.out.substr(0, made.out.size() - 1);
  const CliRun alone = run_cli({"resume", "--token", token, stored.path()});
  const CliRun run = run_cli({"resume", "--stitch", partial.path(), "-"},
                             Bytes(bytes_of(alone.out).begin(), bytes_of(alone.out).end()));
  EXPECT_EQ(run.status, 4);
  EXPECT_EQ(
      run.err,
      "zsluice: resume: " + partial.path() +
          ": the snapshot is whole now, the package it stands in is not finished\n"
          "  No `zfs send -t` sends what follows in it: send those snapshots on their own.\n");
  EXPECT_EQ(run.out, text_of(package).substr(0, run.out.size()));
  // That matters more than what follows the continuation.
  Bytes with_more(bytes_of(alone.out).begin(), bytes_of(alone.out).end());
  with_more.resize(with_more.size() + 100);
  const CliRun more = run_cli({"resume", "--stitch", partial.path(), "-"}, with_more);
  EXPECT_EQ(more.status, 4);
  EXPECT_EQ(more.err, run.err);
}

// What is damaged before the token's place may well have held it.
TEST(ResumeRun, ADamagedSavedStreamIsDamaged) {
  Bytes saved = test::read_corpus("saved_raw_S");
  const CliRun made = run_cli({"token", "make", "-q"}, head_of(saved, 200000));
  ASSERT_EQ(made.status, 0);
  const std::string token = made.out.substr(0, made.out.size() - 1);
  saved[60000] ^= std::byte{1};
  const StoredStream stored(saved);
  const CliRun run = run_cli({"resume", "--token", token, stored.path()});
  EXPECT_EQ(run.status, 3);
  EXPECT_THAT(run.err, HasSubstr("damaged between offsets "));
  const StoredStream cut(head_of(saved, 50000));
  EXPECT_THAT(run_cli({"resume", "--token", token, cut.path()}).err,
              HasSubstr("is one of `zfs send --saved` and has no data at object "));
}

// Between two snapshots no receiver has a token, and nothing there is without an END.
TEST(ResumeRun, ThatItStopsBetweenTwoSnapshotsIsSaid) {
  const Bytes package = test::read_corpus("hier_raw_R");
  const test::StreamImage image(package);
  // The package's header has one, too.
  const auto end_of = [&](std::size_t substream) {
    return static_cast<std::size_t>(image.end(image.find(drr::RecordType::end, substream)));
  };
  const CliRun made = run_cli({"token", "make", "-q"}, head_of(package, end_of(2) - 1000));
  ASSERT_EQ(made.status, 0);
  const std::string token = made.out.substr(0, made.out.size() - 1);
  const StoredStream stored(head_of(package, end_of(3) + 400));
  const CliRun run = run_cli({"resume", "--rest", "--token", token, stored.path()});
  EXPECT_EQ(run.status, 4);
  EXPECT_THAT(run.err, HasSubstr("  The first " + std::to_string(run.out.size()) +
                                 " bytes of the new stream were passed: 2 snapshots, whole. Behind "
                                 "it `zfs receive`\n  has nothing unfinished, and no token: send "
                                 "what follows, if anything, on its own.\n"));
  EXPECT_THAT(run.err, Not(HasSubstr("resume with its token")));
}

TEST(ResumeStitch, AStoreIsNoFile) {
  const StoredStream partial(head_of(test::read_corpus("g256_raw_full"), kCutAt));
  for (const auto& [first, second] :
       {std::pair("/tmp", partial.path().c_str()), std::pair(partial.path().c_str(), "/tmp")}) {
    const CliRun run = run_cli({"resume", "--stitch", first, second});
    EXPECT_EQ(run.status, 2);
    EXPECT_EQ(run.err,
              "zsluice: resume: /tmp is a store, and --stitch takes files: `zsluice split "
              "--continue` goes on with it,\n  `zsluice join` makes a stream of it.\n");
  }
}

// Whatever the continuation's sender calls it now.
TEST(ResumeStitch, TheNameIsTheOneInTheResult) {
  const StoredStream partial(head_of(test::read_corpus("g256_raw_full"), kCutAt));
  test::StreamImage renamed(test::read_corpus(std::string(kCut) + ".resumed"));
  renamed.set_u8(0, 56 + std::string_view("src/g256@s").size(), '9');
  const CliRun run = run_cli({"resume", "--stitch", partial.path(), "-"}, renamed.resum().bytes());
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.out, text_of_corpus("g256_raw_full"));
  EXPECT_THAT(run.err, HasSubstr(": whole: \"src/g256@s1\": the first "));
}

TEST(ResumeRun, WhatCannotBeReadTwiceIsRefused) {
  const std::string token = token_of("g256_raw_full.cut869740");
  const CliRun run = run_cli({"resume", "--token", token, "/dev/zero"});
  EXPECT_EQ(run.status, 2);
  EXPECT_EQ(run.err, "zsluice: resume: /dev/zero: no regular file, and it has to be read twice\n");
}

TEST(ResumeRun, AFileIsNotWrittenOntoItself) {
  const test::MemoryFile file(test::read_corpus("g256_raw_full"));
  const std::string path = "/proc/self/fd/" + std::to_string(file.fd());
  const std::string token = token_of("g256_raw_full.cut869740");
  const test::MemoryFile err;
  const test::Arguments arguments = {"resume", "--token", token, path};
  EXPECT_EQ(cli::run(arguments, {-1, file.fd(), err.fd()}), 2);
  EXPECT_THAT(err.content(), HasSubstr("input and output are the same file"));
  EXPECT_EQ(file.content(), text_of_corpus("g256_raw_full"));
}

TEST(ResumeRun, ATokenThatAsksForMoreThanAPlaceIsRefused) {
  auto token = token::decode(token_of("g256_raw_full.cut869740")).value().token;
  token.saved_ok = true;
  const CliRun run = run_cli({"resume", "--token", *token::encode(token), "/nowhere"});
  EXPECT_EQ(run.status, 5);
  EXPECT_THAT(run.err, HasSubstr("the token is refused: it asks for a saved stream"));
}

// Behind all of its object's data nothing begins there: everything is sent.
TEST(ResumeRun, ATokenThatCannotBePlacedSendsMore) {
  const StoredStream stored(test::read_corpus("g256_raw_full"));
  auto token = token::decode(token_of("g256_raw_full.cut869740")).value().token;
  token.offset = std::uint64_t{1} << 40U;
  const CliRun run = run_cli({"resume", "--token", *token::encode(token), stored.path()});
  EXPECT_EQ(run.status, 0);
  EXPECT_GT(run.out.size(), text_of_corpus("g256_raw_full").size());
  EXPECT_THAT(run.err, HasSubstr("bytes of \"src/g256@s1\", from its start on\n"));
  EXPECT_THAT(run.err, HasSubstr("the token's place is not in this stream: all of it is sent\n"));
}

TEST(ResumeRun, WhetherThePlaceWasFoundIsToldToMachines) {
  const StoredStream stored(test::read_corpus("g256_raw_full"));
  auto token = token::decode(token_of("g256_raw_full.cut869740")).value().token;
  const auto found = [&] {
    const CliRun run =
        run_cli({"resume", "--json", "--token", *token::encode(token), stored.path()});
    return nlohmann::json::parse(run.err)["place_found"];
  };
  EXPECT_EQ(found(), true);
  token.object = std::uint64_t{1} << 47U;
  EXPECT_EQ(found(), false);
  token.toguid = 1;
  EXPECT_TRUE(found().is_null());
}

TEST(ResumeRun, WithoutAPackageTheRestIsNothing) {
  const StoredStream stored(test::read_corpus("g256_raw_full"));
  const CliRun run =
      run_cli({"resume", "--rest", "--token", token_of("g256_raw_full.cut869740"), stored.path()});
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.out, text_of_corpus(std::string(kCut) + ".resumed"));
  EXPECT_THAT(run.err, HasSubstr("--rest: the snapshot is in no package"));
}

}  // namespace
}  // namespace zsluice
