// SPDX-License-Identifier: BSD-2-Clause
// Runs a Gate over a stream in pieces and checks, at every step, what a gate must never do.
#pragma once

#include "pipeline/gate.hpp"
#include "support/chop.hpp"
#include "support/stream_image.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace zsluice::pipeline {

inline GateOptions allowing_plaintext() {
  GateOptions options;
  options.policy.allow_plaintext = true;
  return options;
}

struct GateRun {
  std::uint64_t releasable = 0;
  std::optional<Failure> failure;
  std::uint64_t records = 0;
  std::uint64_t substreams = 0;
  std::uint64_t streams = 0;
  std::uint64_t records_unproven = 0;
  std::uint64_t unknown_features = 0;
  bool any_data = false;

  template <class Kind>
  [[nodiscard]] const Kind* failed_with() const {
    return failure ? std::get_if<Kind>(&*failure) : nullptr;
  }
  [[nodiscard]] std::optional<drr::FaultCode> fault() const {
    const auto* fault = failed_with<drr::Fault>();
    return fault != nullptr ? std::optional(fault->code) : std::nullopt;
  }
  [[nodiscard]] std::optional<drr::RefusalCode> refusal() const {
    const auto* refusal = failed_with<drr::Refusal>();
    return refusal != nullptr ? std::optional(refusal->code) : std::nullopt;
  }
  [[nodiscard]] bool whole() const { return !failure.has_value(); }
};

inline GateRun run_gate(const GateOptions& options,
                        ByteSpan stream,
                        const test::Chopper& chopper = test::in_one_piece()) {
  Gate gate(options);
  std::uint64_t last = 0;
  std::uint64_t fed = 0;
  while (fed < stream.size()) {
    const std::size_t left = stream.size() - static_cast<std::size_t>(fed);
    const std::size_t length = std::min(left, chopper(left));
    // In memory of its own, so that a view kept too long is noticed.
    const ByteSpan piece = stream.subspan(static_cast<std::size_t>(fed), length);
    gate.feed(test::Bytes(piece.begin(), piece.end()));
    fed += length;
    EXPECT_GE(gate.releasable(), last) << "after " << fed;
    EXPECT_LE(gate.releasable(), fed) << "after " << fed;
    last = gate.releasable();
  }
  const bool had_failed = gate.failure().has_value();
  gate.finish();
  if (had_failed) {
    EXPECT_EQ(gate.releasable(), last);
  }
  return {.releasable = gate.releasable(),
          .failure = gate.failure(),
          .records = gate.records(),
          .substreams = gate.substreams(),
          .streams = gate.streams(),
          .records_unproven = gate.records_unproven(),
          .unknown_features = gate.unknown_features(),
          .any_data = gate.passes_any_data()};
}

// How far a stream may have passed when so many of its bytes were there, worked out from its
// records alone: to the end of the last header, but nothing of a BEGIN before the record after it,
// and nothing of a package before the first substream's.
class ReleaseModel {
 public:
  explicit ReleaseModel(const test::StreamImage& stream) {
    const bool is_package = stream.u64(0, 16) % 4 == drr::kHeaderCompound;
    for (std::size_t i = 0; i < stream.records(); ++i) {
      const bool is_begin = stream.type(i) == 0 && i != stream.last();
      const bool is_package_header = is_package && i < 2;
      if (!is_begin && !is_package_header) ends_.push_back(stream.header_end(i));
    }
  }

  [[nodiscard]] std::uint64_t at(std::uint64_t fed) const {
    const auto above = std::upper_bound(ends_.begin(), ends_.end(), fed);
    return above == ends_.begin() ? 0 : *(above - 1);
  }

 private:
  std::vector<std::uint64_t> ends_;
};

}  // namespace zsluice::pipeline
