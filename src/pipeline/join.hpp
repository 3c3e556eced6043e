// SPDX-License-Identifier: BSD-2-Clause
// `zsluice join`: a store → the stream, verified while it streams.
//
//   STORE ─▶ SegmentReader ─▶ Gate ── policy, every record's checksum ─▶ ByteSink
//              (hashes, chain, HMAC)  └─ told ─▶ PositionTracker = the waypoint?
//
// The sink is a BlockingWriter, or a PacedWriter where there is a rate or somebody watches.
//
// Nothing of a segment leaves before all of it has been found right, so that the output ends where
// the last good segment does (but for a BEGIN at its end, which nothing has judged yet). The gate
// is that of `pipe`. Nothing is written to the store: a manifest that is missing, torn or damaged
// is done without. What belongs to this store the first headers say together (store_identity.hpp).
//
// Memory: the stored and the raw payload of one segment (and the file as well where a command gave
// it), and what the gate holds of a BEGIN.
#pragma once

#include "io/sink.hpp"
#include "io/store_files.hpp"
#include "pipeline/gate.hpp"
#include "pipeline/outcome.hpp"
#include "pipeline/pipe_state.hpp"
#include "pipeline/store_contents.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace zsluice::pipeline {

struct JoinOptions {
  GateOptions gate{};    // no any_data, concatenated, trailing_data
  std::string key;       // for HMACs; empty: none
  bool no_auth = false;  // a store that has HMACs is read without a key
};

struct JoinReport {
  std::optional<Failure> failure;
  ManifestState manifest = ManifestState::missing;
  std::optional<io::SysError> manifest_error;  // of a damaged one that could not be read
  bool is_authenticated = false;  // a key was given and every segment has proved that it knew it
  std::uint64_t segments = 0;     // that were good
  std::uint64_t stored_bytes = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t held_bytes_max = 0;  // of segments that had been read, for a BEGIN not judged yet
  std::uint64_t records = 0;
  std::uint64_t substreams = 0;
  std::uint64_t unknown_features = 0;
  std::string toname;  // of the last substream that was begun; foreign text
};

// For who watches the run. Calls may take as long as a write.
class JoinObserver {
 public:
  JoinObserver() = default;
  JoinObserver(const JoinObserver&) = delete;
  JoinObserver& operator=(const JoinObserver&) = delete;
  virtual ~JoinObserver() = default;

  // A segment has been read, and what may leave will be written next. The state is what is known
  // of the stream so far, without times and output, and is valid during the call.
  virtual void on_read(const PipeState& read) = 0;
};

// `observer` may be null.
[[nodiscard]] JoinReport run_join(const JoinOptions& options,
                                  io::StoreFiles& files,
                                  io::ByteSink& out,
                                  JoinObserver* observer = nullptr);

}  // namespace zsluice::pipeline
