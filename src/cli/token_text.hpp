// SPDX-License-Identifier: BSD-2-Clause
// What `token` says to people: a token's fields, what is wrong with one, why one is refused.
// Foreign text is escaped.
#pragma once

#include "zsluice/token/token.hpp"
#include "zsluice/token/vet.hpp"

#include <string>
#include <string_view>

namespace zsluice::cli {

// Every field on a line of its own, and what resuming by it would send.
[[nodiscard]] std::string token_screen(const token::DecodedToken& decoded);

// Codes for machines, the same from release to release: "checksum_mismatch", "not_raw", …
[[nodiscard]] std::string_view code_of(token::ErrorCode code);
[[nodiscard]] std::string_view code_of(token::RefusalCode code);

// Each is a whole message with its newline: `head` begins it, "zsluice: token decode: ".
[[nodiscard]] std::string token_error_text(std::string_view head, const token::Error& error);
[[nodiscard]] std::string token_refusal_text(std::string_view head,
                                             const token::Refusal& refusal,
                                             const token::DecodedToken& decoded,
                                             const token::Expectations& expected);
// The warning about a token that makes `zfs send -t` send plaintext; of one that a receiver made,
// who may have dropped `rawok`, that too.
enum class TokenMaker : std::uint8_t { receiver, ourselves };
[[nodiscard]] std::string plaintext_warning(std::string_view head,
                                            const token::Token& token,
                                            TokenMaker maker);

}  // namespace zsluice::cli
