// SPDX-License-Identifier: BSD-2-Clause
// `--json` of verify and pipe: one object on one line, with the fields that scripts rely on.
#include "cli/cli_run.hpp"
#include "support/corpus.hpp"
#include "support/damages.hpp"
#include "support/policy_streams.hpp"

#include <gmock/gmock.h>

namespace zsluice {
namespace {

using nlohmann::json;
using test::Bytes;
using test::CliRun;
using test::run_cli;
using test::StreamImage;

TEST(Json, OfAWholeStream) {
  const CliRun run = run_cli({"verify", "--json"}, test::read_corpus("hier_raw_R"));
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(run.out.find('\n'), run.out.size() - 1);
  EXPECT_EQ(run.json(), json::parse(R"({
    "schema": "zsluice.verify/1", "source": "stdin", "verdict": "whole", "exit_status": 0,
    "bytes": 804488, "streams_whole": 1, "substreams": 9, "records_total": 591,
    "records_unproven": 0,
    "streams": [{"offset": 0, "bytes": 804488, "records_total": 591, "substreams": 9,
                 "package": true, "repeated": false}],
    "failure": null, "damages_total": 0, "damages": [], "judged_until": null})"));
}

TEST(Json, OfADamagedStream) {
  StreamImage stream = test::corpus_image("c256_raw_full");
  stream.flip_bit(stream.header_end(14) + 100);
  const json result = run_cli({"verify", "--json", "--blocks"}, stream.bytes()).json();
  EXPECT_EQ(result["verdict"], "damaged");
  EXPECT_EQ(result["streams"], json::array());
  EXPECT_EQ(result["judged_until"], 86340);
  EXPECT_EQ(result["damages"].size(), 1U);
  EXPECT_EQ(result["blocks"]["matched"], 3);
  const json& failure = result["failure"];
  EXPECT_EQ(failure["code"], "checksum_mismatch");
  EXPECT_EQ(failure["exit_status"], 3);
  EXPECT_EQ(failure["begin"], 85004);
  EXPECT_EQ(failure["end"], 86340);
  EXPECT_EQ(failure["first_suspect"],
            json::parse(R"({"number": 14, "offset": 84692, "type": "WRITE", "object": 4,
                            "object_offset": 0})"));
  EXPECT_EQ(failure["record"],
            json::parse(R"({"number": 15, "offset": 86028, "type": "OBJECT", "object": 5})"));
  EXPECT_EQ(failure["expected"],
            "000027cd26705522:066780a0a09f6597:92d2e8225bb13f17:86293ed8e1e0d190");
  EXPECT_EQ(failure["message"], run_cli({"verify"}, stream.bytes()).err);
}

TEST(Json, ListsDamagesAndBlocks) {
  StreamImage stream = test::corpus_image("c256_raw_full");
  stream.flip_bit(stream.header_end(14) + 100).flip_bit(stream.header_end(38) + 100);
  const json result =
      run_cli({"verify", "--json", "--keep-going", "--blocks"}, stream.bytes()).json();
  EXPECT_EQ(result["damages_total"], 2);
  EXPECT_EQ(result["damages"].size(), 2U);
  EXPECT_EQ(result["streams_whole"], 0);
  EXPECT_EQ(result["blocks"]["mismatched"], 2);
  EXPECT_EQ(result["block_mismatches"].size(), 2U);
  EXPECT_EQ(result["block_mismatches"][0]["number"], 14);
}

TEST(Json, OfWhatCannotBeOpened) {
  const CliRun run = run_cli({"verify", "--json", "nosuch"});
  EXPECT_EQ(run.status, 7);
  EXPECT_EQ(run.json()["verdict"], "local_io");
  EXPECT_EQ(run.json()["failure"]["code"], "not_opened");
  EXPECT_EQ(run.err, "zsluice: verify: nosuch: cannot be opened: No such file or directory\n");
}

TEST(Json, OfAPassedStreamGoesToStderr) {
  const Bytes bytes = test::read_corpus("c256_raw_full");
  const CliRun run = run_cli({"pipe", "--json", "--io", "poll"}, bytes);
  EXPECT_EQ(run.out.size(), bytes.size());
  json result = json::parse(run.err);
  EXPECT_GT(result["elapsed_seconds"], 0);
  result.erase("elapsed_seconds");
  EXPECT_EQ(result, json::parse(R"({
    "schema": "zsluice.pipe/1", "source": "stdin", "verdict": "whole", "exit_status": 0,
    "bytes_in": 172580, "bytes_out": 172580, "streams": 1, "substreams": 1, "records_total": 84,
    "records_unproven": 0, "buffer_peak_bytes": 172580,
    "io": {"backend": "poll", "reason": "asked for", "refusal": null, "path": "copy"},
    "failure": null})"));
}

TEST(Json, OfARefusal) {
  const CliRun run =
      run_cli({"pipe", "--json", "--expect-toguid", "5"}, test::read_corpus("c256_raw_full"));
  const json result = json::parse(run.err);
  EXPECT_EQ(run.status, 5);
  EXPECT_EQ(result["verdict"], "refused");
  EXPECT_EQ(result["bytes_out"], 0);
  EXPECT_EQ(result["failure"]["code"], "unexpected_toguid");
  EXPECT_EQ(result["failure"]["found"], "9258213830904586562");
  EXPECT_EQ(result["failure"]["expected"], "5");
}

TEST(Json, OfUncheckedData) {
  const CliRun run = run_cli({"pipe", "--json", "--any-data"}, test::pattern(10));
  const std::string result = run.err.substr(run.err.find("{\"schema\""));
  EXPECT_EQ(json::parse(result)["verdict"], "unchecked");
}

TEST(Json, NamesThatAreNotUtf8AreStillJson) {
  const Bytes bytes = test::simple_stream({.toname = "pool/\xFF\xFE@\x01", .raw = false}).bytes();
  const CliRun run = run_cli({"pipe", "--json"}, bytes);
  EXPECT_EQ(run.status, 5);
  EXPECT_EQ(json::parse(run.err)["failure"]["code"], "not_raw");
}

}  // namespace
}  // namespace zsluice
