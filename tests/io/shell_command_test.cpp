// SPDX-License-Identifier: BSD-2-Clause
// Commands as users write them, run by the real /bin/sh.
#include "io/shell_command.hpp"

#include "io/kernel_support.hpp"
#include "io/signals.hpp"
#include "io/stop_signals.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace zsluice::io {
namespace {

SysError failed(int status) {
  return {SysOperation::run, EIO, status};
}

class ShellCommandTest : public testing::Test {
 protected:
  ShellCommandTest() {
    ignore_write_signals();
    std::string name = testing::TempDir() + "/zsluice-sh-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) folder_ = name;
  }
  ~ShellCommandTest() override { std::filesystem::remove_all(folder_); }
  ShellCommandTest(const ShellCommandTest&) = delete;
  ShellCommandTest& operator=(const ShellCommandTest&) = delete;

  // D is the test's folder. Nothing: it went well.
  [[nodiscard]] std::optional<SysError> feed(const std::string& text, ByteSpan bytes) const {
    bool is_given = false;
    const auto done = feed_command({text}, {{"D", folder_}}, [&]() -> Result<ByteSpan, SysError> {
      return std::exchange(is_given, true) ? ByteSpan() : bytes;
    });
    return done ? std::nullopt : std::optional(done.error());
  }
  [[nodiscard]] std::string file(const std::string& name) const {
    std::ifstream in(folder_ + '/' + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] bool is_there(const std::string& name) const {
    return std::filesystem::exists(folder_ + '/' + name);
  }

  std::string folder_;
};

TEST_F(ShellCommandTest, GetsBytesAndVariables) {
  EXPECT_EQ(feed("cat > \"$D/out\"; echo \"$D\" > \"$D/env\"; echo \"$HOME$PATH\" > \"$D/old\"",
                 bytes_of("some bytes")),
            std::nullopt);
  EXPECT_EQ(file("out"), "some bytes");
  EXPECT_EQ(file("env"), folder_ + '\n');
  EXPECT_NE(file("old"), "\n");
}

TEST_F(ShellCommandTest, MoreBytesThanAPipeHolds) {
  const Bytes bytes = pattern_bytes(8U << 20U);
  EXPECT_EQ(feed("cat > \"$D/out\"", bytes), std::nullopt);
  EXPECT_EQ(file("out"), text_of(bytes));
}

TEST_F(ShellCommandTest, FailsAsTheCommandDoes) {
  const Bytes large = pattern_bytes(8U << 20U);
  const std::pair<const char*, SysError> table[] = {
      {"cat > /dev/null; false", failed(1)},
      {"exit 3", failed(3)},
      {"head -c 10 > /dev/null; exit 4", failed(4)},
      {"kill -9 $$", failed(-SIGKILL)},
      {"no-such-command-anywhere 2> /dev/null", failed(127)},
      {"/dev/null 2> /dev/null", failed(126)},
      {"head -c 10 > /dev/null", {SysOperation::run, EPIPE}},
      {"true", {SysOperation::run, EPIPE}},
  };
  for (const auto& [text, error] : table) {
    EXPECT_EQ(feed(text, large), error) << text;
    EXPECT_EQ(feed(text, bytes_of("not even ten pages")), error) << text;
  }
  // Nothing to read is nothing left.
  EXPECT_EQ(feed("true", {}), std::nullopt);
}

TEST_F(ShellCommandTest, AnInputThatEndsInAnErrorIsNotTakenForWhole) {
  int calls = 0;
  const auto done = feed_command({"cat > \"$D/out\" && touch \"$D/done\""}, {{"D", folder_}},
                                 [&]() -> Result<ByteSpan, SysError> {
                                   if (++calls == 1) return bytes_of("a part");
                                   return sys_failure(SysOperation::read, EIO);
                                 });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), (SysError{SysOperation::read, EIO}));
  EXPECT_FALSE(is_there("done"));
}

TEST_F(ShellCommandTest, WhatItPrintsGoesToStderr) {
  const Fd words(::memfd_create("words", MFD_CLOEXEC));
  const Fd saved(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
  ::dup2(words.get(), STDERR_FILENO);
  const auto done = feed("cat; echo failing >&2", bytes_of("printed\n"));
  ::dup2(saved.get(), STDERR_FILENO);
  EXPECT_EQ(done, std::nullopt);
  std::string text(100, '?');
  text.resize(static_cast<std::size_t>(::pread(words.get(), text.data(), text.size(), 0)));
  EXPECT_EQ(text, "printed\nfailing\n");
}

TEST_F(ShellCommandTest, SignalsAreAsTheyWere) {
  EXPECT_EQ(feed("cat > /dev/null; kill -PIPE $$; exit 0", {}), failed(-SIGPIPE));
  const auto signals = StopSignals::create();
  ASSERT_TRUE(signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) {
    EXPECT_EQ(feed("kill -" + std::to_string(number) + " $$; exit 0", {}), failed(-number));
  }
  EXPECT_EQ((*signals)->received(), std::nullopt);
}

TEST_F(ShellCommandTest, AnIgnoredSigchldHidesNothing) {
  struct sigaction ignored {};
  struct sigaction before {};
  ignored.sa_handler = SIG_IGN;
  ::sigaction(SIGCHLD, &ignored, &before);
  EXPECT_EQ(feed("exit 3", {}), failed(3));
  ::sigaction(SIGCHLD, &before, nullptr);
}

TEST_F(ShellCommandTest, NoDescriptorOfOursIsInherited) {
  const FdPair other = make_pipe();
  // Only its stdin is this pipe.
  EXPECT_EQ(feed("cat > /dev/null; own=$(readlink /proc/self/fd/0);"
                 "[ $(readlink /proc/self/fd/* | grep -cF \"$own\") = 1 ]",
                 bytes_of("x")),
            std::nullopt);
  const std::string name = "/proc/self/fd/" + std::to_string(other.read_end.get());
  EXPECT_EQ(feed("pipe='" + std::filesystem::read_symlink(name).string() +
                     "'; ! readlink /proc/self/fd/* | grep -qF \"$pipe\"",
                 {}),
            std::nullopt);
}

// --- output ---

std::string all_of(CommandOutput& output) {
  std::string text(1 << 20, '?');
  const auto count =
      output.read(MutableByteSpan(reinterpret_cast<std::byte*>(text.data()), text.size()));
  return count ? text.substr(0, *count) : "error";
}

TEST_F(ShellCommandTest, PrintsForUs) {
  auto output = CommandOutput::start({"cat; printf %s \"$WORD\""}, {{"WORD", "two words"}});
  ASSERT_TRUE(output);
  EXPECT_EQ(all_of(*output), "two words");
  EXPECT_TRUE(output->finish());
}

TEST_F(ShellCommandTest, PrintsAndFails) {
  auto output = CommandOutput::start({"echo half; exit 5"}, {});
  ASSERT_TRUE(output);
  EXPECT_EQ(all_of(*output), "half\n");
  const auto ended = output->finish();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error(), failed(5));
}

TEST_F(ShellCommandTest, EndlessOutputEndsWhenNobodyWantsIt) {
  for (const char* const text :
       {"cat /dev/zero", "cat /dev/zero; true", "yes | cat; exec sleep 1000"}) {
    auto output = CommandOutput::start({text}, {});
    ASSERT_TRUE(output);
    EXPECT_EQ(all_of(*output).size(), std::size_t{1} << 20U);
  }
}

TEST_F(ShellCommandTest, SeveralAtOnce) {
  const auto run = [](int number) {
    for (int i = 0; i < 5; ++i) {
      const std::string word = std::to_string(number * 100 + i);
      auto output = CommandOutput::start({"printf %s $WORD"}, {{"WORD", word}});
      if (!output || all_of(*output) != word || !output->finish()) return false;
    }
    return true;
  };
  std::vector<int> good(4, 0);
  std::vector<std::thread> threads;
  for (int number = 0; number < 4; ++number) {
    threads.emplace_back(
        [&good, run, number] { good[static_cast<std::size_t>(number)] = run(number) ? 1 : 0; });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(good, std::vector<int>(4, 1));
}

}  // namespace
}  // namespace zsluice::io
