// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/segment_list.hpp"

#include "zsluice/store/segment.hpp"
#include "zsluice/store/segment_name.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string>

namespace zsluice::pipeline {
namespace {

// The number of the folder, for names as segment_folder() gives them.
std::optional<std::uint64_t> folder_number(const std::string& name) {
  const std::string all_nines = storage::segment_folder(storage::kSegmentsMax - 1);
  const bool is_number =
      name.size() == all_nines.size() &&
      std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) return std::nullopt;
  std::uint64_t number = 0;
  for (const char digit : name) {
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  if (number > (storage::kSegmentsMax - 1) / storage::kSegmentsPerFolder) return std::nullopt;
  return number;
}

}  // namespace

std::optional<ListedSegment> SegmentList::next() {
  if (from_ < counted_to_) return ListedSegment{from_++, std::nullopt};
  if (!is_begun_) list_root();
  while (segments_.empty()) {
    if (folders_.empty()) return std::nullopt;
    const std::uint64_t folder = folders_.back();
    folders_.pop_back();
    if (const auto error = list_folder(folder)) {
      return ListedSegment{std::max(from_, folder * storage::kSegmentsPerFolder), error};
    }
  }
  const ListedSegment segment{segments_.back(), std::nullopt};
  segments_.pop_back();
  return segment;
}

void SegmentList::list_root() {
  is_begun_ = true;
  const auto names = files_.list("");
  if (!names) {
    error_ = names.error();
    return;
  }
  for (const std::string& name : *names) {
    const auto number = folder_number(name);
    if (number && *number >= from_ / storage::kSegmentsPerFolder) folders_.push_back(*number);
  }
  std::sort(folders_.begin(), folders_.end(), std::greater<>());
}

std::optional<io::SysError> SegmentList::list_folder(std::uint64_t folder) {
  const std::string name = storage::segment_folder(folder * storage::kSegmentsPerFolder);
  const auto names = files_.list(name);
  if (!names) {
    const bool is_none = names.error().error == ENOENT || names.error().error == ENOTDIR;
    return is_none ? std::nullopt : std::optional(names.error());
  }
  const std::string inside = name + '/';
  for (const std::string& file : *names) {
    const auto number = storage::segment_number(std::string(inside).append(file));
    if (number && *number >= from_) segments_.push_back(*number);
  }
  std::sort(segments_.begin(), segments_.end(), std::greater<>());
  return std::nullopt;
}

}  // namespace zsluice::pipeline
