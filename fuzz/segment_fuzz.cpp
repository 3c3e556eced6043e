// SPDX-License-Identifier: BSD-2-Clause
// Whatever the stream: its segments link, each is right by itself, and joined they are a prefix of
// it; torn and continued they are the same. Whatever the bytes: a header that is taken is within
// its limits and written the same again; records that are taken are those of the sender; a frame
// that is decoded holds what it says, and a decoder stays within its buffer.
#include "store/store_fixture.hpp"
#include "support/fuzz_script.hpp"
#include "zsluice/store/codec.hpp"
#include "zsluice/store/record_check.hpp"

#include <zstd.h>

#include <algorithm>

using namespace zsluice;
using namespace zsluice::storage;

static constexpr std::uint64_t kDecodedBytesMax = 1 << 20;

static std::optional<SegmentHeader> check_any_header(ByteSpan bytes) {
  EncodedSegmentHeader header{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), header.size()), header.begin());
  header = rehashed(header);
  const auto decoded = decode_segment_header(header);
  if (!decoded) return std::nullopt;
  test::require(encode_segment_header(*decoded) == header, "a header has one form");
  test::require(decoded->stored_bytes <= decoded->raw_bytes, "lengths are within their limits");
  return *decoded;
}

static void check_any_frame(ByteSpan stored) {
  const std::uint64_t content = ZSTD_getFrameContentSize(stored.data(), stored.size());
  test::Bytes raw(std::min(content, kDecodedBytesMax));
  Decompressor decompressor;
  if (!decompressor.decompress(stored, raw)) return;
  test::require(raw.size() == content, "a frame holds what it says");
  test::Bytes frame(raw.size());
  const auto bytes = Compressor(1).compress(raw, frame);
  if (!bytes) return;
  test::Bytes back(raw.size());
  test::require(bool(decompressor.decompress(ByteSpan(frame).first(*bytes), back)),
                "what is decoded can be compressed and decoded");
  test::require(back == raw, "and is the same again");
}

static std::optional<SegmentError> error_of(const Result<void, SegmentError>& checked) {
  return checked ? std::nullopt : std::optional(checked.error());
}

// A place and a payload that have nothing to do with each other, or nearly nothing.
static void check_any_records(SegmentHeader header, ByteSpan raw, std::uint64_t seed) {
  header.raw_bytes = raw.size();
  header.end.offset = header.start.offset + raw.size();
  std::vector<Substream> begun;
  const auto error = error_of(check_records(header, raw, &begun));
  std::vector<Substream> begun_in_pieces;
  RecordCheck check(header, &begun_in_pieces);
  for (ByteSpan left = raw; !left.empty();) {
    const ByteSpan piece = left.first(std::min<std::size_t>(left.size(), 1 + seed % 1000));
    check.update(piece);
    left = left.subspan(piece.size());
  }
  test::require(error_of(check.finish()) == error, "verdicts are the same");
  test::require(error || begun_in_pieces == begun, "the same substreams are named");
  test::require(error || begun.size() == header.substreams_begun(), "every substream is named");
}

// One bit of a segment, which hashes would not tell.
static void check_flip(const TestSegment& segment, std::uint64_t seed) {
  test::Bytes raw = raw_of(segment);
  check_any_records(segment.header, ByteSpan(raw).first(seed % raw.size()), seed);
  raw[seed % raw.size()] ^= static_cast<std::byte>(1U << (seed >> 32U) % 8);
  test::require(!check_records(segment.header, raw), "no record is taken that was not sent");
}

static void check_stream(ByteSpan stream, std::uint64_t seed) {
  const CutOptions options = {.target_bytes = 1 + seed % 100'000, .chopper = test::at_random(seed)};
  const auto segments = segments_of(stream, options);
  const test::Bytes back = joined(segments, options);  // throws when one is wrong
  test::require(back.size() <= stream.size(), "joined they are a prefix");
  test::require(std::equal(back.begin(), back.end(), stream.begin()), "joined they are a prefix");
  if (segments.empty()) return;
  const TestSegment& one = segments[seed % segments.size()];
  static_cast<void>(check_any_header(one.encoded));
  check_flip(one, seed);
  check_any_records(one.header, stream, seed);

  const auto torn = segments_of(stream.first(seed % stream.size()), options);
  if (torn.empty() || torn.back().header.is_last) return;
  const auto continued_store = continued(torn, stream, options);
  test::require(joined(continued_store, options) == back, "continued they are the same");
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes = std::as_bytes(std::span(data, size));
  check_any_frame(bytes);
  if (const auto header = check_any_header(bytes)) {
    check_any_records(*header, bytes.subspan(std::min(size, kSegmentHeaderBytes)), size);
  }
  const auto [image, seed] = test::fuzzed_stream(data, size);
  const test::Bytes stream = image.bytes();
  if (stream.size() >= drr::kRecordBytes) check_stream(stream, seed);
  return 0;
}
