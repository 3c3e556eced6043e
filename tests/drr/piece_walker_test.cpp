// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/piece_walker.hpp"

#include "support/corpus.hpp"
#include "support/damages.hpp"
#include "support/stream_builder.hpp"
#include "zsluice/drr/parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace zsluice::drr {
namespace {

using test::Bytes;

// A piece by its place in the stream.
struct Place {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  ByteOrder order{};
  friend bool operator==(const Place&, const Place&) = default;
};

std::vector<Place> found_by_walker(const Bytes& stream, std::size_t window_bytes) {
  PieceWalker walker;
  std::vector<Place> places;
  for (ByteSpan rest = stream; !rest.empty();) {
    const ByteSpan window = take_prefix(rest, std::min(rest.size(), window_bytes));
    std::vector<PayloadPiece> pieces;
    walker.walk(window, pieces);
    for (const PayloadPiece& piece : pieces) {
      places.push_back({static_cast<std::uint64_t>(piece.bytes.data() - stream.data()),
                        piece.bytes.size(), piece.order});
    }
  }
  return places;
}

std::vector<Place> found_by_parser(const Bytes& stream, std::size_t window_bytes) {
  Parser parser;
  std::vector<Place> places;
  for (ByteSpan rest = stream; !rest.empty();) {
    ByteSpan window = take_prefix(rest, std::min(rest.size(), window_bytes));
    for (Step step = parser.next(window); step != Step::need_input; step = parser.next(window)) {
      if (step == Step::fault) return places;
      if (step != Step::payload) continue;
      places.push_back({static_cast<std::uint64_t>(parser.payload().data() - stream.data()),
                        parser.payload().size(), parser.byte_order()});
    }
  }
  return places;
}

TEST(PieceWalker, FindsWhatTheParserFindsInEveryRealStream) {
  for (const test::CorpusEntry& entry : test::corpus_entries()) {
    SCOPED_TRACE(entry.name);
    const Bytes stream = test::read_corpus(entry.name);
    for (const std::size_t window : {stream.size(), std::size_t{4096}, std::size_t{1001}}) {
      EXPECT_EQ(found_by_walker(stream, window), found_by_parser(stream, window)) << window;
    }
  }
}

TEST(PieceWalker, FindsItInWindowsOfAnySize) {
  const Bytes stream = test::small_package(ByteOrder::big).bytes();
  for (std::size_t window = 1; window < 400; ++window) {
    ASSERT_EQ(found_by_walker(stream, window), found_by_parser(stream, window)) << window;
  }
}

TEST(PieceWalker, FollowsAChangeOfByteOrder) {
  Bytes both = test::every_record_type(ByteOrder::little).bytes();
  const Bytes big = test::every_record_type(ByteOrder::big).bytes();
  both.insert(both.end(), big.begin(), big.end());
  const std::vector<Place> places = found_by_walker(both, 512);
  EXPECT_EQ(places, found_by_parser(both, 512));
  EXPECT_EQ(places.front().order, ByteOrder::little);
  EXPECT_EQ(places.back().order, ByteOrder::big);
}

TEST(PieceWalker, StopsWhereItCannotFollow) {
  test::StreamImage stream = test::corpus_image("c256_raw_full");
  const std::size_t write = stream.find(RecordType::write, 3);
  stream.set_u32(write, 0, 77);
  for (const Place& place : found_by_walker(stream.bytes(), 4096)) {
    EXPECT_LT(place.offset, stream.offset(write));
  }
}

// It sees damaged streams before anyone else does: any bytes must do.
TEST(PieceWalker, StaysInsideItsWindowWhateverTheBytes) {
  for (const test::Damage& damage : test::damages()) {
    SCOPED_TRACE(damage.name);
    const Bytes bytes = damage.make().bytes;
    std::uint64_t last = 0;
    for (const Place& place : found_by_walker(bytes, 3000)) {
      ASSERT_GE(place.offset, last);
      ASSERT_GT(place.bytes, 0U);
      ASSERT_LE(place.bytes, 3000U);
      last = place.offset + place.bytes;
      ASSERT_LE(last, bytes.size());
    }
  }
}

}  // namespace
}  // namespace zsluice::drr
