// SPDX-License-Identifier: BSD-2-Clause
// `token make`: the token of a stream that is stored in part, or one that is written down in JSON.
#pragma once

#include "cli/options.hpp"
#include "cli/output.hpp"

namespace zsluice::cli {

// Both give the exit status.
[[nodiscard]] int make_token(const TokenCommand& command, const Streams& streams);
[[nodiscard]] int encode_token(const TokenCommand& command, const Streams& streams);

}  // namespace zsluice::cli
