// SPDX-License-Identifier: BSD-2-Clause
// ZSLUICE_CHECK(condition): what the programmer knows to be true. When it is not, the program is
// wrong and nothing it would still write can be trusted: it says where and ends at once with
// exit status 1, in release builds too. Never for input, however absurd, nor for what the system or
// a peer answers: those are errors that someone handles.
#pragma once

namespace zsluice {

[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace zsluice

// __FILE_NAME__ is __FILE__ without folders: no path of the building machine ends up in the binary.
#define ZSLUICE_CHECK(condition)      \
  ((condition) ? static_cast<void>(0) \
               : ::zsluice::check_failed(#condition, __FILE_NAME__, __LINE__))
