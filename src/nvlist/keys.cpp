// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/nvlist/keys.hpp"

namespace zsluice::nvlist {

Result<std::optional<std::size_t>, Error> KeyTracker::match(const Event& pair) {
  std::size_t index = 0;
  while (index < rules_.size() && rules_[index].name != pair.name) {
    ++index;
  }
  if (index == rules_.size()) {
    ++unknown_keys_;
    return std::optional<std::size_t>();
  }
  // Met before with another type counts as well: a receiver may take either.
  const std::uint32_t bit = std::uint32_t{1} << index;
  if (((present_ | malformed_) & bit) != 0) {
    return Unexpected{Error{ErrorCode::duplicate_name, pair.offset}};
  }
  const KeyRule& rule = rules_[index];
  const bool fits =
      pair.value.type() == rule.type && (rule.count == 0 || pair.value.count() == rule.count);
  (fits ? present_ : malformed_) |= bit;
  return fits ? std::optional(index) : std::nullopt;
}

}  // namespace zsluice::nvlist
