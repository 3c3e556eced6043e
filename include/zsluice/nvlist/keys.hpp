// SPDX-License-Identifier: BSD-2-Clause
// KeyTracker: sorts the pairs of one list by the keys its decoder knows. A known key that stands
// twice is an error, since receivers may disagree on which one counts; a key that is not known, or
// has another type or length than it should, is counted and passed over.
#pragma once

#include "zsluice/base/result.hpp"
#include "zsluice/nvlist/reader.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace zsluice::nvlist {

struct KeyRule {
  std::string_view name;
  DataType type;
  std::uint32_t count = 0;  // elements an array must have, 0: any number
};

inline constexpr std::size_t kKeyRulesMax = 32;

class KeyTracker {
 public:
  // `rules`, at most kKeyRulesMax, must outlive the tracker; usually a constexpr table.
  explicit KeyTracker(std::span<const KeyRule> rules) : rules_(rules) {}

  // The index of the rule `pair` follows, or nullopt when it is to be passed over.
  [[nodiscard]] Result<std::optional<std::size_t>, Error> match(const Event& pair);

  // Bit per rule: met as it should be; met otherwise.
  [[nodiscard]] std::uint32_t present() const { return present_; }
  [[nodiscard]] std::uint32_t malformed() const { return malformed_; }
  [[nodiscard]] std::uint32_t malformed_keys() const {
    return static_cast<std::uint32_t>(std::popcount(malformed_));
  }
  [[nodiscard]] std::uint32_t unknown_keys() const { return unknown_keys_; }

 private:
  std::span<const KeyRule> rules_;
  std::uint32_t present_ = 0;
  std::uint32_t malformed_ = 0;
  std::uint32_t unknown_keys_ = 0;
};

}  // namespace zsluice::nvlist
