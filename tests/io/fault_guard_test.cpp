// SPDX-License-Identifier: BSD-2-Clause
// Files that change under their mapping.
#include "io/fault_guard.hpp"

#include "io/source.hpp"
#include "kernel_support.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <csignal>
#include <thread>

namespace zsluice::io {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kWindow = 16 * kPage;
constexpr SourceOptions kSmallWindows{.window_bytes = kWindow};

bool is_all_zero(ByteSpan bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

class ShrinkingFile : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::sysconf(_SC_PAGESIZE) != kPage) GTEST_SKIP() << "pages are not of 4096 bytes here";
    contents_ = pattern_bytes(3 * kWindow);
    file_ = std::make_unique<TempFile>(contents_);
    source_ = *open_source(file_->path().c_str(), kSmallWindows);
  }

  static SourceError shrunk_at(std::uint64_t offset) {
    return {{SysOperation::read, EIO}, offset, true};
  }

  Bytes contents_;
  std::unique_ptr<TempFile> file_;
  std::unique_ptr<ByteSource> source_;
};

TEST_F(ShrinkingFile, LostPagesReadAsZerosAndTheFaultIsNamed) {
  const auto window = source_->next();
  ASSERT_TRUE(window);
  EXPECT_EQ(source_->fault(), std::nullopt);
  file_->truncate(2 * kPage);
  EXPECT_EQ(to_bytes(window->bytes().first(2 * kPage)),
            Bytes(contents_.begin(), contents_.begin() + 2 * kPage));
  EXPECT_TRUE(is_all_zero(window->bytes().subspan(2 * kPage)));
  EXPECT_EQ(source_->fault(), shrunk_at(2 * kPage));
  const auto next = source_->next();
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error(), shrunk_at(2 * kPage));
}

// No signal tells of the end of the last page: it just turns to zeros.
TEST_F(ShrinkingFile, LossWithinThePageIsNoticedToo) {
  const auto window = source_->next();
  ASSERT_TRUE(window);
  file_->truncate(kWindow - 10);
  EXPECT_TRUE(is_all_zero(window->bytes().last(10)));
  EXPECT_EQ(source_->fault(), shrunk_at(kWindow - 10));
}

TEST_F(ShrinkingFile, LossOfWhatWasNotHandedOutYetIsTheEndAsWithRead) {
  ASSERT_TRUE(source_->next());
  file_->truncate(kWindow);
  const auto next = source_->next();
  ASSERT_TRUE(next);
  EXPECT_TRUE(next->bytes().empty());
}

TEST_F(ShrinkingFile, FaultIsRememberedWhenTheFileGrowsBack) {
  const auto window = source_->next();
  ASSERT_TRUE(window);
  file_->truncate(kPage);
  EXPECT_TRUE(is_all_zero(window->bytes().subspan(kPage)));
  file_->truncate(3 * kWindow);
  EXPECT_EQ(source_->fault(), (SourceError{{SysOperation::read, EIO}, kPage, false}));
}

TEST_F(ShrinkingFile, OffsetsCountFromWhereTheSourceBegan) {
  const Fd fd = file_->open(O_RDONLY);
  ASSERT_EQ(::lseek(fd.get(), 100, SEEK_SET), 100);
  const auto source = *open_source(fd.get(), kSmallWindows);
  const auto window = source->next();
  ASSERT_TRUE(window);
  file_->truncate(kPage);
  EXPECT_TRUE(is_all_zero(window->bytes().subspan(kPage - 100)));
  EXPECT_EQ(source->fault(), shrunk_at(kPage - 100));
}

TEST_F(ShrinkingFile, FaultsOfSeveralThreadsAreRepairedAndTheLowestIsKept) {
  const auto first = source_->next();
  const auto second = source_->next();
  ASSERT_TRUE(first && second);
  file_->truncate(kPage);
  bool first_is_zero = false;
  {
    const std::jthread other([&] { first_is_zero = is_all_zero(first->bytes().subspan(kPage)); });
    EXPECT_TRUE(is_all_zero(second->bytes()));
  }
  EXPECT_TRUE(first_is_zero);
  EXPECT_EQ(source_->fault(), shrunk_at(kPage));
}

// A mapping of somebody else, whose file has gone.
const volatile std::byte* lost_page() {
  const TempFile file(pattern_bytes(kPage));
  const Fd fd = file.open(O_RDONLY);
  void* const memory = ::mmap(nullptr, kPage, PROT_READ, MAP_SHARED, fd.get(), 0);
  file.truncate(0);
  return static_cast<const std::byte*>(memory);
}

void leave_with_42(int /*signal*/) {
  ::_exit(42);
}

TEST(FaultGuard, ForeignFaultGoesToTheHandlerThatWasThere) {
  EXPECT_EQ(exit_status_of_child([] {
              static_cast<void>(std::signal(SIGBUS, leave_with_42));
              const FaultGuard guard;
              const volatile std::byte* const page = lost_page();
              return static_cast<int>(*page);
            }),
            42);
}

TEST(FaultGuard, ForeignFaultStillKillsWhereNobodyHandledIt) {
  const int status = status_of_child([] {
    static_cast<void>(std::signal(SIGBUS, SIG_DFL));
    const FaultGuard guard;
    const volatile std::byte* const page = lost_page();
    return static_cast<int>(*page);
  });
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGBUS);
}

TEST(FaultGuard, PreviousActionIsRestoredWithTheLastGuard) {
  EXPECT_EQ(exit_status_of_child([] {
              static_cast<void>(std::signal(SIGBUS, leave_with_42));
              {
                const FaultGuard outer;
                const FaultGuard inner;
              }
              struct sigaction now {};
              ::sigaction(SIGBUS, nullptr, &now);
              return now.sa_handler == leave_with_42 ? 0 : 1;
            }),
            0);
}

TEST(FaultGuard, WindowsBeyondTheTableAreRefused) {
  const TempFile file(pattern_bytes(kPage));
  const Fd fd = file.open(O_RDONLY);
  const FaultGuard guard;
  FaultRecord record;
  std::vector<MappedPages> held;
  for (std::size_t i = 0; i < kMaxMappedWindows; ++i) {
    held.push_back(*MappedPages::map(fd.get(), {0, kPage}, record));
  }
  const auto refused = MappedPages::map(fd.get(), {0, kPage}, record);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), (SysError{SysOperation::map, EAGAIN}));
  held.pop_back();
  EXPECT_TRUE(MappedPages::map(fd.get(), {0, kPage}, record));
}

}  // namespace
}  // namespace zsluice::io
