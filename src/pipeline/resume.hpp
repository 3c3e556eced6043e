// SPDX-License-Identifier: BSD-2-Clause
// `zsluice resume --token`: the stream that a receiver still needs, made of a stored one.
//
//   first pass:  source ─▶ ProvenRecords ─▶ PointSearch     does the token fit, where does it
//   start? second pass: source ─▶ ProvenRecords ─▶ Rebuilder ─▶ BlockingWriter
//
// Two passes, since whether the object is there at all must be known before the first byte leaves;
// the first one ends where that is decided. Both check every checksum from the BEGIN on.
#pragma once

#include "io/blocking_writer.hpp"
#include "io/source.hpp"
#include "pipeline/outcome.hpp"
#include "zsluice/drr/policy.hpp"
#include "zsluice/drr/stream_checker.hpp"
#include "zsluice/resume/point_search.hpp"
#include "zsluice/resume/target.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zsluice::pipeline {

struct ResumeOptions {
  resume::Target target;
  bool rest = false;  // of a package: the substreams behind the resumed one, too
  drr::CheckerOptions checker{};
  drr::PolicyOptions policy{};
};

struct ResumeReport {
  std::optional<Failure> failure;
  std::uint64_t bytes_out = 0;
  bool is_package = false;  // what was made is one
  bool is_raw = false;      // the resumed substream
  // What was made ends behind a snapshot; how many there are, the resumed one among them.
  bool ends_between_snapshots = false;
  std::uint64_t snapshots_out = 0;
  bool is_placed = false;    // the token's place was found; else the whole substream is sent
  std::string toname;        // of the resumed substream; foreign text, empty when none was found
  std::string package_name;  // toname of the package it stands in; foreign text
  std::vector<resume::SeenSubstream> seen;  // by the first pass
  std::uint64_t substreams = 0;
};

// `search` and `source` give the same bytes, one for each pass; neither may be mapped
// (proven_records.hpp).
[[nodiscard]] ResumeReport run_resume(const ResumeOptions& options,
                                      io::ByteSource& search,
                                      io::ByteSource& source,
                                      io::BlockingWriter& out);

}  // namespace zsluice::pipeline
