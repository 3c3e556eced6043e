// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline/resume_passes.hpp"

#include "pipeline/judge_begin.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace zsluice::pipeline {

using drr::Role;

bool SearchSink::take(const ProvenRecord& record) {
  if (record.role == Role::substream_begin) judge(record);
  search_.add(record.role, record.header, record.payload, record.stream_offset);
  if (record.role == Role::substream_begin) keep_if_found(record);
  return !search_.is_decided();
}

// Here already, so that a package's header does not leave before the substream behind it is known.
void SearchSink::judge(const ProvenRecord& record) {
  const drr::BeginRecord begin = drr::decode_begin(record.header);
  const resume::Target& target = options_.target;
  if (begin.toguid != target.toguid || begin.fromguid != target.fromguid) return;
  drr::Policy policy(options_.policy);
  const auto verdict = judge_begin(policy, record.role, record.header, record.payload);
  if (!refusal_) refusal_ = verdict;
  is_found_allowed_ = !verdict;
}

void SearchSink::keep_if_found(const ProvenRecord& record) {
  const auto found = search_.result();
  if (!found || found->substream_offset != record.stream_offset) return;
  begin_.order = record.header.order();
  std::ranges::copy(record.header.bytes(), begin_.header.begin());
  begin_.payload.assign(record.payload.begin(), record.payload.end());
  begin_.stream_offset = record.stream_offset;
}

bool RebuildSink::take(const ProvenRecord& record) {
  // Streams before the one that holds the substream are not looked at.
  if (record.stream_offset < found_.stream_offset) return true;
  if (record.role == Role::package_begin) package_name_ = drr::decode_begin(record.header).toname;
  if (record.stream_offset == found_.substream_offset) {
    const drr::BeginRecord begin = drr::decode_begin(record.header);
    toname_ = begin.toname;
    is_raw_ = (begin.features & drr::feature::kRaw) != 0;
  }
  const auto piece = rebuilder_.add(record.role, record.header, record.payload);
  if (!piece) {
    failure_.set(piece.error());
    return false;
  }
  if (*piece) {
    if (auto verdict =
            judge_begin(policy_, record.role, {(*piece)->header.data(), record.header.order()},
                        (*piece)->payload)) {
      failure_.set(*std::move(verdict));
      return false;
    }
    out_.write((*piece)->header);
    out_.write((*piece)->payload);
    ends_between_snapshots_ = record.role == Role::substream_end;
    if (ends_between_snapshots_) ++snapshots_;
  }
  return !rebuilder_.is_done() && !out_.error();
}

namespace {

bool is_damage(const Failure& failure) {
  return std::holds_alternative<drr::Fault>(failure) ||
         std::holds_alternative<StoreFailure>(failure);
}

// It has no END, or is cut off.
bool just_ends(const Failure& failure) {
  if (const auto* const fault = std::get_if<drr::Fault>(&failure)) {
    return drr::kind_of(fault->code) == drr::FaultKind::truncated;
  }
  const auto* const store = std::get_if<StoreFailure>(&failure);
  return store != nullptr && store->code == StoreFailureCode::unfinished;
}

// What was met and will not do is the reason, also where the stream is damaged behind it. That
// something was not met is none where it may have stood in what is damaged.
bool outweighs(const resume::Refusal& refusal, const Failure& failure) {
  if (refusal.code == resume::RefusalCode::unknown_snapshot) return false;
  if (refusal.code == resume::RefusalCode::saved_before) return just_ends(failure);
  return is_damage(failure);
}

}  // namespace

std::optional<Failure> judge_search(const SearchSink& searching, std::optional<Failure> failure) {
  if (!failure && searching.refusal()) failure = *searching.refusal();
  const auto found = searching.search().result();
  if (found) return failure;
  if (!failure || outweighs(found.error(), *failure)) failure = found.error();
  return failure;
}

void finish_report(ResumeReport& report,
                   const RebuildSink& rebuilding,
                   io::BlockingWriter& out,
                   std::optional<Failure> failure) {
  report.failure = std::move(failure);
  if (!report.failure) report.failure = rebuilding.failure();
  out.flush();
  if (!report.failure && out.error()) {
    report.failure = IoFailure{IoSide::output, *out.error(), out.written(), false};
  }
  // The first pass found it, and nothing failed: so there is another stream there now.
  if (!report.failure && !rebuilding.rebuilder().is_done()) report.failure = InputChanged{};
  report.bytes_out = out.written();
  report.is_package = rebuilding.rebuilder().makes_package();
  report.is_raw = rebuilding.is_raw();
  report.ends_between_snapshots = rebuilding.ends_between_snapshots();
  report.snapshots_out = rebuilding.snapshots();
  report.is_placed = rebuilding.is_placed();
  report.toname = rebuilding.toname();
  report.package_name = rebuilding.package_name();
}

}  // namespace zsluice::pipeline
