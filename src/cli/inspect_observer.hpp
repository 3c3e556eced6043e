// SPDX-License-Identifier: BSD-2-Clause
// What the text and the JSON of `inspect` have in common: it follows the walk, keeps the facts of
// the stream being read, and asks the derived class to tell each part once it is complete. All
// memory is fixed, but for the BEGIN payload that the walk holds.
#pragma once

#include "cli/failure_text.hpp"
#include "cli/inspect_facts.hpp"
#include "cli/property_concerns.hpp"
#include "pipeline/inspect.hpp"
#include "zsluice/drr/hazards.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace zsluice::cli {

// What must be told at the end of the input.
struct InspectEnd {
  const pipeline::InspectReport& report;
  const FailureContext& context;
  int exit_status = 0;
};

class InspectObserver : public pipeline::WalkObserver {
 public:
  void on_package(const drr::BeginRecord& begin, ByteSpan nvlist) final;
  void on_substream_begin(const drr::SubstreamSummary& summary) final;
  void on_substream_end(const drr::SubstreamSummary& summary) final;
  void on_stream_end(const pipeline::StreamTotals& totals) final;
  void on_damage(const drr::Fault& fault) final { fault_ = fault.code; }
  void on_block_mismatch(const drr::RecordNote& /*record*/) final {}
  void on_record(const drr::Parser& parser) final;
  void on_payload(const drr::Parser& parser) final;

  virtual void finish(const InspectEnd& end) = 0;

 protected:
  // In this order for each stream: begin, package (if it is one), substreams, end.
  virtual void tell_stream_begin() = 0;
  virtual void tell_package(const drr::BeginRecord& begin, ByteSpan nvlist) = 0;
  // `is_proven`: false when the input ended before anything proved its BEGIN.
  virtual void tell_substream(const drr::SubstreamSummary& summary, bool is_proven) = 0;
  virtual void tell_stream_end(const pipeline::StreamTotals& totals) = 0;

  [[nodiscard]] const StreamFacts& facts() const { return facts_; }
  [[nodiscard]] const drr::HazardDetector& hazards() const { return hazards_; }
  // Whether the stream's package header has been told.
  [[nodiscard]] bool package_told() const { return package_told_; }
  // Counted from 1.
  [[nodiscard]] std::uint64_t stream_number() const { return streams_; }
  // What ended the stream, if the stream itself was at fault.
  [[nodiscard]] const std::optional<drr::FaultCode>& fault() const { return fault_; }

 private:
  void begin_stream();

  StreamFacts facts_;
  drr::HazardDetector hazards_;
  std::optional<drr::FaultCode> fault_;
  std::uint64_t streams_ = 0;
  bool in_stream_ = false;
  bool package_told_ = false;
  bool substream_proven_ = false;
};

}  // namespace zsluice::cli
