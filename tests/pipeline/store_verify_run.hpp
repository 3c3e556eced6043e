// SPDX-License-Identifier: BSD-2-Clause
// `verify` of stores in memory, and what it finds as lines of text.
#pragma once

#include "pipeline/store_run.hpp"
#include "pipeline/store_verify.hpp"

#include <string>
#include <vector>

namespace zsluice::pipeline {

struct VerifiedStore {
  StoreVerifyReport report;
  std::vector<StoreFinding> findings;

  [[nodiscard]] bool is_whole() const { return !report.failure && findings.empty(); }
  // Every fact of the findings, and of the verdict.
  [[nodiscard]] std::string text() const;
};

inline VerifiedStore verified(io::StoreFiles& store, const StoreVerifyOptions& options = {}) {
  VerifiedStore verified;
  verified.report = run_verify_store(
      options, store, [&](const StoreFinding& finding) { verified.findings.push_back(finding); });
  return verified;
}

inline VerifiedStore verified(const MemoryStore::Image& image,
                              const StoreVerifyOptions& options = {}) {
  MemoryStore store(image);
  return verified(store, options);
}

inline StoreVerifyOptions quickly() {
  StoreVerifyOptions options;
  options.is_quick = true;
  return options;
}

// "3 bad_segment", "4-6 missing_segment": number of the code, since names are cli's business.
inline std::string VerifiedStore::text() const {
  std::string text;
  const auto add = [&](std::uint64_t number) { text += std::to_string(number) + ' '; };
  const auto add_place = [&](const std::optional<storage::Place>& place) {
    if (place) add(place->object);
    if (place) add(place->offset);
    text += '|';
  };
  for (const StoreFinding& finding : findings) {
    add(static_cast<std::uint64_t>(finding.failure.code));
    add(static_cast<std::uint64_t>(finding.failure.segment.code));
    add(finding.failure.sequence);
    add(finding.failure.last.value_or(finding.failure.sequence));
    add(finding.failure.begin);
    add(finding.failure.end.value_or(0));
    for (const storage::Substream& snapshot : finding.snapshots) {
      text += snapshot.toname + ' ';
    }
    add_place(finding.places ? std::optional(finding.places->first) : std::nullopt);
    add_place(finding.after);
    add_place(finding.before);
    text += finding.failure.name + '\n';
  }
  for (const GoodRange& range : report.verdict.good) {
    add(range.first);
    add(range.last);
    add(range.begin);
    add(range.end);
  }
  add(report.verdict.segments_good);
  add(report.verdict.segments_bad);
  add(report.verdict.prefix_bytes);
  return text;
}

}  // namespace zsluice::pipeline
