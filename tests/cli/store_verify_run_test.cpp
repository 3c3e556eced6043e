// SPDX-License-Identifier: BSD-2-Clause
// `zsluice verify STORE` and `zsluice inspect STORE` in this process, on real folders.
#include "cli/cli_run.hpp"
#include "support/corpus.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace zsluice {
namespace {

using test::CliRun;
using test::read_corpus;
using test::run_cli;
using testing::HasSubstr;

class StoreVerifyRun : public testing::Test {
 protected:
  StoreVerifyRun() {
    std::string name = testing::TempDir() + "/zsluice-run-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) scratch_ = name;
    store_ = scratch_ + "/store";
  }
  ~StoreVerifyRun() override { std::filesystem::remove_all(scratch_); }
  StoreVerifyRun(const StoreVerifyRun&) = delete;
  StoreVerifyRun& operator=(const StoreVerifyRun&) = delete;

  [[nodiscard]] CliRun on_store(test::Arguments arguments) const {
    arguments.emplace_back(store_);
    return run_cli(arguments);
  }
  void split(std::string_view name = "g256_raw_full", test::Arguments more = {}) const {
    test::Arguments arguments = {"split", "--segment-size", "64K", "--compress", "off", store_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    ASSERT_EQ(run_cli(arguments, read_corpus(name)).status, 0);
  }
  [[nodiscard]] std::string segment(const std::string& number) const {
    return store_ + "/000000000/" + number + ".zss";
  }
  static void change(const std::string& path, std::streamoff at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at).put('\x5a');
  }
  [[nodiscard]] std::string head() const { return "zsluice: verify: " + store_ + ": "; }

  std::string scratch_;
  std::string store_;
};

TEST_F(StoreVerifyRun, AWholeStoreIsWhole) {
  split();
  const CliRun run = on_store({"verify"});
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(run.out, store_ +
                         ": whole: \"src/g256@s1\", 24 segments, 112 records, 887876 bytes, 887876 "
                         "bytes stored\n");
  EXPECT_EQ(on_store({"verify", "-q"}).out, "");
  EXPECT_EQ(on_store({"verify", "-j", "3"}).out, run.out);
  EXPECT_EQ(on_store({"verify", "--quick"}).out,
            store_ +
                ": complete: \"src/g256@s1\", 24 segments, 112 records, 887876 bytes, 887876 bytes "
                "stored; what the segments hold was not read\n");
}

TEST_F(StoreVerifyRun, AllThatIsBadIsNamedAndWhatIsRight) {
  split();
  change(segment("000000000003"), 3000);
  for (const char* const number : {"000000000010", "000000000011"}) {
    std::filesystem::remove(segment(number));
  }
  const CliRun run = on_store({"verify"});
  EXPECT_EQ(run.status, 3);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(
      run.err,
      testing::StartsWith(head() + "damaged: segment 3 (000000000/000000000003.zss, offsets 103596 "
                                   "to 136676): what it holds is not what its hash says\n"
                                   "  expected "));
  EXPECT_THAT(
      run.err,
      testing::EndsWith(
          "  hit: \"src/g256@s1\": object 2, offset 98304 to object 2, offset 98304\n" + head() +
          "damaged: segments 10 to 11 (from 000000000/000000000010.zss on, offsets 335156 to "
          "401316) are missing, and later ones are there\n"
          "  hit: \"src/g256@s1\": behind object 2, offset 294912, before object 2, offset "
          "393216\n" +
          head() +
          "3 segments bad or missing; 21 right\n"
          "  right: segments 0 to 2, offsets 0 to 103596\n"
          "  right: segments 4 to 9, offsets 136676 to 335156\n"
          "  right: segments 12 to 23, offsets 401316 to 887876\n"
          "  `zsluice join` gives the first 103596 bytes, without an END.\n"
          "  With the segments named above replaced from another copy, all of it is there "
          "again.\n"));
}

TEST_F(StoreVerifyRun, TheResultForMachines) {
  split();
  change(segment("000000000003"), 3000);
  std::filesystem::remove(segment("000000000010"));
  const CliRun run = on_store({"verify", "--json", "-j", "2"});
  EXPECT_EQ(run.status, 3);
  EXPECT_EQ(run.err, "");
  const auto json = run.json();
  EXPECT_EQ(json["schema"], "zsluice.verify-store/1");
  EXPECT_EQ(json["verdict"], "damaged");
  EXPECT_EQ(json["segments_good"], 22);
  EXPECT_EQ(json["segments_bad"], 2);
  EXPECT_EQ(json["prefix_bytes"], 103596);
  EXPECT_EQ(json["closed"], true);
  EXPECT_EQ(json["good"].size(), 3U);
  EXPECT_EQ(json["good"][1]["first_segment"], 4);
  EXPECT_EQ(json["good"][1]["end"], 335156);
  EXPECT_EQ(json["findings_total"], 2);
  EXPECT_EQ(json["findings"][0]["code"], "bad_segment");
  EXPECT_EQ(json["findings"][0]["segment_error"], "payload_damaged");
  EXPECT_EQ(json["findings"][0]["first"]["object"], 2);
  EXPECT_EQ(json["findings"][1]["code"], "missing_segment");
  EXPECT_EQ(json["findings"][1]["segment"], 10);
  EXPECT_EQ(json["findings"][1]["snapshots"][0]["toname"], "src/g256@s1");
  EXPECT_EQ(json["findings"][1]["before"]["offset"], 360448);
  EXPECT_EQ(json["failure"]["code"], "bad_segment");
}

TEST_F(StoreVerifyRun, AMissingTailIsATruncation) {
  split();
  std::filesystem::remove(segment("000000000023"));
  CliRun run = on_store({"verify"});
  EXPECT_EQ(run.status, 4);
  EXPECT_THAT(run.err, HasSubstr("truncated: segment 23 ("));
  std::filesystem::remove(store_ + "/manifest.jsonl");
  run = on_store({"verify"});
  EXPECT_EQ(run.status, 4);
  EXPECT_EQ(run.err,
            head() +
                "truncated: the stream was not stored to its end: 23 segments, 865420 bytes\n" +
                head() + "23 segments are right, 865420 bytes: a valid beginning of the stream\n" +
                head() + "the manifest is missing: the segments' own headers were used\n");
}

TEST_F(StoreVerifyRun, TheManifestAlone) {
  split();
  change(store_ + "/manifest.jsonl", 20);
  const CliRun damaged = on_store({"verify"});
  EXPECT_THAT(damaged.err, HasSubstr("manifest"));
  EXPECT_THAT(damaged.err,
              testing::EndsWith("24 segments are right, 887876 bytes: the whole stream\n"
                                "  `zsluice split --continue STORE </dev/null` makes it again.\n"));
  std::filesystem::remove(store_ + "/manifest.jsonl");
  const CliRun missing = on_store({"verify"});
  EXPECT_EQ(missing.status, 0);
  const std::string made_again = "  `zsluice split --continue STORE </dev/null` makes it again.\n";
  EXPECT_EQ(missing.err,
            head() + "the manifest is missing: the segments' own headers were used\n" + made_again);
  EXPECT_EQ(on_store({"split", "--continue"}).status, 0);
  EXPECT_EQ(on_store({"verify"}).err, "");
  // The closing line of a whole store is lost.
  std::filesystem::resize_file(store_ + "/manifest.jsonl",
                               std::filesystem::file_size(store_ + "/manifest.jsonl") - 3);
  const CliRun torn = on_store({"verify"});
  EXPECT_EQ(torn.status, 0);
  EXPECT_THAT(torn.err, HasSubstr("the end of the manifest is torn or damaged: "));
  EXPECT_THAT(torn.err, HasSubstr(made_again));
}

TEST_F(StoreVerifyRun, WhatCannotBeReadIsSaid) {
  split();
  std::filesystem::remove(segment("000000000004"));
  std::filesystem::create_directory(segment("000000000004"));
  const CliRun run = on_store({"verify"});
  EXPECT_EQ(run.status, 7);
  EXPECT_EQ(test::first_line(run.err), "zsluice: verify: " + store_ +
                                           "/000000000/000000000004.zss: cannot be read: Is a "
                                           "directory");
  EXPECT_THAT(run.err, HasSubstr("1 segment bad or missing; 23 right\n"));
}

TEST_F(StoreVerifyRun, AKeyIsDemanded) {
  const std::string key = scratch_ + "/key";
  std::ofstream(key) << std::string(32, 'k');
  split("g256_raw_full", {"--auth-key", key});
  const CliRun without = on_store({"verify"});
  EXPECT_EQ(without.status, 5);
  EXPECT_EQ(without.err,
            head() +
                "refused: the store was written with a key\n"
                "  Name it with --auth-key, or read the store unproven with --no-auth.\n");
  EXPECT_EQ(on_store({"verify", "--no-auth"}).status, 0);
  const CliRun with = on_store({"verify", "--auth-key", key});
  EXPECT_EQ(with.status, 0);
  EXPECT_THAT(with.out, HasSubstr(", each proven by the key\n"));
  EXPECT_THAT(with.out, HasSubstr("g256@s1"));
  // The name stands in a BEGIN, which is not read; the manifest's could be anybody's.
  const CliRun quick = on_store({"verify", "--quick", "--auth-key", key});
  EXPECT_EQ(quick.status, 0);
  EXPECT_THAT(quick.out, testing::Not(HasSubstr("g256@s1")));
  const std::string other = scratch_ + "/other";
  std::ofstream(other) << std::string(32, 'x');
  const CliRun wrong = on_store({"verify", "--auth-key", other});
  EXPECT_EQ(wrong.status, 5);
  EXPECT_EQ(std::count(wrong.err.begin(), wrong.err.end(), '\n'), 1) << wrong.err;
  EXPECT_THAT(wrong.err,
              HasSubstr("the store was written with another key than this one: see segment 0 ("));
}

TEST_F(StoreVerifyRun, AFolderThatIsNoStore) {
  std::filesystem::create_directory(store_);
  const CliRun run = on_store({"verify"});
  EXPECT_EQ(run.status, 3);
  EXPECT_EQ(run.err, head() + "no store: it holds neither a manifest nor a segment\n");
  EXPECT_EQ(on_store({"inspect"}).status, 3);
  EXPECT_EQ(
      on_store({"inspect"}).err,
      "zsluice: inspect: " + store_ + ": no store: it holds neither a manifest nor a segment\n");
  EXPECT_EQ(on_store({"inspect", "--json"}).json()["failure"]["code"], "not_a_store");
}

TEST_F(StoreVerifyRun, OptionsOfStreamsAndOfStores) {
  split();
  const CliRun blocks = on_store({"verify", "--blocks"});
  EXPECT_EQ(blocks.status, 2);
  EXPECT_EQ(blocks.err,
            head() + "--blocks is for streams: pipe `zsluice join` into `zsluice verify`\n");
  for (const char* const command : {"verify", "inspect"}) {
    const CliRun limit = on_store({command, "--max-header", "1M"});
    EXPECT_EQ(limit.status, 2);
    EXPECT_THAT(limit.err, HasSubstr("--max-header is for streams: pipe `zsluice join` into"));
    const auto json = on_store({command, "--max-header", "1M", "--json"}).json();
    EXPECT_EQ(json["verdict"], "usage");
    EXPECT_EQ(json["exit_status"], 2);
    EXPECT_EQ(json["failure"]["code"], "not_opened");
  }
  const CliRun quick = run_cli({"verify", "--quick", "-"}, read_corpus("g256_raw_full"));
  EXPECT_EQ(quick.status, 2);
  EXPECT_EQ(quick.err,
            "zsluice: verify: stdin: --quick, --auth-key and --no-auth are for stores, and this is "
            "none\n");
}

TEST_F(StoreVerifyRun, InspectTellsWhatAStoreHolds) {
  split();
  const CliRun run = on_store({"inspect"});
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.out, testing::StartsWith(store_ + ": store\n  id            "));
  EXPECT_THAT(run.out, HasSubstr("\n  segment size  64 KiB (65536 bytes) at most\n"
                                 "  compression   off\n"
                                 "  key           written without one\n"
                                 "  written by    zsluice "));
  EXPECT_THAT(run.out,
              HasSubstr("\n  manifest      good\n"
                        "  substreams\n"
                        "  \"src/g256@s1\": full, guid 15659996431542376708, in segment 0 from "
                        "offset 0\n"
                        "  segments      24\n"
                        "  size          867.1 KiB (887876 bytes)\n"
                        "  stored        867.1 KiB (887876 bytes), ratio 1.00\n"
                        "  closed        yes, the stream's end is in it (`zsluice verify` checks "
                        "what it holds)\n"));
  const auto json = on_store({"inspect", "--json"}).json();
  EXPECT_EQ(json["schema"], "zsluice.inspect-store/1");
  EXPECT_EQ(json["substreams"][0]["toguid"], "15659996431542376708");
  EXPECT_EQ(json["segments"], 24);
  EXPECT_EQ(json["closed"], true);
  EXPECT_EQ(json["failure"], nullptr);
}

TEST_F(StoreVerifyRun, InspectSaysWhereItsNumbersAreOnlyTheManifests) {
  split();
  std::filesystem::remove(segment("000000000012"));
  const std::string label =
      "\n  segments      24, as the manifest says: not all of them are there\n";
  EXPECT_THAT(on_store({"inspect"}).out, HasSubstr(label));
  for (int number = 13; number < 24; ++number) {
    std::filesystem::remove(segment("0000000000" + std::to_string(number)));
  }
  EXPECT_THAT(on_store({"inspect"}).out, HasSubstr(label));
}

// 127 is not tried again, so that there is no pause.
TEST_F(StoreVerifyRun, ACommandThatFailsIsNamedAndAfterAWhileNotAskedAnyMore) {
  split();
  CliRun run = on_store(
      {"verify", "--fetch",
       "case $ZSLUICE_SEGMENT in *3.zss) exit 127;; esac; cat '" + store_ + "'/$ZSLUICE_SEGMENT"});
  EXPECT_EQ(run.status, 9);
  EXPECT_EQ(test::first_line(run.err),
            head() +
                "segment 3 (000000000/000000000003.zss, offsets 103596 to 136676) was not fetched: "
                "the command failed with exit status 127");
  EXPECT_THAT(run.err, HasSubstr("3 segments bad or missing; 21 right\n"));
  run = on_store({"verify", "--fetch", "exit 127"});
  EXPECT_EQ(run.status, 9);
  EXPECT_THAT(run.err,
              testing::EndsWith(head() + "ended early: 16 segments in a row were not fetched\n"
                                         "  Nothing is known of those behind them.\n"));
  const auto json = on_store({"verify", "--json", "--fetch", "exit 127"}).json();
  EXPECT_EQ(json["verdict"], "command_failed");
  EXPECT_EQ(json["cut_short"], true);
  EXPECT_EQ(json["findings_total"], 16);
  EXPECT_EQ(json["findings"][3]["code"], "fetch_failed");
  EXPECT_EQ(json["findings"][3]["segment"], 3);
}

TEST_F(StoreVerifyRun, OneOfAThingIsNoneOfMany) {
  split();
  change(segment("000000000001"), 3000);
  change(segment("000000000003"), 3000);
  EXPECT_THAT(on_store({"verify"}).err,
              HasSubstr("  right: segment 0, offsets 0 to 37436\n"
                        "  right: segment 2, offsets 70516 to 103596\n"
                        "  right: segments 4 to 23, offsets 136676 to 887876\n"));
  for (int number = 1; number < 24; ++number) {
    std::filesystem::remove(
        segment((number < 10 ? "00000000000" : "0000000000") + std::to_string(number)));
  }
  std::filesystem::remove(store_ + "/manifest.jsonl");
  EXPECT_THAT(on_store({"verify"}).err,
              HasSubstr("1 segment is right, 37436 bytes: a valid beginning of the stream\n"));
}

TEST_F(StoreVerifyRun, OfAPlainStreamJoinIsToldTheOption) {
  split("pl_full", {"--allow-plaintext"});
  std::filesystem::remove(segment("000000000001"));
  EXPECT_THAT(on_store({"verify"}).err,
              HasSubstr("\n  `zsluice join --allow-plaintext` gives the first "));
}

TEST_F(StoreVerifyRun, AForeignManifestNamesNoSegmentAndLeavesNothingToJoin) {
  split("g256_raw_incr");
  std::filesystem::rename(store_ + "/manifest.jsonl", scratch_ + "/other");
  std::filesystem::remove_all(store_);
  split();
  std::filesystem::copy_file(scratch_ + "/other", store_ + "/manifest.jsonl",
                             std::filesystem::copy_options::overwrite_existing);
  change(segment("000000000003"), 3000);
  const CliRun run = on_store({"verify"});
  EXPECT_EQ(run.status, 3);
  EXPECT_THAT(run.err, testing::Not(HasSubstr("zsluice join")));
  const auto json = on_store({"verify", "--json"}).json();
  EXPECT_EQ(json["prefix_bytes"], 0);
  EXPECT_EQ(json["findings"][0]["code"], "other_manifest");
  EXPECT_EQ(json["findings"][0].count("segment"), 0U);
  EXPECT_EQ(json["findings"][1]["segment"], 3);
  const CliRun join = on_store({"join"});
  EXPECT_EQ(join.status, 3);
  EXPECT_EQ(join.out, "");
  EXPECT_THAT(join.err, HasSubstr("  move it away and join again.\n"));
}

TEST_F(StoreVerifyRun, WhatCannotBeReadHasItsPlaceForMachines) {
  split();
  std::filesystem::remove(segment("000000000004"));
  std::filesystem::create_directory(segment("000000000004"));
  const auto json = on_store({"verify", "--json"}).json();
  EXPECT_EQ(json["failure"]["code"], "store_unreadable");
  EXPECT_EQ(json["failure"]["segment"], 4);
  EXPECT_EQ(json["failure"]["begin"], 136676);
  EXPECT_EQ(json["failure"]["end"], 169756);
}

TEST_F(StoreVerifyRun, AKeyThatIsOneTooManyIsRefusedOnce) {
  const std::string key = scratch_ + "/key";
  std::ofstream(key) << std::string(32, 'k');
  split();
  for (const char* const command : {"verify", "join"}) {
    const CliRun run = on_store({command, "--auth-key", key});
    EXPECT_EQ(run.status, 5);
    EXPECT_THAT(
        run.err,
        testing::StartsWith(
            "zsluice: " + std::string(command) + ": " + store_ +
            ": refused: the store was written without a key, or lost its proof to somebody\n"
            "  Without --auth-key it is read unproven.\n"));
    EXPECT_EQ(run.err.find("bad or missing"), std::string::npos);
  }
  // One copy that has one.
  const std::string plain = store_;
  store_ = scratch_ + "/keyed";
  split("g256_raw_full", {"--auth-key", key});
  std::filesystem::copy_file(segment("000000000002"), plain + "/000000000/000000000002.zss",
                             std::filesystem::copy_options::overwrite_existing);
  store_ = plain;
  for (const char* const command : {"verify", "join"}) {
    EXPECT_THAT(
        on_store({command}).err,
        HasSubstr("refused: segment 2 (000000000/000000000002.zss, offsets 70516 to 103596) "
                  "was written with a key, and the store was not\n"));
  }
}

TEST_F(StoreVerifyRun, ASegmentBehindTheEndIsSaidWhenAllHasPassed) {
  split();
  std::filesystem::copy_file(segment("000000000002"), segment("000000000024"));
  const CliRun run = on_store({"join"});
  EXPECT_EQ(run.status, 3);
  EXPECT_EQ(run.out.size(), 887876U);
  EXPECT_EQ(run.err, "zsluice: join: " + store_ +
                         ": damaged: segment 24 (000000000/000000000024.zss, from offset 887876 "
                         "on): the stream ends before it\n"
                         "  It was not passed; the stream itself was delivered whole.\n");
  EXPECT_THAT(on_store({"verify"}).err, testing::Not(HasSubstr("  hit: ")));
}

TEST_F(StoreVerifyRun, InspectListsSegments) {
  split();
  const CliRun run = on_store({"inspect", "--records"});
  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.out, testing::StartsWith(
                           "           0 at 0 raw=37436 stored=37436 codec=none records=9 begins=1 "
                           "first=1:0 last=2:0\n"
                           "           1 at 37436 raw=33080 stored=33080 codec=none records=1 "
                           "first=2:32768 last=2:32768\n"));
  EXPECT_THAT(run.out, testing::EndsWith(" end\n"));
  const std::string lines = on_store({"inspect", "--records", "--json"}).out;
  const auto first = nlohmann::json::parse(test::first_line(lines));
  EXPECT_EQ(first["segment"], 0);
  EXPECT_EQ(first["records"], 9);
  EXPECT_EQ(first["last"]["object"], 2);
}

}  // namespace
}  // namespace zsluice
