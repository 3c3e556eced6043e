// SPDX-License-Identifier: BSD-2-Clause
// What is said arrives whole, in time and in one form: output that cannot take it at once or at
// all, results while the input is still open, and JSON of ASCII only.
#include "cli/cli_run.hpp"
#include "io/fd.hpp"
#include "support/corpus.hpp"
#include "support/stream_builder.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <thread>

namespace zsluice {
namespace {

using nlohmann::json;
using test::Arguments;
using test::Bytes;
using test::CliRun;
using test::run_cli;

struct PipeEnds {
  io::Fd read_end;
  io::Fd write_end;
};

PipeEnds make_pipe() {
  int fds[2] = {-1, -1};
  EXPECT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  return {io::Fd(fds[0]), io::Fd(fds[1])};
}

std::string read_all(int fd) {
  std::string all;
  char piece[4096];
  ssize_t count = 0;
  while ((count = ::read(fd, piece, sizeof(piece))) > 0) {
    all.append(piece, static_cast<std::size_t>(count));
  }
  return all;
}

TEST(Output, ANonBlockingStdoutIsWaitedFor) {
  const Bytes stream = test::read_corpus("hier_raw_R");
  const Arguments arguments = {"inspect", "--records"};
  const test::MemoryFile in(stream);
  const test::MemoryFile err;
  PipeEnds pipe = make_pipe();
  ASSERT_GT(::fcntl(pipe.write_end.get(), F_SETPIPE_SZ, 4096), 0);
  ASSERT_EQ(::fcntl(pipe.write_end.get(), F_SETFL, O_NONBLOCK), 0);
  std::string received;
  std::thread reader([&] { received = read_all(pipe.read_end.get()); });
  const int status = cli::run(arguments, {in.fd(), pipe.write_end.get(), err.fd()});
  pipe.write_end.reset();
  reader.join();
  EXPECT_EQ(status, 0);
  EXPECT_EQ(err.content(), "");
  EXPECT_EQ(received, run_cli(arguments, stream).out);
}

struct Unwritable {
  Arguments arguments;
  std::string who;
};

TEST(Output, EveryCommandSaysThatStdoutFailed) {
  const Unwritable table[] = {
      {{"--help"}, "zsluice: "},
      {{"--version"}, "zsluice: "},
      {{"verify"}, "zsluice: verify: "},
      {{"verify", "--json"}, "zsluice: verify: "},
      {{"inspect"}, "zsluice: inspect: "},
      {{"inspect", "--json"}, "zsluice: inspect: "},
      {{"inspect", "--records"}, "zsluice: inspect: "},
  };
  const Bytes stream = test::read_corpus("empty_raw_incr");
  for (const Unwritable& unwritable : table) {
    SCOPED_TRACE(unwritable.arguments.front());
    const test::MemoryFile in(stream);
    const test::MemoryFile err_of_full;
    const test::MemoryFile err_of_gone;
    const io::Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    PipeEnds gone = make_pipe();
    gone.read_end.reset();
    EXPECT_EQ(cli::run(unwritable.arguments, {in.fd(), full.get(), err_of_full.fd()}), 7);
    EXPECT_EQ(
        err_of_full.content(),
        unwritable.who + "stdout: cannot be written after 0 bytes: No space left on device\n");
    ASSERT_EQ(::lseek(in.fd(), 0, SEEK_SET), 0);
    EXPECT_EQ(cli::run(unwritable.arguments, {in.fd(), gone.write_end.get(), err_of_gone.fd()}), 7);
    EXPECT_EQ(err_of_gone.content(),
              unwritable.who + "stdout: the reader closed after 0 bytes; see its own message\n");
  }
}

TEST(Output, TheFirstCauseWinsOverAStdoutThatFails) {
  const test::MemoryFile in{ByteSpan{}};
  const test::MemoryFile err;
  const io::Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  const Arguments arguments = {"verify", "--json"};
  EXPECT_EQ(cli::run(arguments, {in.fd(), full.get(), err.fd()}), 4);
}

TEST(Output, AStreamIsToldBeforeTheInputEnds) {
  const Bytes stream = test::read_corpus("empty_raw_incr");
  for (const char* command : {"verify", "inspect"}) {
    SCOPED_TRACE(command);
    PipeEnds in = make_pipe();
    PipeEnds out = make_pipe();
    const test::MemoryFile err;
    std::thread tool([&] {
      const Arguments arguments = {command};
      EXPECT_EQ(cli::run(arguments, {in.read_end.get(), out.write_end.get(), err.fd()}), 3);
      out.write_end.reset();
    });
    // What follows the stream makes its end known.
    Bytes bytes = stream;
    bytes.resize(bytes.size() + 1000);
    EXPECT_EQ(::write(in.write_end.get(), bytes.data(), bytes.size()),
              static_cast<ssize_t>(bytes.size()));
    char first = 0;
    EXPECT_EQ(::read(out.read_end.get(), &first, 1), 1);  // blocks for good if nothing is flushed
    in.write_end.reset();
    read_all(out.read_end.get());
    tool.join();
  }
}

TEST(Output, PipeWithJsonSaysJsonOnlyAndTheResultLast) {
  const CliRun run = run_cli({"pipe", "--json", "--io", "poll", "--any-data"}, test::pattern(10));
  const std::size_t end = run.err.find('\n');
  EXPECT_EQ(json::parse(run.err.substr(0, end))["level"], "warning");
  EXPECT_EQ(json::parse(run.err.substr(end))["schema"], "zsluice.pipe/1");
  const CliRun text =
      run_cli({"pipe", "--json", "--log-format", "text", "--any-data"}, test::pattern(10));
  EXPECT_EQ(text.err.rfind("zsluice: pipe: ", 0), 0U);
}

TEST(Output, EveryCommandHasAResultWhenNothingCouldBegin) {
  const io::Fd terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal) GTEST_SKIP() << "no pseudo-terminals here, errno " << errno;
  for (const std::string_view command : {"pipe", "verify", "inspect"}) {
    SCOPED_TRACE(command);
    const test::MemoryFile out;
    const test::MemoryFile err;
    const Arguments arguments = {command, "--json"};
    EXPECT_EQ(cli::run(arguments, {terminal.get(), out.fd(), err.fd()}), 2);
    const json result = json::parse(command == "pipe" ? err.content() : out.content());
    EXPECT_EQ(result["schema"], "zsluice." + std::string(command) + "/1");
    EXPECT_EQ(result["verdict"], "usage");
    EXPECT_EQ(result["exit_status"], 2);
    EXPECT_EQ(result["failure"]["code"], "not_opened");
  }
}

TEST(Output, JsonIsAscii) {
  for (const Arguments& arguments :
       {Arguments{"verify", "--json", "n\xC3\xB6\xC2\x9B\x7F"},
        Arguments{"verify", "--log-format", "json", "n\xC3\xB6\xC2\x9B\x7F"}}) {
    const CliRun run = run_cli(arguments);
    const std::string text = run.out.empty() ? run.err : run.out;
    EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) {
      return c == '\n' || (c >= ' ' && c < '\x7F');
    })) << text;
  }
}

}  // namespace
}  // namespace zsluice
