// SPDX-License-Identifier: BSD-2-Clause
#include "checksum/fletcher4_choose.hpp"

namespace zsluice::checksum {

const Fletcher4Implementation& fletcher4_choose(std::span<const Fletcher4Implementation> from,
                                                std::string_view wanted) {
  const Fletcher4Implementation* best = nullptr;
  for (const Fletcher4Implementation& one : from) {
    if (!one.supported()) continue;
    if (one.name == wanted) return one;
    if (best == nullptr) best = &one;
  }
  return best != nullptr ? *best : from.back();
}

}  // namespace zsluice::checksum
