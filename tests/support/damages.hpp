// SPDX-License-Identifier: BSD-2-Clause
// The table of damages: real streams of tests/corpus, each broken in one named way, and what must
// be said of it. The parser's tests and the command line's run over the same table.
#pragma once

#include "support/stream_image.hpp"
#include "zsluice/drr/fault.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace zsluice::test {

struct DamagedStream {
  Bytes bytes;
  // nullopt: the framing and every sum are right, so that nothing below the rules can notice.
  std::optional<drr::FaultCode> fault;
  std::uint64_t record = 0;  // Fault::at.number
  std::uint64_t begin = 0;   // Fault::begin
  std::uint64_t end = 0;     // Fault::end
};

struct Damage {
  std::string_view name;
  DamagedStream (*make)();
};

// Single bits and fields, cut ends.
[[nodiscard]] std::span<const Damage> field_damages();
[[nodiscard]] std::span<const Damage> truncation_damages();
// Packages, whole records, sums, lengths, byte orders.
[[nodiscard]] std::span<const Damage> package_damages();
[[nodiscard]] std::span<const Damage> structure_damages();

// All of them, in this order.
[[nodiscard]] std::vector<Damage> damages();

// For the tables: what a damage leads to, by places of the damaged stream.
//
// The fault shows at the header of record `at`, and every earlier header was proven.
[[nodiscard]] DamagedStream fails_at(const StreamImage& damaged,
                                     drr::FaultCode code,
                                     std::size_t at);
[[nodiscard]] DamagedStream mismatch_at(const StreamImage& damaged, std::size_t at);
// The same, but nothing is proven from offset `begin` on.
[[nodiscard]] DamagedStream fails_from(const StreamImage& damaged,
                                       drr::FaultCode code,
                                       std::size_t at,
                                       std::uint64_t begin);
// The stream is cut to `size` bytes, which is inside or behind record `at`.
[[nodiscard]] DamagedStream cut(const StreamImage& whole,
                                drr::FaultCode code,
                                std::size_t at,
                                std::uint64_t size);
[[nodiscard]] DamagedStream passes(const StreamImage& damaged);
[[nodiscard]] StreamImage corpus_image(std::string_view name);

}  // namespace zsluice::test
