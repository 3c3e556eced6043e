// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/resume/selection.hpp"

#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace zsluice::resume {
namespace {

using test::StreamBuilder;
using test::StreamImage;

constexpr std::uint64_t kBlock = 4096;

// Records by number:
//  0 BEGIN         4 WRITE 33,0        8 FREE 34,0 hole      12 SPILL 34          16 FREEOBJECTS
//  36+28 1 OBJECT_RANGE  5 OBJECT 34         9 WRITE 34,1          13 OBJECT 35         17 END 2
//  OBJECT 33     6 FREE 34 tail     10 EMBEDDED 34,2       14 FREE 35 tail 3 FREE 33 tail  7 SPILL
//  34 old     11 REDACT 34,3         15 WRITE 35,0
StreamBuilder builder() {
  StreamBuilder stream;
  stream.begin()
      .object_range({.first_object = 32, .objects = 32})
      .object({.object = 33})
      .free(33, kBlock, drr::kFreeToEnd)
      .write(33, 0, test::pattern(kBlock))
      .object({.object = 34})
      .free(34, 4 * kBlock, drr::kFreeToEnd)
      .spill({.object = 34, .length = 512, .flags = drr::kFlagSpill}, test::pattern(512))
      .free(34, 0, kBlock)
      .write(34, kBlock, test::pattern(kBlock))
      .embedded({.object = 34, .offset = 2 * kBlock, .length = kBlock, .physical_bytes = 8},
                test::pattern(8))
      .redact(34, 3 * kBlock, kBlock)
      .spill({.object = 34, .length = 512}, test::pattern(512))
      .object({.object = 35})
      .free(35, kBlock, drr::kFreeToEnd)
      .write(35, 0, test::pattern(kBlock))
      .free_objects(36, 28)
      .end();
  return stream;
}

// "1 5 6": the numbers of the records that are needed, BEGIN and END left out.
std::string needed(const StreamImage& image, drr::ResumePoint point, bool object_is_there) {
  Selection selection(point, object_is_there);
  std::string text;
  for (std::size_t i = 1; i < image.last(); ++i) {
    if (selection.needs({image.piece(i).bytes.data(), image.order(i)})) {
      text += (text.empty() ? "" : " ") + std::to_string(i);
    }
  }
  return text;
}

struct Row {
  std::string_view what;
  drr::ResumePoint point;
  std::string_view needed;
};

constexpr std::string_view kAll = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16";

TEST(Selection, TakesTheObjectsFrameAndItsDataFromTheOffsetOn) {
  constexpr std::array<Row, 9> kRows{{
      {"start of an object", {34, 0}, "1 5 6 7 8 9 10 11 12 13 14 15 16"},
      {"a WRITE", {34, kBlock}, "1 5 6 7 9 10 11 12 13 14 15 16"},
      {"a WRITE_EMBEDDED", {34, 2 * kBlock}, "1 5 6 7 10 11 12 13 14 15 16"},
      {"inside a hole", {34, 512}, "1 5 6 7 8 9 10 11 12 13 14 15 16"},
      {"inside a WRITE", {34, kBlock + 512}, "1 5 6 7 9 10 11 12 13 14 15 16"},
      {"inside a WRITE_EMBEDDED", {34, 2 * kBlock + 1}, "1 5 6 7 10 11 12 13 14 15 16"},
      {"behind all data", {34, 4 * kBlock}, "1 5 6 7 12 13 14 15 16"},
      {"the last object", {35, 0}, "1 13 14 15 16"},
      {"far behind the last object's data", {35, ~std::uint64_t{0}}, "1 13 14 16"},
  }};
  const StreamImage image = builder().build();
  for (const Row& row : kRows) {
    EXPECT_EQ(needed(image, row.point, true), row.needed) << row.what;
  }
}

TEST(Selection, WithoutTheObjectItTakesAll) {
  const StreamImage image = builder().build();
  for (const std::uint64_t object : {1U, 32U, 36U, 1000U}) {
    EXPECT_EQ(needed(image, {object, 0}, false), kAll) << object;
  }
}

// Not known whether the object is there: all of it is sent.
TEST(Selection, InDoubtItTakesAll) {
  EXPECT_EQ(needed(builder().build(), {34, kBlock}, false), kAll);
}

TEST(Selection, BehindTheFirstRecordThatIsNeededNothingIsLeftOut) {
  StreamBuilder stream;
  stream.begin()
      .object({.object = 34})
      .write(34, 2 * kBlock, test::pattern(kBlock))
      .write(34, 0, test::pattern(kBlock))
      .object({.object = 33})
      .write(33, 0, test::pattern(kBlock))
      .end();
  EXPECT_EQ(needed(stream.build(), {34, kBlock}, true), "1 2 3 4 5");
}

TEST(Selection, ATypeThatIsNotKnownIsTakenAndAllBehindIt) {
  StreamBuilder stream;
  stream.begin().object({.object = 33}).bare(77).object({.object = 34}).end();
  EXPECT_EQ(needed(stream.build(), {34, 0}, true), "2 3");
}

// What was received since would be lost.
TEST(Selection, TheObjectIsNotFreedBeforeItsOwnRecord) {
  StreamBuilder stream;
  stream.begin().free_objects(30, 10).object({.object = 34}).free_objects(35, 29).end();
  EXPECT_EQ(needed(stream.build(), {34, 0}, true), "2 3");
}

TEST(Selection, OnlyTheRangeThatCoversTheObjectIsTaken) {
  StreamBuilder stream;
  stream.begin()
      .object_range({.first_object = 0, .objects = 32})
      .object({.object = 7})
      .object_range({.first_object = 32, .objects = 32})
      .object({.object = 34})
      .object_range({.first_object = 64, .objects = 32})
      .end();
  EXPECT_EQ(needed(stream.build(), {34, 0}, true), "3 4 5");
}

}  // namespace
}  // namespace zsluice::resume
