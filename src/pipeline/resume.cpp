// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/resume.hpp"

#include "pipeline/proven_records.hpp"
#include "pipeline/read_all.hpp"
#include "pipeline/resume_passes.hpp"

namespace zsluice::pipeline {
namespace {

std::optional<Failure> read(io::ByteSource& source, ProvenRecords& records) {
  const std::optional<io::SourceError> error = read_all(source, records);
  return judge_reading(source, error, records);
}

}  // namespace

ResumeReport run_resume(const ResumeOptions& options,
                        io::ByteSource& search,
                        io::ByteSource& source,
                        io::BlockingWriter& out) {
  ResumeReport report;
  SearchSink searching(options);
  ProvenRecords searched(options.checker, searching);
  report.failure = judge_search(searching, read(search, searched));
  report.seen = searching.search().seen();
  report.substreams = searching.search().substreams();
  if (report.failure) return report;
  RebuildSink rebuilding(options, *searching.search().result(), out);
  ProvenRecords records(options.checker, rebuilding);
  finish_report(report, rebuilding, out, read(source, records));
  return report;
}

}  // namespace zsluice::pipeline
