// SPDX-License-Identifier: BSD-2-Clause
#include "io/file_writer.hpp"

#include "io/make_backend.hpp"
#include "kernel_support.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace zsluice::io {
namespace {

constexpr std::size_t kLong = FileWriter::kDirectBytesMin;

// Bytes at the start of a page, or `shift` behind it.
class PageBytes {
 public:
  explicit PageBytes(std::size_t count, unsigned seed = 1, std::size_t shift = 0)
      : memory_(static_cast<std::byte*>(::operator new(count + shift, kPage))),
        bytes_(memory_.get() + shift, count) {
    for (std::size_t i = 0; i < count; ++i) {
      bytes_[i] = static_cast<std::byte>((i * 31 + i / 4096 + seed) & 0xff);
    }
  }
  [[nodiscard]] ByteSpan get() const { return bytes_; }
  void overwrite(std::byte with) { std::fill(bytes_.begin(), bytes_.end(), with); }

 private:
  static constexpr std::align_val_t kPage{4096};
  struct Free {
    void operator()(std::byte* memory) const { ::operator delete(memory, kPage); }
  };
  std::unique_ptr<std::byte, Free> memory_;
  MutableByteSpan bytes_;
};

// By a ring, or by calls.
class FileWriterBy : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/zsluice-writer-XXXXXX";
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    ASSERT_EQ(::setenv("ZSLUICE_IO", GetParam(), 1), 0);
    const bool is_ring = std::string(GetParam()) == "uring";
    if (is_ring && !make_backend(BackendChoice::uring)) {
      GTEST_SKIP() << "io_uring cannot be had here";
    }
  }
  void TearDown() override {
    ::unsetenv("ZSLUICE_IO");
    for (const std::string& path : made_) {
      ::unlink(path.c_str());
    }
    ::rmdir(folder_.c_str());
  }

  [[nodiscard]] std::string path(const std::string& name) {
    made_.push_back(folder_ + "/" + name);
    return made_.back();
  }
  [[nodiscard]] static Fd create(const std::string& path) {
    return Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  }
  [[nodiscard]] static Fd open_direct(const std::string& path) {
    return Fd(::open(path.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC));
  }
  static void expect_content(const std::string& path, ByteSpan bytes) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    ASSERT_EQ(::fstat(file.get(), &status), 0);
    ASSERT_EQ(static_cast<std::size_t>(status.st_size), bytes.size()) << path;
    std::vector<std::byte> there(bytes.size());
    ASSERT_EQ(::pread(file.get(), there.data(), there.size(), 0),
              static_cast<ssize_t>(bytes.size()));
    EXPECT_TRUE(std::equal(there.begin(), there.end(), bytes.begin())) << path;
  }

 private:
  std::string folder_;
  std::vector<std::string> made_;
};

INSTANTIATE_TEST_SUITE_P(, FileWriterBy, testing::Values("uring", "poll"), [](const auto& by) {
  return std::string(by.param);
});

TEST_P(FileWriterBy, FilesOfAnyLengthAreWrittenAtOnce) {
  const std::array<std::size_t, FileWriter::kFilesMax> lengths = {
      0, 1, 4095, 4096, kLong - 1, kLong, kLong + 5, 3 * kLong + 4095};
  std::vector<PageBytes> contents;
  std::vector<std::string> paths;
  for (const std::size_t length : lengths) {
    contents.emplace_back(length, static_cast<unsigned>(length));
    paths.push_back(path(std::to_string(length)));
  }
  FileWriter writer;
  std::vector<std::unique_ptr<StartedFile>> started;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const ByteSpan bytes = contents[i].get();
    Fd file = create(paths[i]);
    Fd direct = FileWriter::is_direct(file, bytes) ? open_direct(paths[i]) : Fd();
    started.push_back(writer.start(std::move(file), std::move(direct), bytes));
  }
  for (std::size_t i = lengths.size(); i-- > 0;) {
    EXPECT_TRUE(started[i]->finish()) << lengths[i];
    EXPECT_TRUE(started[i]->is_done());
    expect_content(paths[i], contents[i].get());
  }
}

TEST_P(FileWriterBy, OneWriterWritesFileAfterFile) {
  FileWriter writer;
  for (unsigned i = 0; i < 100; ++i) {
    const PageBytes content(1000 + i, i);
    const std::string where = path(std::to_string(i));
    ASSERT_TRUE(writer.start(create(where), Fd(), content.get())->finish());
    expect_content(where, content.get());
  }
}

TEST_P(FileWriterBy, WhatTheDeviceRefusesPastTheCacheGoesThroughIt) {
  const std::string where = path("file");
  const PageBytes content(kLong + 100, 1, 1);  // not at the start of a block
  Fd file = create(where);
  ASSERT_FALSE(FileWriter::is_direct(file, content.get()));
  Fd direct = open_direct(where);
  if (!direct) GTEST_SKIP() << "no O_DIRECT in " << testing::TempDir();
  FileWriter writer;
  EXPECT_TRUE(writer.start(std::move(file), std::move(direct), content.get())->finish());
  expect_content(where, content.get());
}

TEST_P(FileWriterBy, AFullDiskIsTold) {
  const PageBytes content(kLong);
  FileWriter writer;
  const auto done =
      writer.start(Fd(::open("/dev/full", O_WRONLY | O_CLOEXEC)), Fd(), content.get())->finish();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), (SysError{SysOperation::write, ENOSPC}));
}

// The kernel writes a part of it, and says only when it is asked for the rest why not more.
TEST_P(FileWriterBy, WhatIsWrittenInPartOnlyIsTold) {
  const std::string where = path("file");
  const PageBytes content(2 * kLong);
  EXPECT_EQ(exit_status_of_child([&] {
              (void)::signal(SIGXFSZ, SIG_IGN);
              const rlimit limit{kLong / 2, kLong / 2};
              if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
              FileWriter writer;
              const auto done = writer.start(create(where), Fd(), content.get())->finish();
              return !done && done.error() == SysError{SysOperation::write, EFBIG} ? 0 : 1;
            }),
            0);
}

// Whether all of them are there is for finish() to say. But none of them is read any more.
TEST_P(FileWriterBy, WhatNobodyWaitsForIsDoneBeforeItsBytesMayGo) {
  const std::string where = path("file");
  const PageBytes before(4 * kLong);
  PageBytes content(4 * kLong);
  FileWriter writer;
  Fd file = create(where);
  Fd direct = open_direct(where);
  writer.start(std::move(file), std::move(direct), content.get()).reset();
  content.overwrite(std::byte{0xee});

  std::vector<std::byte> there(4 * kLong);
  const Fd again(::open(where.c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t count = ::pread(again.get(), there.data(), there.size(), 0);
  ASSERT_GE(count, 0);
  EXPECT_TRUE(std::equal(there.begin(), there.begin() + count, before.get().begin()));
}

// fsync(2) of /dev/null is refused: so it has been asked for, and heeded.
TEST_P(FileWriterBy, AFileThatIsNotSyncedIsNotDone) {
  const PageBytes content(kLong);
  FileWriter writer;
  const auto started =
      writer.start(Fd(::open("/dev/null", O_WRONLY | O_CLOEXEC)), Fd(), content.get());
  const auto done = started->finish();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), (SysError{SysOperation::write, EINVAL}));
}

TEST_P(FileWriterBy, AnotherFileIsNotWrittenTo) {
  const std::string where = path("file");
  const std::string other = path("other");
  const PageBytes content(kLong);
  Fd file = create(where);
  { const Fd made = create(other); }
  Fd direct = open_direct(other);
  if (!direct) GTEST_SKIP() << "no O_DIRECT in " << testing::TempDir();
  FileWriter writer;
  EXPECT_TRUE(writer.start(std::move(file), std::move(direct), content.get())->finish());
  expect_content(where, content.get());
  expect_content(other, {});
}

}  // namespace
}  // namespace zsluice::io
