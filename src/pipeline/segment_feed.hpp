// SPDX-License-Identifier: BSD-2-Clause
// Feeds the records of some of a store's segments to whoever reads records, from the place where
// each span of segments starts. A segment is fed when all its hashes are right, and counts as read
// when its records lead to the sum and the offset at its end.
//
// With a key that is not enough: segments of two stores of the same key can be put together so that
// each is authentic. Only the chain tells, so the headers between spans are read then, too, once:
// 768 bytes of each segment. Without a key whoever can write a store could make that right as well.
#pragma once

#include "pipeline/outcome.hpp"
#include "pipeline/segment_reader.hpp"
#include "pipeline/store_index.hpp"
#include "pipeline/store_seek.hpp"
#include "zsluice/drr/parser.hpp"

#include <cstdint>
#include <map>
#include <optional>

namespace zsluice::pipeline {

// The one who reads: it must check every record's checksum.
class SpanReader {
 public:
  SpanReader() = default;
  SpanReader(const SpanReader&) = delete;
  SpanReader& operator=(const SpanReader&) = delete;
  virtual ~SpanReader() = default;

  // Nothing: from the start of the stream.
  virtual void start_at(const std::optional<drr::StreamPlace>& place) = 0;
  virtual void feed(ByteSpan raw) = 0;
  // All that was fed is proven.
  virtual void settle() = 0;
  // No more is wanted, or a failure.
  [[nodiscard]] virtual bool is_over() const = 0;
  [[nodiscard]] virtual const std::optional<Failure>& failure() const = 0;
  // The one that reads since start_at().
  [[nodiscard]] virtual const drr::Parser& parser() const = 0;
};

class SegmentFeed {
 public:
  // Of the store that `headers` are of.
  SegmentFeed(const SegmentReaderOptions& options, StoreHeaders& headers, io::StoreFiles& files);

  // Until the reader is over, or the span is; whether what was fed is then settled is the caller's
  // business. A failure, of a segment or the reader's own: all before it has been settled.
  [[nodiscard]] std::optional<Failure> feed(const SegmentSpan& span, SpanReader& reader);

  // With a key: from now on each segment behind this one must be linked to it.
  void link_from(std::uint64_t sequence);
  // Makes sure that those before this one are.
  [[nodiscard]] std::optional<StoreFailure> link_to(std::uint64_t sequence);

 private:
  [[nodiscard]] StoreFailure placed(StoreFailure failure);
  [[nodiscard]] std::optional<Failure> feed_one(const ReadSegment& segment, SpanReader& reader);
  [[nodiscard]] std::optional<StoreFailure> check_target(
      const storage::SegmentHeader& header) const;

  StoreHeaders& headers_;
  SegmentReader segments_;
  bool has_key_;
  std::optional<std::uint64_t> link_from_;
  // Those that are linked to it already, of each span the one before: what is read twice must be
  // linked to the same one both times.
  std::map<std::uint64_t, storage::SegmentHeader> links_;
};

}  // namespace zsluice::pipeline
