// SPDX-License-Identifier: BSD-2-Clause
// The lists of redaction snapshots that a BEGIN's nvlist holds (FORMAT.md §D.5).
#pragma once

#include "zsluice/base/bytes.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace zsluice::resume {

using Guids = std::optional<std::vector<std::uint64_t>>;

struct Redactions {
  Guids snaps;       // redact_snaps
  Guids from_snaps;  // redact_from_snaps; a token calls it book_redact_snaps

  friend bool operator==(const Redactions&, const Redactions&) = default;
};

// `payload`: all that follows BEGIN, which drr::decode_begin_payload() has read without an error,
// or nothing. Its size bounds what is allocated.
[[nodiscard]] Redactions redactions_of(ByteSpan payload);
// What a receiver of the stream keeps of them in its token: redact_snaps only if BEGIN has the
// feature REDACTED, which `zfs send` of a redacted dataset does not set unless it redacts, too.
[[nodiscard]] Redactions kept_redactions_of(std::uint64_t features, ByteSpan payload);

}  // namespace zsluice::resume
