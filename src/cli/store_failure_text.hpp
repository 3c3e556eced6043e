// SPDX-License-Identifier: BSD-2-Clause
// The prose about stores, for failure_text.hpp.
#pragma once

#include "cli/failure_text.hpp"
#include "pipeline/store_contents.hpp"
#include "pipeline/store_failure.hpp"

#include <string>
#include <string_view>

namespace zsluice::cli {

// With head and newline. `context.source` is the path of the store.
[[nodiscard]] std::string store_failure_text(const pipeline::StoreFailure& failure,
                                             const FailureContext& context);
[[nodiscard]] int store_failure_exit_status(pipeline::StoreFailureCode code);
[[nodiscard]] std::string_view store_failure_code(pipeline::StoreFailureCode code);
// Why a file in a store cannot be read.
[[nodiscard]] std::string unreadable_text(const io::SysError& error);
// One word: for people and for machines.
[[nodiscard]] std::string_view manifest_state_name(pipeline::ManifestState state);

}  // namespace zsluice::cli
