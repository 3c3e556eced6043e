// SPDX-License-Identifier: BSD-2-Clause
// SegmentList: which segments a store holds, in order, by the names in its folders. One folder is
// listed at a time, so it takes the memory of one folder's names whatever the size of the store.
// A store that cannot be listed (--fetch) has those that its manifest names.
#pragma once

#include "io/store_files.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace zsluice::pipeline {

struct ListedSegment {
  std::uint64_t sequence = 0;
  // The folder that would hold it and those behind it cannot be listed; `sequence` is its first.
  std::optional<io::SysError> error;
};

class SegmentList {
 public:
  // Segments from this number on. Nothing is read before the first next().
  explicit SegmentList(io::StoreFiles& files, std::uint64_t from = 0)
      : files_(files), from_(from) {}
  // Of a store that is_remote(), whose manifest has so many lines of segments.
  [[nodiscard]] static SegmentList counted(io::StoreFiles& files, std::uint64_t segments) {
    SegmentList list(files);
    list.is_begun_ = true;
    list.counted_to_ = segments;
    return list;
  }

  // The next one, or nothing behind the last. A folder of segments that is no folder holds none.
  [[nodiscard]] std::optional<ListedSegment> next();
  // The store itself could not be listed; there was no segment then.
  [[nodiscard]] const std::optional<io::SysError>& error() const { return error_; }

 private:
  void list_root();
  [[nodiscard]] std::optional<io::SysError> list_folder(std::uint64_t folder);

  io::StoreFiles& files_;
  std::uint64_t from_;
  bool is_begun_ = false;
  std::uint64_t counted_to_ = 0;
  std::vector<std::uint64_t> folders_;   // last one first
  std::vector<std::uint64_t> segments_;  // of one folder, last one first
  std::optional<io::SysError> error_;
};

}  // namespace zsluice::pipeline
