// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/resume/record_writer.hpp"

#include "resume/stream_records.hpp"
#include "support/stream_builder.hpp"

#include <gtest/gtest.h>

namespace zsluice::resume {
namespace {

using test::Bytes;
using test::StreamBuilder;
using test::StreamImage;

constexpr std::array<ByteOrder, 2> kOrders{ByteOrder::little, ByteOrder::big};

StreamImage some_stream(ByteOrder order, test::Sums sums = test::Sums::all) {
  return StreamBuilder(order)
      .begin({.payload = test::pattern(32)})
      .write(1, 0, test::pattern(1024))
      .frees(3)
      .end()
      .build(sums);
}

// Header by header through `writer`, from record `from` on.
Bytes written(RecordWriter& writer, const StreamImage& image, std::size_t from = 0) {
  Bytes out;
  for (std::size_t i = from; i < image.records(); ++i) {
    const ByteSpan record = image.piece(i).bytes;
    const ByteSpan header = writer.put(record.first(drr::kRecordBytes));
    const ByteSpan payload = record.subspan(drr::kRecordBytes);
    out.insert(out.end(), header.begin(), header.end());
    out.insert(out.end(), payload.begin(), payload.end());
    writer.absorb(payload);
  }
  return out;
}

TEST(RecordWriter, GivesEveryRecordTheSumsItHas) {
  for (const ByteOrder order : kOrders) {
    StreamImage image = some_stream(order);
    const Bytes expected = image.bytes();
    RecordWriter writer(order);
    EXPECT_EQ(written(writer, image.zero_sums()), expected);
  }
}

TEST(RecordWriter, ARecordWithoutAChecksumOfItsOwnIsGivenOne) {
  const StreamImage old = some_stream(ByteOrder::little, test::Sums::end_only);
  RecordWriter writer(ByteOrder::little);
  EXPECT_EQ(written(writer, old), some_stream(ByteOrder::little).bytes());
}

TEST(RecordWriter, GoesOnBehindBytesThatAreThere) {
  for (const ByteOrder order : kOrders) {
    const StreamImage image = some_stream(order);
    RecordWriter first(order);
    static_cast<void>(written(first, image));
    RecordWriter kept(order);
    for (std::size_t i = 0; i < 3; ++i) {
      const ByteSpan record = image.piece(i).bytes;
      kept.keep(record.first(drr::kRecordBytes));
      kept.absorb(record.subspan(drr::kRecordBytes));
    }
    RecordWriter second(order, kept.state());
    const Bytes all = image.bytes();
    EXPECT_EQ(written(second, image, 3),
              Bytes(all.begin() + static_cast<std::ptrdiff_t>(image.offset(3)), all.end()));
    EXPECT_EQ(second.state(), first.state());
  }
}

TEST(RecordWriter, ABeginStartsANewSum) {
  const StreamImage image = some_stream(ByteOrder::little);
  RecordWriter writer(ByteOrder::little);
  static_cast<void>(written(writer, image));
  EXPECT_EQ(written(writer, image), image.bytes());
}

}  // namespace
}  // namespace zsluice::resume
