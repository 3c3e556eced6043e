// SPDX-License-Identifier: BSD-2-Clause
// In which order the real folder of a store is written and synced: this program's own definitions
// of the calls stand before those of the C library, and keep a list of what happens.
#include "io/make_backend.hpp"
#include "io/store_folder.hpp"
#include "pipeline/split.hpp"
#include "pipeline/store_run.hpp"
#include "support/corpus.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct CallList {
  std::string folder;  // whose calls are kept; empty: none
  std::vector<std::string> calls;
  int renameat2_error = 0;  // that it gives; 0: it works
  int linkat_error = 0;
  int fsync_error = 0;
  int syncfs_calls = 0;
};

CallList& list() {
  static CallList the_list;
  return the_list;
}

std::string path_of(int fd) {
  std::array<char, 4096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
  return length <= 0 ? "" : std::string(path.data(), static_cast<std::size_t>(length));
}

// One after another that are alike are one: how many pieces are written is not at stake.
void keep(std::string_view call, const std::string& path) {
  const std::string& folder = list().folder;
  if (folder.empty() || path.compare(0, folder.size(), folder) != 0) return;
  const std::string entry = std::string(call) + ' ' + path.substr(folder.size());
  if (list().calls.empty() || list().calls.back() != entry) list().calls.push_back(entry);
}

}  // namespace

extern "C" {

int fsync(int fd) {
  if (list().fsync_error != 0) {
    errno = list().fsync_error;
    return -1;
  }
  keep("sync", path_of(fd));
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

int syncfs(int fd) noexcept {
  ++list().syncfs_calls;
  return static_cast<int>(::syscall(SYS_syncfs, fd));
}

ssize_t write(int fd, const void* bytes, size_t count) {
  if (!list().folder.empty()) keep("write", path_of(fd));
  return ::syscall(SYS_write, fd, bytes, count);
}

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  if (!list().folder.empty()) keep("write", path_of(fd));
  return ::syscall(SYS_pwrite64, fd, bytes, count, offset);
}

int mkdirat(int folder, const char* name, mode_t mode) noexcept {
  keep("make", path_of(folder) + '/' + name);
  return static_cast<int>(::syscall(SYS_mkdirat, folder, name, mode));
}

int renameat2(
    int from_folder, const char* from, int to_folder, const char* to, unsigned flags) noexcept {
  if (list().renameat2_error != 0) {
    errno = list().renameat2_error;
    return -1;
  }
  keep((flags & RENAME_NOREPLACE) != 0 ? "name" : "replace", path_of(to_folder) + '/' + to);
  return static_cast<int>(::syscall(SYS_renameat2, from_folder, from, to_folder, to, flags));
}

int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) noexcept {
  if (list().linkat_error != 0) {
    errno = list().linkat_error;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_linkat, from_folder, from, to_folder, to, flags));
}

}  // extern "C"

namespace zsluice::pipeline {
namespace {

// What a split into two segments does, where `choice` says by what files are written.
std::vector<std::string> calls_of_split(const char* choice) {
  ::setenv("ZSLUICE_IO", choice, 1);  // NOLINT(concurrency-mt-unsafe)
  std::string scratch = testing::TempDir() + "/zsluice-sync-XXXXXX";
  if (::mkdtemp(scratch.data()) == nullptr) return {};
  scratch = std::filesystem::canonical(scratch);
  const test::Bytes stream = test::read_corpus("c128_raw_full");
  list().calls.clear();
  list().folder = scratch;
  {
    const auto folder = io::StoreFolder::open_to_write(scratch + "/store", "lock");
    if (!folder) return {};
    const SplitReport report = split_into(**folder, stream, splitting(stream.size() * 3 / 5));
    EXPECT_FALSE(report.failure);
    EXPECT_EQ(report.store.segments, 2U);
  }
  list().folder.clear();
  ::unsetenv("ZSLUICE_IO");  // NOLINT(concurrency-mt-unsafe)
  std::filesystem::remove_all(scratch);
  return list().calls;
}

TEST(StoreSync, NothingIsReliedOnThatIsNotOnDisk) {
  const std::vector<std::string> expected = {
      "sync ",
      "write /store/manifest.jsonl",
      "sync /store/manifest.jsonl",
      "sync /store",
      "make /store/000000000",
      "sync /store",
      "write /store/000000000/000000000000.zss.part",
      "sync /store/000000000/000000000000.zss.part",
      "name /store/000000000/000000000000.zss",
      "sync /store/000000000",
      "write /store/manifest.jsonl",
      "write /store/000000000/000000000001.zss.part",
      "sync /store/000000000/000000000001.zss.part",
      "name /store/000000000/000000000001.zss",
      "sync /store/000000000",
      "write /store/manifest.jsonl",
      "sync /store/manifest.jsonl",
  };
  EXPECT_EQ(calls_of_split("poll"), expected);
}

// The ring writes and syncs the segments, unseen; what follows waits for that in the same order.
TEST(StoreSync, ByARingAllElseHasTheSameOrder) {
  if (!io::make_backend(io::BackendChoice::uring)) GTEST_SKIP() << "io_uring cannot be had here";
  std::vector<std::string> expected = calls_of_split("poll");
  EXPECT_EQ(std::erase_if(expected,
                          [](const std::string& call) {
                            return call.find(".zss.part") != std::string::npos;
                          }),
            4U);
  EXPECT_EQ(calls_of_split("uring"), expected);
}

TEST(StoreSync, AFolderThatWasThereHasItsNameOnDiskToo) {
  std::string scratch = testing::TempDir() + "/zsluice-sync-XXXXXX";
  ASSERT_NE(::mkdtemp(scratch.data()), nullptr);
  scratch = std::filesystem::canonical(scratch);
  std::filesystem::create_directory(scratch + "/store");
  list().calls.clear();
  list().folder = scratch;
  EXPECT_TRUE(io::StoreFolder::open_to_write(scratch + "/store", "lock"));
  list().folder.clear();
  std::filesystem::remove_all(scratch);
  EXPECT_EQ(list().calls, (std::vector<std::string>{"sync "}));
}

TEST(StoreSync, WhatHasNoNameOnDiskIsTakenAwayAgain) {
  std::string scratch = testing::TempDir() + "/zsluice-sync-XXXXXX";
  ASSERT_NE(::mkdtemp(scratch.data()), nullptr);
  const std::string made = scratch + "/made";
  const std::string there = scratch + "/there";
  std::filesystem::create_directory(there);
  list().fsync_error = EIO;
  const auto into_made = io::StoreFolder::open_to_write(made, "lock");
  const auto into_there = io::StoreFolder::open_to_write(there, "lock");
  list().fsync_error = 0;
  EXPECT_EQ(into_made.error(), (io::SysError{io::SysOperation::write, EIO}));
  EXPECT_EQ(into_there.error(), (io::SysError{io::SysOperation::write, EIO}));
  EXPECT_FALSE(std::filesystem::exists(made));
  EXPECT_TRUE(std::filesystem::is_empty(there));
  std::filesystem::remove_all(scratch);
}

// Who is privileged may read every folder, so this is done as nobody.
TEST(StoreSync, WhereTheParentCannotBeReadTheFileSystemIsSynced) {
  constexpr uid_t kNobody = 65534;
  std::string scratch = testing::TempDir() + "/zsluice-sync-XXXXXX";
  ASSERT_NE(::mkdtemp(scratch.data()), nullptr);
  const bool is_privileged = ::geteuid() == 0;
  if (is_privileged) {
    ASSERT_EQ(::chown(scratch.c_str(), kNobody, static_cast<gid_t>(-1)), 0);
    ASSERT_EQ(::seteuid(kNobody), 0);
  }
  ASSERT_EQ(::chmod(scratch.c_str(), 0300), 0);
  list().syncfs_calls = 0;
  const bool is_open = io::StoreFolder::open_to_write(scratch + "/store", "lock").has_value();
  ASSERT_EQ(::chmod(scratch.c_str(), 0700), 0);
  if (is_privileged) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  EXPECT_TRUE(is_open);
  EXPECT_EQ(list().syncfs_calls, 1);
  std::filesystem::remove_all(scratch);
}

// One that can do all of it, then file systems without RENAME_NOREPLACE, then without
// hard links too.
TEST(StoreSync, ANewNameReplacesNothingOnAnyFileSystem) {
  constexpr std::array<std::array<int, 2>, 4> kErrors = {
      {{0, 0}, {EINVAL, 0}, {ENOSYS, 0}, {EINVAL, EPERM}}};
  for (const auto& [renameat2_error, linkat_error] : kErrors) {
    std::string scratch = testing::TempDir() + "/zsluice-sync-XXXXXX";
    ASSERT_NE(::mkdtemp(scratch.data()), nullptr);
    const auto folder = *io::StoreFolder::open_to_write(scratch + "/store", "lock");
    ASSERT_TRUE(folder->start_file("a", bytes_of("first"))->finish());
    ASSERT_TRUE(folder->start_file("b", bytes_of("second!"))->finish());
    list().renameat2_error = renameat2_error;
    list().linkat_error = linkat_error;
    EXPECT_TRUE(folder->rename("a", "c", io::OldFile::stays));
    EXPECT_EQ(folder->rename("b", "c", io::OldFile::stays).error().error, EEXIST);
    EXPECT_EQ(folder->rename("none", "d", io::OldFile::stays).error().error, ENOENT);
    list().renameat2_error = 0;
    list().linkat_error = 0;
    EXPECT_FALSE(folder->open("a"));
    EXPECT_TRUE(folder->open("b"));
    EXPECT_EQ((*folder->open("c"))->bytes(), 5U);
    std::filesystem::remove_all(scratch);
  }
}

}  // namespace
}  // namespace zsluice::pipeline
