// SPDX-License-Identifier: BSD-2-Clause
// What a store holds, for commands that need little of it: how many segments there are, single
// headers, which substreams begin where. Nothing is listed but the first folder and the last, and
// those where a file cannot be opened or a header not be believed. Of the manifest only its first
// line and its tail are read, except where substreams of a package are looked for.
//
// Any file may be damaged or another store's. A manifest of another store than the headers are of
// counts as none.
//
// Memory: a line of the manifest; of substreams those that are asked for.
#pragma once

#include "io/store_files.hpp"
#include "pipeline/store_failure.hpp"
#include "pipeline/store_identity.hpp"
#include "pipeline/store_seek.hpp"
#include "zsluice/checksum/hmac_sha256.hpp"
#include "zsluice/store/manifest.hpp"
#include "zsluice/store/segment.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zsluice::pipeline {

// Single headers of one store: no others are believed. With a key only authentic ones are.
class StoreHeaders {
 public:
  // Finds out which store it is.
  StoreHeaders(io::StoreFiles& files, const std::string& key);

  [[nodiscard]] std::optional<storage::SegmentHeader> at(std::uint64_t sequence);
  // The first of [first, end). Behind `first` only files that are there are tried, whatever numbers
  // they leave out.
  [[nodiscard]] std::optional<storage::SegmentHeader> first_in(std::uint64_t first,
                                                               std::uint64_t end);
  // In that many segments of it; valid as long as this is.
  [[nodiscard]] StoreSeek seek(std::uint64_t segments) {
    return {[this](std::uint64_t first, std::uint64_t end) { return first_in(first, end); },
            segments};
  }

  // Absent when neither the manifest nor one of the first headers tells.
  [[nodiscard]] const std::optional<StoreIdentity>& identity() const { return identity_; }
  void demand_store_of(const storage::SegmentHeader& header) { identity_ = identity_of(header); }
  // The manifest begins as that of this store does.
  [[nodiscard]] bool has_manifest() const { return named_.has_value(); }
  // Of the key that was given, or none (judge_key.hpp).
  [[nodiscard]] std::optional<StoreFailure> judge_key(bool no_auth);
  // Adds where in the stream the segment lies that failed, as far as the headers around it tell.
  // They need not be authentic: nothing but a message depends on it.
  void add_place(StoreFailure& failure);

 private:
  [[nodiscard]] std::optional<storage::SegmentHeader> read(std::uint64_t sequence);

  io::StoreFiles& files_;
  std::optional<checksum::HmacSha256> mac_;
  std::optional<StoreIdentity> identity_;
  std::optional<storage::StoreLine> named_;  // the manifest's first line, if it is this store's
};

struct StoredSegments {
  std::uint64_t count = 0;  // the last one's number and 1; 0: a store that was begun, and no more
  // Why there are no more, although there are later ones, or were: missing_segment, cut_off. Or
  // there is no store: not_a_store; or nobody can tell: unreadable, and the count is 0.
  std::optional<StoreFailure> failure;
};

// Found from the manifest's last line, or else by doubling and bisection over the files: of those
// before the last one not every one need be there. One that cannot be opened is no hindrance as
// long as its folder can be listed.
[[nodiscard]] StoredSegments count_segments(io::StoreFiles& files, StoreHeaders& headers);

// Where to look for a substream.
struct SubstreamIndex {
  // Segments in which one with this toguid begins, or may begin; ascending.
  std::vector<std::uint64_t> candidates;
  std::vector<std::uint64_t> first_begins;  // segments that hold the BEGINs of the first ones
};

// From headers. `last`: the last one that can be believed.
[[nodiscard]] SubstreamIndex find_substreams(StoreSeek& seek,
                                             const storage::SegmentHeader& last,
                                             std::uint64_t toguid);

// The same candidates as the manifest's lines tell them, where they cover every segment (10 TiB:
// 200 MB of them). A hint, which saves headers: no key proves these lines, so a substream that is
// not found by them must be looked for by headers.
[[nodiscard]] std::vector<std::uint64_t> candidates_in_manifest(io::StoreFiles& files,
                                                                std::uint64_t segments,
                                                                std::uint64_t toguid);

}  // namespace zsluice::pipeline
