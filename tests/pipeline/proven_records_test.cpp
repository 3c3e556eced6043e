// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/proven_records.hpp"

#include "support/corpus.hpp"
#include "support/stream_image.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace zsluice::pipeline {
namespace {

using test::Bytes;

// Puts what it is handed one behind the other again.
class Collector final : public RecordSink {
 public:
  explicit Collector(std::size_t wanted = ~std::size_t{0}) : wanted_(wanted) {}

  bool take(const ProvenRecord& record) override {
    EXPECT_EQ(record.stream_offset, bytes_.size());
    const ByteSpan header = record.header.bytes();
    bytes_.insert(bytes_.end(), header.begin(), header.end());
    bytes_.insert(bytes_.end(), record.payload.begin(), record.payload.end());
    return ++records_ < wanted_;
  }

  [[nodiscard]] const Bytes& bytes() const { return bytes_; }
  [[nodiscard]] std::size_t records() const { return records_; }

 private:
  std::size_t wanted_;
  std::size_t records_ = 0;
  Bytes bytes_;
};

TEST(ProvenRecords, HandsOverEveryRecordOfEveryStreamInOrder) {
  for (const test::CorpusEntry& entry : test::corpus_entries()) {
    SCOPED_TRACE(entry.name);
    const Bytes stream = test::read_corpus(entry.name);
    for (const std::size_t piece :
         {std::size_t{100'000'000}, std::size_t{8192}, std::size_t{311}}) {
      Collector collector;
      ProvenRecords records({}, collector);
      for (std::size_t at = 0; at < stream.size(); at += piece) {
        records.feed(ByteSpan(stream).subspan(at, std::min(piece, stream.size() - at)));
      }
      records.finish();
      // Without sums nothing proves a record before the end has been seen.
      const bool has_sums = entry.name.find("zerosum") == std::string::npos;
      const bool is_proven = entry.is("verdict", "whole") && has_sums;
      EXPECT_EQ(!records.failure().has_value(), is_proven);
      if (is_proven) {
        EXPECT_EQ(collector.bytes(), stream);
      }
    }
  }
}

TEST(ProvenRecords, HandsOverNothingThatNoChecksumCovers) {
  const Bytes stream = test::read_corpus("empty_raw_full");
  const test::StreamImage image(stream);
  for (std::size_t cut = 0; cut < stream.size(); cut += 13) {
    SCOPED_TRACE(cut);
    Collector collector;
    ProvenRecords records({}, collector);
    records.feed(ByteSpan(stream).first(cut));
    records.finish();
    EXPECT_TRUE(records.failure());
    // What is proven ends with a payload, and a header behind it.
    std::size_t whole = 0;
    while (whole + 1 < image.records() && image.header_end(whole + 1) <= cut) {
      ++whole;
    }
    EXPECT_EQ(collector.records(), whole);
  }
}

TEST(ProvenRecords, StopsBeforeARecordWithoutAChecksum) {
  Bytes stream = test::read_corpus("empty_raw_full");
  const test::StreamImage image(stream);
  const std::size_t third = image.offset(2);
  std::fill_n(stream.begin() + static_cast<std::ptrdiff_t>(third + drr::kRecordChecksumAt),
              drr::kChecksumBytes, std::byte{0});
  Collector collector;
  ProvenRecords records({}, collector);
  records.feed(stream);
  ASSERT_TRUE(records.failure());
  ASSERT_TRUE(std::holds_alternative<UnprovenRecord>(*records.failure()));
  EXPECT_EQ(std::get<UnprovenRecord>(*records.failure()).at.number, 2U);
  EXPECT_EQ(collector.records(), 1U);
}

TEST(ProvenRecords, EndsWhenTheSinkHasEnough) {
  const Bytes stream = test::read_corpus("g256_raw_incr");
  Collector collector(3);
  ProvenRecords records({}, collector);
  records.feed(stream);
  EXPECT_TRUE(records.is_over());
  records.feed(stream);
  records.finish();
  EXPECT_FALSE(records.failure());
  EXPECT_EQ(collector.records(), 3U);
}

}  // namespace
}  // namespace zsluice::pipeline
