// SPDX-License-Identifier: BSD-2-Clause
// `inspect --json`: everything in the schema "zsluice.inspect/1" (INSPECT_JSON.md), written as it
// becomes known. Changing or removing a member needs a new schema number; adding one does not.
#pragma once

#include "cli/inspect_observer.hpp"
#include "cli/json_writer.hpp"
#include "cli/output.hpp"

#include <string>
#include <string_view>

namespace zsluice::cli {

class InspectJson final : public InspectObserver {
 public:
  // `source`: escaped already.
  InspectJson(TextOutput& out, std::string_view source);

  void finish(const InspectEnd& end) override;

 protected:
  void tell_stream_begin() override;
  void tell_package(const drr::BeginRecord& begin, ByteSpan nvlist) override;
  void tell_substream(const drr::SubstreamSummary& summary, bool is_proven) override;
  void tell_stream_end(const pipeline::StreamTotals& totals) override;

 private:
  void begin_substreams();
  void tell_hazards();
  void tell_exposure();
  void tell_warnings(const InspectEnd& end);
  void warn(std::string_view code, std::uint64_t count, std::string_view text);
  void flush();

  TextOutput& out_;
  std::string text_;
  JsonWriter json_{text_};
  ConcernCounts concerns_{};  // of the whole input, like weak_keys_
  std::uint64_t weak_keys_ = 0;
  bool substreams_begun_ = false;
};

// The whole result when the input could not even be opened.
[[nodiscard]] std::string unopened_json(std::string_view path,
                                        int exit_status,
                                        std::string_view message);

}  // namespace zsluice::cli
