// SPDX-License-Identifier: BSD-2-Clause
// A store's folder on a real file system.
#include "io/store_folder.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

namespace zsluice::io {
namespace {

const std::string kLock = "lock";

class StoreFolderTest : public testing::Test {
 protected:
  StoreFolderTest() {
    std::string name = testing::TempDir() + "/zsluice-store-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) scratch_ = name;
  }
  ~StoreFolderTest() override { std::filesystem::remove_all(scratch_); }
  StoreFolderTest(const StoreFolderTest&) = delete;
  StoreFolderTest& operator=(const StoreFolderTest&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const { return scratch_ + '/' + name; }
  [[nodiscard]] auto opened() const { return StoreFolder::open_to_write(path("store"), kLock); }

 private:
  std::string scratch_;
};

std::string content_of(StoreFiles& files, const std::string& name) {
  const auto file = files.open(name);
  if (!file) return "error " + std::to_string(file.error().error);
  std::string text((*file)->bytes(), '?');
  const auto bytes = MutableByteSpan(reinterpret_cast<std::byte*>(text.data()), text.size());
  EXPECT_EQ(*(*file)->read_at(0, bytes), text.size());
  return text;
}

TEST_F(StoreFolderTest, FilesAreWrittenRenamedAppendedAndRead) {
  auto store = *opened();
  ASSERT_TRUE(store->make_folder("f"));
  ASSERT_TRUE(store->make_folder("f"));
  ASSERT_TRUE(store->start_file("f/a.part", bytes_of("head tail"))->finish());
  ASSERT_TRUE(store->rename("f/a.part", "f/a", OldFile::stays));
  ASSERT_TRUE(store->sync_folder("f"));
  ASSERT_TRUE(store->sync_folder(""));
  EXPECT_EQ(content_of(*store, "f/a"), "head tail");
  ASSERT_TRUE(store->start_file("f/a", bytes_of("new"))->finish());
  EXPECT_EQ(content_of(*store, "f/a"), "new");

  ASSERT_TRUE(store->append("m", bytes_of("one\n")));
  ASSERT_TRUE(store->append("m", bytes_of("second line\n")));
  ASSERT_TRUE(store->truncate("m", 4));
  EXPECT_EQ(content_of(*store, "m"), "one\n");
  EXPECT_EQ(store->truncate("none", 4).error().error, ENOENT);
  ASSERT_TRUE(store->append("m", bytes_of("two\n")));
  ASSERT_TRUE(store->sync_file("m"));
  EXPECT_EQ(content_of(*store, "m"), "one\ntwo\n");
  std::array<std::byte, 10> piece{};
  EXPECT_EQ(*(*store->open("m"))->read_at(4, piece), 4U);

  auto names = *store->list("");
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"f", "lock", "m"}));
  ASSERT_TRUE(store->remove("m"));
  ASSERT_TRUE(store->remove("m"));
  EXPECT_EQ(content_of(*store, "m"), "error " + std::to_string(ENOENT));
}

TEST_F(StoreFolderTest, OneWriterAtATime) {
  auto first = opened();
  ASSERT_TRUE(first);
  const auto second = opened();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), (SysError{SysOperation::lock, EWOULDBLOCK}));
  EXPECT_TRUE(StoreFolder::open_to_read(path("store")));
  first->reset();
  EXPECT_TRUE(opened());
}

TEST_F(StoreFolderTest, WhatWasMadeForNothingGoesAgain) {
  (*opened())->unmake();
  EXPECT_FALSE(std::filesystem::exists(path("store")));
  {
    auto store = *opened();
    ASSERT_TRUE(store->append("m", bytes_of("x")));
    store->unmake();
  }
  EXPECT_TRUE(std::filesystem::exists(path("store/m")));
  EXPECT_FALSE(std::filesystem::exists(path("store/lock")));
  // And what was there before stays.
  opened()->reset();
  (*opened())->unmake();
  EXPECT_TRUE(std::filesystem::exists(path("store/lock")));
  EXPECT_TRUE(std::filesystem::exists(path("store/m")));
}

TEST_F(StoreFolderTest, AFolderThatWasThereLosesOnlyTheLockThatWasMade) {
  std::filesystem::create_directory(path("store"));
  (*opened())->unmake();
  EXPECT_TRUE(std::filesystem::is_empty(path("store")));
  // Whoever had opened the lock by then does not own the store.
  auto store = *opened();
  const Fd other(::open(path("store/lock").c_str(), O_RDWR | O_CLOEXEC));
  store->unmake();
  EXPECT_TRUE(opened());
}

TEST_F(StoreFolderTest, ACopyByHardLinksHasALockOfItsOwn) {
  { ASSERT_TRUE(opened()); }
  std::filesystem::create_directory(path("copy"));
  std::filesystem::create_hard_link(path("store/lock"), path("copy/lock"));
  const auto one = opened();
  ASSERT_TRUE(one);
  EXPECT_EQ(*(*one)->list(""), std::vector<std::string>{kLock});
  const auto other = StoreFolder::open_to_write(path("copy"), kLock);
  EXPECT_TRUE(other);
  // Within each there is still one writer.
  EXPECT_EQ(opened().error(), (SysError{SysOperation::lock, EWOULDBLOCK}));
  EXPECT_FALSE(StoreFolder::open_to_write(path("copy"), kLock));
}

TEST_F(StoreFolderTest, WhatIsNoFileIsTold) {
  const auto store = *opened();
  std::filesystem::create_directory(path("store/folder"));
  EXPECT_EQ(store->open("folder").error(), (SysError{SysOperation::open, EISDIR}));
  ASSERT_EQ(::mkfifo(path("store/pipe").c_str(), 0600), 0);
  EXPECT_EQ(store->open("pipe").error(), (SysError{SysOperation::open, EINVAL}));
}

TEST_F(StoreFolderTest, WhatFailsOnTheWayLeavesNothing) {
  std::filesystem::create_directories(path("store/lock"));
  EXPECT_EQ(opened().error(), (SysError{SysOperation::lock, EISDIR}));
  EXPECT_TRUE(std::filesystem::exists(path("store/lock")));
  EXPECT_FALSE(StoreFolder::open_to_write(path("made"), "no/lock"));
  EXPECT_FALSE(std::filesystem::exists(path("made")));
}

TEST_F(StoreFolderTest, ANewNameReplacesNothing) {
  auto store = *opened();
  ASSERT_TRUE(store->start_file("a", bytes_of("old"))->finish());
  ASSERT_TRUE(store->start_file("b", bytes_of("new"))->finish());
  EXPECT_EQ(store->rename("b", "a", OldFile::stays).error().error, EEXIST);
  EXPECT_EQ(content_of(*store, "a"), "old");
  EXPECT_EQ(content_of(*store, "b"), "new");
  std::filesystem::create_symlink("nowhere", path("store/link"));
  EXPECT_EQ(store->rename("b", "link", OldFile::stays).error().error, EEXIST);
  EXPECT_EQ(store->rename("none", "c", OldFile::stays).error().error, ENOENT);
  ASSERT_TRUE(store->rename("b", "a", OldFile::goes));
  EXPECT_EQ(content_of(*store, "a"), "new");
}

TEST_F(StoreFolderTest, AFileWithAnotherNameIsNotWrittenThrough) {
  auto store = *opened();
  ASSERT_TRUE(store->start_file("a.part", bytes_of("kept"))->finish());
  std::filesystem::create_hard_link(path("store/a.part"), path("other"));
  ASSERT_TRUE(store->start_file("a.part", bytes_of("new"))->finish());
  EXPECT_EQ(content_of(*store, "a.part"), "new");
  EXPECT_EQ(std::filesystem::file_size(path("other")), 4U);

  std::filesystem::create_symlink(path("other"), path("store/b.part"));
  ASSERT_TRUE(store->start_file("b.part", bytes_of("new"))->finish());
  EXPECT_FALSE(std::filesystem::is_symlink(path("store/b.part")));
  EXPECT_EQ(std::filesystem::file_size(path("other")), 4U);
}

TEST_F(StoreFolderTest, AFileWithAnotherNameBecomesOneOfItsOwn) {
  auto store = *opened();
  ASSERT_TRUE(store->append("m", bytes_of("one\n")));
  ASSERT_TRUE(store->append("m.part", bytes_of("left over")));
  std::filesystem::create_hard_link(path("store/m"), path("copy"));
  ASSERT_TRUE(store->unshare("m", "m.part"));
  ASSERT_TRUE(store->append("m", bytes_of("two\n")));
  EXPECT_EQ(content_of(*store, "m"), "one\ntwo\n");
  EXPECT_EQ(std::filesystem::file_size(path("copy")), 4U);
  EXPECT_EQ(store->open("m.part").error().error, ENOENT);
  // One that is alone stays what it is.
  const auto inode = [&] {
    struct stat status {};
    EXPECT_EQ(::stat(path("store/m").c_str(), &status), 0);
    return status.st_ino;
  };
  const auto before = inode();
  ASSERT_TRUE(store->unshare("m", "m.part"));
  EXPECT_EQ(inode(), before);
}

TEST_F(StoreFolderTest, ALinkIsNoFolderToWriteIn) {
  auto store = *opened();
  std::filesystem::create_directory(path("elsewhere"));
  std::filesystem::create_directory_symlink(path("elsewhere"), path("store/f"));
  EXPECT_EQ(store->make_folder("f").error().error, ENOTDIR);
  EXPECT_EQ(store->start_file("f/a", {})->finish().error().error, ENOTDIR);
  EXPECT_EQ(store->append("f/a", bytes_of("x")).error().error, ENOTDIR);
  EXPECT_EQ(store->sync_folder("f").error().error, ENOTDIR);
  ASSERT_TRUE(store->start_file("a", {})->finish());
  EXPECT_EQ(store->rename("a", "f/a", OldFile::stays).error().error, ENOTDIR);
  EXPECT_EQ(store->rename("a", "f/a", OldFile::goes).error().error, ENOTDIR);
  EXPECT_TRUE(std::filesystem::is_empty(path("elsewhere")));
  // To read, it may be one.
  EXPECT_TRUE(store->list("f"));
}

TEST_F(StoreFolderTest, WhatIsNoFileIsNotOpened) {
  auto store = *opened();
  ASSERT_EQ(::mkfifo(path("store/pipe").c_str(), 0600), 0);
  EXPECT_EQ(store->open("pipe").error().error, EINVAL);
  EXPECT_EQ(store->append("pipe", {}).error().error, ENXIO);
  EXPECT_EQ(store->list("none").error().error, ENOENT);
  EXPECT_EQ(StoreFolder::open_to_read(path("none")).error().error, ENOENT);
  EXPECT_EQ(StoreFolder::open_to_write(path("none/store"), kLock).error().error, ENOENT);
}

}  // namespace
}  // namespace zsluice::io
