// SPDX-License-Identifier: BSD-2-Clause
#include "io/scratch_file.hpp"

#include "io/kernel_support.hpp"

#include <gtest/gtest.h>

namespace zsluice::io {
namespace {

TEST(ScratchFile, HoldsWhatWasAppended) {
  auto file = ScratchFile::create();
  ASSERT_TRUE(file);
  const Bytes bytes = pattern_bytes(3000000);
  ASSERT_TRUE(file->append(ByteSpan(bytes).first(1000)));
  ASSERT_TRUE(file->append(ByteSpan(bytes).subspan(1000)));
  EXPECT_EQ(file->bytes(), bytes.size());
  Bytes back(bytes.size() + 10);
  EXPECT_EQ(*file->read_at(0, back), bytes.size());
  EXPECT_EQ(Bytes(back.begin(), back.end() - 10), bytes);
  EXPECT_EQ(*file->read_at(bytes.size() - 5, back), 5U);
  EXPECT_EQ(*file->read_at(bytes.size() + 5, back), 0U);
}

}  // namespace
}  // namespace zsluice::io
