// SPDX-License-Identifier: BSD-2-Clause
// The two passes of `resume`, whatever the records come from: does the token fit, and where does it
// start; then the stream that a receiver still needs.
#pragma once

#include "io/blocking_writer.hpp"
#include "pipeline/outcome.hpp"
#include "pipeline/proven_records.hpp"
#include "pipeline/resume.hpp"
#include "zsluice/drr/policy.hpp"
#include "zsluice/resume/point_search.hpp"
#include "zsluice/resume/rebuild.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zsluice::pipeline {

// The BEGIN of the substream that was found, kept so that it need not be read again.
struct FoundBegin {
  ByteOrder order = kHostOrder;
  std::array<std::byte, drr::kRecordBytes> header{};
  std::vector<std::byte> payload;
  std::uint64_t stream_offset = 0;

  [[nodiscard]] ProvenRecord record() const {
    return {drr::Role::substream_begin, {header.data(), order}, payload, stream_offset};
  }
  // Of what follows it.
  [[nodiscard]] std::uint64_t end() const {
    return stream_offset + drr::kRecordBytes + payload.size();
  }
};

class SearchSink final : public RecordSink {
 public:
  explicit SearchSink(const ResumeOptions& options) : options_(options), search_(options.target) {}

  bool take(const ProvenRecord& record) override;
  [[nodiscard]] const resume::PointSearch& search() const { return search_; }
  // When the substream has been found.
  [[nodiscard]] const FoundBegin& begin() const { return begin_; }
  // Why the substream that was met last must not leave.
  [[nodiscard]] drr::Policy::Verdict refusal() const {
    return is_found_allowed_ ? std::nullopt : refusal_;
  }

 private:
  void judge(const ProvenRecord& record);
  void keep_if_found(const ProvenRecord& record);

  const ResumeOptions& options_;
  resume::PointSearch search_;
  FoundBegin begin_;
  drr::Policy::Verdict refusal_;
  bool is_found_allowed_ = true;
};

class RebuildSink final : public RecordSink {
 public:
  RebuildSink(const ResumeOptions& options,
              const resume::FoundPoint& found,
              io::BlockingWriter& out)
      : policy_(options.policy),
        found_(found),
        out_(out),
        rebuilder_({options.target, found.object_is_there, found.needs_block, options.rest}) {}

  bool take(const ProvenRecord& record) override;
  // Records before this offset are not looked at; at first those before the stream or package that
  // holds the substream.
  void skip_to(std::uint64_t stream_offset) { found_.stream_offset = stream_offset; }

  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_.get(); }
  [[nodiscard]] const resume::Rebuilder& rebuilder() const { return rebuilder_; }
  [[nodiscard]] bool is_placed() const { return found_.object_is_there; }
  [[nodiscard]] bool is_raw() const { return is_raw_; }
  [[nodiscard]] bool ends_between_snapshots() const { return ends_between_snapshots_; }
  [[nodiscard]] std::uint64_t snapshots() const { return snapshots_; }
  [[nodiscard]] const std::string& toname() const { return toname_; }
  [[nodiscard]] const std::string& package_name() const { return package_name_; }

 private:
  drr::Policy policy_;
  resume::FoundPoint found_;
  io::BlockingWriter& out_;
  resume::Rebuilder rebuilder_;
  FirstFailure failure_;
  bool is_raw_ = false;
  bool ends_between_snapshots_ = false;
  std::uint64_t snapshots_ = 0;
  std::string toname_;
  std::string package_name_;
};

// What the first pass comes to: why there is no second one. `failure`: of reading.
[[nodiscard]] std::optional<Failure> judge_search(const SearchSink& searching,
                                                  std::optional<Failure> failure);
// The second pass is over: flushes, and tells how it ended. `failure`: of reading.
void finish_report(ResumeReport& report,
                   const RebuildSink& rebuilding,
                   io::BlockingWriter& out,
                   std::optional<Failure> failure);

}  // namespace zsluice::pipeline
