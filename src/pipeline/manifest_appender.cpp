// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/manifest_appender.hpp"

namespace zsluice::pipeline {

std::optional<StoreFailure> unless_done(const Result<void, io::SysError>& result,
                                        const std::string& name) {
  if (result) return std::nullopt;
  StoreFailure failure;
  failure.code = result.error().operation == io::SysOperation::run ? StoreFailureCode::filter_failed
                                                                   : StoreFailureCode::unwritable;
  failure.name = name;
  failure.system = result.error();
  return failure;
}

ManifestAppender::Done ManifestAppender::add(std::string_view line) {
  if (unsynced_bytes_ + line.size() > storage::kManifestUnsyncedBytesMax) {
    if (auto failure = sync()) return failure;
  }
  unsynced_bytes_ += line.size();
  return unless_done(files_.append(name_, bytes_of(line)), name_);
}

ManifestAppender::Done ManifestAppender::add(const storage::SegmentHeader& header,
                                             std::span<const storage::Substream> begun) {
  for (const storage::Substream& substream : begun) {
    const storage::SubstreamLine line{.sequence = header.sequence, .substream = substream};
    if (auto failure = add(encode_line(line))) return failure;
  }
  return add(encode_line(line_of(header)));
}

ManifestAppender::Done ManifestAppender::sync() {
  unsynced_bytes_ = 0;
  return unless_done(files_.sync_file(name_), name_);
}

}  // namespace zsluice::pipeline
