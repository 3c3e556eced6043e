// SPDX-License-Identifier: BSD-2-Clause
#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace zsluice {
namespace {

// The one for a bug. Not abort(): that would look like a signal to the caller.
[[maybe_unused]] constexpr int kExitStatus = 1;

}  // namespace

void check_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "zsluice: bug: %s:%d: check failed: %s\n", file, line, condition);
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  std::abort();  // a fuzzer keeps the input of an abort only
#else
  std::_Exit(kExitStatus);
#endif
}

}  // namespace zsluice
