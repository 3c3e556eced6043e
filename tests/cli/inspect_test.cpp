// SPDX-License-Identifier: BSD-2-Clause
#include "cli/exit_status.hpp"
#include "cli/inspect_json.hpp"
#include "cli/inspect_run.hpp"
#include "cli/inspect_text.hpp"
#include "support/corpus.hpp"
#include "support/nvlist_builder.hpp"
#include "support/stream_builder.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include <nlohmann/json.hpp>

namespace zsluice::cli {
namespace {

using nlohmann::json;
using test::as_json;
using test::as_records;
using test::Bytes;
using test::InspectRun;
using test::NvlistBuilder;
using test::read_corpus;
using test::run_inspect;
using test::StreamBuilder;
using testing::HasSubstr;
using testing::Not;

constexpr test::NvlistForm kXdr{nvlist::Encoding::xdr, ByteOrder::little};

json json_of(ByteSpan stream) {
  const InspectRun run = run_inspect(stream, as_json());
  json result = json::parse(run.out);
  EXPECT_EQ(result["exit_status"], run.status);
  return result;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

// --- against what OpenZFS's own tool says ---

class InspectCorpus : public testing::TestWithParam<test::CorpusEntry> {
 protected:
  [[nodiscard]] static Bytes stream() { return read_corpus(GetParam().name); }
};

INSTANTIATE_TEST_SUITE_P(,
                         InspectCorpus,
                         testing::ValuesIn(test::corpus_entries()),
                         [](const auto& row) { return test::test_name_of(row.param.name); });

class InspectCorpusCounts : public InspectCorpus {};

INSTANTIATE_TEST_SUITE_P(,
                         InspectCorpusCounts,
                         testing::ValuesIn(test::counted_corpus_entries()),
                         [](const auto& row) { return test::test_name_of(row.param.name); });

TEST_P(InspectCorpusCounts, CountsWhatTheReferenceCounts) {
  const json result = json_of(stream());
  ASSERT_EQ(result["streams"].size(), GetParam().number("streams"));
  const json& first = result["streams"][0];
  EXPECT_EQ(result["records_total"], GetParam().number("total_records"));
  EXPECT_EQ(first["records_total"], GetParam().number("total_records"));
  EXPECT_EQ(first["substreams"].size(), GetParam().number("substreams"));
  for (const auto& [type, count] : first["records"].items()) {
    EXPECT_EQ(count, GetParam().number(type)) << type;
    const bool is_known = GetParam().columns.count(type + "_bytes") != 0;
    EXPECT_EQ(first["payload_bytes"][type], is_known ? *GetParam().number(type + "_bytes") : 0);
  }
  EXPECT_EQ(first["records"].size(), 11U);
}

TEST_P(InspectCorpus, SubstreamsAndFramingMakeUpTheStream) {
  const json result = json_of(stream());
  const json& first = result["streams"][0];
  std::uint64_t records = 0;
  for (const json& substream : first["substreams"]) {
    std::uint64_t by_type = 0;
    for (const json& count : substream["records"])
      by_type += count.get<std::uint64_t>();
    EXPECT_EQ(substream["records_total"], by_type);
    records += by_type;
  }
  const std::uint64_t framing = first["is_package"] ? 3 : 0;
  EXPECT_EQ(first["records_total"], records + framing);
  EXPECT_EQ(first["package"].is_null(), !first["is_package"]);
}

TEST_P(InspectCorpus, SaysWhatKindOfStreamItIs) {
  const json result = json_of(stream());
  const json& first = result["streams"][0];
  const json& substream = first["substreams"][0];
  const std::string kind = *GetParam().text("kind");
  if (kind == "package") {
    EXPECT_TRUE(first["is_package"]);
  } else {
    EXPECT_THAT(substream["kinds"].get<std::vector<std::string>>(), testing::Contains(kind));
  }
  const std::string verdict = *GetParam().text("verdict");
  EXPECT_EQ(result["verdict"], verdict == "saved" ? "truncated" : verdict);
  EXPECT_EQ(first["whole"], verdict == "whole");
  EXPECT_EQ(result["failure"].is_null(), verdict == "whole");
  EXPECT_EQ(result["bytes"], GetParam().number("stream_bytes"));
  EXPECT_EQ(substream["byte_order"], GetParam().text("byte_order"));
  EXPECT_EQ(substream["raw"], GetParam().is("raw", "yes"));
  EXPECT_EQ(substream["encrypted"], GetParam().is("raw", "yes"));
  EXPECT_EQ(first["exposure"]["everything"], !GetParam().is("raw", "yes"));
  if (!GetParam().number("total_records")) return;  // one the reference cannot read
  EXPECT_EQ(substream["features_hex"], GetParam().text("features"));
  EXPECT_EQ(substream["toguid"], GetParam().text("toguid"));
  EXPECT_EQ(substream["fromguid"], GetParam().text("fromguid"));
  EXPECT_EQ(substream["toname"], GetParam().text("toname"));
  if (GetParam().text("suite")) {
    EXPECT_EQ(substream["encryption"]["suite"], GetParam().text("suite"));
  }
}

TEST_P(InspectCorpus, RecordsAreOneLineEachInBothForms) {
  const json result = json_of(stream());
  const InspectRun text = run_inspect(stream(), as_records());
  const InspectRun lines = run_inspect(stream(), as_json(true));
  const std::vector<std::string> text_lines = lines_of(text.out);
  const std::vector<std::string> json_lines = lines_of(lines.out);
  EXPECT_EQ(text_lines.size(), result["records_total"]);
  ASSERT_EQ(json_lines.size(), text_lines.size());
  for (std::size_t i = 0; i < json_lines.size(); ++i) {
    const json record = json::parse(json_lines[i]);
    EXPECT_EQ(record["record"], i);
    EXPECT_THAT(text_lines[i], HasSubstr(" type=" + record["type"].get<std::string>() + " "));
  }
  EXPECT_EQ(text.status, result["exit_status"]);
  EXPECT_EQ(text.err, run_inspect(stream()).err);
}

// --- the documented example ---

TEST(InspectJson, DocumentedExampleIsWhatTheToolSays) {
  std::ifstream file(std::string(ZSLUICE_TEST_CORPUS) + "/../../src/cli/INSPECT_JSON.md");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::string fence = "```json\n";
  const std::size_t begin = text.find(fence) + fence.size();
  ASSERT_GT(begin, fence.size());
  const json example = json::parse(text.substr(begin, text.find("```", begin) - begin));
  EXPECT_EQ(example, json_of(read_corpus("hier_raw_h")));
}

TEST(InspectJson, GuidsAreStringsSinceNumbersLosePrecision) {
  const json result = json_of(StreamBuilder().begin({.toguid = 0xFFFFFFFFFFFFFFFF}).end().bytes());
  EXPECT_EQ(result["streams"][0]["substreams"][0]["toguid"], "18446744073709551615");
}

TEST(InspectJson, TextThatIsNotUtf8KeepsItsBytesInHex) {
  const json result = json_of(StreamBuilder().begin({.toname = "p/\xFF\x01@s"}).end().bytes());
  const json& substream = result["streams"][0]["substreams"][0];
  EXPECT_EQ(substream["toname"], "p/\xEF\xBF\xBD\x01@s");
  EXPECT_EQ(substream["toname_hex"], "702fff014073");
  EXPECT_EQ(substream["dataset_hex"], "702fff01");
  EXPECT_EQ(substream["snapshot"], "s");
  EXPECT_FALSE(substream.contains("snapshot_hex"));
}

TEST(InspectJson, IsAsciiSoThatNoTerminalObeysIt) {
  const InspectRun run = run_inspect(
      StreamBuilder().begin({.toname = "p\x1B[2J\x7F\xE2\x80\xAE@s"}).end().bytes(), as_json());
  for (const char c : run.out)
    EXPECT_TRUE(c == '\n' || (c >= ' ' && c < 0x7F)) << int{c};
}

TEST(InspectJson, SaysWhyTheInputCouldNotBeOpened) {
  InspectCommand command = as_json();
  command.path = "/nonexistent/stream";
  const InspectRun run = run_inspect({}, command);
  EXPECT_EQ(run.status, kExitLocalIo);
  const json result = json::parse(run.out);
  EXPECT_EQ(result["verdict"], "local_io");
  EXPECT_EQ(result["failure"]["code"], "not_opened");
  EXPECT_TRUE(result["streams"].empty());
}

// --- what goes wrong ---

TEST(Inspect, EmptyAndForeignInputIsStillAnswered) {
  EXPECT_EQ(json_of({})["failure"]["code"], "empty_input");
  const Bytes text = test::pattern(1000);
  const json result = json_of(text);
  EXPECT_EQ(result["verdict"], "damaged");
  EXPECT_TRUE(result["streams"].empty());
  EXPECT_EQ(run_inspect(text).status, kExitDamaged);
  EXPECT_EQ(run_inspect({}).status, kExitTruncated);
}

TEST(Inspect, DamagedStreamIsToldAsFarAsItIsGood) {
  Bytes stream = read_corpus("g256_raw_full");
  stream[400000] ^= std::byte{1};
  const InspectRun run = run_inspect(stream);
  EXPECT_EQ(run.status, kExitDamaged);
  EXPECT_THAT(run.out, HasSubstr("\"src/g256@s1\", guid 15659996431542376708"));
  EXPECT_THAT(run.out, HasSubstr("! not whole   damaged"));
  EXPECT_THAT(run.out, HasSubstr("stdin: verdict: damaged (exit status 3;"));
  EXPECT_THAT(run.err, HasSubstr("checksum mismatch"));
  const json result = json_of(stream);
  EXPECT_FALSE(result["streams"][0]["whole"]);
  EXPECT_FALSE(result["streams"][0]["substreams"][0]["complete"]);
  EXPECT_EQ(result["failure"]["code"], "checksum_mismatch");
}

TEST(Inspect, EveryTruncationIsAnsweredWithWholeJson) {
  const Bytes stream = read_corpus("hier_raw_h");
  for (std::size_t size = 0; size < 5000; size += 97) {
    const json result = json_of(ByteSpan(stream).first(size));
    EXPECT_EQ(result["verdict"], "truncated") << size;
    EXPECT_EQ(run_inspect(ByteSpan(stream).first(size)).status, kExitTruncated);
  }
}

TEST(Inspect, UnprovenBeginIsSaidToBe) {
  const Bytes stream = read_corpus("g256_raw_full");
  const ByteSpan begin = ByteSpan(stream).first(drr::kRecordBytes);
  const InspectRun run = run_inspect(begin);
  EXPECT_THAT(run.out, HasSubstr("nothing is proven"));
  EXPECT_THAT(run.out, HasSubstr("encryption    not known"));
  EXPECT_THAT(run.out, Not(HasSubstr("everything else")));
  EXPECT_FALSE(json_of(begin)["streams"][0]["substreams"][0]["begin_proven"]);
}

TEST(Inspect, SeveralStreamsAreToldOneByOne) {
  Bytes both = read_corpus("c128_raw_full");
  const Bytes second = read_corpus("c128_raw_incr");
  both.insert(both.end(), second.begin(), second.end());
  const InspectRun run = run_inspect(both);
  EXPECT_EQ(run.status, kExitWhole);
  EXPECT_THAT(run.out, HasSubstr("stdin: stream 2\n"));
  EXPECT_THAT(run.out, HasSubstr("2 streams one after another"));
  const json result = json_of(both);
  EXPECT_EQ(result["streams"][1]["offset"], 172580);
  EXPECT_EQ(result["warnings"][0]["code"], "several_streams");
}

TEST(Inspect, RepeatedStreamAndBytesAfterTheEndAreDamage) {
  const Bytes stream = read_corpus("empty_raw_incr");
  Bytes twice = stream;
  twice.insert(twice.end(), stream.begin(), stream.end());
  EXPECT_EQ(run_inspect(twice).status, kExitDamaged);
  EXPECT_TRUE(json_of(twice)["streams"][1]["repeated"]);
  Bytes trailed = stream;
  trailed.resize(stream.size() + 500);
  const json result = json_of(trailed);
  EXPECT_EQ(result["failure"]["code"], "trailing_bytes");
  EXPECT_TRUE(result["streams"][0]["whole"]);
}

TEST(Inspect, FullDiskIsNotSuccess) {
  const test::MemoryFile in(read_corpus("empty_raw_incr"));
  const test::MemoryFile err;
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  EXPECT_EQ(run_command(InspectCommand{}, Streams{in.fd(), full, err.fd()}), kExitLocalIo);
  ::close(full);
  EXPECT_THAT(err.content(), HasSubstr("stdout: cannot be written after 0 bytes"));
}

// Hands out its bytes once, and then fails.
class FailingSource final : public io::ByteSource {
 public:
  explicit FailingSource(ByteSpan bytes) : bytes_(bytes) {}

  Result<io::Window, io::SourceError> next() override {
    if (offset_ > 0)
      return Unexpected{io::SourceError{{io::SysOperation::read, EIO}, offset_, false}};
    offset_ = bytes_.size();
    return io::Window(io::Block{}, bytes_, 0);
  }
  [[nodiscard]] std::optional<io::SourceError> fault() const override { return std::nullopt; }
  [[nodiscard]] std::uint64_t offset() const override { return offset_; }
  [[nodiscard]] std::optional<std::uint64_t> total_bytes() const override { return std::nullopt; }

 private:
  ByteSpan bytes_;
  std::uint64_t offset_ = 0;
};

template <class Observer>
std::string told_before_failure(ByteSpan bytes) {
  const test::MemoryFile file;
  TextOutput out(file.fd());
  Observer observer(out, "disk");
  FailingSource source(bytes);
  pipeline::WalkOptions options;
  options.tell_records = true;
  const auto report = pipeline::run_inspect(options, source, observer);
  const FailureContext context{.command = "inspect", .source = "disk"};
  observer.finish({report, context, kExitLocalIo});
  out.flush();
  return file.content();
}

TEST(Inspect, ReadErrorDoesNotHideWhatWasLearned) {
  const Bytes stream = read_corpus("hier_raw_R");
  const ByteSpan half = ByteSpan(stream).first(stream.size() / 2);
  const std::string text = told_before_failure<InspectText>(half);
  EXPECT_THAT(text, HasSubstr("src/hier/a@r2"));
  EXPECT_THAT(text, HasSubstr("! not whole   reading failed"));
  const json result = json::parse(told_before_failure<InspectJson>(half));
  EXPECT_EQ(result["verdict"], "local_io");
  EXPECT_FALSE(result["streams"][0]["whole"]);
  EXPECT_EQ(result["failure"]["code"], "input_error");
}

// --- what a stream says of its owner ---

TEST(Inspect, HostileNamesCannotReachTheTerminal) {
  const InspectRun run =
      run_inspect(StreamBuilder().begin({.toname = "p\x1B]0;x\x07\n\"@s"}).end().bytes());
  EXPECT_THAT(run.out, HasSubstr("\"p\\x1b]0;x\\x07\\n\\\"@s\""));
  EXPECT_EQ(run.out.find('\x1B'), std::string::npos);
}

Bytes raw_keys(std::uint64_t iterations) {
  NvlistBuilder list;
  list.u64("DSL_CRYPTO_SUITE", 8).u64("DSL_CRYPTO_GUID", 77).u64("DSL_CRYPTO_VERSION", 1);
  list.u64("keyformat", 3).u64("pbkdf2iters", iterations).u64("to_ivset_guid", 5);
  return NvlistBuilder().list("crypt_keydata", list).pack(kXdr);
}

TEST(Inspect, FewPbkdf2IterationsAreWarnedOf) {
  const auto stream = [](std::uint64_t iterations) {
    return StreamBuilder()
        .begin({.features = drr::feature::kRaw, .payload = raw_keys(iterations)})
        .end()
        .bytes();
  };
  EXPECT_THAT(run_inspect(stream(99999)).out, HasSubstr("! weak key"));
  EXPECT_EQ(json_of(stream(99999))["warnings"][0]["code"], "weak_keys");
  EXPECT_THAT(run_inspect(stream(100000)).out, Not(HasSubstr("! weak key")));
  EXPECT_TRUE(json_of(stream(100000))["warnings"].empty());
}

TEST(Inspect, RawWithoutKeysIsNotTakenForEncrypted) {
  const Bytes stream = StreamBuilder().begin({.features = drr::feature::kRaw}).end().bytes();
  EXPECT_THAT(run_inspect(stream).out, HasSubstr("raw, but not encrypted"));
  EXPECT_TRUE(json_of(stream)["streams"][0]["exposure"]["everything"]);
}

Bytes package_with(const NvlistBuilder& properties) {
  NvlistBuilder dataset;
  dataset.string("name", "p/d").list("props", properties);
  dataset.list("snaps", NvlistBuilder().u64("s", 9));
  const NvlistBuilder header =
      NvlistBuilder().string("tosnap", "s").list("fss", NvlistBuilder().list("0x10", dataset));
  return StreamBuilder()
      .package(header.pack(kXdr))
      .begin({.toname = "p/d@s"})
      .end()
      .package_end()
      .bytes();
}

TEST(Inspect, KeyServersAddressIsWarnedOf) {
  const Bytes stream =
      package_with(NvlistBuilder().string("keylocation", "https://keys.example/m1/p"));
  const InspectRun run = run_inspect(stream);
  EXPECT_THAT(run.out, HasSubstr("! property    keylocation = \"https://keys.example/m1/p\"\n"));
  EXPECT_THAT(run.out, HasSubstr("address of the key server in the clear"));
  const json result = json_of(stream);
  EXPECT_EQ(result["warnings"][0]["code"], "property_keylocation_url");
  EXPECT_EQ(result["streams"][0]["package"]["datasets"][0]["properties"][0]["concern"],
            "keylocation_url");
}

TEST(Inspect, HarmlessPropertiesAreNotWarnedOf) {
  const Bytes stream = package_with(NvlistBuilder()
                                        .string("keylocation", "prompt")
                                        .string("mountpoint", "none")
                                        .u64("canmount", 0)
                                        .u64("exec", 0)
                                        .u64("quota", 0)
                                        .string("sharenfs", "off")
                                        .u64("recordsize", 131072));
  EXPECT_TRUE(json_of(stream)["warnings"].empty());
  EXPECT_THAT(run_inspect(stream).out, Not(HasSubstr("! ")));
}

TEST(Inspect, HeaderThatCannotBeReadIsSaidAndNothingOfItTold) {
  const Bytes stream =
      StreamBuilder().package(Bytes(64, std::byte{7})).begin().end().package_end().bytes();
  const InspectRun run = run_inspect(stream);
  EXPECT_THAT(run.out, HasSubstr("! header      its nvlist cannot be read"));
  EXPECT_FALSE(json_of(stream)["streams"][0]["package"]["readable"]);
}

TEST(InspectRecords, SayEveryFieldInAStableForm) {
  const std::vector<std::string> lines =
      lines_of(run_inspect(StreamBuilder()
                               .begin({.toname = "p@s"})
                               .object({.object = 5,
                                        .type = 19,
                                        .bonus_type = 44,
                                        .block_bytes = 4096,
                                        .bonus_bytes = 168,
                                        .slots = 1},
                                       test::pattern(168))
                               .write(5, 4096, test::pattern(4096))
                               .free(5, 8192, drr::kFreeToEnd)
                               .free_objects(6, 26)
                               .end()
                               .bytes(),
                           as_records())
                   .out);
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[0],
            "stream=1 substream=1 record=0 stream_offset=0 type=BEGIN payload=0 toname=\"p@s\" "
            "toguid=1234605616436508552 fromguid=0 creation_time=1700000000 "
            "objset_type=filesystem features=0x4 flags=0xc");
  EXPECT_EQ(lines[1],
            "stream=1 substream=1 record=1 stream_offset=312 type=OBJECT payload=168 object=5 "
            "dmu_type=plain_file bonus_type=system_attr block_bytes=4096 bonus_bytes=168 slots=1 "
            "checksum=inherit compression=inherit");
  EXPECT_THAT(lines[2], HasSubstr("type=WRITE payload=4096 object=5 offset=4096 "
                                  "dmu_type=plain_file logical=4096 compressed=0 "
                                  "compression=none checksum="));
  EXPECT_EQ(lines[3],
            "stream=1 substream=1 record=3 stream_offset=5200 type=FREE payload=0 object=5 "
            "offset=8192 length=to_end");
  EXPECT_EQ(lines[4],
            "stream=1 substream=1 record=4 stream_offset=5512 type=FREEOBJECTS payload=0 "
            "first_object=6 objects=26");
  EXPECT_EQ(lines[5], "stream=1 substream=1 record=5 stream_offset=5824 type=END payload=0");
}

TEST(InspectRecords, TellRecordsThatNothingProvesAndThoseOfAnotherSnapshot) {
  const Bytes unproven = StreamBuilder().begin().frees(1).end().bytes(test::Sums::end_only);
  EXPECT_THAT(run_inspect(unproven, as_records()).out, HasSubstr(" unproven=yes\n"));
  const Bytes saved = read_corpus("saved_raw_S");
  EXPECT_THAT(lines_of(run_inspect(saved, as_records()).out).at(1), HasSubstr(" toguid="));
}

}  // namespace
}  // namespace zsluice::cli
