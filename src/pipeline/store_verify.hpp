// SPDX-License-Identifier: BSD-2-Clause
// `zsluice verify STORE`: is every segment right, and are they all there?
//
//   SegmentList ─▶ OrderedWork: SegmentProbe on each thread ─▶ StoreJudge ─▶ findings, in order
//   (names)        (each segment by itself)                    (neighbours, manifest)
//
// Goes on behind whatever it finds. Nothing is written. Of a store behind a command (--fetch) the
// manifest says which segments there are.
//
// Memory: per thread a piece of a payload, or the stored and the raw payload of a compressed
// segment, and the file as well where a command gave it; in all, the names of one folder and a line
// of the manifest.
#pragma once

#include "io/store_files.hpp"
#include "pipeline/store_judge.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace zsluice::pipeline {

// So many segments in a row that are not fetched end the run: each was tried for some time.
inline constexpr unsigned kUnfetchedMax = 16;

struct StoreVerifyOptions {
  std::string key{};      // for HMACs; empty: none
  bool no_auth = false;   // a store that has HMACs is verified without a key
  bool is_quick = false;  // payloads are not read
  unsigned jobs = 1;      // threads that check segments; 1: this one
};

struct StoreVerifyReport {
  // What decides how the command ends: the first finding of the gravest kind. Damage is graver than
  // a wrong key, that than a file that cannot be read, and that than a tail that is not there.
  std::optional<StoreFailure> failure;
  std::uint64_t findings = 0;
  ManifestState manifest = ManifestState::missing;
  std::uint64_t segments_expected = 0;  // as the manifest says; 0 without one
  bool has_closing_line = false;        // of this store
  bool is_cut_short = false;            // the run ended early: nothing is known of the rest
  bool has_given_up = false;            // because too many segments were not fetched
  bool is_mendable = false;  // with other copies of the segments that are bad, all of it is there
  bool is_authenticated = false;  // a key was given, and nothing contradicts it
  StoreVerdict verdict;
};

// `files` is used by several threads at once, to open and to read.
[[nodiscard]] StoreVerifyReport run_verify_store(const StoreVerifyOptions& options,
                                                 io::StoreFiles& files,
                                                 const StoreJudge::Tell& tell);

}  // namespace zsluice::pipeline
