// SPDX-License-Identifier: BSD-2-Clause
// `zsluice split --continue` in this process, on stores in real folders that are not as their
// writer left them: what is there afterwards, and what is said.
#include "cli/store_folder_run.hpp"

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

TEST_F(StoreContinueRun, OnlyTheManifestsEndIsMissing) {
  ASSERT_EQ(split(read_corpus("g256_raw_full"), {"--compress", "off"}).status, 0);
  std::filesystem::remove(store_ + "/manifest.jsonl");
  const CliRun in = split({}, {"--continue"});
  EXPECT_EQ(in.status, 0);
  EXPECT_EQ(in.err, "zsluice: split: " + store_ +
                        ": whole: 887876 bytes in 24 segments, 887876 bytes stored\n"
                        "  Nothing was missing but the manifest's last line.\n");
}

}  // namespace
}  // namespace zsluice
