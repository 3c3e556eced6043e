// SPDX-License-Identifier: BSD-2-Clause
// The sentences for what is wrong with a stream itself (drr::Fault); the rest is failure_text.hpp.
#pragma once

#include "cli/failure_text.hpp"
#include "zsluice/drr/fault.hpp"

#include <string>
#include <string_view>

namespace zsluice::cli {

// Headline, evidence and consequence, without the "zsluice: command: source: " in front.
[[nodiscard]] std::string fault_text(const drr::Fault& fault, const FailureContext& context);

// The enumerator's name, for machines.
[[nodiscard]] std::string_view fault_code_name(drr::FaultCode code);

}  // namespace zsluice::cli
