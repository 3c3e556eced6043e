// SPDX-License-Identifier: BSD-2-Clause
// `zsluice inspect STORE`: what a store holds, without judging it (that is `verify`). Where the
// manifest can be believed it is enough; elsewhere the headers of the segments are read, and the
// payloads of those in which substreams begin.
//
// Memory: two payloads of a segment at most, and the names of one folder.
#pragma once

#include "io/store_files.hpp"
#include "pipeline/store_contents.hpp"
#include "pipeline/store_failure.hpp"
#include "zsluice/store/manifest.hpp"
#include "zsluice/store/segment.hpp"

#include <cstdint>
#include <optional>

namespace zsluice::pipeline {

class StoreInspectObserver {
 public:
  StoreInspectObserver() = default;
  StoreInspectObserver(const StoreInspectObserver&) = delete;
  StoreInspectObserver& operator=(const StoreInspectObserver&) = delete;
  virtual ~StoreInspectObserver() = default;

  // First. Without a manifest `created_by` is empty.
  virtual void on_store(const storage::StoreLine& store, ManifestState manifest) = 0;
  virtual void on_substream(const storage::SubstreamLine& substream) = 0;
  // Only when asked for: every segment whose header can be read, behind the substreams that the
  // manifest names.
  virtual void on_segment(const storage::SegmentHeader& header) = 0;
};

struct StoreInspectReport {
  // Segments that are missing or cannot be read (the first one), else a stream that was not stored
  // to its end.
  std::optional<StoreFailure> failure;
  std::uint64_t segments = 0;
  std::uint64_t raw_bytes = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t substreams = 0;
  bool is_of_manifest = false;  // the numbers above were taken from it, for the most part
  bool is_closed = false;       // the stream's end is in it
};

[[nodiscard]] StoreInspectReport run_inspect_store(bool tells_segments,
                                                   io::StoreFiles& files,
                                                   StoreInspectObserver& observer);

}  // namespace zsluice::pipeline
