// SPDX-License-Identifier: BSD-2-Clause
// An observer that writes down all it is told, and ways to run a Walk over a stream.
#pragma once

#include "pipeline/walk.hpp"
#include "support/chop.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace zsluice::pipeline {

class Diary final : public WalkObserver {
 public:
  void on_package(const drr::BeginRecord& begin, ByteSpan nvlist) override {
    events.push_back("package " + std::string(begin.toname) + ' ' + std::to_string(nvlist.size()));
  }
  void on_substream_begin(const drr::SubstreamSummary& summary) override {
    events.push_back("begin " + summary.toname);
  }
  void on_substream_end(const drr::SubstreamSummary& summary) override {
    events.push_back((summary.complete ? "end " : "cut ") + summary.toname);
    substreams.push_back(summary);
  }
  void on_stream_end(const StreamTotals& totals) override {
    events.push_back(std::string(totals.is_whole ? "whole" : "not whole") +
                     (totals.is_repeated ? " repeated" : ""));
    streams.push_back(totals);
  }
  void on_damage(const drr::Fault& fault) override { damages.push_back(fault); }
  void on_block_mismatch(const drr::RecordNote& record) override { mismatches.push_back(record); }
  void on_record(const drr::Parser& parser) override {
    records.push_back(parser.current().stream_offset);
  }

  std::vector<std::string> events;
  std::vector<drr::SubstreamSummary> substreams;
  std::vector<StreamTotals> streams;
  std::vector<drr::Fault> damages;
  std::vector<drr::RecordNote> mismatches;
  std::vector<std::uint64_t> records;
};

// A walk that has read all of a stream; keep the diary beside it.
struct WalkRun {
  explicit WalkRun(ByteSpan stream,
                   const WalkOptions& options = {},
                   const test::Chopper& chopper = test::in_one_piece())
      : walk(options, diary) {
    while (!stream.empty() && !walk.is_over()) {
      const ByteSpan piece = take_prefix(stream, std::min(stream.size(), chopper(stream.size())));
      walk.feed(test::Bytes(piece.begin(), piece.end()));
    }
    walk.finish();
  }

  template <class Kind>
  [[nodiscard]] const Kind* failed_with() const {
    return walk.failure() ? std::get_if<Kind>(&*walk.failure()) : nullptr;
  }
  [[nodiscard]] std::optional<drr::FaultCode> fault() const {
    const auto* fault = failed_with<drr::Fault>();
    return fault != nullptr ? std::optional(fault->code) : std::nullopt;
  }
  [[nodiscard]] bool whole() const { return !walk.failure().has_value(); }

  Diary diary;
  Walk walk;
};

}  // namespace zsluice::pipeline
