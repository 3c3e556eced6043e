// SPDX-License-Identifier: BSD-2-Clause
// The closing line vouches for every segment: a store that was continued gets it only when all of
// them are there, and what their headers say fits together.
#include "pipeline/continue_run.hpp"
#include "pipeline/manifest_edit.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace zsluice::pipeline {
namespace {

using storage::segment_name;
using test::Bytes;
using Code = StoreFailureCode;
using Image = MemoryStore::Image;

const std::string kManifest(storage::kManifestName);

class StoreClosing : public testing::TestWithParam<std::string> {
 protected:
  StoreClosing() {
    options_.store.key = GetParam();
    part_ = stored(ByteSpan(whole_).first(869'740));
    all_ = stored(whole_);
    unclosed_ = all_;
    open_manifest(unclosed_);
    const std::uint64_t had = open_part().bytes();
    rest_ = continuation_for(
        Bytes(whole_.begin(), whole_.begin() + static_cast<std::ptrdiff_t>(had)), whole_);
  }
  [[nodiscard]] Image stored(ByteSpan stream) const {
    MemoryStore store;
    (void)split_into(store, stream, options_);
    return store.seen();
  }
  [[nodiscard]] OpenedStore open_part() const {
    MemoryStore store(part_);
    return *open_store(store, options_.store.key);
  }
  [[nodiscard]] SplitReport close(MemoryStore& store) const {
    return continue_in(store, {}, options_);
  }
  [[nodiscard]] SplitReport go_on(MemoryStore& store) const {
    return continue_in(store, rest_, options_);
  }

  const Bytes whole_ = test::read_corpus("g256_raw_full");
  SplitOptions options_ = splitting(64 << 10);
  Image part_;
  Image all_;
  Image unclosed_;
  Bytes rest_;
};

INSTANTIATE_TEST_SUITE_P(,
                         StoreClosing,
                         testing::Values("", "a key that is long enough for an HMAC"),
                         [](const testing::TestParamInfo<std::string>& row) {
                           return row.param.empty() ? "WithoutAKey" : "WithAKey";
                         });

const StoreFailure* failure_of(const SplitReport& report) {
  return report.failure ? std::get_if<StoreFailure>(&*report.failure) : nullptr;
}

// What the segment with number 5 may have become, its name being there.
std::vector<Bytes> bad_copies(const Bytes& segment, const Bytes& other) {
  Bytes shorter = segment;
  shorter.pop_back();
  Bytes flipped = segment;
  flipped[100] ^= std::byte{1};
  return {Bytes(), shorter, flipped, other};
}

TEST_P(StoreClosing, NoLineIsWrittenOverASegmentThatIsNotRight) {
  for (const Bytes& bad :
       bad_copies(unclosed_.at(segment_name(5)), unclosed_.at(segment_name(6)))) {
    Image image = unclosed_;
    image[segment_name(5)] = bad;
    MemoryStore store(image);
    const SplitReport report = close(store);
    ASSERT_NE(failure_of(report), nullptr);
    EXPECT_EQ(failure_of(report)->code, Code::bad_segment);
    EXPECT_EQ(failure_of(report)->sequence, 5U);
    EXPECT_EQ(store.operations(), 0U);
    EXPECT_FALSE(report.store.is_whole);
  }
  MemoryStore store(unclosed_);
  store.deny(segment_name(6), EISDIR);
  const SplitReport report = close(store);
  ASSERT_NE(failure_of(report), nullptr);
  EXPECT_EQ(failure_of(report)->code, Code::unreadable);
  EXPECT_EQ(store.operations(), 0U);
}

TEST_P(StoreClosing, NorWhenTheRestOfTheStreamHasCome) {
  Image image = part_;
  image[segment_name(5)] = Bytes();
  MemoryStore store(image);
  const SplitReport report = go_on(store);
  ASSERT_NE(failure_of(report), nullptr);
  EXPECT_EQ(failure_of(report)->code, Code::bad_segment);
  EXPECT_EQ(failure_of(report)->sequence, 5U);
  EXPECT_FALSE(report.store.is_whole);
  EXPECT_EQ(report.store.raw_bytes, whole_.size());
  // It is put back, and all is well.
  image = store.seen();
  image[segment_name(5)] = part_.at(segment_name(5));
  MemoryStore mended(image);
  EXPECT_FALSE(close(mended).failure);
  EXPECT_EQ(mended.seen(), all_);
}

TEST_P(StoreClosing, WhatLinesSayFalselyIsNotSummedUp) {
  const auto lie = [](storage::SegmentLine& line) { line.stored_bytes = 1; };
  change_line(unclosed_, 5, lie);
  MemoryStore unclosed(unclosed_);
  const SplitReport closed = close(unclosed);
  EXPECT_FALSE(closed.failure);
  EXPECT_EQ(closed.continued->manifest, ManifestState::damaged);
  EXPECT_EQ(unclosed.seen(), all_);
  change_line(part_, 5, lie);
  MemoryStore part(part_);
  const SplitReport continued = go_on(part);
  EXPECT_FALSE(continued.failure);
  EXPECT_EQ(continued.continued->manifest, ManifestState::damaged);
  EXPECT_EQ(continued.store.stored_bytes, closed.store.stored_bytes);
  EXPECT_EQ(part.seen(), all_);
  EXPECT_EQ(part.kept(), all_);
}

}  // namespace
}  // namespace zsluice::pipeline
