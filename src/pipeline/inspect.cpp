// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/inspect.hpp"

#include "pipeline/read_all.hpp"

namespace zsluice::pipeline {

InspectReport run_inspect(const WalkOptions& options,
                          io::ByteSource& source,
                          WalkObserver& observer) {
  Walk walk(options, observer);
  const std::optional<io::SourceError> error = read_all(source, walk);
  return {.failure = judge_reading(source, error, walk),
          .bytes = walk.bytes(),
          .streams = walk.streams(),
          .records = walk.records(),
          .records_unproven = walk.records_unproven(),
          .unknown_features = walk.unknown_features()};
}

}  // namespace zsluice::pipeline
