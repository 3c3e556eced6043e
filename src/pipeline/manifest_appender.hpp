// SPDX-License-Identifier: BSD-2-Clause
// ManifestAppender: lines to the end of a manifest, which is synced before a line would make the
// unsynced bytes more than a reader takes for a torn tail (src/store/FORMAT.md §8).
#pragma once

#include "io/store_files.hpp"
#include "pipeline/store_failure.hpp"
#include "zsluice/store/manifest.hpp"
#include "zsluice/store/segment.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace zsluice::pipeline {

// What became of an operation on the file of that name.
[[nodiscard]] std::optional<StoreFailure> unless_done(const Result<void, io::SysError>& result,
                                                      const std::string& name);

class ManifestAppender {
 public:
  // All bytes that are there have been synced.
  ManifestAppender(io::StoreFiles& files, std::string name)
      : files_(files), name_(std::move(name)) {}

  using Done = std::optional<StoreFailure>;
  [[nodiscard]] Done add(std::string_view line);
  // Those of a segment: of the substreams that begin in it, and its own.
  [[nodiscard]] Done add(const storage::SegmentHeader& header,
                         std::span<const storage::Substream> begun);
  [[nodiscard]] Done sync();

  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  io::StoreFiles& files_;
  std::string name_;
  std::uint64_t unsynced_bytes_ = 0;
};

}  // namespace zsluice::pipeline
