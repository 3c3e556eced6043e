// SPDX-License-Identifier: BSD-2-Clause
// Warnings that several commands give about a stream that is not wrong.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace zsluice::cli {

// The message for feature bits without a known meaning.
[[nodiscard]] std::string unknown_features_text(std::string_view command,
                                                std::string_view source,
                                                std::uint64_t bits);

}  // namespace zsluice::cli
