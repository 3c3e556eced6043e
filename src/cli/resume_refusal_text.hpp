// SPDX-License-Identifier: BSD-2-Clause
// Why a token and a stored stream, or two streams, do not belong together: one sentence each.
#pragma once

#include "zsluice/resume/target.hpp"

#include <string>
#include <string_view>

namespace zsluice::cli {

// Without head and newline; may be several lines.
[[nodiscard]] std::string resume_refusal_line(const resume::Refusal& refusal, bool continues);

// For machines, the same from release to release.
[[nodiscard]] std::string_view resume_refusal_code(resume::RefusalCode code);

}  // namespace zsluice::cli
