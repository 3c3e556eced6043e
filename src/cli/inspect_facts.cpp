// SPDX-License-Identifier: BSD-2-Clause
#include "cli/inspect_facts.hpp"

#include "cli/text_layout.hpp"
#include "zsluice/base/size_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace zsluice::cli {
namespace {

using drr::RecordType;
using drr::SubstreamSummary;

const drr::TypeCount& count_of(const StreamFacts& facts, RecordType type) {
  return facts.types[static_cast<std::size_t>(type)];
}

template <std::size_t Size>
void add_to(std::array<std::uint64_t, Size>& sums, const std::array<std::uint64_t, Size>& more) {
  for (std::size_t i = 0; i < Size; ++i) {
    sums[i] += more[i];
  }
}

constexpr std::uint64_t kObjsetVolume = 3;

void add_package(const drr::PackageFacts& package, Exposure& exposure) {
  if (package.datasets > 0) {
    exposure.readable.push_back(
        {"hierarchy", fmt::format("the hierarchy: {}, {}, {}, origins of clones",
                                  counted(package.datasets, "dataset"),
                                  counted(package.encryption_roots, "encryption root"),
                                  counted(package.snapshots, "snapshot"))});
  }
  const std::uint64_t properties = package.properties + package.snapshot_properties;
  if (properties > 0) {
    exposure.readable.push_back(
        {"properties",
         fmt::format("{} propert{}, values included", properties, properties == 1 ? "y" : "ies")});
  }
  if (package.holds > 0) {
    exposure.readable.push_back({"holds", counted(package.holds, "hold") + ", tags included"});
  }
}

void add_encrypted(const StreamFacts& facts, Exposure& exposure) {
  auto& readable = exposure.readable;
  const std::uint64_t objects = count_of(facts, RecordType::object).records;
  readable.push_back(
      {"objects", fmt::format("{}: number, kind (file, directory, ...), size and holes",
                              counted(objects, "object"))});
  const drr::TypeCount& writes = count_of(facts, RecordType::write);
  readable.push_back(
      {"blocks", fmt::format("{} ({} stored): place, sizes, compression; equal ones if "
                             "deduplicated",
                             counted(writes.records, "block"), format_size(writes.payload_bytes))});
  if (facts.incremental > 0) {
    readable.push_back({"changes", "which objects and blocks changed since the base snapshot"});
  }
  readable.push_back(
      {"encryption", facts.passphrases > 0
                         ? "wrapped key, cipher, PBKDF2 salt and rounds: a passphrase can be "
                           "guessed offline"
                         : "wrapped key and cipher"});
  if (facts.volumes > 0) readable.push_back({"volume_sizes", "sizes of volumes"});
  if (facts.encrypted > facts.volumes) {
    readable.push_back({"name_rules", "case sensitivity and normalization of file names"});
    exposure.hidden.push_back({"contents", "what files hold"});
    exposure.hidden.push_back({"file_names", "names of files and directories"});
    exposure.hidden.push_back(
        {"attributes", "owners, permissions, times, ACLs and extended attributes"});
  }
  if (facts.volumes > 0) exposure.hidden.push_back({"volume_contents", "what volumes hold"});
}

}  // namespace

const drr::CryptKeydata* encryption_of(const SubstreamSummary& substream) {
  if (!substream.is_raw() || !substream.payload || !substream.payload->crypt) return nullptr;
  const drr::CryptKeydata& crypt = *substream.payload->crypt;
  return drr::is_encrypted(crypt) ? &crypt : nullptr;
}

bool is_encryption_unknown(const SubstreamSummary& substream) {
  return substream.is_raw() && !substream.payload && substream.begin_payload_bytes > 0;
}

bool has_weak_key(const drr::CryptKeydata& crypt) {
  return crypt.key_format == kKeyFormatPassphrase &&
         crypt.pbkdf2_iterations < kPbkdf2IterationsAdvised;
}

void StreamFacts::add(const SubstreamSummary& substream) {
  features |= substream.features;
  ++substreams;
  saved = saved || (substream.saved && !substream.complete);
  incremental += substream.fromguid != 0 ? 1U : 0U;
  volumes += substream.objset_type == kObjsetVolume ? 1U : 0U;
  logical_bytes += substream.logical_bytes;
  records_unproven += substream.records_unproven;
  block_bytes_max = std::max(block_bytes_max, substream.block_bytes_max);
  add_to(write_sizes, substream.write_sizes);
  add_to(compression, substream.compression);
  for (std::size_t i = 0; i < types.size(); ++i) {
    types[i].records += substream.types[i].records;
    types[i].payload_bytes += substream.types[i].payload_bytes;
  }
  unjudged += is_encryption_unknown(substream) ? 1U : 0U;
  const drr::CryptKeydata* crypt = encryption_of(substream);
  if (crypt == nullptr) return;
  ++encrypted;
  passphrases += crypt->key_format == kKeyFormatPassphrase ? 1U : 0U;
  weak_keys += has_weak_key(*crypt) ? 1U : 0U;
}

std::uint64_t StreamFacts::stored_bytes() const {
  return count_of(*this, RecordType::write).payload_bytes +
         count_of(*this, RecordType::write_embedded).payload_bytes;
}

std::vector<std::string_view> kinds_of(const SubstreamSummary& substream) {
  std::vector<std::string_view> kinds;
  const auto has = [&](std::uint64_t feature) { return (substream.features & feature) != 0; };
  if (has(drr::feature::kDedup | drr::feature::kDedupProps)) kinds.emplace_back("dedup");
  if (substream.saved && !substream.complete) kinds.emplace_back("saved");
  if (substream.is_resumed()) kinds.emplace_back("resumed");
  if (has(drr::feature::kRedacted)) kinds.emplace_back("redacted");
  kinds.emplace_back(substream.fromguid == 0 ? "full" : "incremental");
  if ((substream.flags & drr::kBeginClone) != 0) kinds.emplace_back("clone");
  return kinds;
}

SnapshotName split_name(std::string_view toname) {
  const std::size_t at = toname.find('@');
  if (at == std::string_view::npos) return {toname, {}};
  return {toname.substr(0, at), toname.substr(at + 1)};
}

Exposure exposure_of(const StreamFacts& facts) {
  Exposure exposure;
  const std::uint64_t plain = facts.substreams - facts.encrypted - facts.unjudged;
  exposure.everything = plain > 0;
  exposure.readable.push_back({"names", "names of pool, datasets and snapshots"});
  exposure.readable.push_back({"guids_and_times", "guids, and when each snapshot was taken"});
  if (facts.package) add_package(*facts.package, exposure);
  if (facts.encrypted > 0) add_encrypted(facts, exposure);
  if (facts.unjudged > 0) {
    exposure.readable.push_back(
        {"unknown",
         fmt::format("perhaps more: nothing proves that {} encrypted",
                     facts.unjudged == 1 ? std::string("a substream is")
                                         : fmt::format("{} substreams are", facts.unjudged))});
  }
  if (exposure.everything) {
    exposure.readable.push_back(
        {"everything",
         plain == facts.substreams
             ? std::string("everything else: contents, names of files, owners, times: nothing in "
                           "this stream is encrypted")
             : fmt::format("everything in {} of the {} substreams, which are not encrypted", plain,
                           facts.substreams)});
  }
  return exposure;
}

}  // namespace zsluice::cli
