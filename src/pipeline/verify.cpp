// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/verify.hpp"

#include "pipeline/parallel_sums.hpp"
#include "pipeline/read_all.hpp"

namespace zsluice::pipeline {
namespace {

std::optional<io::SourceError> read_in_parallel(io::ByteSource& source, unsigned jobs, Walk& walk) {
  ParallelSums sums(source, jobs);
  while (!walk.is_over()) {
    const auto next = sums.next();
    if (!next) return next.error();
    const SummedWindow& window = **next;
    if (window.window.bytes().empty()) break;
    walk.feed(window.window.bytes(), window.pieces);
  }
  return std::nullopt;
}

}  // namespace

io::SourceOptions source_options(const VerifyOptions& options) {
  io::SourceOptions source;
  if (options.jobs > 1) source.windows_at_once = ParallelSums::windows_needed(options.jobs);
  return source;
}

VerifyReport run_verify(const VerifyOptions& options,
                        io::ByteSource& source,
                        WalkObserver& observer) {
  WalkOptions walk_options = options.walk;
  walk_options.checker.parser.sum_payloads = options.jobs <= 1;
  Walk walk(walk_options, observer);
  const std::optional<io::SourceError> error =
      options.jobs > 1 ? read_in_parallel(source, options.jobs, walk) : read_all(source, walk);
  return {.failure = judge_reading(source, error, walk),
          .bytes = walk.bytes(),
          .streams = walk.streams(),
          .substreams = walk.substreams(),
          .records = walk.records(),
          .records_unproven = walk.records_unproven(),
          .damages = walk.damages(),
          .unknown_features = walk.unknown_features(),
          .blocks = walk.blocks(),
          .lost_at = walk.lost_at()};
}

}  // namespace zsluice::pipeline
