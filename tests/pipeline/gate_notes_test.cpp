// SPDX-License-Identifier: BSD-2-Clause
// What a gate says of the bytes it has been fed: which of them say what the stream is, and where it
// stands.
#include "gate_fixture.hpp"
#include "support/for_each.hpp"
#include "support/policy_streams.hpp"

namespace zsluice::pipeline {
namespace {

using drr::RecordType;
using test::Bytes;
using test::StreamBuilder;
using test::StreamImage;

// The bytes of each BEGIN with its list: [from, to).
std::vector<std::pair<std::uint64_t, std::uint64_t>> begins_of(const StreamImage& stream) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> found;
  std::uint64_t offset = 0;
  for (std::size_t i = 0; i < stream.records(); ++i) {
    const std::uint64_t bytes = stream.piece(i).bytes.size();
    if (stream.type(i) == 0) found.emplace_back(offset, offset + bytes);
    offset += bytes;
  }
  return found;
}

// Each piece that has a byte of a BEGIN was marked; how many were marked that have none.
std::size_t expect_begins_marked(const GateOptions& options,
                                 const StreamImage& stream,
                                 const test::Chopper& chopper) {
  const Bytes bytes = stream.bytes();
  const auto begins = begins_of(stream);
  Gate gate(options);
  std::size_t beside = 0;
  for (std::size_t fed = 0; fed < bytes.size() && !gate.failure();) {
    const std::size_t length = std::min(bytes.size() - fed, chopper(bytes.size() - fed));
    gate.feed(ByteSpan(bytes).subspan(fed, length));
    const bool has_begin = std::ranges::any_of(begins, [&](const auto& begin) {
      return begin.first < fed + length && fed < begin.second;
    });
    EXPECT_TRUE(gate.fed_begin() || !has_begin) << "from " << fed << " to " << fed + length;
    if (gate.fed_begin() && !has_begin) ++beside;
    fed += length;
  }
  EXPECT_FALSE(gate.failure());
  return beside;
}

StreamImage a_package() {
  return test::package_stream(test::package_list({}),
                              {{}, {.toname = "pool/fs/b@snap", .toguid = 2}, {.toguid = 3}});
}

TEST(GateFedBegin, MarksEveryBeginHoweverItIsCut) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    expect_begins_marked({}, a_package(), test::at_random(seed));
  }
  for (const std::size_t bytes : {1U, 3U, 311U, 312U, 313U, 4096U}) {
    SCOPED_TRACE(bytes);
    expect_begins_marked({}, a_package(), test::in_pieces_of(bytes));
  }
}

TEST(GateFedBegin, MarksThemInEveryRealStream) {
  test::for_each_stream([](const test::CorpusEntry& entry) {
    if (!entry.is("verdict", "whole") || entry.name.find("zerosum") != std::string::npos) return;
    expect_begins_marked(allowing_plaintext(), StreamImage(test::read_corpus(entry.name)),
                         test::at_random(11));
  });
}

TEST(GateFedBegin, MarksTheNextOfSeveralStreams) {
  GateOptions options;
  options.concatenated = true;
  const StreamImage streams(
      test::joined({test::simple_stream().bytes(), test::simple_stream({.toguid = 7}).bytes()}));
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    expect_begins_marked(options, streams, test::at_random(seed));
  }
  expect_begins_marked(options, streams, test::in_pieces_of(1));
}

// A piece that is marked is copied: those of the bulk must not be.
TEST(GateFedBegin, LeavesTheRestUnmarked) {
  StreamBuilder stream;
  stream.begin({.features = test::kRawFeatures, .payload = test::crypt_payload()});
  for (std::uint64_t i = 0; i < 50; ++i)
    stream.write(40, i * 4096, test::pattern(4096));
  const StreamImage image = stream.end().build();
  EXPECT_LE(expect_begins_marked({}, image, test::in_pieces_of(100)), 4U)
      << "the header that proves BEGIN";

  Gate gate({});
  const Bytes bytes = image.bytes();
  const auto body = static_cast<std::size_t>(image.header_end(1));
  gate.feed(ByteSpan(bytes).first(body));
  EXPECT_TRUE(gate.fed_begin());
  gate.feed(ByteSpan(bytes).subspan(body, 100'000));
  EXPECT_FALSE(gate.fed_begin());
}

TEST(GateFedBegin, NothingIsOneInDataThatIsNoStream) {
  GateOptions options;
  options.any_data = true;
  Gate gate(options);
  gate.feed(test::pattern(1000, 3));
  ASSERT_TRUE(gate.passes_any_data());
  gate.feed(test::pattern(1000, 4));
  EXPECT_FALSE(gate.fed_begin());
}

TEST(GateNotes, TheSubstreamIsNamedOnceItsBeginIsProven) {
  const StreamImage stream = a_package();
  const Bytes bytes = stream.bytes();
  Gate gate({});
  std::uint64_t fed = 0;
  const auto feed_to = [&](std::uint64_t to) {
    gate.feed(
        ByteSpan(bytes).subspan(static_cast<std::size_t>(fed), static_cast<std::size_t>(to - fed)));
    fed = to;
  };
  const std::size_t first = stream.find(RecordType::begin, 1);
  const std::size_t second = stream.find(RecordType::begin, 2);
  feed_to(stream.end(first));
  EXPECT_TRUE(gate.is_package());
  EXPECT_EQ(gate.snapshot(), "") << "not proven yet";
  EXPECT_EQ(gate.toguid(), 0U);
  EXPECT_EQ(gate.substreams(), 1U);
  EXPECT_EQ(gate.substream_offset(), stream.offset(first));

  feed_to(stream.header_end(first + 1));
  EXPECT_EQ(gate.snapshot(), "pool/fs@snap");
  EXPECT_EQ(gate.toguid(), test::kToGuid);

  feed_to(stream.end(second));
  EXPECT_EQ(gate.substreams(), 2U);
  EXPECT_EQ(gate.substream_offset(), stream.offset(second));
  EXPECT_EQ(gate.snapshot(), "pool/fs@snap") << "still the one before";
  feed_to(stream.header_end(second + 1));
  EXPECT_EQ(gate.snapshot(), "pool/fs/b@snap");
  EXPECT_EQ(gate.toguid(), 2U);

  feed_to(bytes.size());
  gate.finish();
  EXPECT_FALSE(gate.failure());
  EXPECT_EQ(gate.substreams(), 3U);
  EXPECT_EQ(gate.toguid(), 3U);
}

TEST(GateNotes, ASingleStreamIsNoPackage) {
  Gate gate({});
  gate.feed(test::simple_stream().bytes());
  EXPECT_FALSE(gate.is_package());
  EXPECT_EQ(gate.snapshot(), "pool/fs@snap");
  EXPECT_EQ(gate.substream_offset(), 0U);
}

TEST(GateNotes, TheSecondOfTwoStreamsStandsWhereItBegins) {
  GateOptions options;
  options.concatenated = true;
  const Bytes one = test::simple_stream().bytes();
  Gate gate(options);
  gate.feed(test::joined({one, test::simple_stream({.toname = "b@c", .toguid = 9}).bytes()}));
  EXPECT_EQ(gate.substream_offset(), one.size());
  EXPECT_EQ(gate.snapshot(), "b@c");
  EXPECT_EQ(gate.toguid(), 9U);
}

TEST(GateNotes, TheObjectIsThatOfTheLastRecordThatNamesOne) {
  const StreamImage stream = test::simple_stream();
  const Bytes bytes = stream.bytes();
  Gate gate({});
  EXPECT_EQ(gate.object(), std::nullopt);
  const std::size_t write = stream.find(RecordType::write);
  const auto to = static_cast<std::size_t>(stream.header_end(write));
  gate.feed(ByteSpan(bytes).first(static_cast<std::size_t>(stream.end(0))));
  EXPECT_EQ(gate.object(), std::nullopt) << "a BEGIN names none";
  gate.feed(ByteSpan(bytes).subspan(static_cast<std::size_t>(stream.end(0)),
                                    to - static_cast<std::size_t>(stream.end(0))));
  EXPECT_EQ(gate.object(), std::uint64_t{40});
  gate.feed(ByteSpan(bytes).subspan(to));
  EXPECT_EQ(gate.object(), std::nullopt) << "nor does END";
}

}  // namespace
}  // namespace zsluice::pipeline
