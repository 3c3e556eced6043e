// SPDX-License-Identifier: BSD-2-Clause
// Judges whether a token asks for the job at hand and for nothing else (DESIGN.md §9). A token
// comes from the receiver, which may be hostile: one without `rawok` makes `zfs send -t` send
// plaintext (openzfs#14153), one with another guid or name makes it send another snapshot.
//
// Pure; used by `token check` and by whatever resumes without a person.
#pragma once

#include "zsluice/token/token.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace zsluice::token {

// What is absent is not asked for, but rawness always is.
struct Expectations {
  std::optional<std::uint64_t> toguid{};
  std::optional<std::uint64_t> fromguid{};  // 0: a full stream
  std::optional<std::string> name{};        // a glob over "dataset@snapshot"; '*' matches '/'
  bool allow_plaintext = false;             // raw tokens are acceptable as before
};

// Longer names are none of OpenZFS's.
inline constexpr std::size_t kNameBytesMax = 255;
// FORMAT.md §A.4. Object 0 holds the others, and is never sent as one.
inline constexpr std::uint64_t kObjectLast = (std::uint64_t{1} << 48) - 1;
inline constexpr std::uint64_t kOffsetLast = (std::uint64_t{1} << 63) - 1;

// In the order in which they are looked for, except that impossible_name comes before
// unexpected_name.
enum class RefusalCode : std::uint8_t {
  not_raw,              // `zfs send -t` would decrypt what it sends
  unexpected_toguid,    // found, expected
  unexpected_fromguid,  // found (0: a full stream), expected
  unexpected_name,      // the token's own is in token.toname
  impossible_name,      // found: its bytes; expected: kNameBytesMax
  no_snapshot_name,     // not POOL/…@SNAPSHOT in the characters that OpenZFS takes
  redacted,             // rawok with redaction snapshots, or an empty list of them: no raw send is
                        // redacted. With allow_plaintext a redacted token without rawok is
                        // acceptable
  saved,                // asks for what a receiver holds (`zfs send --saved`), not for a snapshot
  embedded_raw,         // rawok with embedok: no raw stream has both
  impossible_position,  // found: the object, 0 or beyond the last, or the offset; expected: the
                        // last
  unknown_key,          // found: how many; nobody can say what they ask for
};

struct Refusal {
  RefusalCode code{};
  std::uint64_t found = 0;
  std::uint64_t expected = 0;
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

// The first reason why the token is not acceptable; nullopt when it is.
[[nodiscard]] std::optional<Refusal> vet(const DecodedToken& decoded,
                                         const Expectations& expectations);

// Whether `zfs send -t` gives an encrypted stream for it, going by its flags alone.
[[nodiscard]] inline bool would_send_raw(const Token& token) {
  return token.raw_ok;
}

}  // namespace zsluice::token
