// SPDX-License-Identifier: BSD-2-Clause
// Counts and classifies what stands after the end of a stream. Receivers never read it, so it is
// harmless to them, but it says that a file or a pipe is not what its owner believes.
#pragma once

#include "pipeline/outcome.hpp"
#include "zsluice/base/bytes.hpp"
#include "zsluice/drr/format.hpp"

#include <array>
#include <cstdint>

namespace zsluice::pipeline {

class TrailingCounter {
 public:
  void add(ByteSpan bytes);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  // `offset`: where the stream ended. `begin`: the stream's first record, to tell a copy of it.
  [[nodiscard]] TrailingBytes result(std::uint64_t offset, ByteSpan begin) const;

 private:
  std::array<std::byte, drr::kRecordBytes> head_{};
  std::uint64_t count_ = 0;
  bool all_zero_ = true;
};

}  // namespace zsluice::pipeline
