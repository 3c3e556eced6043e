// SPDX-License-Identifier: BSD-2-Clause
// `zsluice split` and `zsluice join` in this process, on real folders: what is there afterwards,
// and what is said.
#include "cli/store_folder_run.hpp"
#include "io/store_folder.hpp"
#include "support/token_text.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace zsluice {
namespace {

using test::Bytes;
using test::CliRun;
using test::read_corpus;
using test::run_cli;
using test::StoreRun;
using test::text_of_corpus;
using testing::HasSubstr;
using testing::StartsWith;

// The last object of this schema among lines of all kinds.
nlohmann::json last_of(const std::string& lines, const std::string& schema) {
  const std::size_t begin = lines.rfind("{\"schema\":\"" + schema);
  if (begin == std::string::npos) return {};
  return nlohmann::json::parse(lines.substr(begin, lines.find('\n', begin) - begin));
}

TEST_F(StoreRun, AStreamGoesInAndComesOutAgain) {
  const CliRun in = split(read_corpus("g256_raw_full"), {"--compress", "off"});
  EXPECT_EQ(in.status, 0);
  EXPECT_EQ(in.out, "");
  EXPECT_EQ(in.err, "zsluice: split: " + store_ +
                        ": whole: 887876 bytes of \"src/g256@s1\" in 24 segments, 887876 bytes "
                        "stored\n");
  const CliRun out = join();
  EXPECT_EQ(out.status, 0);
  EXPECT_EQ(out.out, text_of_corpus("g256_raw_full"));
  EXPECT_THAT(out.err,
              StartsWith("zsluice: join: " + store_ +
                         ": whole: 887876 bytes of \"src/g256@s1\" from 24 segments, in "));
  EXPECT_EQ(join({"-q"}).err, "");
}

TEST_F(StoreRun, TheResultForMachines) {
  const CliRun in = split(read_corpus("g256_raw_full"), {"--json"});
  const auto made = nlohmann::json::parse(in.out);
  EXPECT_EQ(made["schema"], "zsluice.split/1");
  EXPECT_EQ(made["verdict"], "whole");
  EXPECT_EQ(made["segments"], 24);
  EXPECT_EQ(made["raw_bytes"], 887876);
  EXPECT_EQ(made["closed"], true);
  EXPECT_EQ(made["failure"], nullptr);
  std::filesystem::remove(segment("000000000005"));
  const CliRun out = join({"--json"});
  const auto read = nlohmann::json::parse(out.err);
  EXPECT_EQ(out.status, 3);
  EXPECT_EQ(read["schema"], "zsluice.join/1");
  EXPECT_EQ(read["bytes_out"], out.out.size());
  EXPECT_EQ(read["failure"]["code"], "missing_segment");
  EXPECT_EQ(read["failure"]["segment"], 5);
  EXPECT_EQ(read["failure"]["begin"], out.out.size());
  EXPECT_EQ(read["failure"]["file"], "000000000/000000000005.zss");
  const auto again = nlohmann::json::parse(split({}, {"--json"}).out);
  EXPECT_EQ(again["failure"]["code"], "store_holds_whole");
}

TEST_F(StoreRun, AStreamComesOutAtARate) {
  EXPECT_EQ(split(read_corpus("g256_raw_full")).status, 0);
  const std::string rate = scratch_ + "/rate";
  std::ofstream(rate) << "1G  # enough\n";
  for (const test::Arguments& how :
       {test::Arguments{"--rate", "1G"}, test::Arguments{"--rate", "Mon-00:00,1G Thu-00:00,off"},
        test::Arguments{"--rate-file", rate, "--burst", "1M"}}) {
    const CliRun out = join(how);
    EXPECT_EQ(out.status, 0);
    EXPECT_EQ(out.out, text_of_corpus("g256_raw_full"));
    EXPECT_THAT(out.err, testing::StartsWith("zsluice: join: " + store_ +
                                             ": whole: 887876 bytes of \"src/g256@s1\" from 24 "
                                             "segments, in "));
    EXPECT_THAT(out.err, testing::EndsWith("/s\n"));
  }
}

TEST_F(StoreRun, ProgressForMachinesEndsAtAHundredPercent) {
  EXPECT_EQ(split(read_corpus("g256_raw_full")).status, 0);
  const std::string metrics = scratch_ + "/metrics";
  const CliRun out = join({"--progress", "json", "--metrics", metrics, "--json"});
  EXPECT_EQ(out.status, 0);
  EXPECT_EQ(out.out, text_of_corpus("g256_raw_full"));
  const auto progress = last_of(out.err, "zsluice.progress/1");
  EXPECT_EQ(progress["bytes_out"], 887876);
  EXPECT_EQ(progress["size"], 887876);
  EXPECT_EQ(progress["pct"], 100.0);
  EXPECT_EQ(progress["buffer_fill"], nullptr);
  EXPECT_EQ(progress["snapshot"], "src/g256@s1");
  EXPECT_EQ(last_of(out.err, "zsluice.join/1")["verdict"], "whole");
  std::ifstream file(metrics);
  const std::string text{std::istreambuf_iterator(file), {}};
  EXPECT_THAT(text, HasSubstr("\nzsluice_bytes_out_total 887876\n"));
  EXPECT_THAT(text, HasSubstr("\nzsluice_exit_status 0\n"));
  EXPECT_THAT(text, testing::Not(HasSubstr("buffer")));
}

TEST_F(StoreRun, ProgressOfABadStoreEndsWhereItsStreamDoes) {
  EXPECT_EQ(split(read_corpus("g256_raw_full")).status, 0);
  std::filesystem::remove(segment("000000000005"));
  std::filesystem::remove(store_ + "/manifest.jsonl");
  const CliRun out = join({"--progress", "json", "--rate", "1G"});
  EXPECT_EQ(out.status, 3);
  const auto progress = last_of(out.err, "zsluice.progress/1");
  EXPECT_EQ(progress["bytes_out"], out.out.size());
  EXPECT_EQ(progress["size"], nullptr);
  EXPECT_EQ(progress["pct"], nullptr);
  EXPECT_THAT(out.err, HasSubstr("\nzsluice: join: " + store_ + ": "));
}

TEST_F(StoreRun, ARateFileThatMakesNoSenseIsRefusedAtTheStart) {
  EXPECT_EQ(split(read_corpus("g256_raw_full")).status, 0);
  const std::string rate = scratch_ + "/rate";
  std::ofstream(rate) << "08:00 2M\n";
  const CliRun out = join({"--rate-file", rate});
  EXPECT_EQ(out.status, 2);
  EXPECT_EQ(out.out, "");
  EXPECT_THAT(out.err, testing::StartsWith("zsluice: join: --rate-file: \"" + rate +
                                           "\": \"08:00\" is not TIME,RATE"));
}

TEST_F(StoreRun, ARefusedStreamLeavesNoTrace) {
  const CliRun refused = split(read_corpus("pl_full"));
  EXPECT_EQ(refused.status, 5);
  EXPECT_THAT(refused.err, HasSubstr("refused: \"src/pl@s1\" is not raw"));
  EXPECT_THAT(refused.err, HasSubstr("  Nothing was stored.\n"));
  EXPECT_FALSE(is_there());
  // Nor in a folder that was there.
  std::filesystem::create_directory(store_);
  EXPECT_EQ(split(read_corpus("pl_full")).status, 5);
  EXPECT_TRUE(std::filesystem::is_empty(store_));
  EXPECT_EQ(split(read_corpus("pl_full"), {"--allow-plaintext"}).status, 0);
  EXPECT_EQ(join().status, 5);
  EXPECT_EQ(join({"--allow-plaintext"}).out, text_of_corpus("pl_full"));
}

TEST_F(StoreRun, AStreamThatCannotBeStoredLeavesNoTrace) {
  std::filesystem::create_directories(scratch_ + "/elsewhere");
  std::filesystem::create_directory(store_);
  std::filesystem::create_symlink(scratch_ + "/elsewhere", store_ + "/000000000");
  const CliRun run = split(read_corpus("g256_raw_full"));
  EXPECT_EQ(run.status, 7);
  EXPECT_EQ(run.err, "zsluice: split: " + store_ +
                         "/000000000: cannot be written: Not a directory\n"
                         "  Nothing was stored.\n");
  const std::filesystem::directory_iterator left(store_);
  EXPECT_EQ(std::distance(begin(left), end(left)), 1);
}

TEST_F(StoreRun, AManifestOfSomethingElseIsInTheWay) {
  const std::string manifest = store_ + "/manifest.jsonl";
  const std::string words = "zsluice: split: " + store_ +
                            ": there is no segment in it, but a manifest.jsonl that is damaged, or "
                            "none of zsluice's\n"
                            "  Nothing was read or written: name another STORE, or remove that "
                            "one.\n";
  std::filesystem::create_directory(store_);
  std::ofstream(manifest) << "{\"name\": \"web app\"}\n";
  CliRun run = split(read_corpus("g256_raw_full"));
  EXPECT_EQ(run.status, 7);
  EXPECT_EQ(run.err, words);
  run = split(read_corpus("g256_raw_full"), {"--json"});
  const auto failure = nlohmann::json::parse(run.out).at("failure");
  EXPECT_EQ(failure.at("code"), "store_holds_part");
  EXPECT_EQ(failure.at("file"), "manifest.jsonl");
  EXPECT_FALSE(failure.contains("segment"));
  std::filesystem::remove(manifest);
  std::filesystem::create_directory(manifest);
  run = split(read_corpus("g256_raw_full"));
  EXPECT_EQ(run.status, 7);
  EXPECT_EQ(run.err, words);
}

TEST_F(StoreRun, WhatIsLeftOfATruncatedStreamIsABeginning) {
  Bytes stream = read_corpus("g256_raw_full");
  stream.resize(500000);
  const CliRun in = split(stream);
  EXPECT_EQ(in.status, 4);
  EXPECT_THAT(in.err, HasSubstr("truncated at offset 500000"));
  EXPECT_THAT(in.err, HasSubstr("  " + store_ +
                                " holds the first 489524 bytes of the stream, all of them "
                                "proven.\n"));
  const CliRun out = join();
  EXPECT_EQ(out.status, 4);
  EXPECT_EQ(out.out, text_of_corpus("g256_raw_full").substr(0, 489524));
  EXPECT_EQ(out.err,
            "zsluice: join: " + store_ +
                ": truncated: the stream was not stored to its end: 14 segments, 489524 bytes\n"
                "  The first 489524 bytes were passed, without an END: `zfs receive -s` keeps "
                "them.\n");
  const CliRun again = split(read_corpus("g256_raw_full"));
  EXPECT_EQ(again.status, 7);
  EXPECT_EQ(
      again.err,
      "zsluice: split: " + store_ +
          ": there is a part of a stream in it already\n"
          "  Nothing was read or written: go on in it with --continue, or name another STORE.\n");
}

TEST_F(StoreRun, AStoreThatWasCutOffIsContinued) {
  const Bytes whole = read_corpus("g256_raw_full");
  const Bytes rest = read_corpus("tokens/g256_raw_full.cut869740.resumed");
  ASSERT_EQ(split(ByteSpan(whole).first(869740), {"--compress", "off"}).status, 4);
  const CliRun foreign = split(read_corpus("tokens/sp_raw_incr.cut67706.resumed"), {"--continue"});
  EXPECT_EQ(foreign.status, 5);
  EXPECT_THAT(foreign.err,
              HasSubstr("split: stdin: refused: the store ends inside the snapshot with "));
  EXPECT_THAT(foreign.err,
              HasSubstr("\n  Send again by the token of `zsluice token make STORE`.\n"));
  EXPECT_THAT(foreign.err, HasSubstr("  " + store_ +
                                     " holds the first 869740 bytes of the stream, as before.\n"));
  const CliRun in = split(rest, {"--continue"});
  EXPECT_EQ(in.status, 0);
  EXPECT_EQ(in.err, "zsluice: split: " + store_ +
                        ": whole: 887876 bytes of \"src/g256@s1\" in 24 segments, 887876 bytes "
                        "stored\n"
                        "  The first 865420 bytes were there already; 4320 bytes came again.\n"
                        "  Of what was there only the headers and the end were read: `zsluice "
                        "verify` proves all of it.\n");
  EXPECT_EQ(join().out, text_of_corpus("g256_raw_full"));
  const CliRun again = split(rest, {"--continue"});
  EXPECT_EQ(again.status, 7);
  EXPECT_EQ(again.err, "zsluice: split: " + store_ +
                           ": a whole stream was stored in it already, of 887876 bytes\n"
                           "  Nothing was read or written: its end is stored (`zsluice verify` "
                           "proves the segments).\n");
}

TEST_F(StoreRun, WhatContinuingFoundForMachines) {
  const Bytes whole = read_corpus("g256_raw_full");
  (void)split(ByteSpan(whole).first(869740));
  std::filesystem::remove(store_ + "/manifest.jsonl");
  const Bytes rest = read_corpus("tokens/g256_raw_full.cut869740.resumed");
  const auto made = nlohmann::json::parse(split(rest, {"--continue", "--json"}).out);
  EXPECT_EQ(made["verdict"], "whole");
  EXPECT_EQ(made["toname"], "src/g256@s1");
  EXPECT_EQ(made["continued"]["manifest"], "missing");
  EXPECT_EQ(made["continued"]["segments"], 24);
  EXPECT_EQ(made["continued"]["segments_taken_in"], 24);
  EXPECT_EQ(made["continued"]["raw_bytes"], 869740);
  EXPECT_EQ(made["continued"]["kept_bytes"], 865420);
  EXPECT_EQ(made["closed"], true);
  const auto again = nlohmann::json::parse(split(rest, {"--continue", "--json"}).out);
  EXPECT_EQ(again["failure"]["code"], "store_holds_whole");
  EXPECT_EQ(again["segments"], 24);
}

TEST_F(StoreRun, ThereMustBeSomethingToContinueAndTheSettingsAreItsOwn) {
  const CliRun none = split({}, {"--continue"});
  EXPECT_EQ(none.status, 7);
  EXPECT_EQ(
      none.err,
      "zsluice: split: " + store_ +
          ": there is no part of a stream in it that could be continued\n"
          "  Nothing was read or written: a stream from its beginning needs no --continue.\n");
  EXPECT_FALSE(is_there());
  const Bytes whole = read_corpus("g256_raw_full");
  (void)split(ByteSpan(whole).first(869740));
  const Bytes rest = read_corpus("tokens/g256_raw_full.cut869740.resumed");
  const std::pair<test::Arguments, std::string> table[] = {
      {{"--segment-size", "1M"}, "segments of 64 KiB"},
      {{"--compress", "off"}, "--compress auto"},
  };
  for (const auto& [more, there] : table) {
    test::Arguments arguments = {"split", "--continue", store_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const CliRun run = run_cli(arguments, rest);
    EXPECT_EQ(run.status, 2);
    EXPECT_EQ(run.err,
              "zsluice: split: " + store_ + ": the store was written with " + there + "\n");
  }
  EXPECT_EQ(split(rest, {"--continue", "--compress", "auto"}).status, 0);
}

TEST_F(StoreRun, ABadSegmentIsNamed) {
  ASSERT_EQ(split(read_corpus("g256_raw_full")).status, 0);
  {
    std::fstream file(segment("000000000003"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(3000).put('\x5a');
  }
  const CliRun out = join();
  EXPECT_EQ(out.status, 3);
  EXPECT_EQ(out.out, text_of_corpus("g256_raw_full").substr(0, 103596));
  EXPECT_EQ(test::first_line(out.err),
            "zsluice: join: " + store_ +
                ": damaged: segment 3 (000000000/000000000003.zss, offsets 103596 to 136676): what "
                "it holds is not what its hash says");
}

TEST_F(StoreRun, OneWriterAtATime) {
  const auto other = io::StoreFolder::open_to_write(store_, "lock");
  ASSERT_TRUE(other);
  const CliRun second = split(read_corpus("g256_raw_full"));
  EXPECT_EQ(second.status, 7);
  EXPECT_EQ(second.err,
            "zsluice: split: " + store_ + ": another process is writing to this store\n");
}

TEST_F(StoreRun, AKeyIsDemanded) {
  const std::string key = key_file("key", std::string(32, 'k'));
  ASSERT_EQ(split(read_corpus("g256_raw_full"), {"--auth-key", key}).status, 0);
  const CliRun without = join();
  EXPECT_EQ(without.status, 5);
  EXPECT_EQ(without.out, "");
  EXPECT_EQ(without.err,
            "zsluice: join: " + store_ +
                ": refused: the store was written with a key\n"
                "  Name it with --auth-key, or read the store unproven with --no-auth.\n"
                "  Nothing was passed on.\n");
  EXPECT_EQ(join({"--no-auth"}).status, 0);
  EXPECT_THAT(join({"--auth-key", key}).err, HasSubstr("24 segments, each proven by the key, in "));
  const std::string other = key_file("other", std::string(32, 'x'));
  EXPECT_THAT(join({"--auth-key", other}).err,
              HasSubstr("was written with another key than this one"));
  const std::string brief = key_file("brief", "secret");
  EXPECT_EQ(join({"--auth-key", brief}).err, "zsluice: join: --auth-key " + brief +
                                                 ": 6 bytes are no key: at least 32 are needed\n");
  const std::string longest = key_file("longest", std::string(1024, 'k'));
  EXPECT_THAT(join({"--auth-key", longest}).err, HasSubstr("another key than this one"));
  const std::string longer = key_file("longer", std::string(1025, 'k'));
  EXPECT_EQ(
      join({"--auth-key", longer}).err,
      "zsluice: join: --auth-key " + longer + ": longer than 1024 bytes, which no key may be\n");
}

TEST_F(StoreRun, AFolderThatIsNoStore) {
  EXPECT_EQ(join().err,
            "zsluice: join: " + store_ + ": cannot be opened: No such file or directory\n");
  std::filesystem::create_directory(store_);
  const CliRun empty = join();
  EXPECT_EQ(empty.status, 3);
  EXPECT_EQ(empty.err, "zsluice: join: " + store_ +
                           ": no store: it holds neither a manifest nor a segment\n"
                           "  Nothing was passed on.\n");
}

TEST_F(StoreRun, ACommandTakesTheSegmentsAndGivesThemBack) {
  const std::string far = scratch_ + "/far away";
  const std::string put =
      "f='" + far + "'/$ZSLUICE_SEGMENT; mkdir -p \"$(dirname \"$f\")\" && cat > \"$f\"";
  const std::string get = "cat '" + far + "'/$ZSLUICE_SEGMENT";
  const CliRun in = split(read_corpus("g256_raw_full"), {"--filter", put, "--json"});
  EXPECT_EQ(in.status, 0);
  EXPECT_EQ(in.json()["filter"].get<std::string>().substr(0, 2), "f=");
  EXPECT_EQ(in.json()["manifest_taken"], true);
  EXPECT_FALSE(std::filesystem::exists(store_ + "/000000000"));
  const std::string stream = text_of_corpus("g256_raw_full");
  EXPECT_EQ(run_cli({"join", far}).out, stream);
  EXPECT_EQ(join({"--fetch", get}).out, stream);
  const CliRun out = run_cli({"join", "--fetch", get});
  EXPECT_EQ(out.out, stream);
  EXPECT_THAT(out.err,
              StartsWith("zsluice: join: \"" + get +
                         "\": whole: 887876 bytes of \"src/g256@s1\" from 24 segments, in "));
}

// 127 is not tried again, so that there is no pause.
TEST_F(StoreRun, ACommandThatFailsIsNamed) {
  const CliRun first = split(read_corpus("g256_raw_full"), {"--filter", "exit 127"});
  EXPECT_EQ(first.status, 9);
  EXPECT_EQ(first.err, "zsluice: split: " + store_ +
                           ": 000000000/000000000000.zss was not taken: the command failed with "
                           "exit status 127\n  Nothing was stored.\n");
  // A store that has got no segment is as good as new.
  const std::string fourth = "case $ZSLUICE_SEGMENT in *3.zss) exit 127;; esac; cat > /dev/null";
  const CliRun in = split(read_corpus("g256_raw_full"), {"--filter", fourth});
  EXPECT_EQ(in.status, 9);
  EXPECT_EQ(in.err, "zsluice: split: " + store_ +
                        ": 000000000/000000000003.zss was not taken: the command failed with exit "
                        "status 127\n"
                        "  The command took the first 103596 bytes of the stream, all of them "
                        "proven.\n"
                        "  It has not got the manifest, which is " +
                        store_ + "/manifest.jsonl.\n  To go on, copy its segments into " + store_ +
                        ", and use --continue there, without --filter.\n");
  const CliRun again = split(read_corpus("g256_raw_full"), {"--filter", fourth});
  EXPECT_EQ(again.status, 7);
  EXPECT_EQ(again.err,
            "zsluice: split: " + store_ +
                ": its manifest speaks of 3 segments, the last of which is not here\n"
                "  Nothing was read or written: copy its segments into it and go on with "
                "--continue, without --filter, or name another STORE.\n");
  const CliRun out = join({"--fetch", "exit 127", "--json"});
  EXPECT_EQ(out.status, 9);
  EXPECT_EQ(out.json()["verdict"], "command_failed");
  EXPECT_EQ(out.json()["failure"]["code"], "fetch_failed");
  EXPECT_EQ(out.json()["failure"]["command_exit"], 127);
  EXPECT_EQ(out.json()["failure"]["command_signal"], nullptr);
  EXPECT_EQ(out.json()["failure"]["segment"], 0);
}

std::string real_token(std::string_view name) {
  for (const test::CorpusToken& real : test::corpus_tokens()) {
    if (real.name == name) return real.text;
  }
  ADD_FAILURE() << "no token " << name;
  return {};
}

TEST_F(StoreRun, TheTokenOfAnOpenStoreIsThatOfTheStream) {
  Bytes stream = read_corpus("g256_raw_full");
  stream.resize(500000);
  const CliRun file = run_cli({"token", "make"}, stream);
  ASSERT_EQ(split(stream).status, 4);
  const CliRun made = run_cli({"token", "make", store_});
  EXPECT_EQ(made.status, 0);
  EXPECT_EQ(made.out, file.out);
  EXPECT_EQ(made.err,
            "zsluice: token make: " + store_ +
                ": \"src/g256@s1\" goes on at object 3, offset 0; 16696 stored bytes sent "
                "again\n");
  const auto json = nlohmann::json::parse(run_cli({"token", "make", "--json", store_}).out);
  EXPECT_EQ(json["source"]["path"], store_);
  EXPECT_EQ(json["source"]["segments"], 14);
  EXPECT_EQ(json["source"]["bytes"], 489524);
  EXPECT_EQ(json["source"]["proven_bytes"], 489524);
  EXPECT_EQ(json["source"]["resent_bytes"], 16696);
  EXPECT_EQ(run_cli({"token", "make", "--json"}, stream).json()["source"]["segments"], nullptr);
}

TEST_F(StoreRun, AWholeStoreNeedsNoToken) {
  ASSERT_EQ(split(read_corpus("g256_raw_full")).status, 0);
  const CliRun made = run_cli({"token", "make", store_});
  EXPECT_EQ(made.status, 5);
  EXPECT_EQ(made.err, "zsluice: token make: " + store_ +
                          ": the stream's end is stored: nothing remains to be sent\n"
                          "  Whether each segment before it is there and right, `zsluice verify` "
                          "tells.\n");
}

TEST_F(StoreRun, ADamagedEndHasNoToken) {
  Bytes stream = read_corpus("g256_raw_full");
  stream.resize(500000);
  ASSERT_EQ(split(stream).status, 4);
  {
    std::fstream file(segment("000000000013"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(3000).put('\x5a');
  }
  const CliRun made = run_cli({"token", "make", store_});
  EXPECT_EQ(made.status, 3);
  EXPECT_THAT(made.err, HasSubstr(": damaged: segment 13 (000000000/000000000013.zss, offsets "));
  std::filesystem::remove(segment("000000000013"));
  const CliRun cut = run_cli({"token", "make", store_});
  EXPECT_EQ(cut.status, 4);
  EXPECT_THAT(cut.err, HasSubstr(": truncated: segment 13 (000000000/000000000013.zss, "));
}

TEST_F(StoreRun, AReceiveGoesOnFromAStore) {
  ASSERT_EQ(split(read_corpus("g256_raw_full")).status, 0);
  const std::string token = real_token("g256_raw_full.cut869740");
  const CliRun made = run_cli({"resume", "--token", token, store_});
  EXPECT_EQ(made.status, 0);
  EXPECT_EQ(made.out, text_of_corpus("tokens/g256_raw_full.cut869740.resumed"));
  EXPECT_EQ(made.err, "zsluice: resume: " + store_ +
                          ": whole: 25132 bytes of \"src/g256@s1\", from object 19, offset 0 on\n");
  const CliRun other = run_cli({"resume", "--token", real_token("pl_w.cut120271"), store_});
  EXPECT_EQ(other.status, 5);
  EXPECT_EQ(other.out, "");
  EXPECT_THAT(other.err, HasSubstr(": refused: no stream here brings the snapshot with guid "));
  EXPECT_THAT(other.err, HasSubstr(": what is here:\n  \"src/g256@s1\", guid "));
}

TEST_F(StoreRun, OnTheWayToTheReceiverABadSegmentIsNamed) {
  ASSERT_EQ(split(read_corpus("g256_raw_full")).status, 0);
  {
    std::fstream file(segment("000000000023"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(3000).put('\x5a');
  }
  const CliRun made = run_cli({"resume", "--token", real_token("g256_raw_full.cut108908"), store_});
  EXPECT_EQ(made.status, 3);
  EXPECT_GT(made.out.size(), 500000U);
  EXPECT_THAT(made.err, HasSubstr(": damaged: segment 23 (000000000/000000000023.zss, offsets "));
  EXPECT_THAT(made.err, HasSubstr("were passed, without an END: `zfs receive -s` keeps them.\n"));
}

TEST_F(StoreRun, AKeyIsDemandedForTokensToo) {
  const std::string key = key_file("key", std::string(32, 'k'));
  Bytes stream = read_corpus("g256_raw_full");
  stream.resize(500000);
  ASSERT_EQ(split(stream, {"--auth-key", key}).status, 4);
  EXPECT_EQ(run_cli({"token", "make", store_}).status, 5);
  EXPECT_EQ(run_cli({"token", "make", "--no-auth", store_}).status, 0);
  EXPECT_EQ(run_cli({"token", "make", "--auth-key", key, store_}).status, 0);
  const std::string token = real_token("g256_raw_full.cut108908");
  EXPECT_EQ(run_cli({"resume", "--token", token, store_}).status, 5);
  EXPECT_EQ(run_cli({"resume", "--token", token, "--auth-key", key, store_}).status, 4);
  const CliRun file = run_cli({"token", "make", "--no-auth"}, stream);
  EXPECT_EQ(file.status, 2);
  EXPECT_EQ(file.err, "zsluice: token make: --auth-key and --no-auth are for stores\n");
}

TEST_F(StoreRun, WrongCommandLinesAreExplained) {
  const std::pair<test::Arguments, std::string> table[] = {
      {{"split"}, "split: STORE must be named"},
      {{"split", "-"}, "split: STORE is a directory, not stdin or stdout"},
      {{"split", "a", "b"}, "split: one STORE only, but \"b\" follows"},
      {{"split", "a", "--segment-size", "1K"}, "split: --segment-size: from 64K to 1G"},
      {{"split", "a", "--compress", "20"},
       "split: --compress: \"20\" is not off, auto or a level from 1 to 19"},
      {{"split", "a", "--max-header", "1G"},
       "split: --max-header: less than 1G, the longest segment there is"},
      {{"split", "a", "--filter", ""}, "split: --filter: the command is empty"},
      {{"join", "a", "--fetch", ""}, "join: --fetch: the command is empty"},
      {{"join"}, "join: STORE must be named"},
      {{"join", "", "--fetch", "cat"}, "join: STORE is empty"},
      {{"join", "a", "--rate", "fast"},
       "join: --rate: \"fast\" is not a rate (such as 20M, 512K/s, 30Mbit, off)"},
      {{"join", "a", "--rate", "1M", "--rate-file", "f"},
       "join: --rate and --rate-file exclude each other"},
      {{"join", "a", "--burst", "-1"},
       "join: --burst: \"-1\" is not a size (such as 64K, 1.5M, 2GiB)"},
      {{"join", "a", "--progress", "bar"},
       "join: --progress: \"bar\" is not one of auto, off, line, plain, json"},
      {{"join", "a", "--interval", "1ms"},
       "join: --interval: \"1ms\" is not a time (such as 500ms, 10s, 5m), or out of bounds"},
      {{"join", "a", "--size", "1M"}, "join: unrecognised option '--size'"},
      {{"join", "a", "--no-auth", "--auth-key", "k"},
       "join: --auth-key and --no-auth exclude each other"},
  };
  for (const auto& [arguments, message] : table) {
    const CliRun run = run_cli(arguments);
    EXPECT_EQ(run.status, 2);
    EXPECT_EQ(test::first_line(run.err), "zsluice: " + message);
  }
}

}  // namespace
}  // namespace zsluice
