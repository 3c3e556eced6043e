// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/names.hpp"

#include "zsluice/drr/format.hpp"

#include <algorithm>
#include <array>

namespace zsluice::drr {
namespace {

using namespace std::literals;

struct BitName {
  std::uint64_t bit;
  std::string_view name;
  std::string_view since;  // the first version that receives it; empty: none today
};

// In the order of the bits.
constexpr std::array<BitName, 16> kFeatures{{
    {feature::kDedup, "dedup", ""},
    {feature::kDedupProps, "dedup_props", ""},
    {feature::kSaSpill, "sa_spill", "0.6"},
    {feature::kEmbedData, "embed_data", "0.6.4"},
    {feature::kLz4, "lz4", "0.6.4"},
    {feature::kLargeBlocks, "large_blocks", "0.6.4"},
    {feature::kResuming, "resuming", "0.7"},
    {feature::kRedacted, "redacted", "2.0"},
    {feature::kCompressed, "compressed", "0.7"},
    {feature::kLargeDnode, "large_dnode", "0.7"},
    {feature::kRaw, "raw", "0.8"},
    {feature::kZstd, "zstd", "2.0"},
    {feature::kHolds, "holds", "0.8"},
    {feature::kSwitchToLargeBlocks, "switch_to_large_blocks", "2.0"},
    {feature::kLongName, "longname", "2.3"},
    {feature::kLargeMicrozap, "large_microzap", "2.3"},
}};

constexpr std::array<BitName, 4> kBeginFlags{{
    {kBeginClone, "clone", {}},
    {kBeginCaseInsensitive, "case_insensitive", {}},
    {kBeginFreeRecords, "free_records", {}},
    {kBeginSpillBlock, "spill_block", {}},
}};

// Oldest first. Each is the first to accept something; text comparison would put 0.6 after 0.6.4.
constexpr std::array kVersions{"0.6"sv, "0.6.4"sv, "0.7"sv, "0.8"sv, "2.0"sv, "2.3"sv};

std::size_t rank_of(std::string_view version) {
  std::size_t rank = 0;
  while (rank + 1 < kVersions.size() && kVersions[rank] != version) {
    ++rank;
  }
  return rank;
}

template <std::size_t Size>
std::vector<std::string> names_of(const std::array<BitName, Size>& table, std::uint64_t bits) {
  std::vector<std::string> names;
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t mask = std::uint64_t{1} << bit;
    if ((bits & mask) == 0) continue;
    std::string name = "unknown bit " + std::to_string(bit);
    for (const BitName& known : table) {
      if (known.bit == mask) name = known.name;
    }
    names.push_back(std::move(name));
  }
  return names;
}

template <std::size_t Size>
std::string_view name_in(const std::array<std::string_view, Size>& table, std::uint64_t code) {
  return code < Size ? table[static_cast<std::size_t>(code)] : "unknown"sv;
}

constexpr std::array kDmuTypes{"none"sv,
                               "object_directory"sv,
                               "object_array"sv,
                               "packed_nvlist"sv,
                               "nvlist_size"sv,
                               "bpobj"sv,
                               "bpobj_header"sv,
                               "space_map_header"sv,
                               "space_map"sv,
                               "intent_log"sv,
                               "dnode"sv,
                               "objset"sv,
                               "dsl_directory"sv,
                               "dsl_child_map"sv,
                               "dsl_snap_map"sv,
                               "dsl_props"sv,
                               "dsl_dataset"sv,
                               "znode"sv,
                               "old_acl"sv,
                               "plain_file"sv,
                               "directory"sv,
                               "master_node"sv,
                               "unlinked_set"sv,
                               "zvol"sv,
                               "zvol_prop"sv,
                               "other_uint8"sv,
                               "other_uint64"sv,
                               "other_zap"sv,
                               "error_log"sv,
                               "spa_history"sv,
                               "history_offsets"sv,
                               "pool_props"sv,
                               "dsl_perms"sv,
                               "acl"sv,
                               "sysacl"sv,
                               "fuid"sv,
                               "fuid_size"sv,
                               "next_clones"sv,
                               "scan_queue"sv,
                               "user_group_used"sv,
                               "user_group_quota"sv,
                               "user_refs"sv,
                               "ddt_zap"sv,
                               "ddt_stats"sv,
                               "system_attr"sv,
                               "sa_master_node"sv,
                               "sa_attr_registration"sv,
                               "sa_attr_layouts"sv,
                               "scan_translation"sv,
                               "dedup"sv,
                               "deadlist"sv,
                               "deadlist_header"sv,
                               "dsl_clones"sv,
                               "bpobj_subobj"sv};
static_assert(kDmuTypes.size() == 54);

// A type of the new style is made of these bits and a byteswap function (§A.5).
constexpr std::uint32_t kNewType = 0x80;
constexpr std::uint32_t kNewTypeMetadata = 0x40;
constexpr std::uint32_t kNewTypeEncrypted = 0x20;
constexpr std::array kByteswapNames{"uint8"sv, "uint16"sv, "uint32"sv, "uint64"sv,  "zap"sv,
                                    "dnode"sv, "objset"sv, "znode"sv,  "old_acl"sv, "acl"sv};

}  // namespace

std::string_view feature_name(unsigned bit) {
  if (bit >= 64) return {};
  for (const BitName& feature : kFeatures) {
    if (feature.bit == std::uint64_t{1} << bit) return feature.name;
  }
  return {};
}

std::vector<std::string> feature_names(std::uint64_t features) {
  return names_of(kFeatures, features);
}

std::vector<std::string> begin_flag_names(std::uint32_t flags) {
  return names_of(kBeginFlags, flags);
}

std::string_view compression_name(std::uint64_t code) {
  constexpr std::array kNames{"inherit"sv, "on"sv,     "off"sv,    "lzjb"sv,   "empty"sv,
                              "gzip-1"sv,  "gzip-2"sv, "gzip-3"sv, "gzip-4"sv, "gzip-5"sv,
                              "gzip-6"sv,  "gzip-7"sv, "gzip-8"sv, "gzip-9"sv, "zle"sv,
                              "lz4"sv,     "zstd"sv};
  static_assert(kNames.size() == kCompressionCodes);
  return name_in(kNames, code);
}

std::string_view checksum_name(std::uint64_t code) {
  constexpr std::array kNames{"inherit"sv,  "on"sv,        "off"sv,       "label"sv,  "gang"sv,
                              "zilog"sv,    "fletcher2"sv, "fletcher4"sv, "sha256"sv, "zilog2"sv,
                              "noparity"sv, "sha512"sv,    "skein"sv,     "edonr"sv,  "blake3"sv};
  static_assert(kNames.size() == kChecksumCodes);
  return name_in(kNames, code);
}

std::string_view objset_type_name(std::uint64_t code) {
  constexpr std::array kNames{"none"sv, "meta"sv, "filesystem"sv, "volume"sv, "other"sv, "any"sv};
  static_assert(kNames.size() == kObjsetTypes);
  return name_in(kNames, code);
}

std::string dmu_type_name(std::uint32_t type) {
  if (type < kDmuTypes.size()) return std::string(kDmuTypes[type]);
  const std::uint32_t byteswap = type & 0x1F;
  if ((type & kNewType) == 0 || type > 0xFF || byteswap >= kByteswapNames.size()) {
    return "type " + std::to_string(type);
  }
  std::string name = "otn_" + std::string(kByteswapNames[byteswap]);
  if ((type & kNewTypeEncrypted) != 0) name += "_encrypted";
  return name + ((type & kNewTypeMetadata) != 0 ? "_metadata" : "_data");
}

std::string_view first_receiver_version(std::uint64_t features) {
  if ((features & ~feature::kKnown) != 0) return {};
  std::size_t rank = 0;
  for (const BitName& feature : kFeatures) {
    if ((features & feature.bit) == 0) continue;
    if (feature.since.empty()) return {};
    rank = std::max(rank, rank_of(feature.since));
  }
  return kVersions[rank];
}

std::string receivers_text(std::uint64_t features) {
  const std::string_view version = first_receiver_version(features);
  if (!version.empty()) return "OpenZFS " + std::string(version) + " and later";
  const std::uint64_t unknown = features & ~feature::kKnown;
  if (unknown == 0) return "never accepted since OpenZFS 2.0; needs `zstream redup` first";
  std::string text = "no known version accepts ";
  std::string_view separator;
  for (const std::string& name : feature_names(unknown)) {
    text.append(separator).append(name);
    separator = ", ";
  }
  return text;
}

}  // namespace zsluice::drr
