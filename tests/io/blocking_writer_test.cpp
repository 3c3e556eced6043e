// SPDX-License-Identifier: BSD-2-Clause
#include "io/blocking_writer.hpp"

#include "io/fd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

namespace zsluice::io {
namespace {

std::string pattern(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) {
    text[i] = static_cast<char>('a' + i * 7 % 23);
  }
  return text;
}

TEST(BlockingWriter, WritesPiecesOfAnySizeInOrder) {
  const std::string all = pattern(10'000);
  const Fd file(::memfd_create("output", MFD_CLOEXEC));
  BlockingWriter writer(file.get(), 64);
  std::size_t at = 0;
  for (std::size_t size = 0; at < all.size(); size = (size + 1) % 150) {
    const std::string piece = all.substr(at, size);
    writer.write(bytes_of(piece));
    at += piece.size();
  }
  writer.flush();
  EXPECT_FALSE(writer.error());
  EXPECT_EQ(writer.written(), all.size());
  std::string got(all.size() + 1, '\0');
  EXPECT_EQ(::pread(file.get(), got.data(), got.size(), 0), static_cast<ssize_t>(all.size()));
  got.pop_back();
  EXPECT_EQ(got, all);
}

TEST(BlockingWriter, WaitsForANonBlockingPipeToBeRead) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const Fd reader(ends[0]);
  Fd writable(ends[1]);
  ASSERT_EQ(::fcntl(writable.get(), F_SETFL, O_NONBLOCK), 0);
  const std::string all = pattern(std::size_t{1} << 20);
  std::string got;
  std::thread reading([&] {
    std::array<char, 8192> piece{};
    ssize_t count = 0;
    while ((count = ::read(reader.get(), piece.data(), piece.size())) > 0) {
      got.append(piece.data(), static_cast<std::size_t>(count));
    }
  });
  BlockingWriter writer(writable.get());
  writer.write(bytes_of(all));
  writer.flush();
  writable.reset();
  reading.join();
  EXPECT_FALSE(writer.error());
  EXPECT_EQ(got, all);
}

TEST(BlockingWriter, KeepsTheFirstErrorAndWritesNoMore) {
  const Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  if (full.get() < 0) GTEST_SKIP() << "there is no /dev/full here";
  BlockingWriter writer(full.get());
  writer.write(bytes_of("text"));
  EXPECT_FALSE(writer.error());
  writer.flush();
  EXPECT_EQ(writer.error(), (SysError{SysOperation::write, ENOSPC}));
  writer.write(bytes_of("more"));
  writer.flush();
  EXPECT_EQ(writer.written(), 0U);
}

}  // namespace
}  // namespace zsluice::io
