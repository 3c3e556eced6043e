// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/split.hpp"

#include "pipeline/read_all.hpp"
#include "pipeline/splitting.hpp"
#include "pipeline/store_contents.hpp"
#include "zsluice/store/segment_name.hpp"

#include <string>
#include <utility>

namespace zsluice::pipeline {
namespace {

// A store in which there is no segment leaves no trace; the manifest was made before the first one.
// Where one stood there before, it named no segment either.
void take_back(io::StoreFiles& files) {
  (void)files.remove(std::string(storage::kManifestName));
}

}  // namespace

void demand_whole(SplitReport& report) {
  if (report.failure || report.store.is_whole) return;
  StoreFailure failure;
  failure.code = StoreFailureCode::unfinished;
  failure.segments = report.store.segments;
  failure.begin = report.store.raw_bytes;
  report.failure = failure;
}

SplitReport run_split(const SplitOptions& options, io::ByteSource& source, io::StoreFiles& files) {
  SplitReport report;
  if (auto occupied = check_vacant(files)) {
    report.failure = std::move(*occupied);
    return report;
  }
  Splitting splitting(options.gate, options.store, files);
  source.when_idle([&] { return splitting.settle(); });
  const std::optional<io::SourceError> error = read_all(source, splitting);
  report.failure = judge_reading(source, error, splitting);
  // Proven bytes that are lost outrank what ended the input, as they do with --continue.
  if (splitting.not_stored()) report.failure = splitting.not_stored();
  report.bytes_in = splitting.bytes();
  report.records = splitting.gate().records();
  report.substreams = splitting.gate().substreams();
  report.unknown_features = splitting.gate().unknown_features();
  report.toname = splitting.gate().snapshot();
  report.store = splitting.writer().totals();
  if (splitting.writer().has_begun() && report.store.segments == 0) take_back(files);
  demand_whole(report);
  return report;
}

}  // namespace zsluice::pipeline
