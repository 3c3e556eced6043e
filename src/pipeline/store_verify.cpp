// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/store_verify.hpp"

#include "pipeline/judge_key.hpp"
#include "pipeline/open_failure.hpp"
#include "pipeline/ordered_work.hpp"
#include "pipeline/segment_list.hpp"
#include "zsluice/store/segment_name.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace zsluice::pipeline {
namespace {

using Work = OrderedWork<ProbedSegment>;

// What counts more comes first.
int gravity_of(const StoreFailure& failure) {
  switch (failure.code) {
    case StoreFailureCode::key_needed:
      return failure.name.empty() ? 0 : 3;
    case StoreFailureCode::not_a_store:
    case StoreFailureCode::not_keyed:
    case StoreFailureCode::no_digest:
      return 0;
    case StoreFailureCode::bad_segment:
    case StoreFailureCode::missing_segment:
    case StoreFailureCode::other_segment:
      return 1;
    case StoreFailureCode::other_end:
    case StoreFailureCode::unproven_end:
    case StoreFailureCode::bad_manifest:
    case StoreFailureCode::later_manifest:
    case StoreFailureCode::other_manifest:
    case StoreFailureCode::wrong_line:
      return 2;
    case StoreFailureCode::wrong_key:
      return 3;
    case StoreFailureCode::unreadable:
    case StoreFailureCode::fetch_failed:
    case StoreFailureCode::filter_failed:
    case StoreFailureCode::unwritable:
    case StoreFailureCode::holds_whole:
    case StoreFailureCode::holds_part:
    case StoreFailureCode::older_token:
    case StoreFailureCode::holds_nothing:
      return 4;
    case StoreFailureCode::cut_off:
    case StoreFailureCode::unfinished:
      break;
  }
  return 5;
}

class StoreVerification {
 public:
  StoreVerification(const StoreVerifyOptions& options,
                    io::StoreFiles& files,
                    const StoreJudge::Tell& tell)
      : options_(options), files_(files), tell_(tell) {
    if (!options.key.empty()) mac_.emplace(bytes_of(options.key));
  }

  StoreVerifyReport run();

 private:
  void find(const StoreFinding& finding);
  // Ends the run.
  void fail(StoreFailureCode code);
  void find_no_store();
  [[nodiscard]] bool has_right_key(const ManifestFacts& manifest, ManifestUse use);
  void judge_manifest(const ManifestFacts& manifest, const std::optional<StoreIdentity>& identity);
  [[nodiscard]] std::optional<ListedSegment> next_listed(SegmentList& list);
  [[nodiscard]] Work::Worker make_worker();
  void check_all(StoreJudge& judge);
  void take(StoreJudge& judge, const ProbedSegment& segment, const ProbedSegment* next);
  void judge_fetch(const ProbedSegment& segment);

  const StoreVerifyOptions& options_;
  io::StoreFiles& files_;
  const StoreJudge::Tell& tell_;
  std::optional<checksum::HmacSha256> mac_;
  StoreVerifyReport report_;
  bool is_over_ = false;
  std::optional<ListedSegment> ahead_;
  std::uint64_t expected_ = 0;
  unsigned unfetched_ = 0;    // segments in a row
  bool are_mendable_ = true;  // the findings, by other copies of segments
};

void StoreVerification::find(const StoreFinding& finding) {
  ++report_.findings;
  const bool is_too_much = finding.failure.segment.code == storage::SegmentErrorCode::after_last &&
                           finding.failure.code == StoreFailureCode::bad_segment;
  are_mendable_ = are_mendable_ && finding.segments() > 0 && !is_too_much;
  const bool is_graver =
      !report_.failure || gravity_of(finding.failure) < gravity_of(*report_.failure);
  if (is_graver) report_.failure = finding.failure;
  tell_(finding);
}

void StoreVerification::fail(StoreFailureCode code) {
  StoreFinding finding;
  finding.failure.code = code;
  find(finding);
  is_over_ = true;
}

StoreVerifyReport StoreVerification::run() {
  StoreJudge::Facts facts;
  facts.manifest = read_manifest(files_);
  const ManifestFacts manifest = facts.manifest;
  report_.manifest = manifest.state;
  facts.identity = find_identity(files_, manifest);
  facts.has_key = mac_.has_value();
  facts.use = use_of(manifest, facts.identity, facts.has_key);
  if (!has_right_key(manifest, facts.use)) {
    report_.is_cut_short = true;
    return std::move(report_);
  }
  const bool is_used = facts.use == ManifestUse::used;
  report_.has_closing_line = is_used && manifest.end.has_value();
  if (is_used) report_.segments_expected = manifest.segments;
  judge_manifest(manifest, facts.identity);
  StoreJudge judge(std::move(facts), files_,
                   [this](const StoreFinding& finding) { find(finding); });
  check_all(judge);
  report_.is_cut_short = is_over_;
  if (is_over_) {
    judge.stop();
  } else {
    judge.finish(mac_ ? &*mac_ : nullptr);
  }
  report_.verdict = judge.verdict();
  const StoreVerdict& verdict = report_.verdict;
  const bool is_empty = verdict.segments_good + verdict.segments_bad == 0;
  if (is_empty && !manifest.store && report_.findings == 0) find_no_store();
  if (is_empty && manifest.store && report_.findings == 0) fail(StoreFailureCode::unfinished);
  report_.is_mendable = are_mendable_ && !is_over_ && (verdict.has_end || report_.has_closing_line);
  report_.is_authenticated = mac_ && report_.findings == 0;
  return std::move(report_);
}

// Behind a command nobody but the manifest knows of segments; it may be out of reach.
void StoreVerification::find_no_store() {
  const auto manifest = files_.open(std::string(storage::kManifestName));
  if (manifest || code_of_read(manifest.error()) != StoreFailureCode::fetch_failed) {
    return fail(StoreFailureCode::not_a_store);
  }
  StoreFinding finding;
  finding.failure.code = StoreFailureCode::fetch_failed;
  finding.failure.name = storage::kManifestName;
  finding.failure.system = manifest.error();
  find(finding);
}

// Else it has been told, once for all segments.
bool StoreVerification::has_right_key(const ManifestFacts& manifest, ManifestUse use) {
  auto failure = judge_key(files_, use == ManifestUse::used ? manifest.store : std::nullopt,
                           {mac_ ? &*mac_ : nullptr, options_.no_auth});
  if (!failure) return true;
  StoreFinding finding;
  finding.failure = *std::move(failure);
  find(finding);
  return false;
}

void StoreVerification::judge_manifest(const ManifestFacts& manifest,
                                       const std::optional<StoreIdentity>& identity) {
  StoreFinding finding;
  finding.failure.name = storage::kManifestName;
  if (manifest.unreadable) {
    finding.failure.code = StoreFailureCode::unreadable;
    finding.failure.system = *manifest.unreadable;
    find(finding);
  } else if (manifest.state == ManifestState::damaged) {
    finding.failure.code = manifest.is_of_later_version ? StoreFailureCode::later_manifest
                                                        : StoreFailureCode::bad_manifest;
    finding.failure.segments = manifest.bad_line;
    finding.failure.begin = manifest.bad_offset;
    find(finding);
  } else if (manifest.store && identity && *identity != identity_of(*manifest.store)) {
    finding.failure.code = StoreFailureCode::other_manifest;
    find(finding);
  }
}

Work::Worker StoreVerification::make_worker() {
  ProbeOptions options;
  options.key = options_.key;
  options.no_auth = options_.no_auth;
  options.is_quick = options_.is_quick;
  const auto probe = std::make_shared<SegmentProbe>(options, files_);
  return [probe](ProbedSegment& segment) {
    // In place of a folder that cannot be listed.
    if (!segment.system) probe->check(segment);
  };
}

// A folder is not listed in one moment: beside a writer a segment may be seen, and not the one that
// was made right before it.
std::optional<ListedSegment> StoreVerification::next_listed(SegmentList& list) {
  if (!ahead_) ahead_ = list.next();
  if (!ahead_) return std::nullopt;
  const bool is_gap = !ahead_->error && ahead_->sequence > expected_;
  if (is_gap && files_.open(storage::segment_name(expected_))) {
    return ListedSegment{expected_++, std::nullopt};
  }
  const ListedSegment listed = *std::exchange(ahead_, std::nullopt);
  const std::uint64_t folder = storage::kSegmentsPerFolder;
  expected_ = listed.error ? (listed.sequence / folder + 1) * folder : listed.sequence + 1;
  return listed;
}

void StoreVerification::check_all(StoreJudge& judge) {
  SegmentList list = files_.is_remote() ? SegmentList::counted(files_, report_.segments_expected)
                                        : SegmentList(files_);
  Work work(options_.jobs, [this] { return make_worker(); });
  std::optional<ListedSegment> listed = next_listed(list);
  if (list.error()) {
    StoreFinding finding;
    finding.failure.code = StoreFailureCode::unreadable;
    finding.failure.system = *list.error();
    find(finding);
    is_over_ = true;
  }
  std::optional<ProbedSegment> segment;
  while (!is_over_ && (listed || !work.is_empty())) {
    while (listed && !work.is_full()) {
      ProbedSegment added;
      added.sequence = listed->sequence;
      added.system = listed->error;
      work.add(std::move(added));
      listed = next_listed(list);
    }
    ProbedSegment next = work.take();
    if (segment) take(judge, *segment, &next);
    segment = std::move(next);
  }
  if (segment && !is_over_) take(judge, *segment, nullptr);
}

void StoreVerification::take(StoreJudge& judge,
                             const ProbedSegment& segment,
                             const ProbedSegment* next) {
  if (segment.system && !segment.code) return judge.take_folder(segment.sequence, *segment.system);
  if (segment.code == StoreFailureCode::no_digest) return fail(StoreFailureCode::no_digest);
  judge.take(segment, next);
  if (next != nullptr) judge_fetch(segment);
}

void StoreVerification::judge_fetch(const ProbedSegment& segment) {
  unfetched_ = segment.code == StoreFailureCode::fetch_failed ? unfetched_ + 1 : 0;
  if (unfetched_ < kUnfetchedMax) return;
  report_.has_given_up = true;
  is_over_ = true;
}

}  // namespace

StoreVerifyReport run_verify_store(const StoreVerifyOptions& options,
                                   io::StoreFiles& files,
                                   const StoreJudge::Tell& tell) {
  return StoreVerification(options, files, tell).run();
}

}  // namespace zsluice::pipeline
