// SPDX-License-Identifier: BSD-2-Clause
// A token as JSON, both ways (TOKEN_JSON.md).
#pragma once

#include "cli/json_writer.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/token/token.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace zsluice::cli {

// The member `token` of a result, with every field.
void write_token(JsonWriter& json, const token::Token& token);

// JSON longer than that holds no token: redaction snapshots are 20 digits each.
inline constexpr std::size_t kTokenJsonBytesMax = std::size_t{4} << 20;

// From an object as write_token() makes it, or from a whole result that holds one. Members that
// are not there are absent or false; the five that each token has must be there. The error is a
// sentence without a head, of our own words.
[[nodiscard]] Result<token::Token, std::string> read_token_json(std::string_view text);

}  // namespace zsluice::cli
