// SPDX-License-Identifier: BSD-2-Clause
// How a run of `pipe` ended, for machines; and which part of the kernel moved its bytes.
#pragma once

#include "cli/failure_text.hpp"
#include "cli/result_json.hpp"
#include "io/make_backend.hpp"
#include "pipeline/pipe.hpp"

#include <string>
#include <string_view>

namespace zsluice::cli {

[[nodiscard]] FailureContext context_of(const pipeline::PipeReport& report);
// "whole", "unchecked", or the failure's.
[[nodiscard]] std::string_view verdict_of(const pipeline::PipeReport& report);

// `chosen`: null for a run that could not begin.
[[nodiscard]] Json pipe_result_json(const pipeline::PipeReport& report,
                                    const io::ChosenBackend* chosen);

[[nodiscard]] std::string_view name_of(io::BackendKind kind);
[[nodiscard]] std::string_view reason_of(const io::ChosenBackend& chosen);
[[nodiscard]] std::string refusal_reason(const io::UringRefusal& refusal);

}  // namespace zsluice::cli
