// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/policy.hpp"

#include "zsluice/drr/begin_payload.hpp"
#include "zsluice/drr/format.hpp"
#include "zsluice/drr/package_header.hpp"

#include <fnmatch.h>

namespace zsluice::drr {
namespace {

using Verdict = Policy::Verdict;

Refusal refusal(RefusalCode code, std::string_view name = {}) {
  return {.code = code, .found = 0, .expected = 0, .name = std::string(name)};
}

Refusal guid_refusal(RefusalCode code, std::uint64_t found, std::uint64_t expected) {
  return {.code = code, .found = found, .expected = expected, .name = {}};
}

// "pool/fs@snap" → "pool/fs".
std::string_view dataset_of(std::string_view toname) {
  return toname.substr(0, toname.find('@'));
}

// The first thing a package carries beside snapshots, and whether it brings a given snapshot.
class PackageScan final : public PackageVisitor {
 public:
  explicit PackageScan(std::uint64_t wanted_guid) : wanted_guid_(wanted_guid) {}

  void property(std::string_view name, const nvlist::Value& /*value*/) override { note(name); }
  void snapshot_property(std::string_view /*snapshot*/,
                         std::string_view name,
                         const nvlist::Value& /*value*/) override {
    note(name);
  }
  void hold(std::string_view /*snapshot*/, std::string_view tag, std::uint64_t /*time*/) override {
    note(tag);
  }
  void snapshot(std::string_view /*name*/, std::uint64_t guid) override {
    brings_wanted_ = brings_wanted_ || guid == wanted_guid_;
  }

  [[nodiscard]] bool carries_properties() const { return carries_properties_; }
  [[nodiscard]] std::string_view first_property() const { return first_property_; }
  [[nodiscard]] bool brings_wanted() const { return brings_wanted_; }

 private:
  void note(std::string_view name) {
    if (!carries_properties_) first_property_ = name;
    carries_properties_ = true;
  }

  std::uint64_t wanted_guid_;
  bool brings_wanted_ = false;
  bool carries_properties_ = false;
  std::string_view first_property_;
};

}  // namespace

void Policy::start_stream() {
  in_package_ = false;
  brought_toguid_ = false;
  substreams_ = 0;
  dataset_.clear();
}

Verdict Policy::judge_package(const BeginRecord& begin, ByteSpan nvlist) {
  in_package_ = true;
  if (Verdict verdict = judge_name(begin.toname)) return verdict;
  if (nvlist.empty()) return std::nullopt;  // `-I` alone: the substreams speak for themselves
  PackageScan scan(options_.expect_toguid.value_or(0));
  const auto facts = read_package_header(nvlist, scan);
  if (!facts) {
    const bool nothing_to_read = options_.allow_plaintext && !options_.no_properties &&
                                 !options_.single_dataset && !options_.expect_toguid;
    if (nothing_to_read) return std::nullopt;
    return guid_refusal(RefusalCode::unreadable_payload, facts.error().offset, 0);
  }
  if (!options_.allow_plaintext && !facts->raw) {
    return refusal(RefusalCode::package_not_raw, begin.toname);
  }
  if (options_.single_dataset && facts->datasets > 1) {
    return guid_refusal(RefusalCode::several_datasets, facts->datasets, 1);
  }
  if (options_.no_properties && scan.carries_properties()) {
    return refusal(RefusalCode::carries_properties, scan.first_property());
  }
  if (options_.expect_toguid && facts->lists_datasets) {
    // The list names snapshots that are not sent, too: it can refuse, but not settle.
    if (!scan.brings_wanted()) {
      return guid_refusal(RefusalCode::unexpected_toguid, 0, *options_.expect_toguid);
    }
  }
  return std::nullopt;
}

Verdict Policy::judge_substream(const BeginRecord& begin, ByteSpan nvlist) {
  const bool is_first = substreams_++ == 0;
  brought_toguid_ = brought_toguid_ || begin.toguid == options_.expect_toguid;
  if (Verdict verdict = judge_rawness(begin, nvlist)) return verdict;
  if (Verdict verdict = judge_name(begin.toname)) return verdict;
  if (Verdict verdict = judge_dataset(begin.toname)) return verdict;
  if (is_first && options_.expect_fromguid && begin.fromguid != *options_.expect_fromguid) {
    return guid_refusal(RefusalCode::unexpected_fromguid, begin.fromguid,
                        *options_.expect_fromguid);
  }
  if (!in_package_ && options_.expect_toguid && begin.toguid != *options_.expect_toguid) {
    return guid_refusal(RefusalCode::unexpected_toguid, begin.toguid, *options_.expect_toguid);
  }
  return std::nullopt;
}

Verdict Policy::judge_rawness(const BeginRecord& begin, ByteSpan nvlist) const {
  if (options_.allow_plaintext) return std::nullopt;
  if ((begin.features & feature::kRaw) == 0) return refusal(RefusalCode::not_raw, begin.toname);
  if (nvlist.empty()) return refusal(RefusalCode::raw_not_encrypted, begin.toname);
  const auto payload = decode_begin_payload(nvlist);
  if (!payload) return guid_refusal(RefusalCode::unreadable_payload, payload.error().offset, 0);
  const bool encrypted = payload->crypt && is_encrypted(*payload->crypt) &&
                         payload->crypt->has(CryptKey::master_key) &&
                         payload->crypt->has(CryptKey::mac);
  if (!encrypted) return refusal(RefusalCode::raw_not_encrypted, begin.toname);
  return std::nullopt;
}

Verdict Policy::judge_name(std::string_view toname) const {
  if (!options_.expect_name) return std::nullopt;
  const std::string name(toname);
  if (fnmatch(options_.expect_name->c_str(), name.c_str(), 0) == 0) return std::nullopt;
  return refusal(RefusalCode::unexpected_name, toname);
}

Verdict Policy::judge_dataset(std::string_view toname) {
  if (!options_.single_dataset) return std::nullopt;
  if (substreams_ == 1) {
    dataset_ = dataset_of(toname);
  } else if (dataset_ != dataset_of(toname)) {
    return refusal(RefusalCode::several_datasets, toname);
  }
  return std::nullopt;
}

Verdict Policy::judge_package_end() const {
  if (options_.expect_toguid && !brought_toguid_) {
    return guid_refusal(RefusalCode::unexpected_toguid, 0, *options_.expect_toguid);
  }
  if (options_.expect_fromguid && substreams_ == 0) {
    return guid_refusal(RefusalCode::unexpected_fromguid, 0, *options_.expect_fromguid);
  }
  return std::nullopt;
}

Verdict Policy::judge_size(std::uint64_t stream_bytes) const {
  if (!options_.max_bytes || stream_bytes <= *options_.max_bytes) return std::nullopt;
  return guid_refusal(RefusalCode::too_large, stream_bytes, *options_.max_bytes);
}

}  // namespace zsluice::drr
