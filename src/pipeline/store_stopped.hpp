// SPDX-License-Identifier: BSD-2-Clause
// `zsluice token make STORE`: where a store stops. At most four segments are read: the one with the
// BEGIN, the one with the last WRITE and the one behind it, and the last one. What lies between is
// not looked at, so that damage there is no hindrance; with a key the headers are, as they must
// link what is read (SegmentFeed). One that is of another store than most headers and the manifest
// are is a bad one: no token asks for the wrong snapshot.
//
// All that is stored is proven, so the last record counts without a header behind it: of the store
// of a cut-off stream the token is that of the stream itself.
#pragma once

#include "io/store_files.hpp"
#include "pipeline/outcome.hpp"
#include "zsluice/drr/stream_checker.hpp"
#include "zsluice/resume/stopped_at.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace zsluice::pipeline {

struct StoreStoppedOptions {
  drr::CheckerOptions checker{};
  std::string key;       // for HMACs; empty: none
  bool no_auth = false;  // a store that has HMACs is read without a key
};

struct StoreStoppedReport {
  // A segment that is needed and damaged or missing, or what kept us from knowing.
  std::optional<Failure> failure;
  resume::Stopped stopped;
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;  // of the stream that are stored
};

[[nodiscard]] StoreStoppedReport run_store_stopped(const StoreStoppedOptions& options,
                                                   io::StoreFiles& files);

}  // namespace zsluice::pipeline
