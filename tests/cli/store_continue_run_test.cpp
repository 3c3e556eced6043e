// SPDX-License-Identifier: BSD-2-Clause
// `zsluice split --continue` in this process, on stores in real folders that are not as their
// writer left them: what is there afterwards, and what is said.
#include "cli/store_folder_run.hpp"
#include "support/stream_image.hpp"
#include "zsluice/drr/format.hpp"

#include <gmock/gmock.h>

#include <iterator>
#include <map>
#include <string>

namespace zsluice {
namespace {

using test::Bytes;
using test::CliRun;
using test::read_corpus;
using test::run_cli;
using test::text_of_corpus;
using testing::HasSubstr;
using testing::Not;

class StoreContinueRun : public test::StoreRun {
 protected:
  [[nodiscard]] std::string manifest() const { return store_ + "/manifest.jsonl"; }
  // Its end is missing.
  void store_part() const {
    const Bytes whole = read_corpus("g256_raw_full");
    ASSERT_EQ(split(ByteSpan(whole).first(869740), {"--compress", "off"}).status, 4);
  }
  [[nodiscard]] static Bytes rest() {
    return read_corpus("tokens/g256_raw_full.cut869740.resumed");
  }
};

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator(file), {}};
}

// All files below a folder.
std::map<std::string, std::string> files_in(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string& path = entry.path();
    if (entry.is_regular_file()) files[path.substr(folder.size())] = content_of(entry.path());
  }
  return files;
}

// `cp -al`
void copy_by_links(const std::string& from, const std::string& to) {
  std::filesystem::copy(
      from, to,
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::create_hard_links);
}

TEST_F(StoreContinueRun, ACopyByHardLinksIsContinuedAndTheOriginalIsAsBefore) {
  store_part();
  const std::string copy = scratch_ + "/copy";
  copy_by_links(store_, copy);
  const auto before = files_in(store_);
  ASSERT_EQ(files_in(copy), before);
  EXPECT_EQ(run_cli({"split", "--continue", copy}, rest()).status, 0);
  EXPECT_EQ(run_cli({"join", copy}).out, text_of_corpus("g256_raw_full"));
  EXPECT_EQ(files_in(store_), before);
  EXPECT_EQ(split(rest(), {"--continue"}).status, 0);
  EXPECT_EQ(files_in(store_), files_in(copy));
}

TEST_F(StoreContinueRun, ALockThatCannotBeOpenedIsNamed) {
  store_part();
  std::filesystem::remove(store_ + "/lock");
  std::filesystem::create_directory(store_ + "/lock");
  const CliRun run = split(rest(), {"--continue"});
  EXPECT_EQ(run.status, 7);
  EXPECT_EQ(run.err, "zsluice: split: " + store_ + "/lock: cannot be locked: Is a directory\n");
}

TEST_F(StoreContinueRun, WhatStandsInPlaceOfASegmentIsTold) {
  store_part();
  const std::string first = segment("000000000000");
  const std::string head = "zsluice: split: " + store_ + "/000000000/000000000000.zss: ";
  std::filesystem::remove(first);
  std::filesystem::create_directory(first);
  CliRun run = split(rest(), {"--continue"});
  EXPECT_EQ(run.status, 7);
  EXPECT_EQ(run.err, head + "cannot be read: Is a directory\n");
  std::filesystem::remove(first);
  std::filesystem::create_symlink("/dev/null", first);
  run = split(rest(), {"--continue"});
  EXPECT_EQ(run.status, 7);
  EXPECT_EQ(run.err, head + "cannot be read: it is no regular file\n");
}

// The manifest's first lines, as many as are left without the last `count`.
void cut_lines(const std::string& manifest, int count) {
  std::string text = content_of(manifest);
  for (; count > 0; --count) {
    text.erase(text.rfind('\n', text.size() - 2) + 1);
  }
  std::ofstream(manifest) << text;
}

TEST_F(StoreContinueRun, WhatWasMissingOfTheManifestIsTold) {
  ASSERT_EQ(split(read_corpus("g256_raw_full"), {"--compress", "off"}).status, 0);
  const std::string head =
      "zsluice: split: " + store_ + ": whole: 887876 bytes in 24 segments, 887876 bytes stored\n";
  const std::string hint =
      "  Of what was there only the headers and the end were read: `zsluice verify` proves all of "
      "it.\n";
  const std::string right = content_of(manifest());
  const auto told = [&](const std::string& words) {
    const CliRun run = split({}, {"--continue"});
    EXPECT_EQ(run.status, 0);
    EXPECT_EQ(run.err, head + words + hint);
    EXPECT_EQ(content_of(manifest()), right);
  };
  cut_lines(manifest(), 1);
  told("  Only its closing line was missing: it was added.\n");
  cut_lines(manifest(), 3);
  told("  Only the last lines of the manifest were missing: they were added.\n");
  std::filesystem::remove(manifest());
  told("  The manifest was missing: it was made again from the segments.\n");
  std::string damaged = right;
  damaged[30] = 'x';
  std::ofstream(manifest()) << damaged << std::string(70000, 'y');
  told("  The manifest was damaged: it was made again from the segments.\n");
}

TEST_F(StoreContinueRun, AnEndOverASegmentThatIsNotThereIsNotClosed) {
  ASSERT_EQ(split(read_corpus("g256_raw_full"), {"--compress", "off"}).status, 0);
  cut_lines(manifest(), 1);
  std::ofstream(segment("000000000005"), std::ios::trunc).close();
  const auto before = files_in(store_);
  const CliRun run = split({}, {"--continue"});
  EXPECT_EQ(run.status, 3);
  EXPECT_THAT(run.err, HasSubstr("damaged: segment 5 (000000000/000000000005.zss, "));
  EXPECT_THAT(run.err, testing::EndsWith("\n  Nothing was changed.\n"));
  EXPECT_EQ(files_in(store_), before);
}

TEST_F(StoreContinueRun, AnotherStoresManifestIsLeftToTheUser) {
  ASSERT_EQ(split(read_corpus("many_raw_incr")).status, 0);
  const std::string other = content_of(manifest());
  std::filesystem::remove_all(store_);
  store_part();
  std::ofstream(manifest()) << other;
  const CliRun run = split(rest(), {"--continue"});
  EXPECT_EQ(run.status, 3);
  EXPECT_EQ(run.err, "zsluice: split: " + store_ +
                         ": damaged: the manifest (manifest.jsonl) is that of another store\n"
                         "  Nothing was changed. Without it, one is made from the segments: move "
                         "it away, and continue\n  again.\n");
  EXPECT_EQ(content_of(manifest()), other);
}

TEST_F(StoreContinueRun, AManifestThatCannotBeReadIsLeftToTheUser) {
  store_part();
  std::filesystem::remove(manifest());
  std::filesystem::create_directory(manifest());
  const CliRun run = split(rest(), {"--continue"});
  EXPECT_EQ(run.status, 7);
  EXPECT_EQ(run.err,
            "zsluice: split: " + store_ + "/manifest.jsonl: cannot be read: Is a directory\n");
  EXPECT_THAT(join().err, HasSubstr("join: " + store_ +
                                    ": the manifest cannot be read: Is a directory: the "
                                    "segments' own headers were used\n"));
  const CliRun verify = run_cli({"verify", store_});
  EXPECT_EQ(verify.status, 7);
  EXPECT_THAT(verify.err, HasSubstr("  Make manifest.jsonl readable, or move it away.\n"));
  EXPECT_THAT(verify.err, Not(HasSubstr("makes it again")));
  EXPECT_THAT(verify.err, Not(HasSubstr("all else is here"))) << "its end is not";
}

TEST_F(StoreContinueRun, AManifestAloneIsNoWholeStream) {
  ASSERT_EQ(split(read_corpus("g256_raw_full")).status, 0);
  CliRun again = split(read_corpus("g256_raw_full"));
  EXPECT_EQ(again.status, 7);
  EXPECT_THAT(again.err, HasSubstr(": a whole stream was stored in it already, of 887876 bytes\n"));
  EXPECT_THAT(again.err, HasSubstr("name another STORE, or remove this one.\n"));
  std::filesystem::remove_all(store_ + "/000000000");
  again = split(read_corpus("g256_raw_full"));
  EXPECT_EQ(again.status, 7);
  EXPECT_EQ(again.err, "zsluice: split: " + store_ +
                           ": its manifest speaks of 24 segments, the last of which is not here\n"
                           "  Nothing was read or written: put back what is missing, or name "
                           "another STORE.\n");
}

TEST_F(StoreContinueRun, AStreamThatGoesOnTooLateIsToldFromTheStore) {
  const Bytes whole = read_corpus("g256_raw_full");
  ASSERT_EQ(split(ByteSpan(whole).first(500000)).status, 4);
  const CliRun run = split(rest(), {"--continue"});
  EXPECT_EQ(run.status, 5);
  EXPECT_THAT(run.err, HasSubstr("split: stdin: refused: the store ends at object "));
  EXPECT_THAT(run.err, HasSubstr("; the stream on standard input goes on at object "));
  EXPECT_THAT(run.err, HasSubstr("\n  Send again by the token of `zsluice token make STORE`.\n"));
}

// What is kept fills the limit already: that is the reason, and no gap.
TEST_F(StoreContinueRun, ALimitThatTheStoreReachesIsTheReason) {
  store_part();
  const CliRun run = split(rest(), {"--continue", "--max-size", "100K"});
  EXPECT_EQ(run.status, 5);
  EXPECT_THAT(run.err, HasSubstr("refused: the stream is longer than --max-size 100 KiB\n"));
  EXPECT_EQ(split(rest(), {"--continue"}).status, 0);
  EXPECT_EQ(join().out, text_of_corpus("g256_raw_full"));
}

TEST_F(StoreContinueRun, AFeatureThatTheStoreLacksIsNotMendedByItsOwnToken) {
  store_part();
  test::StreamImage other(rest());
  other.set_u64(0, 16, other.u64(0, 16) | (drr::feature::kLargeDnode << 2));
  const CliRun run = split(other.resum().bytes(), {"--continue"});
  EXPECT_EQ(run.status, 5);
  EXPECT_THAT(run.err, HasSubstr("the two streams differ in their features"));
  EXPECT_THAT(run.err, Not(HasSubstr("Send again")));
  // Of the form it is, which comes from the token.
  other.set_u64(0, 16, test::StreamImage(rest()).u64(0, 16) ^ (drr::feature::kCompressed << 2));
  EXPECT_THAT(split(other.resum().bytes(), {"--continue"}).err, HasSubstr("Send again"));
}

// What `zfs send -t` would send for the store's own token, and some bytes behind it.
Bytes own_continuation(const std::string& store, const Bytes& whole) {
  const std::string token = run_cli({"token", "make", "-q", store}).out;
  const test::StoredStream file(whole);
  const CliRun resumed =
      run_cli({"resume", "--token", token.substr(0, token.size() - 1), file.path()});
  Bytes continuation(bytes_of(resumed.out).begin(), bytes_of(resumed.out).end());
  continuation.resize(continuation.size() + 100);
  return continuation;
}

TEST_F(StoreContinueRun, OfAPackageASnapshotThatIsWholeIsNotCalledMissing) {
  const Bytes package = read_corpus("hier_raw_R");
  ASSERT_EQ(split(ByteSpan(package).first(200000)).status, 4);
  const Bytes continuation = own_continuation(store_, package);
  EXPECT_EQ(split(continuation, {"--continue"}).status, 4) << "and not 3, for the zeros";
  const CliRun again = split(continuation, {"--continue"});
  EXPECT_EQ(again.status, 5);
  EXPECT_THAT(again.err, HasSubstr("refused: the store does not end inside a snapshot: that with "
                                   "guid "));
  EXPECT_THAT(again.err, HasSubstr(" is whole in it, or not there\n"));
  EXPECT_THAT(again.err, Not(HasSubstr("Send again")));
}

// That snapshots begin in the last segment does not mean that one is unfinished.
TEST_F(StoreContinueRun, WhereAPackageStopsBetweenSnapshotsNoneIsNamed) {
  const Bytes package = read_corpus("hier_raw_R");
  ASSERT_EQ(run_cli({"split", store_}, ByteSpan(package).first(200000)).status, 4);
  const test::Arguments go_on = {"split", "--continue", store_};
  const Bytes continuation = own_continuation(store_, package);
  EXPECT_EQ(run_cli(go_on, continuation).status, 4);
  EXPECT_THAT(run_cli(go_on, continuation).err,
              HasSubstr("refused: the store holds that snapshot whole\n"));
  const CliRun other = run_cli(go_on, rest());
  EXPECT_EQ(other.status, 5);
  EXPECT_THAT(other.err, HasSubstr("refused: the store does not end inside a snapshot: "));
  EXPECT_THAT(other.err, Not(HasSubstr("Send again")));
}

}  // namespace
}  // namespace zsluice
