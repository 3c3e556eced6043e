// SPDX-License-Identifier: BSD-2-Clause
// A store on a file system that knows no locks: this program's own definition of the call stands
// before that of the C library.
#include "cli/cli_run.hpp"

#include <gtest/gtest.h>
#include <sys/file.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

namespace {

int& lock_error() {
  static int error = 0;
  return error;
}

}  // namespace

extern "C" int flock(int /*fd*/, int /*operation*/) noexcept {
  errno = lock_error();
  return -1;
}

namespace zsluice {
namespace {

TEST(StoreLock, ALockThatCannotBeTakenIsNoOneElses) {
  std::string scratch = testing::TempDir() + "/zsluice-lock-XXXXXX";
  ASSERT_NE(::mkdtemp(scratch.data()), nullptr);
  const std::string store = scratch + "/store";
  const std::pair<int, std::string> table[] = {
      {EWOULDBLOCK, ": another process is writing to this store"},
      {ENOLCK, "/lock: cannot be locked: No locks available"},
      {EOPNOTSUPP, "/lock: cannot be locked: Operation not supported"},
  };
  for (const auto& [error, words] : table) {
    lock_error() = error;
    const test::CliRun run = test::run_cli({"split", store});
    EXPECT_EQ(run.status, 7);
    EXPECT_EQ(run.err, "zsluice: split: " + store + words + "\n");
  }
  std::filesystem::remove_all(scratch);
}

}  // namespace
}  // namespace zsluice
