// SPDX-License-Identifier: BSD-2-Clause
#include "io/atomic_file.hpp"

#include "kernel_support.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

namespace zsluice::io {
namespace {

namespace fs = std::filesystem;

// A directory of its own for each test.
class AtomicFile : public ::testing::Test {
 protected:
  AtomicFile() {
    std::string name = ::testing::TempDir() + "zsluice-atomic-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  ~AtomicFile() override { fs::remove_all(directory_); }

  [[nodiscard]] std::string path(std::string_view name) const { return directory_ / name; }
  [[nodiscard]] std::string temporary() const {
    return path(".zsluice-" + std::to_string(::getpid()) + ".tmp");
  }
  [[nodiscard]] std::string text(std::string_view name) const {
    const Bytes bytes = contents_of(path(name));
    return std::string(text_of(bytes));
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(directory_), fs::directory_iterator()));
  }

  fs::path directory_;
};

TEST_F(AtomicFile, IsMadeWithTheModeThatTheUmaskLeaves) {
  const mode_t old_mask = ::umask(027);
  EXPECT_TRUE(write_atomic_file(path("a"), "one\n").has_value());
  ::umask(old_mask);
  EXPECT_EQ(text("a"), "one\n");
  struct stat status {};
  ASSERT_EQ(::stat(path("a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640U);
  EXPECT_EQ(files(), 1U);
}

TEST_F(AtomicFile, ReplacesTheOldOneForThoseWhoOpenItAnew) {
  ASSERT_TRUE(write_atomic_file(path("a"), "old and longer\n").has_value());
  const Fd old(::open(path("a").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(write_atomic_file(path("a"), "new\n").has_value());
  EXPECT_EQ(text("a"), "new\n");
  EXPECT_EQ(text_of(read_up_to(old.get(), 100)), "old and longer\n");
  EXPECT_EQ(files(), 1U);
}

TEST_F(AtomicFile, MayBeEmptyOrBig) {
  EXPECT_TRUE(write_atomic_file(path("a"), "").has_value());
  EXPECT_EQ(text("a"), "");
  const std::string big(3'000'000, 'x');
  EXPECT_TRUE(write_atomic_file(path("a"), big).has_value());
  EXPECT_EQ(text("a"), big);
}

TEST_F(AtomicFile, NeedsItsDirectory) {
  const auto written = write_atomic_file(path("none/a"), "x");
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error(), (SysError{SysOperation::open, ENOENT}));
}

TEST_F(AtomicFile, LeavesTheOldOneAndNothingElseBehindAFailure) {
  ASSERT_TRUE(write_atomic_file(path("a"), "old\n").has_value());
  const std::string too_long = path(std::string(300, 'n'));
  EXPECT_FALSE(write_atomic_file(too_long, "x").has_value());
  fs::create_directory(temporary());  // stands where the other name should
  const auto written = write_atomic_file(path("a"), "new\n");
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().operation, SysOperation::open);
  EXPECT_EQ(text("a"), "old\n");
  fs::remove(temporary());
  EXPECT_EQ(files(), 1U);
}

TEST_F(AtomicFile, RemovesWhatItCouldNotWrite) {
  ::rlimit old_limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  ::rlimit limit = old_limit;
  limit.rlim_cur = 1000;
  const auto old_action = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto written = write_atomic_file(path("a"), std::string(2000, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &old_limit);
  ::signal(SIGXFSZ, old_action);
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error(), (SysError{SysOperation::write, EFBIG}));
  EXPECT_EQ(files(), 0U);
}

TEST_F(AtomicFile, TakesOverWhatAKilledProcessLeft) {
  ASSERT_TRUE(write_atomic_file(path("victim"), "keep\n").has_value());
  fs::create_symlink(path("victim"), temporary());
  EXPECT_TRUE(write_atomic_file(path("a"), "new\n").has_value());
  EXPECT_EQ(text("a"), "new\n");
  EXPECT_EQ(text("victim"), "keep\n") << "a link is never followed";
  EXPECT_EQ(files(), 2U);
}

TEST_F(AtomicFile, ReplacesALinkAndNotWhatItPointsTo) {
  ASSERT_TRUE(write_atomic_file(path("target"), "keep\n").has_value());
  fs::create_symlink("target", path("a"));
  EXPECT_TRUE(write_atomic_file(path("a"), "new\n").has_value());
  EXPECT_EQ(text("target"), "keep\n");
  EXPECT_EQ(text("a"), "new\n");
  EXPECT_FALSE(fs::is_symlink(path("a")));
}

TEST_F(AtomicFile, ReplacesNothingButFiles) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  const auto fifo = write_atomic_file(path("fifo"), "x");
  ASSERT_FALSE(fifo.has_value());
  EXPECT_EQ(fifo.error(), (SysError{SysOperation::open, EINVAL}));
  const auto directory = write_atomic_file(directory_, "x");
  ASSERT_FALSE(directory.has_value());
  EXPECT_EQ(directory.error(), (SysError{SysOperation::open, EISDIR}));
  EXPECT_EQ(files(), 1U);
}

}  // namespace
}  // namespace zsluice::io
