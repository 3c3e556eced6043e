// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/store_identity.hpp"

#include "pipeline/segment_list.hpp"
#include "zsluice/store/segment_check.hpp"

namespace zsluice::pipeline {
namespace {

using storage::SegmentHeader;

// How many segments are asked, and how many of them must have an answer.
constexpr unsigned kAskedMax = 16;
constexpr unsigned kAnswersMax = 3;

}  // namespace

std::vector<SegmentHeader> first_headers(io::StoreFiles& files) {
  SegmentList list = files.is_remote() ? SegmentList::counted(files, 1) : SegmentList(files);
  std::vector<SegmentHeader> headers;
  for (unsigned asked = 0; asked < kAskedMax && headers.size() < kAnswersMax; ++asked) {
    const auto listed = list.next();
    if (!listed) break;
    if (listed->error) continue;
    if (const auto header = peek_header(files, listed->sequence)) headers.push_back(*header);
  }
  return headers;
}

StoreIdentity identity_of(const SegmentHeader& header) {
  return {header.store_id, header.settings.segment_bytes};
}

StoreIdentity identity_of(const storage::StoreLine& line) {
  return {line.store_id, line.settings.segment_bytes};
}

std::optional<StoreIdentity> find_identity(io::StoreFiles& files, const ManifestFacts& manifest) {
  const std::optional<StoreIdentity> named =
      manifest.store ? std::optional(identity_of(*manifest.store)) : std::nullopt;
  if (files.is_remote()) return named;
  std::vector<StoreIdentity> answers;
  for (const SegmentHeader& header : first_headers(files)) {
    const StoreIdentity identity = identity_of(header);
    if (identity == named) return identity;
    for (const StoreIdentity& answer : answers) {
      if (answer == identity) return identity;
    }
    answers.push_back(identity);
  }
  return answers.empty() ? std::nullopt : std::optional(answers.front());
}

ManifestUse use_of(const ManifestFacts& manifest,
                   const std::optional<StoreIdentity>& identity,
                   bool has_key) {
  if (!manifest.store) return ManifestUse::left_out;
  if (!identity || *identity == identity_of(*manifest.store)) return ManifestUse::used;
  const bool is_same_stream = identity->store_id == manifest.store->store_id;
  return is_same_stream && !has_key ? ManifestUse::left_out : ManifestUse::refused;
}

std::optional<SegmentHeader> peek_own_header(io::StoreFiles& files,
                                             std::uint64_t sequence,
                                             const StoreIdentity& identity) {
  auto header = peek_header(files, sequence);
  const bool is_own =
      header && check_place(*header, sequence).has_value() && identity_of(*header) == identity;
  return is_own ? header : std::nullopt;
}

}  // namespace zsluice::pipeline
