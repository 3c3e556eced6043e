// SPDX-License-Identifier: BSD-2-Clause
#include "cli/errno_text.hpp"

#include <cstring>

namespace zsluice::cli {

std::string errno_text(int error) {
  const char* const text = strerrordesc_np(error);  // glibc: untranslated, thread-safe
  return text != nullptr ? text : "error " + std::to_string(error);
}

}  // namespace zsluice::cli
