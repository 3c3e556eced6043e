// SPDX-License-Identifier: BSD-2-Clause
// Bytes through every kind of descriptor a filter can be given.
#include "backend_fixture.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <csignal>
#include <thread>

namespace zsluice::io {
namespace {

class BackendTransfer : public BackendTest {
 protected:
  // The copy loop of a filter: one read and one write in flight.
  void copy(int from, int to, std::size_t buffer_bytes) {
    Bytes buffer(buffer_bytes);
    for (;;) {
      const std::int32_t count = read_now(from, buffer);
      ASSERT_GE(count, 0);
      if (count == 0) return;
      write_all(to, ByteSpan(buffer).first(static_cast<std::size_t>(count)));
    }
  }
};

INSTANTIATE_TEST_SUITE_P(AllBackends,
                         BackendTransfer,
                         ::testing::ValuesIn(kBackendCases),
                         name_of_case);

// The producer's and the consumer's sizes have nothing to do with each other or with ours.
TEST_P(BackendTransfer, BytesPassUnchangedBetweenPipesOfUnevenPace) {
  const Bytes sent = pattern_bytes(1'500'007);
  FdPair input = make_pipe();
  FdPair output = make_pipe(4096);
  std::jthread producer([&] {
    ByteSpan rest = sent;
    std::size_t step = 1;
    while (!rest.empty()) {
      const ByteSpan piece = take_prefix(rest, step);
      ASSERT_EQ(::write(input.write_end.get(), piece.data(), piece.size()),
                static_cast<ssize_t>(piece.size()));
      step = step * 7 % 99'991 + 1;
    }
    input.write_end.reset();
  });
  Bytes received;
  std::jthread consumer([&] { received = read_up_to(output.read_end.get(), sent.size() + 1); });

  copy(input.read_end.get(), output.write_end.get(), 100'000);
  backend_->release(output.write_end.get());
  output.write_end.reset();
  producer.join();
  consumer.join();

  EXPECT_EQ(received, sent);
}

// Lowers the largest size a file may have; the soft limit is put back at the end.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit lowered{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &lowered);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

// A ring left to itself forgets the position of a write that was cut short, and would write the
// rest over the beginning, successfully.
TEST_P(BackendTransfer, AFullFileKeepsWhatItHasAndRefusesTheRest) {
  constexpr std::size_t kRoom = 100 << 10;
  std::signal(SIGXFSZ, SIG_IGN);
  const Bytes sent = pattern_bytes(kRoom + 5000);
  const Fd file(::memfd_create("full", MFD_CLOEXEC));
  {
    const FileSizeLimit limit(kRoom);
    EXPECT_EQ(write_now(file.get(), {ByteSpan(sent).first(60'000)}), 60'000);
    EXPECT_EQ(write_now(file.get(), {ByteSpan(sent).subspan(60'000)}), kRoom - 60'000);
    EXPECT_EQ(write_now(file.get(), {ByteSpan(sent).subspan(kRoom)}), -EFBIG);
  }
  EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), static_cast<off_t>(kRoom));
  ASSERT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
  EXPECT_EQ(read_up_to(file.get(), sent.size()), Bytes(sent.begin(), sent.begin() + kRoom));
}

TEST_P(BackendTransfer, FullPipeTakesTheRestOnlyAsItsReaderMakesRoom) {
  const Bytes sent = pattern_bytes(5 * 4096);
  FdPair pipe = make_pipe(4096);
  const ByteSpan whole[] = {sent};
  backend_->write(1, pipe.write_end.get(), whole);
  EXPECT_EQ(finish(1), 4096) << "a short write, not a blocked one";

  Bytes received;
  for (std::size_t done = 4096; done < sent.size(); done += 4096) {
    const ByteSpan rest[] = {ByteSpan(sent).subspan(done)};
    backend_->write(2, pipe.write_end.get(), rest);
    poll_now();
    EXPECT_EQ(result_of(2), std::nullopt);

    const Bytes taken = read_up_to(pipe.read_end.get(), 4096);
    received.insert(received.end(), taken.begin(), taken.end());
    EXPECT_EQ(finish(2), 4096);
  }
  const Bytes last = read_up_to(pipe.read_end.get(), 4096);
  received.insert(received.end(), last.begin(), last.end());
  EXPECT_EQ(received, sent);
}

TEST_P(BackendTransfer, ReadReturnsWhatIsThereAndZeroAtTheEnd) {
  FdPair pipe = make_pipe();
  Bytes buffer(1000);
  ASSERT_EQ(write_text(pipe.write_end.get(), "abc"), 3);
  EXPECT_EQ(read_now(pipe.read_end.get(), buffer), 3);
  EXPECT_EQ(text_of(ByteSpan(buffer).first(3)), "abc");
  pipe.write_end.reset();
  EXPECT_EQ(read_now(pipe.read_end.get(), buffer), 0);
  EXPECT_EQ(read_now(pipe.read_end.get(), buffer), 0) << "and goes on to be the end";
}

TEST_P(BackendTransfer, PiecesAreWrittenInOrderAndEmptyOnesSkipped) {
  FdPair sockets = make_socket_pair();
  EXPECT_EQ(
      write_now(sockets.write_end.get(), {bytes_of("one"), {}, bytes_of("two"), bytes_of("three")}),
      11);
  EXPECT_EQ(text_of(read_up_to(sockets.read_end.get(), 11)), "onetwothree");
}

TEST_P(BackendTransfer, MorePiecesThanFitOneWriteAreLeftForTheNext) {
  const TempFile file;
  const Fd fd = file.open(O_WRONLY);
  const std::vector<ByteSpan> pieces(kMaxPieces + 3, bytes_of("x"));
  EXPECT_EQ(write_now(fd.get(), pieces), static_cast<std::int32_t>(kMaxPieces));
}

TEST_P(BackendTransfer, FilesAreUsedAtTheirSharedPosition) {
  const Bytes sent = pattern_bytes(300'001);
  const TempFile source(sent);
  const TempFile target;
  const Fd from = source.open(O_RDONLY);
  const Fd to = target.open(O_WRONLY);
  ASSERT_EQ(::lseek(from.get(), 7, SEEK_SET), 7);
  ASSERT_EQ(write_text(to.get(), "head:"), 5);

  copy(from.get(), to.get(), 65'536);

  ASSERT_EQ(write_text(to.get(), ":tail"), 5);
  Bytes expected = to_bytes(bytes_of("head:"));
  expected.insert(expected.end(), sent.begin() + 7, sent.end());
  const ByteSpan tail = bytes_of(":tail");
  expected.insert(expected.end(), tail.begin(), tail.end());
  EXPECT_EQ(contents_of(target.path()), expected);
}

TEST_P(BackendTransfer, AppendedFileGrowsAtItsEndWhoeverElseWritesIt) {
  const TempFile file(bytes_of("first "));
  const Fd ours = file.open(O_WRONLY | O_APPEND);
  const Fd other = file.open(O_WRONLY | O_APPEND);
  EXPECT_EQ(write_now(ours.get(), {bytes_of("second ")}), 7);
  ASSERT_EQ(write_text(other.get(), "third "), 6);
  EXPECT_EQ(write_now(ours.get(), {bytes_of("fourth")}), 6);
  EXPECT_EQ(text_of(contents_of(file.path())), "first second third fourth");
}

TEST_P(BackendTransfer, SocketsCarryBytesBothWays) {
  FdPair sockets = make_socket_pair();
  Bytes buffer(100);
  EXPECT_EQ(write_now(sockets.write_end.get(), {bytes_of("ping")}), 4);
  EXPECT_EQ(read_now(sockets.read_end.get(), buffer), 4);
  EXPECT_EQ(write_now(sockets.read_end.get(), {bytes_of("pong!")}), 5);
  EXPECT_EQ(read_now(sockets.write_end.get(), buffer), 5);
  sockets.write_end.reset();
  EXPECT_EQ(read_now(sockets.read_end.get(), buffer), 0);
}

TEST_P(BackendTransfer, NamedPipeWorksLikeAnAnonymousOne) {
  const std::string path = ::testing::TempDir() + "zsluice-fifo-" + std::to_string(::getpid());
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const Fd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  Fd writer(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  ::unlink(path.c_str());
  Bytes buffer(100);

  EXPECT_EQ(write_now(writer.get(), {bytes_of("through")}), 7);
  EXPECT_EQ(read_now(reader.get(), buffer), 7);
  fill_with_pending_write(1, writer.get());
  EXPECT_EQ(read_up_to(reader.get(), 8192).size(), 8192U);
  EXPECT_GT(finish(1), 0);
}

TEST_P(BackendTransfer, NullDeviceSwallowsAndIsEmpty) {
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const Bytes bytes = pattern_bytes(1U << 20U);
  Bytes buffer(10);
  EXPECT_EQ(write_now(null.get(), {bytes}), 1 << 20);
  EXPECT_EQ(read_now(null.get(), buffer), 0);
}

TEST_P(BackendTransfer, ErrorsAreTheKernelsOwn) {
  Bytes buffer(10);
  FdPair pipe = make_pipe();
  const int closed = ::dup(pipe.read_end.get());
  ::close(closed);
  EXPECT_EQ(read_now(closed, buffer), -EBADF);
  EXPECT_EQ(write_now(closed, {bytes_of("x")}), -EBADF);
  EXPECT_EQ(read_now(pipe.write_end.get(), buffer), -EBADF) << "open, but not for reading";
  EXPECT_EQ(write_now(pipe.read_end.get(), {bytes_of("x")}), -EBADF);

  const Fd directory(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_EQ(read_now(directory.get(), buffer), -EISDIR);
  const Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(write_now(full.get(), {bytes_of("x")}), -ENOSPC);
}

TEST_P(BackendTransfer, NumberOfAClosedDescriptorCanBeUsedAgain) {
  Bytes buffer(10);
  FdPair pipe = make_pipe();
  const int number = ::dup(pipe.read_end.get());
  ::close(number);
  EXPECT_EQ(read_now(number, buffer), -EBADF);
  ASSERT_EQ(::dup2(pipe.read_end.get(), number), number);
  const Fd again(number);
  backend_->read(1, number, buffer);
  poll_now();
  EXPECT_EQ(result_of(1), std::nullopt) << "an empty pipe, not what the number was before";
  ASSERT_EQ(write_text(pipe.write_end.get(), "x"), 1);
  EXPECT_EQ(finish(1), 1);
}

TEST_P(BackendTransfer, ReaderThatHasGoneIsEpipe) {
  FdPair pipe = make_pipe();
  pipe.read_end.reset();
  EXPECT_EQ(write_now(pipe.write_end.get(), {bytes_of("x")}), -EPIPE);
  FdPair sockets = make_socket_pair();
  sockets.read_end.reset();
  EXPECT_EQ(write_now(sockets.write_end.get(), {bytes_of("x")}), -EPIPE);
}

TEST_P(BackendTransfer, ReaderThatGoesDuringAWriteIsEpipe) {
  std::array pairs = {make_pipe(4096), make_socket_pair()};
  for (FdPair& pair : pairs) {
    fill_with_pending_write(1, pair.write_end.get());
    pair.read_end.reset();
    EXPECT_EQ(finish(1), -EPIPE);
  }
}

}  // namespace
}  // namespace zsluice::io
