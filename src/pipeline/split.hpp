// SPDX-License-Identifier: BSD-2-Clause
// `zsluice split`: input → a store of segments.
//
//   input ─read─▶ held bytes ─▶ Gate ── policy, every checksum
//                     │           └─ told ─▶ SegmentCutter ─▶ cuts
//                     └── below releasable() and cut ─▶ StoreWriter ─▶ STORE
//
// The gate is that of `pipe`, with the same promises: only what it releases becomes a segment. The
// bytes that were checked are the very bytes that are stored. When the stream breaks off or is
// damaged, or a signal ends the input (io/interruptible_source.hpp), what is proven of the open
// segment is stored too: the store is a valid prefix.
//
// Memory: the open segment and what one read brings, and what the writer holds (store_writer.hpp).
#pragma once

#include "io/source.hpp"
#include "io/store_files.hpp"
#include "pipeline/gate.hpp"
#include "pipeline/outcome.hpp"
#include "pipeline/store_contents.hpp"
#include "pipeline/store_writer.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace zsluice::pipeline {

struct SplitOptions {
  // begin_payload_bytes at most kRawBytesMax - kRecordBytes; no allow_unproven, no any_data.
  GateOptions gate{};
  StoreWriterOptions store;
};

// What `split --continue` found, and what of that it could use.
struct ContinuedStore {
  std::uint64_t had_segments = 0;
  std::uint64_t had_bytes = 0;
  std::uint64_t taken_in = 0;                    // segments without a line in the manifest
  std::uint64_t kept_bytes = 0;                  // the rest of had_bytes was sent again
  ManifestState manifest = ManifestState::good;  // it has been mended if the store was written to
};

struct SplitReport {
  std::optional<Failure> failure;
  std::uint64_t bytes_in = 0;
  std::uint64_t records = 0;
  std::uint64_t substreams = 0;
  std::uint64_t unknown_features = 0;
  std::string toname;  // of the last substream that was begun; foreign text
  StoreTotals store;
  std::optional<ContinuedStore> continued;  // always there with --continue
  // Of Signalled: what the command had not taken when it was ended, or not tried again.
  std::optional<StoreFailure> not_taken;
};

// Insurance: without a failure the store is whole.
void demand_whole(SplitReport& report);

// `source` may not be mapped: its bytes must not change between check and hash. `files` is locked
// by the caller.
[[nodiscard]] SplitReport run_split(const SplitOptions& options,
                                    io::ByteSource& source,
                                    io::StoreFiles& files);

}  // namespace zsluice::pipeline
