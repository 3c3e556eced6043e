// SPDX-License-Identifier: BSD-2-Clause
#include "store/store_fixture.hpp"

#include "store/hash_bytes.hpp"
#include "zsluice/store/codec.hpp"
#include "zsluice/store/manifest.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <type_traits>

namespace zsluice::storage {
namespace {

std::optional<Cut> told(SegmentCutter& cutter, const drr::Parser& parser, drr::Step step) {
  switch (step) {
    case drr::Step::record:
      return cutter.on_record(record_met(parser));
    case drr::Step::payload:
      if (parser.payload_bytes_left() == 0) cutter.on_payload_end(parser.running_sum());
      return std::nullopt;
    case drr::Step::stream_end:
      return cutter.on_stream_end();
    case drr::Step::fault:
      return cutter.cut_rest();
    case drr::Step::need_input:
      break;
  }
  return std::nullopt;
}

template <class Value>
Value good(const Result<Value, SegmentError>& result) {
  if (!result) {
    throw std::logic_error("error " + std::to_string(static_cast<int>(result.error().code)));
  }
  if constexpr (!std::is_void_v<Value>) return *result;
}

void pack(TestSegment& segment, ByteSpan raw, const CutOptions& options) {
  test::Bytes frame(raw.size());
  std::optional<std::size_t> bytes;
  if (options.level > 0) bytes = Compressor(options.level).compress(raw, frame);
  frame.resize(bytes.value_or(0));
  segment.stored = bytes ? frame : test::Bytes(raw.begin(), raw.end());
  set_payload(segment.header, bytes ? Codec::zstd : Codec::none, raw, segment.stored);
  if (!options.key.empty() && !set_digests(segment.header, raw, segment.stored)) {
    throw std::logic_error("no SHA-256");
  }
}

// Tells the cutter of the stream, up to its end or the first fault. `parser` and `cutter` start at
// the same place, `stream` there too.
std::vector<ToldCut> cut_all(drr::Parser parser,
                             SegmentCutter cutter,
                             ByteSpan stream,
                             const test::Chopper& chopper) {
  std::vector<ToldCut> cuts;
  std::uint64_t given = 0;
  const auto take = [&](drr::Step step) {
    const std::optional<Cut> cut = told(cutter, parser, step);
    if (cut) cuts.push_back({*cut, parser.consumed()});
    return step != drr::Step::stream_end && step != drr::Step::fault;
  };
  for (bool goes_on = true; goes_on;) {
    ByteSpan piece;
    if (given == stream.size()) {
      // What the parser has not reported yet comes first.
      const drr::Step step = parser.next(piece);
      goes_on = take(step == drr::Step::need_input ? parser.finish() : step);
      continue;
    }
    const auto left = static_cast<std::size_t>(stream.size() - given);
    piece = stream.subspan(given, std::min(left, chopper(left)));
    given += piece.size();
    while (goes_on && !piece.empty())
      goes_on = take(parser.next(piece));
  }
  return cuts;
}

TestSegment segment_of(const Cut& cut,
                       ByteSpan stream,
                       SegmentChain& chain,
                       const CutOptions& options) {
  TestSegment segment;
  segment.header = header_of(cut, settings_of(options));
  segment.substreams = cut.substreams;
  pack(segment, stream.subspan(cut.start.offset, cut.raw_bytes()), options);
  std::optional<checksum::HmacSha256> mac;
  if (!options.key.empty()) mac.emplace(bytes_of(options.key));
  segment.encoded = good(chain.append(segment.header, mac ? &*mac : nullptr));
  return segment;
}

}  // namespace

test::Bytes TestSegment::file() const {
  test::Bytes bytes(encoded.begin(), encoded.end());
  bytes.insert(bytes.end(), stored.begin(), stored.end());
  return bytes;
}

StoreSettings settings_of(const CutOptions& options) {
  return {.segment_bytes = options.target_bytes,
          .compression = options.level > 0 ? Compression::always : Compression::off,
          .level = options.level};
}

std::vector<ToldCut> cuts_of(ByteSpan stream, const CutOptions& options) {
  return cut_all(drr::Parser(), SegmentCutter(options.target_bytes), stream, options.chopper);
}

std::vector<TestSegment> segments_of(ByteSpan stream, const CutOptions& options) {
  std::vector<TestSegment> segments;
  const std::vector<ToldCut> cuts = cuts_of(stream, options);
  if (cuts.empty()) return segments;
  SegmentChain chain(store_id_of(stream));
  for (const ToldCut& told : cuts)
    segments.push_back(segment_of(told.cut, stream, chain, options));
  return segments;
}

std::vector<TestSegment> continued(std::vector<TestSegment> segments,
                                   ByteSpan stream,
                                   const CutOptions& options) {
  const SegmentHeader open = segments.back().header;
  segments.pop_back();
  SegmentChain chain =
      segments.empty() ? SegmentChain(open.store_id) : SegmentChain(segments.back().header);
  for (const ToldCut& told : cut_all(parser_at(open.start), SegmentCutter::reopened(open),
                                     stream.subspan(open.start.offset), options.chopper)) {
    segments.push_back(segment_of(told.cut, stream, chain, options));
  }
  return segments;
}

test::Bytes raw_of(const TestSegment& segment) {
  if (segment.header.codec == Codec::none) return segment.stored;
  test::Bytes raw(segment.header.raw_bytes);
  good(Decompressor().decompress(segment.stored, raw));
  return raw;
}

test::Bytes joined(const std::vector<TestSegment>& segments, const CutOptions& options) {
  test::Bytes stream;
  if (segments.empty()) return stream;
  SegmentChain chain(segments.front().header.store_id);
  for (const TestSegment& segment : segments) {
    const SegmentHeader header = good(decode_segment_header(segment.encoded));
    if (header != segment.header) throw std::logic_error("the header comes back changed");
    good(chain.check(header));
    const bool has_key = !options.key.empty();
    if (has_key) {
      checksum::HmacSha256 mac(bytes_of(options.key));
      good(check_header_hmac(header, mac));
    }
    good(check_payload(header, segment.stored, has_key));
    const test::Bytes raw = raw_of(segment);
    good(check_raw(header, raw, has_key));
    std::vector<Substream> begun;
    good(check_records(header, raw, &begun));
    if (begun != segment.substreams || begun.size() != header.substreams_begun()) {
      throw std::logic_error("other substreams begin in it");
    }
    stream.insert(stream.end(), raw.begin(), raw.end());
  }
  return stream;
}

std::vector<std::string> manifest_of(const std::vector<TestSegment>& segments,
                                     std::string_view key) {
  std::vector<std::string> lines = {
      encode_line(store_line_of(segments.at(0).header, "zsluice 0.1.0"))};
  EndLine end;
  for (const TestSegment& segment : segments) {
    for (const Substream& substream : segment.substreams)
      lines.push_back(encode_line(SubstreamLine{segment.header.sequence, substream}));
    lines.push_back(encode_line(line_of(segment.header)));
    ++end.segments;
    end.raw_bytes += segment.header.raw_bytes;
    end.stored_bytes += segment.header.stored_bytes;
    end.chain = segment.header.content_hash;
  }
  if (!segments.back().header.is_last) return lines;
  if (!key.empty()) {
    checksum::HmacSha256 mac(bytes_of(key));
    if (!authenticate(end, mac)) throw std::logic_error("no HMAC");
  }
  lines.push_back(encode_line(end));
  return lines;
}

EncodedSegmentHeader rehashed(EncodedSegmentHeader header) {
  constexpr std::size_t kHashAt = kSegmentHeaderBytes - 16;
  const checksum::Xxh3Digest hash = checksum::xxh3(ByteSpan(header).first(kHashAt));
  put_hash(header.data() + kHashAt, hash);
  return header;
}

EncodedSegmentHeader patched_u64(const EncodedSegmentHeader& header,
                                 std::size_t at,
                                 std::uint64_t value) {
  EncodedSegmentHeader patched = header;
  store(patched.data() + at, value, ByteOrder::little);
  return rehashed(patched);
}

EncodedSegmentHeader patched_u32(const EncodedSegmentHeader& header,
                                 std::size_t at,
                                 std::uint32_t value) {
  EncodedSegmentHeader patched = header;
  store(patched.data() + at, value, ByteOrder::little);
  return rehashed(patched);
}

std::string hashed_line(std::string_view open) {
  const checksum::Xxh3Digest hash = checksum::xxh3(bytes_of(open));
  char digits[33];
  static_cast<void>(std::snprintf(digits, sizeof(digits), "%016llx%016llx",
                                  static_cast<unsigned long long>(hash.high),
                                  static_cast<unsigned long long>(hash.low)));
  return std::string(open) + ",\"xxh3\":\"" + digits + "\"}";
}

}  // namespace zsluice::storage
