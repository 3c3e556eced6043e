// SPDX-License-Identifier: BSD-2-Clause
// Which store a header or a manifest is of. Any single file may be damaged or another store's, so
// that none of them says alone whose folder this is.
#pragma once

#include "io/store_files.hpp"
#include "pipeline/store_contents.hpp"
#include "zsluice/store/manifest.hpp"
#include "zsluice/store/segment.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace zsluice::pipeline {

// Which stream, and how it was cut: the same in all segments of a store.
struct StoreIdentity {
  checksum::Xxh3Digest store_id;
  std::uint64_t segment_bytes = 0;
  friend bool operator==(const StoreIdentity&, const StoreIdentity&) = default;
};
[[nodiscard]] StoreIdentity identity_of(const storage::SegmentHeader& header);
[[nodiscard]] StoreIdentity identity_of(const storage::StoreLine& line);

// What most of the first headers say; absent when no header can be read.
[[nodiscard]] std::optional<StoreIdentity> find_identity(io::StoreFiles& files,
                                                         const ManifestFacts& manifest);

// What a manifest is good for in a store of this identity. `join` goes by it, and `verify` tells
// what `join` would do.
enum class ManifestUse : std::uint8_t {
  used,
  left_out,  // there is none, or it is of the same stream, cut otherwise
  refused,   // it is another stream's; who has a key refuses the other one, too
};
[[nodiscard]] ManifestUse use_of(const ManifestFacts& manifest,
                                 const std::optional<StoreIdentity>& identity,
                                 bool has_key);

// The header of one segment, if it can be read, stands where it belongs and is of this store.
[[nodiscard]] std::optional<storage::SegmentHeader> peek_own_header(io::StoreFiles& files,
                                                                    std::uint64_t sequence,
                                                                    const StoreIdentity& identity);

// The headers of the first segments that have one. Of a store behind a command it is one at most,
// and a segment is fetched for it.
[[nodiscard]] std::vector<storage::SegmentHeader> first_headers(io::StoreFiles& files);

}  // namespace zsluice::pipeline
