// SPDX-License-Identifier: BSD-2-Clause
// Streams as lists of proven records, which is what the module is fed with, and the drivers that
// feed them.
#pragma once

#include "support/stream_image.hpp"
#include "zsluice/drr/parser.hpp"
#include "zsluice/resume/point_search.hpp"
#include "zsluice/resume/rebuild.hpp"
#include "zsluice/resume/stitch.hpp"
#include "zsluice/resume/stopped_at.hpp"
#include "zsluice/resume/target.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace zsluice::test {

// Header and payload lie in the stream that was read.
struct ProvenRecord {
  drr::Role role{};
  drr::RecordView record;
  ByteSpan payload;
  std::uint64_t offset = 0;

  [[nodiscard]] std::uint64_t end() const { return offset + drr::kRecordBytes + payload.size(); }
};

// Those of which header and payload lie below the watermark. `stream` must outlive them.
[[nodiscard]] std::vector<ProvenRecord> proven_records(const Bytes& stream);

// Whether StreamChecker finds one whole stream in it, and nothing behind.
[[nodiscard]] bool is_whole(ByteSpan stream);

[[nodiscard]] resume::Stopped stopped_at(ByteSpan stream);

struct Made {
  Bytes bytes;
  std::optional<resume::Refusal> refusal;
  bool done = false;
};

[[nodiscard]] Result<resume::FoundPoint, resume::Refusal> search(const Bytes& stream,
                                                                 const resume::Target& target);
// PointSearch, then Rebuilder from where it says.
[[nodiscard]] Made rebuild(const Bytes& stream, const resume::Target& target, bool rest = false);
// The same with an answer of PointSearch's taken for granted.
[[nodiscard]] Made rebuild_all(const Bytes& stream, const resume::Rebuilder::Options& options);
[[nodiscard]] Made stitch(const Bytes& partial, const Bytes& continuation);

}  // namespace zsluice::test
