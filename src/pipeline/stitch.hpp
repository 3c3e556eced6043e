// SPDX-License-Identifier: BSD-2-Clause
// `zsluice resume --stitch`: a stream that was cut off and its continuation become one.
//
//   continuation ─▶ ProvenRecords ─┬▶ Stitcher ─▶ BlockingWriter
//   partial ─▶ ProvenRecords ──────┘
//
// The continuation's BEGIN comes first, since it says where it goes on; then the partial stream up
// to there; then the rest of the continuation, which may be a pipe.
#pragma once

#include "io/blocking_writer.hpp"
#include "io/source.hpp"
#include "pipeline/outcome.hpp"
#include "zsluice/drr/policy.hpp"
#include "zsluice/drr/stream_checker.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace zsluice::pipeline {

struct StitchOptions {
  drr::CheckerOptions checker{};
  drr::PolicyOptions policy{};
};

struct StitchReport {
  std::optional<Failure> failure;
  bool failed_in_partial = false;  // else in the continuation, or on the way out
  // What is missing of the partial stream, when `failure` tells why it is.
  std::optional<resume::Refusal> lack;
  std::uint64_t bytes_out = 0;
  std::uint64_t kept_bytes = 0;  // of the partial stream
  bool is_in_package = false;    // what was made is a package that is not finished: a failure
  std::string toname;            // foreign text
};

// Neither source may be mapped (proven_records.hpp).
[[nodiscard]] StitchReport run_stitch(const StitchOptions& options,
                                      io::ByteSource& partial,
                                      io::ByteSource& continuation,
                                      io::BlockingWriter& out);

}  // namespace zsluice::pipeline
