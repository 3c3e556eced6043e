// SPDX-License-Identifier: BSD-2-Clause
// Small streams that a policy accepts or refuses: raw and encrypted, plain, raw in name only, and
// packages of them with and without a list of datasets.
#pragma once

#include "support/nvlist_builder.hpp"
#include "support/stream_builder.hpp"
#include "zsluice/drr/format.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace zsluice::test {

inline constexpr NvlistForm kPackedAsSent{nvlist::Encoding::native, ByteOrder::little};
inline constexpr NvlistForm kPackedXdr{nvlist::Encoding::xdr, ByteOrder::big};
inline constexpr std::uint64_t kRawFeatures = drr::feature::kRaw | drr::feature::kSaSpill;
inline constexpr std::uint64_t kToGuid = 0x1122334455667788;

// What a raw and encrypted substream carries behind its BEGIN.
inline NvlistBuilder crypt_list() {
  NvlistBuilder keydata;
  keydata.u64("DSL_CRYPTO_SUITE", 8).u64("DSL_CRYPTO_GUID", 102).u64("DSL_CRYPTO_VERSION", 1);
  keydata.u8_ramp("DSL_CRYPTO_MASTER_KEY_1", 32).u8_ramp("DSL_CRYPTO_HMAC_KEY_1", 64);
  keydata.u8_ramp("DSL_CRYPTO_IV", 12).u8_ramp("DSL_CRYPTO_MAC", 16).u8_ramp("portable_mac", 32);
  return NvlistBuilder().list("crypt_keydata", std::move(keydata));
}

inline Bytes crypt_payload() {
  return crypt_list().pack(kPackedAsSent);
}

struct SubstreamSpec {
  std::string_view toname = "pool/fs@snap";
  std::uint64_t toguid = kToGuid;
  std::uint64_t fromguid = 0;
  bool raw = true;
};

// BEGIN, a few records, END, without a frame around them.
inline StreamBuilder& add_substream(StreamBuilder& stream, const SubstreamSpec& spec) {
  return stream
      .begin({.toname = spec.toname,
              .features = spec.raw ? kRawFeatures : drr::feature::kSaSpill,
              .toguid = spec.toguid,
              .fromguid = spec.fromguid,
              .payload = spec.raw ? crypt_payload() : Bytes{}})
      .free_objects(1, 31)
      .write(40, 0, pattern(1024, spec.toguid))
      .free(40, 1024, drr::kFreeToEnd)
      .end();
}

inline StreamImage simple_stream(const SubstreamSpec& spec = {}) {
  StreamBuilder stream;
  return add_substream(stream, spec).build();
}

// A package's list as `zfs send -R` makes it: one entry per dataset, one snapshot in each.
struct PackageSpec {
  bool raw = true;
  bool properties = false;
  bool holds = false;
  std::initializer_list<std::pair<std::string_view, std::uint64_t>> datasets = {
      {"pool/fs", kToGuid}};
};

inline Bytes package_list(const PackageSpec& spec) {
  NvlistBuilder entries;
  for (const auto& [name, guid] : spec.datasets) {
    NvlistBuilder entry;
    entry.string("name", name).u64("parentfromsnap", 0);
    entry.list("snaps", NvlistBuilder().u64("snap", guid));
    if (spec.properties) entry.list("props", NvlistBuilder().string("mountpoint", "/srv"));
    if (spec.holds) {
      entry.list("snapholds",
                 NvlistBuilder().list("snap", NvlistBuilder().u64("keep", 1'700'000'000)));
    }
    entries.list("0x" + std::to_string(guid), std::move(entry));
  }
  NvlistBuilder list;
  list.string("tosnap", "snap");
  if (spec.raw) list.boolean("raw");
  list.list("fss", std::move(entries));
  return list.pack(kPackedXdr);
}

inline StreamImage package_stream(const Bytes& nvlist,
                                  std::initializer_list<SubstreamSpec> substreams = {{}},
                                  std::string_view toname = "pool/fs@snap") {
  StreamBuilder stream;
  stream.package(nvlist, toname);
  for (const SubstreamSpec& spec : substreams)
    add_substream(stream, spec);
  return stream.package_end().build();
}

// One after another, as in a file of several streams.
inline Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts)
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace zsluice::test
