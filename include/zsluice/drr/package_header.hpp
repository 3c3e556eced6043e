// SPDX-License-Identifier: BSD-2-Clause
// The nvlist of a package's header (FORMAT.md §D.4): which datasets, snapshots, properties and
// holds a `-R`, `-I`, `-p`, `-h` or `-b` stream carries.
//
// It can hold any number of items, so nothing is kept: a visitor is told each one. The keys of an
// entry may come in any order; the payload is contiguous, so an entry is read twice instead of
// being remembered. All texts are foreign, borrowed from the payload, and to be escaped when shown.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/result.hpp"
#include "zsluice/nvlist/reader.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace zsluice::drr {

struct DatasetFacts {
  std::string_view key;  // "0x…": the dataset's guid (not a snapshot's) as libzfs wrote it
  std::string_view name;
  std::optional<std::uint64_t> parent_from_snapshot;  // guid
  std::optional<std::uint64_t> origin;                // clones: guid of the origin snapshot
  bool is_encryption_root = false;
  std::uint32_t properties = 0;
  std::uint32_t snapshots = 0;
  std::uint32_t snapshot_properties = 0;
  std::uint32_t holds = 0;
  std::uint32_t unknown_keys = 0;
  std::uint32_t malformed_keys = 0;  // known keys of another type, and entries of a wrong type
};

struct PackageFacts {
  std::optional<std::string_view> from_snapshot;
  std::optional<std::string_view> to_snapshot;
  bool not_recursive = false;
  bool raw = false;
  bool lists_datasets = false;  // whether `fss` is there
  std::uint32_t datasets = 0;
  // Sums over all datasets, keys of the top list included.
  std::uint64_t encryption_roots = 0;
  std::uint64_t properties = 0;
  std::uint64_t snapshots = 0;
  std::uint64_t snapshot_properties = 0;
  std::uint64_t holds = 0;
  std::uint64_t unknown_keys = 0;
  std::uint64_t malformed_keys = 0;

  nvlist::Encoding encoding{};
  ByteOrder producer_order{};
  std::size_t packed_bytes{};  // up to the end marker
};

// What read_package_header() tells, in this order: package, then for each dataset its facts and
// what belongs to it in the order of the stream. Override what is wanted.
class PackageVisitor {
 public:
  virtual ~PackageVisitor() = default;

  virtual void package(const PackageFacts& /*facts*/) {}
  virtual void dataset(const DatasetFacts& /*facts*/) {}
  // Properties hold a string or a uint64; another type is passed on as it is.
  virtual void property(std::string_view /*name*/, const nvlist::Value& /*value*/) {}
  virtual void snapshot(std::string_view /*name*/, std::uint64_t /*guid*/) {}
  virtual void snapshot_property(std::string_view /*snapshot*/,
                                 std::string_view /*name*/,
                                 const nvlist::Value& /*value*/) {}
  virtual void hold(std::string_view /*snapshot*/,
                    std::string_view /*tag*/,
                    std::uint64_t /*time*/) {}
};

// Reads the payload of a package's BEGIN (one that is not empty: plain `-I` has none). The whole
// list is checked before the first call, so a visitor never sees part of a damaged one. Known keys
// that stand twice in one list are an error (duplicate_name).
[[nodiscard]] Result<PackageFacts, nvlist::Error> read_package_header(ByteSpan payload,
                                                                      PackageVisitor& visitor);
// The facts alone.
[[nodiscard]] Result<PackageFacts, nvlist::Error> read_package_facts(ByteSpan payload);

}  // namespace zsluice::drr
