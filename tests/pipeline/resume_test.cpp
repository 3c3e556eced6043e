// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/resume.hpp"

#include "io/fd.hpp"
#include "support/corpus.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <utility>
#include <variant>

namespace zsluice::pipeline {
namespace {

using test::Bytes;

class File {
 public:
  explicit File(const Bytes& bytes) : fd_(::memfd_create("stream", MFD_CLOEXEC)) {
    EXPECT_EQ(::pwrite(fd_.get(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
    auto opened = io::open_source(fd_.get(), {.allow_mapping = false});
    source_ = *std::move(opened);
  }
  [[nodiscard]] io::ByteSource& source() { return *source_; }

 private:
  io::Fd fd_;
  std::unique_ptr<io::ByteSource> source_;
};

// As if the file had been replaced, or written over, between the passes.
TEST(Resume, AnotherStreamInTheSecondPassIsNoSuccess) {
  File first(test::read_corpus("g256_raw_full"));
  File second(test::read_corpus("c256_raw_full"));
  const io::Fd null(::memfd_create("out", MFD_CLOEXEC));
  io::BlockingWriter out(null.get());
  ResumeOptions options;
  options.target = {.toguid = 15659996431542376708U,
                    .point = {.object = 19, .offset = 0},
                    .raw = true,
                    .compressed = true};
  const ResumeReport report = run_resume(options, first.source(), second.source(), out);
  ASSERT_TRUE(report.failure);
  EXPECT_TRUE(std::holds_alternative<InputChanged>(*report.failure));
  EXPECT_EQ(report.bytes_out, 0U);
}

}  // namespace
}  // namespace zsluice::pipeline
