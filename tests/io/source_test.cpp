// SPDX-License-Identifier: BSD-2-Clause
#include "io/source.hpp"

#include "kernel_support.hpp"

#include <thread>

namespace zsluice::io {
namespace {

constexpr std::size_t kWindow = 64 << 10;  // several pages; the default needs bigger files
const SourceOptions kSmallWindows{.window_bytes = kWindow, .buffer_bytes = kWindow};

Bytes read_all(ByteSource& source) {
  Bytes all;
  for (;;) {
    auto window = source.next();
    if (!window) {
      ADD_FAILURE() << "errno " << window.error().cause.error;
      return all;
    }
    const ByteSpan bytes = window->bytes();
    if (bytes.empty()) break;
    EXPECT_EQ(window->offset(), all.size());
    all.insert(all.end(), bytes.begin(), bytes.end());
    EXPECT_EQ(source.offset(), all.size());
  }
  EXPECT_EQ(source.fault(), std::nullopt);
  return all;
}

struct SizeCase {
  const char* name;
  std::size_t size;
};

class SourceOfSize : public ::testing::TestWithParam<SizeCase> {};

INSTANTIATE_TEST_SUITE_P(Sizes,
                         SourceOfSize,
                         ::testing::Values(SizeCase{"empty", 0},
                                           SizeCase{"one_byte", 1},
                                           SizeCase{"less_than_a_window", kWindow - 1},
                                           SizeCase{"a_window", kWindow},
                                           SizeCase{"a_window_and_a_byte", kWindow + 1},
                                           SizeCase{"many", 5 * kWindow + 12'345}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_P(SourceOfSize, HandsOutTheFileOnceInOrder) {
  const Bytes contents = pattern_bytes(GetParam().size);
  const TempFile file(contents);
  for (const bool allow_mapping : {true, false}) {
    SourceOptions options = kSmallWindows;
    options.allow_mapping = allow_mapping;
    const auto source = open_source(file.path().c_str(), options);
    ASSERT_TRUE(source);
    if (!contents.empty()) {
      EXPECT_EQ((*source)->total_bytes(), contents.size());
    }
    EXPECT_EQ(read_all(**source), contents);
    EXPECT_TRUE((*source)->next()->bytes().empty()) << "the end stays the end";
  }
}

TEST_P(SourceOfSize, HandsOutAPipeUntilItsEnd) {
  const Bytes contents = pattern_bytes(GetParam().size);
  FdPair pipe = make_pipe();
  std::jthread writer([&] {
    EXPECT_EQ(::write(pipe.write_end.get(), contents.data(), contents.size()),
              static_cast<ssize_t>(contents.size()));
    pipe.write_end.reset();
  });
  const auto source = open_source(pipe.read_end.get(), kSmallWindows);
  ASSERT_TRUE(source);
  EXPECT_EQ((*source)->total_bytes(), std::nullopt);
  EXPECT_EQ(read_all(**source), contents);
}

TEST(Source, TakesAnInheritedFileFromItsPositionAndMovesIt) {
  const Bytes contents = pattern_bytes(3 * kWindow);
  const TempFile file(contents);
  for (const bool allow_mapping : {true, false}) {
    const Fd fd = file.open(O_RDONLY);
    ASSERT_EQ(::lseek(fd.get(), 5001, SEEK_SET), 5001);
    SourceOptions options = kSmallWindows;
    options.allow_mapping = allow_mapping;
    const auto source = open_source(fd.get(), options);
    ASSERT_TRUE(source);
    EXPECT_EQ((*source)->total_bytes(), contents.size() - 5001);
    EXPECT_EQ(read_all(**source), Bytes(contents.begin() + 5001, contents.end()));
    EXPECT_EQ(::lseek(fd.get(), 0, SEEK_CUR), static_cast<off_t>(contents.size()));
  }
}

TEST(Source, HoldsTwoWindowsAtOnce) {
  const Bytes contents = pattern_bytes(2 * kWindow);
  const TempFile file(contents);
  for (const bool allow_mapping : {true, false}) {
    SourceOptions options = kSmallWindows;
    options.allow_mapping = allow_mapping;
    const auto source = open_source(file.path().c_str(), options);
    ASSERT_TRUE(source);
    const auto first = (*source)->next();
    const auto second = (*source)->next();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(to_bytes(first->bytes()), Bytes(contents.begin(), contents.begin() + kWindow));
    EXPECT_EQ(to_bytes(second->bytes()), Bytes(contents.begin() + kWindow, contents.end()));
  }
}

TEST(Source, FileThatGrowsIsReadToItsNewEnd) {
  const Bytes contents = pattern_bytes(kWindow + 100);
  const TempFile file(ByteSpan(contents).first(100));
  const auto source = open_source(file.path().c_str(), kSmallWindows);
  ASSERT_TRUE(source);
  const auto first = (*source)->next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->bytes().size(), 100U);

  const Fd writer = file.open(O_WRONLY | O_APPEND);
  ASSERT_EQ(::write(writer.get(), contents.data() + 100, kWindow), static_cast<ssize_t>(kWindow));
  Bytes rest;
  for (auto window = (*source)->next(); !window->bytes().empty(); window = (*source)->next()) {
    rest.insert(rest.end(), window->bytes().begin(), window->bytes().end());
  }
  EXPECT_EQ(rest, Bytes(contents.begin() + 100, contents.end()));
}

TEST(Source, FilesWithoutASizeAreReadAsStreams) {
  const auto source = open_source("/proc/self/status");
  ASSERT_TRUE(source);
  EXPECT_EQ((*source)->total_bytes(), std::nullopt);
  EXPECT_GT(read_all(**source).size(), 100U);
}

TEST(Source, WaitsForAnInheritedNonBlockingPipe) {
  FdPair pipe = make_pipe(0, O_CLOEXEC | O_NONBLOCK);
  const auto source = open_source(pipe.read_end.get());
  ASSERT_TRUE(source);
  std::jthread writer([&] {
    EXPECT_EQ(write_text(pipe.write_end.get(), "late"), 4);
    pipe.write_end.reset();
  });
  EXPECT_EQ(text_of(read_all(**source)), "late");
}

TEST(Source, NamesTheOperationThatFailed) {
  const auto missing = open_source("/nonexistent/stream");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(), (SysError{SysOperation::open, ENOENT}));

  const auto directory = open_source("/");
  ASSERT_TRUE(directory);
  const auto window = (*directory)->next();
  ASSERT_FALSE(window);
  EXPECT_EQ(window.error().cause, (SysError{SysOperation::read, EISDIR}));
}

}  // namespace
}  // namespace zsluice::io
