// SPDX-License-Identifier: BSD-2-Clause
// `zsluice split` and `zsluice join` in this process, on a store in a real folder.
#pragma once

#include "cli/cli_run.hpp"
#include "support/corpus.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace zsluice::test {

class StoreRun : public ::testing::Test {
 protected:
  StoreRun() {
    std::string name = ::testing::TempDir() + "/zsluice-run-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) scratch_ = name;
    store_ = scratch_ + "/store";
  }
  ~StoreRun() override { std::filesystem::remove_all(scratch_); }
  StoreRun(const StoreRun&) = delete;
  StoreRun& operator=(const StoreRun&) = delete;

  [[nodiscard]] CliRun split(ByteSpan stream, Arguments more = {}) const {
    Arguments arguments = {"split", "--segment-size", "64K", store_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_cli(arguments, stream);
  }
  [[nodiscard]] CliRun join(Arguments more = {}) const {
    Arguments arguments = {"join", store_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_cli(arguments);
  }
  [[nodiscard]] std::string key_file(const std::string& name, const std::string& key) const {
    std::ofstream(scratch_ + '/' + name) << key;
    return scratch_ + '/' + name;
  }
  [[nodiscard]] bool is_there() const { return std::filesystem::exists(store_); }
  [[nodiscard]] std::string segment(const std::string& number) const {
    return store_ + "/000000000/" + number + ".zss";
  }

  std::string scratch_;
  std::string store_;
};

inline std::string text_of_corpus(std::string_view name) {
  return std::string(text_of(read_corpus(name)));
}

}  // namespace zsluice::test
