// SPDX-License-Identifier: BSD-2-Clause
// What `verify` found in a store, for people and for machines.
#pragma once

#include "cli/result_json.hpp"
#include "pipeline/store_finding.hpp"

#include <string>

namespace zsluice::cli {

// The message of the failure, and a line that says which snapshots and objects are hit.
[[nodiscard]] std::string store_finding_text(const pipeline::StoreFinding& finding,
                                             const FailureContext& context);
[[nodiscard]] Json store_finding_json(const pipeline::StoreFinding& finding,
                                      const FailureContext& context);

}  // namespace zsluice::cli
