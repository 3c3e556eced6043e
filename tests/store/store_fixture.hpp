// SPDX-License-Identifier: BSD-2-Clause
// A stream made into segments in memory, as `split` makes them, and taken apart again.
#pragma once

#include "support/chop.hpp"
#include "support/stream_image.hpp"
#include "zsluice/store/cutter.hpp"
#include "zsluice/store/segment.hpp"
#include "zsluice/store/segment_check.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zsluice::storage {

struct TestSegment {
  SegmentHeader header;
  EncodedSegmentHeader encoded{};
  test::Bytes stored;
  std::vector<Substream> substreams;

  // As its file holds it.
  [[nodiscard]] test::Bytes file() const;
};

// 32 bytes, the least that a key has.
inline constexpr std::string_view kTestKey = "0123456789abcdef0123456789abcdef";

struct CutOptions {
  std::uint64_t target_bytes = kSegmentTargetBytesMin;
  int level = 0;  // of zstd; 0: codec none
  std::string_view key = {};
  test::Chopper chopper = test::in_one_piece();
};

[[nodiscard]] StoreSettings settings_of(const CutOptions& options);

// Where a stream is cut, and the offset up to which it had been read when each cut was told. Of a
// stream that is damaged or cut short, the rest is cut too.
struct ToldCut {
  Cut cut;
  std::uint64_t read_to = 0;
};
[[nodiscard]] std::vector<ToldCut> cuts_of(ByteSpan stream, const CutOptions& options);

[[nodiscard]] std::vector<TestSegment> segments_of(ByteSpan stream, const CutOptions& options);
// The store continued as `split --continue` does it: the last of `segments` is taken apart, and
// what is in `stream` behind it follows. What stood before it stays.
[[nodiscard]] std::vector<TestSegment> continued(std::vector<TestSegment> segments,
                                                 ByteSpan stream,
                                                 const CutOptions& options);
// The raw payload again.
[[nodiscard]] test::Bytes raw_of(const TestSegment& segment);
// Checks each segment in every way there is, and gives the stream back. Throws when one is wrong.
[[nodiscard]] test::Bytes joined(const std::vector<TestSegment>& segments,
                                 const CutOptions& options);

// A header with the number changed, and a right hash.
[[nodiscard]] EncodedSegmentHeader patched_u64(const EncodedSegmentHeader& header,
                                               std::size_t at,
                                               std::uint64_t value);
[[nodiscard]] EncodedSegmentHeader patched_u32(const EncodedSegmentHeader& header,
                                               std::size_t at,
                                               std::uint32_t value);
[[nodiscard]] EncodedSegmentHeader rehashed(EncodedSegmentHeader header);

// The manifest of the segments, a line each; with the closing one when the stream is whole.
[[nodiscard]] std::vector<std::string> manifest_of(const std::vector<TestSegment>& segments,
                                                   std::string_view key = {});

// A line of a manifest, without its newline: `open` and its hash.
[[nodiscard]] std::string hashed_line(std::string_view open);

}  // namespace zsluice::storage
