// SPDX-License-Identifier: BSD-2-Clause
// The text of `inspect`, word for word, as tests/cli/golden/*.txt keep it. After a wanted change:
//
//     ZSLUICE_UPDATE_GOLDEN=1 ctest -R InspectGolden
//
// and read the difference before committing it.
#include "cli/inspect_run.hpp"
#include "support/corpus.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace zsluice::cli {
namespace {

const std::string kFolder = std::string(ZSLUICE_TEST_CORPUS) + "/../cli/golden/";

// Lines of the text of a single stream: it should fit on a terminal's screen.
constexpr std::ptrdiff_t kScreenLines = 42;

std::string golden(const std::string& name) {
  std::ifstream file(kFolder + name + ".txt", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class InspectGolden : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(,
                         InspectGolden,
                         testing::Values("g256_raw_full",
                                         "hier_raw_R",
                                         "hier_raw_h",
                                         "props_raw_p",
                                         "g256_raw_I",
                                         "tokens/reuse_raw_incr.cut63526.resumed",
                                         "tokens/reuse_raw_incr.cut63526.partial",
                                         "red_redacted",
                                         "saved_raw_S",
                                         "pl_incr",
                                         "pl_w",
                                         "zv_raw_incr"),
                         [](const auto& row) { return test::test_name_of(row.param); });

TEST_P(InspectGolden, TextIsAsKept) {
  const test::InspectRun run = test::run_inspect(test::read_corpus(GetParam()));
  const std::string name = test::test_name_of(GetParam());
  const std::string text = run.out + (run.err.empty() ? "" : "--- stderr ---\n" + run.err);
  if (std::getenv("ZSLUICE_UPDATE_GOLDEN") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
    std::ofstream(kFolder + name + ".txt", std::ios::binary) << text;
  }
  EXPECT_EQ(text, golden(name));
  if (run.out.find("substreams") == std::string::npos) {
    EXPECT_LE(std::count(run.out.begin(), run.out.end(), '\n'), kScreenLines);
  }
}

}  // namespace
}  // namespace zsluice::cli
