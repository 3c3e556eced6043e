// SPDX-License-Identifier: BSD-2-Clause
// `inspect --records`: one line per record, as key=value pairs or as a JSON object. Keys are stable
// and in a fixed order for each record type (INSPECT_JSON.md lists them); constant memory.
#pragma once

#include "cli/inspect_observer.hpp"
#include "cli/output.hpp"
#include "zsluice/drr/parser.hpp"

#include <cstdint>
#include <string>

namespace zsluice::cli {

enum class LineForm : std::uint8_t { text, json };

class RecordLines {
 public:
  explicit RecordLines(LineForm form) : form_(form) {}

  // Appends the line, newline included, of the record that the parser has just reported.
  void append(std::string& out, const drr::Parser& parser);

 private:
  LineForm form_;
  std::uint64_t stream_ = 0;
  std::uint64_t substream_ = 0;
  std::uint64_t begin_toguid_ = 0;
};

// Prints every record of a walk, and nothing else.
class RecordPrinter final : public pipeline::WalkObserver {
 public:
  RecordPrinter(TextOutput& out, LineForm form) : out_(out), lines_(form) {}

  void on_package(const drr::BeginRecord& /*begin*/, ByteSpan /*nvlist*/) override {}
  void on_substream_begin(const drr::SubstreamSummary& /*summary*/) override {}
  void on_substream_end(const drr::SubstreamSummary& /*summary*/) override { out_.flush(); }
  void on_stream_end(const pipeline::StreamTotals& /*totals*/) override {}
  void on_damage(const drr::Fault& /*fault*/) override {}
  void on_block_mismatch(const drr::RecordNote& /*record*/) override {}
  void on_record(const drr::Parser& parser) override;

 private:
  TextOutput& out_;
  RecordLines lines_;
  std::string line_;
};

}  // namespace zsluice::cli
