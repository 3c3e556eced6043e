// SPDX-License-Identifier: BSD-2-Clause
// Byte for byte through the real kernel, with both backends: every real stream, every kind of
// descriptor a shell can hand over.
#include "pipeline/pipe_fixture.hpp"
#include "support/for_each.hpp"
#include "support/policy_streams.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <thread>

namespace zsluice::pipeline {
namespace {

using test::Bytes;

class PipeKernel : public PipeTest {
 protected:
  PipeKernel() { options_.gate.policy.allow_plaintext = true; }

  // A writer and a reader beside the pipe, as in a shell.
  Bytes pass(const Bytes& bytes, Ends in, Ends out) {
    std::thread writer([&in, &bytes] {
      try {
        put(in.write_end, bytes);
      } catch (const std::runtime_error&) {  // the pipe stopped reading
      }
      in.write_end = {};
    });
    Bytes seen;
    std::thread reader([&out, &seen] { seen = take_all(out.read_end); });
    run(in.read_end, std::move(out.write_end));
    in.read_end = {};
    writer.join();
    reader.join();
    EXPECT_EQ(report_.bytes_out, seen.size());
    return seen;
  }

  static io::Fd memory_file(ByteSpan bytes) {
    io::Fd file(::memfd_create("input", MFD_CLOEXEC));
    put(file, bytes);
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
    return file;
  }
  static Bytes contents(const io::Fd& file) {
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
    return take_all(file);
  }

  const Bytes stream_ = test::read_corpus("g256_raw_incr");
};
INSTANTIATE_TEST_SUITE_P(, PipeKernel, testing::ValuesIn(kBackends), name_of_backend);

bool is_whole(const test::CorpusEntry& entry) {
  return entry.is("verdict", "whole") && entry.name.find("zerosum") == std::string::npos;
}

TEST_P(PipeKernel, EveryRealStreamPassesByteForByte) {
  test::for_each_stream([this](const test::CorpusEntry& entry) {
    const Bytes bytes = test::read_corpus(entry.name);
    const Bytes seen = pass(bytes, make_pipe(65536), make_pipe(65536));
    EXPECT_EQ(whole(), is_whole(entry));
    ASSERT_LE(seen.size(), bytes.size());
    EXPECT_TRUE(std::equal(seen.begin(), seen.end(), bytes.begin()));
    EXPECT_TRUE(!is_whole(entry) || seen.size() == bytes.size());
  });
}

TEST_P(PipeKernel, TinyPipesPassByteForByte) {
  for (const char* name : {"g256_raw_incr", "hier_raw_R", "foreign_order/pl_e.be", "lb_raw_full"}) {
    SCOPED_TRACE(name);
    const Bytes bytes = test::read_corpus(name);
    EXPECT_EQ(pass(bytes, make_pipe(4096), make_pipe(4096)), bytes);
  }
}

TEST_P(PipeKernel, SocketsPassByteForByte) {
  EXPECT_EQ(pass(stream_, make_socket_pair(), make_socket_pair()), stream_);
  EXPECT_EQ(pass(stream_, make_pipe(), make_socket_pair()), stream_);
  EXPECT_EQ(pass(stream_, make_socket_pair(), make_pipe()), stream_);
}

TEST_P(PipeKernel, FilesPassByteForByte) {
  const io::Fd input = memory_file(stream_);
  const io::Fd output = memory_file({});
  run(input, io::Fd(::dup(output.get())));
  EXPECT_TRUE(whole());
  EXPECT_EQ(contents(output), stream_);
}

TEST_P(PipeKernel, AFileIsReadFromWhereItsPositionStands) {
  const io::Fd input = memory_file(test::joined({Bytes(777), stream_}));
  ASSERT_EQ(::lseek(input.get(), 777, SEEK_SET), 777);
  const io::Fd output = memory_file({});
  run(input, io::Fd(::dup(output.get())));
  EXPECT_TRUE(whole());
  EXPECT_EQ(contents(output), stream_);
}

TEST_P(PipeKernel, AnAppendedFileGrowsAtItsEnd) {
  const io::Fd output = memory_file(test::pattern(100));
  const std::string path = "/proc/self/fd/" + std::to_string(output.get());
  io::Fd appending(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  ASSERT_TRUE(appending);
  const io::Fd input = memory_file(stream_);
  run(input, std::move(appending));
  EXPECT_TRUE(whole());
  EXPECT_EQ(contents(output), test::joined({test::pattern(100), stream_}));
}

TEST_P(PipeKernel, TheNullDeviceTakesAllAndGivesNothing) {
  const io::Fd input = memory_file(stream_);
  run(input, io::Fd(::open("/dev/null", O_WRONLY | O_CLOEXEC)));
  EXPECT_TRUE(whole());
  EXPECT_EQ(report_.bytes_out, stream_.size());
  const io::Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  run(null, io::Fd(::open("/dev/null", O_WRONLY | O_CLOEXEC)));
  ASSERT_NE(failed_with<drr::Fault>(), nullptr);
  EXPECT_EQ(failed_with<drr::Fault>()->code, drr::FaultCode::empty_input);
}

TEST_P(PipeKernel, AFullDeviceIsAnOutputError) {
  const io::Fd input = memory_file(stream_);
  run(input, io::Fd(::open("/dev/full", O_WRONLY | O_CLOEXEC)));
  ASSERT_NE(failed_with<IoFailure>(), nullptr);
  EXPECT_EQ(failed_with<IoFailure>()->side, IoSide::output);
  EXPECT_EQ(failed_with<IoFailure>()->error.error, ENOSPC);
}

TEST_P(PipeKernel, ADirectoryIsAnInputError) {
  const io::Fd directory(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  run(directory, io::Fd(::open("/dev/null", O_WRONLY | O_CLOEXEC)));
  ASSERT_NE(failed_with<IoFailure>(), nullptr);
  EXPECT_EQ(failed_with<IoFailure>()->side, IoSide::input);
  EXPECT_EQ(failed_with<IoFailure>()->error.error, EISDIR);
}

// A shell's `<&-` and `>&-` become descriptors that cannot be used.
TEST_P(PipeKernel, UselessDescriptorsAreErrorsOfTheirSide) {
  const io::Fd write_only(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  run(write_only, io::Fd(::open("/dev/null", O_WRONLY | O_CLOEXEC)));
  ASSERT_NE(failed_with<IoFailure>(), nullptr);
  EXPECT_EQ(failed_with<IoFailure>()->side, IoSide::input);
  EXPECT_EQ(failed_with<IoFailure>()->error.error, EBADF);

  const io::Fd input = memory_file(stream_);
  run(input, io::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  ASSERT_NE(failed_with<IoFailure>(), nullptr);
  EXPECT_EQ(failed_with<IoFailure>()->side, IoSide::output);
  EXPECT_EQ(failed_with<IoFailure>()->error.error, EBADF);
}

TEST_P(PipeKernel, ADescriptorThatIsNotOpenIsAnErrorOfItsSide) {
  const int closed = ::dup(0);
  ASSERT_EQ(::close(closed), 0);
  run(closed, io::Fd(::open("/dev/null", O_WRONLY | O_CLOEXEC)));
  ASSERT_NE(failed_with<IoFailure>(), nullptr);
  EXPECT_EQ(failed_with<IoFailure>()->error.error, EBADF);
}

TEST_P(PipeKernel, InheritedNonBlockingDescriptorsWorkAndStaySo) {
  Ends in = make_pipe(4096);
  Ends out = make_pipe(4096);
  ASSERT_EQ(::fcntl(in.read_end.get(), F_SETFL, O_NONBLOCK), 0);
  ASSERT_EQ(::fcntl(out.write_end.get(), F_SETFL, O_NONBLOCK), 0);
  const io::Fd kept(::dup(in.read_end.get()));
  EXPECT_EQ(pass(stream_, std::move(in), std::move(out)), stream_);
  EXPECT_NE(::fcntl(kept.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_P(PipeKernel, ADamagedStreamPassesItsProvenPart) {
  for (const test::Damage& damage : test::damages()) {
    const test::DamagedStream damaged = damage.make();
    if (!damaged.fault || *damaged.fault != drr::FaultCode::checksum_mismatch) continue;
    SCOPED_TRACE(damage.name);
    const Bytes seen = pass(damaged.bytes, make_pipe(65536), make_pipe(65536));
    EXPECT_LE(seen.size(), damaged.begin);
    EXPECT_TRUE(std::equal(seen.begin(), seen.end(), damaged.bytes.begin()));
  }
}

}  // namespace
}  // namespace zsluice::pipeline
