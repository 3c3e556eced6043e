// SPDX-License-Identifier: BSD-2-Clause
// `inspect` for people: one screen for a single stream, one line more for each substream of a
// package. Printed as it becomes known. Foreign text stands in quotes and is escaped.
#pragma once

#include "cli/inspect_observer.hpp"
#include "cli/output.hpp"

#include <string>
#include <string_view>

namespace zsluice::cli {

class InspectText final : public InspectObserver {
 public:
  // `source`: escaped already. Both must outlive this.
  InspectText(TextOutput& out, std::string_view source) : out_(out), source_(source) {}

  void finish(const InspectEnd& end) override;

 protected:
  void tell_stream_begin() override;
  void tell_package(const drr::BeginRecord& begin, ByteSpan nvlist) override;
  void tell_substream(const drr::SubstreamSummary& summary, bool is_proven) override;
  void tell_stream_end(const pipeline::StreamTotals& totals) override;

 private:
  void line(std::string_view label, std::string_view text);
  void tell_single(const drr::SubstreamSummary& summary, bool is_proven);
  void tell_encryption(const drr::SubstreamSummary& summary);
  void tell_compact(const drr::SubstreamSummary& summary, bool is_proven);
  void tell_records(const pipeline::StreamTotals& totals);
  void tell_blocks();
  void tell_wholeness(const pipeline::StreamTotals& totals);
  void tell_hazards();
  void tell_exposure();

  TextOutput& out_;
  std::string_view source_;
  std::string byte_order_;  // of the stream, as the last substream had it
};

}  // namespace zsluice::cli
