// SPDX-License-Identifier: BSD-2-Clause
// Counts what `operator new` hands out in the whole program. A test that uses it gets the counting
// operators with it; others keep the library's.
#pragma once

#include <cstdint>

namespace zsluice::test {

class AllocationCounter {
 public:
  AllocationCounter();
  // Allocations since this counter was made.
  [[nodiscard]] std::uint64_t count() const;

 private:
  std::uint64_t before_;
};

}  // namespace zsluice::test
