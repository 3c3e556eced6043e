// SPDX-License-Identifier: BSD-2-Clause
// Fd, describe() and the standard descriptors.
#include "io/fd.hpp"
#include "io/file_kind.hpp"
#include "io/standard_fds.hpp"
#include "kernel_support.hpp"

#include <sys/eventfd.h>
#include <sys/stat.h>

#include <array>

namespace zsluice::io {
namespace {

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

TEST(Fd, ClosesWhatItOwnsOnce) {
  FdPair pipe = make_pipe();
  const int number = pipe.read_end.get();
  {
    Fd moved = std::move(pipe.read_end);
    EXPECT_FALSE(static_cast<bool>(pipe.read_end));  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(moved.get(), number);
  }
  EXPECT_FALSE(is_open(number));

  const int released = pipe.write_end.release();
  EXPECT_TRUE(is_open(released));
  Fd{released}.reset();
  EXPECT_FALSE(is_open(released));
}

TEST(FileKind, NamesWhatStandsBehindADescriptor) {
  const FdPair pipe = make_pipe();
  const FdPair sockets = make_socket_pair();
  const TempFile file;
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const Fd zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  const Fd root(::open("/", O_RDONLY | O_CLOEXEC));
  const Fd event(::eventfd(0, EFD_CLOEXEC));
  EXPECT_EQ(describe(pipe.read_end.get()), FileKind::pipe);
  EXPECT_EQ(describe(sockets.read_end.get()), FileKind::socket);
  EXPECT_EQ(describe(file.open(O_WRONLY).get()), FileKind::file);
  EXPECT_EQ(describe(file.open(O_WRONLY | O_APPEND).get()), FileKind::appended_file);
  EXPECT_EQ(describe(null.get()), FileKind::null_device);
  EXPECT_EQ(describe(zero.get()), FileKind::other);
  EXPECT_EQ(describe(root.get()), FileKind::directory);
  EXPECT_EQ(describe(event.get()), FileKind::other);
  EXPECT_EQ(describe(-1), FileKind::closed);
  EXPECT_FALSE(is_terminal(null.get()));
}

TEST(FileKind, KnowsATerminal) {
  const Fd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!master) GTEST_SKIP() << "no pseudo-terminals here, errno " << errno;
  EXPECT_EQ(describe(master.get()), FileKind::terminal);
  EXPECT_TRUE(is_terminal(master.get()));
}

// Closes the picked ones of 0-2 in a child and looks at what became of them.
int check_after_closing(std::array<bool, 3> closed) {
  for (int fd = 0; fd < 3; ++fd) {
    if (closed[static_cast<std::size_t>(fd)]) ::close(fd);
  }
  const auto report = keep_standard_descriptors_open();
  if (!report || *report != StandardDescriptors{closed[0], closed[1], closed[2]}) return 1;
  for (int fd = 0; fd < 3; ++fd) {
    if (!is_open(fd)) return 2;
  }
  char byte = 'x';
  if (closed[0] && (::read(0, &byte, 1) != -1 || errno != EBADF)) return 3;
  for (int fd = 1; fd < 3; ++fd) {
    const bool was_closed = closed[static_cast<std::size_t>(fd)];
    if (was_closed && (::write(fd, &byte, 1) != -1 || errno != EBADF)) return 4;
  }
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC) > 2 ? 0 : 5;
}

TEST(StandardDescriptors, ClosedOnesAreFilledWithSomethingOfNoUse) {
  for (unsigned mask = 0; mask < 8; ++mask) {
    SCOPED_TRACE(mask);
    const std::array closed = {(mask & 1U) != 0, (mask & 2U) != 0, (mask & 4U) != 0};
    EXPECT_EQ(exit_status_of_child([&] { return check_after_closing(closed); }), 0);
  }
}

}  // namespace
}  // namespace zsluice::io
