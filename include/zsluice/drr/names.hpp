// SPDX-License-Identifier: BSD-2-Clause
// The names of the wire's numbers, as OpenZFS people write them (FORMAT.md §A.5, §B.2, §B.3). They
// are fixed texts for people and for JSON: stable from release to release.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zsluice::drr {

// "raw", "large_blocks", …; empty for a bit without a known meaning, reserved ones included.
[[nodiscard]] std::string_view feature_name(unsigned bit);
// Names of all bits that are set, lowest first; "unknown bit 5" for those without a name.
[[nodiscard]] std::vector<std::string> feature_names(std::uint64_t features);
// BEGIN's flags: "clone", "spill_block", …; "unknown bit 24".
[[nodiscard]] std::vector<std::string> begin_flag_names(std::uint32_t flags);

// "unknown" for codes without a name.
[[nodiscard]] std::string_view compression_name(std::uint64_t code);
[[nodiscard]] std::string_view checksum_name(std::uint64_t code);
[[nodiscard]] std::string_view objset_type_name(std::uint64_t code);  // "filesystem", "volume", …

// "plain_file", "directory", …; types of the new style by their parts: "otn_uint64_metadata",
// "otn_zap_encrypted_data". "type 60" for others.
[[nodiscard]] std::string dmu_type_name(std::uint32_t type);

// The first OpenZFS version that accepts every bit of `features`, as "2.3"; versions before 2.1 are
// from general knowledge (FORMAT.md §B.2). Empty when there is none.
[[nodiscard]] std::string_view first_receiver_version(std::uint64_t features);
// The same as a phrase: "OpenZFS 2.3 and later", or why nothing receives it.
[[nodiscard]] std::string receivers_text(std::uint64_t features);

}  // namespace zsluice::drr
