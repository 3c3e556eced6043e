// SPDX-License-Identifier: BSD-2-Clause
#include "io/notice_writer.hpp"

#include "io/clock.hpp"
#include "io/signals.hpp"
#include "kernel_support.hpp"

#include <termios.h>

#include <algorithm>
#include <string>

namespace zsluice::io {
namespace {

// What lies there; waits only for the first byte.
Bytes read_once(int fd) {
  Bytes bytes(4096);
  const ssize_t count = ::read(fd, bytes.data(), bytes.size());
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return bytes;
}

std::string line_of(char letter, std::size_t bytes) {
  return std::string(bytes - 1, letter) + "\n";
}

std::string drop_note(std::size_t dropped) {
  return "dropped: " + std::to_string(dropped) + "\n";
}

TEST(NoticeWriter, WritesWhatIsTakenAtOnce) {
  const TempFile file;
  for (const FdPair& pair : {make_pipe(), make_socket_pair()}) {
    NoticeWriter notices(pair.write_end.get(), drop_note);
    notices.post("one\n");
    notices.post("two\n");
    EXPECT_FALSE(notices.is_empty());
    notices.flush_ready();
    EXPECT_TRUE(notices.is_empty());
    EXPECT_EQ(text_of(read_up_to(pair.read_end.get(), 8)), "one\ntwo\n");
  }
  const Fd fd = file.open(O_WRONLY | O_APPEND);
  NoticeWriter notices(fd.get(), drop_note);
  notices.post("kept\n");
  EXPECT_TRUE(notices.finish(clock_now()));
  EXPECT_EQ(text_of(contents_of(file.path())), "kept\n");
}

TEST(NoticeWriter, FullReaderDoesNotBlockAndGetsTheRestLater) {
  for (const FdPair& pair : {make_pipe(4096), make_socket_pair()}) {
    const int flags = ::fcntl(pair.write_end.get(), F_GETFL);
    NoticeWriter notices(pair.write_end.get(), drop_note);
    std::string posted;
    // More than the other end takes; what it took makes room for more.
    do {
      const std::string line = line_of(static_cast<char>('a' + posted.size() % 26), 1001);
      notices.post(line);
      posted += line;
      notices.flush_ready();
    } while (notices.is_empty());

    Bytes received;
    while (received.size() < posted.size()) {
      const Bytes part = read_once(pair.read_end.get());
      received.insert(received.end(), part.begin(), part.end());
      notices.flush_ready();
    }
    EXPECT_EQ(text_of(received), posted);
    EXPECT_TRUE(notices.is_empty());
    EXPECT_EQ(::fcntl(pair.write_end.get(), F_GETFL), flags);
  }
}

TEST(NoticeWriter, DropsWholeMessagesAndSaysHowMany) {
  const FdPair pipe = make_pipe(4096);
  NoticeWriter notices(pipe.write_end.get(), drop_note);
  constexpr std::size_t kLine = 10'000;
  constexpr std::size_t kPosted = 20;
  for (std::size_t i = 0; i < kPosted; ++i)
    notices.post(line_of('m', kLine));
  const std::size_t kept = NoticeWriter::kMaxQueuedBytes / kLine;

  std::string expected;
  for (std::size_t i = 0; i < kept; ++i)
    expected += line_of('m', kLine);
  expected += drop_note(kPosted - kept);

  Bytes received;
  while (received.size() < expected.size()) {
    notices.flush_ready();
    const Bytes part = read_once(pipe.read_end.get());
    received.insert(received.end(), part.begin(), part.end());
  }
  EXPECT_EQ(text_of(received), expected);
  EXPECT_TRUE(notices.is_empty());
}

TEST(NoticeWriter, FinishGivesUpAtItsDeadline) {
  const FdPair pipe = make_pipe(4096);
  NoticeWriter notices(pipe.write_end.get(), drop_note);
  notices.post(line_of('x', 20'000));
  EXPECT_FALSE(notices.finish(clock_now() + std::chrono::milliseconds(5)));
}

TEST(NoticeWriter, GoneReaderEndsTheMatter) {
  ignore_write_signals();
  FdPair pipe = make_pipe();
  pipe.read_end.reset();
  NoticeWriter notices(pipe.write_end.get(), drop_note);
  notices.post("to nobody\n");
  notices.flush_ready();
  EXPECT_TRUE(notices.is_empty());
  notices.post("again\n");
  EXPECT_TRUE(notices.is_empty());
  EXPECT_FALSE(notices.finish(clock_now()));
}

TEST(NoticeWriter, StoppedTerminalIsNotWaitedFor) {
  const Fd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!master || ::unlockpt(master.get()) != 0) GTEST_SKIP() << "no pseudo-terminals here";
  char name[64] = {};
  ASSERT_EQ(::ptsname_r(master.get(), name, sizeof(name)), 0);
  const Fd terminal(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(terminal);
  ASSERT_EQ(::tcflow(terminal.get(), TCOOFF), 0);  // what Ctrl-S does
  NoticeWriter notices(terminal.get(), drop_note);
  notices.post("stopped\n");
  notices.flush_ready();
  EXPECT_FALSE(notices.is_empty());
  ASSERT_EQ(::tcflow(terminal.get(), TCOON), 0);
  notices.flush_ready();
  EXPECT_TRUE(notices.is_empty());
}

}  // namespace
}  // namespace zsluice::io
