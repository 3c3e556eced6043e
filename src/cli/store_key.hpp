// SPDX-License-Identifier: BSD-2-Clause
// --auth-key FILE: all bytes of the file are the key. Secrets are never on the command line or in
// the environment.
#pragma once

#include "cli/open_input.hpp"

#include <string>
#include <string_view>

namespace zsluice::cli {

// storage::kKeyBytesMin to kKeyBytesMax of them. Empty for an empty path.
[[nodiscard]] Result<std::string, OpenFailure> read_store_key(const std::string& path,
                                                              std::string_view command);

}  // namespace zsluice::cli
