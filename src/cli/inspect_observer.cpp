// SPDX-License-Identifier: BSD-2-Clause
#include "cli/inspect_observer.hpp"

namespace zsluice::cli {

void InspectObserver::begin_stream() {
  if (in_stream_) return;
  in_stream_ = true;
  ++streams_;
  facts_ = {};
  package_told_ = false;
  hazards_.start_stream();
  substream_proven_ = false;
  tell_stream_begin();
}

void InspectObserver::on_package(const drr::BeginRecord& begin, ByteSpan nvlist) {
  begin_stream();
  facts_.is_package = true;
  facts_.features |= begin.features;
  if (!nvlist.empty()) {
    if (const auto package = drr::read_package_facts(nvlist)) {
      facts_.package = *package;
      facts_.package->from_snapshot.reset();  // they alias the nvlist
      facts_.package->to_snapshot.reset();
    }
  }
  tell_package(begin, nvlist);
  package_told_ = true;
}

void InspectObserver::on_substream_begin(const drr::SubstreamSummary& summary) {
  begin_stream();
  substream_proven_ = true;
  hazards_.begin_substream(summary);
}

void InspectObserver::on_substream_end(const drr::SubstreamSummary& summary) {
  begin_stream();
  facts_.add(summary);
  if (substream_proven_) hazards_.end_substream(summary);
  tell_substream(summary, substream_proven_);
  substream_proven_ = false;
}

void InspectObserver::on_stream_end(const pipeline::StreamTotals& totals) {
  begin_stream();
  facts_.is_package = totals.is_package;
  tell_stream_end(totals);
  in_stream_ = false;
}

void InspectObserver::on_record(const drr::Parser& parser) {
  if (parser.role() == drr::Role::body) {
    hazards_.record(parser.record(), parser.record_payload_bytes());
  }
}

void InspectObserver::on_payload(const drr::Parser& parser) {
  if (parser.role() == drr::Role::body) {
    hazards_.payload(parser.payload(), parser.payload_bytes_left());
  }
}

}  // namespace zsluice::cli
