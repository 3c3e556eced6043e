// SPDX-License-Identifier: BSD-2-Clause
// The one place that judges what may pass (DESIGN.md §2.3, §9). Pure: it is shown each BEGIN with
// its payload before a byte of it may leave, and answers with a refusal or nothing.
//
// By default only substreams that are raw and encrypted pass: the RAW feature alone is a claim, so
// the wrapped key of an encryption suite must be there too. A payload that cannot be read proves
// nothing and is refused where something would have to be read from it.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/drr/record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace zsluice::drr {

struct PolicyOptions {
  bool allow_plaintext = false;
  bool single_dataset = false;
  bool no_properties = false;  // neither properties nor holds
  std::optional<std::uint64_t> expect_toguid{};
  std::optional<std::uint64_t> expect_fromguid{};  // of the first substream; 0: a full stream
  std::optional<std::string> expect_name{};  // a glob over "dataset@snapshot"; '*' matches '/'
  std::optional<std::uint64_t> max_bytes{};  // of the whole stream
};

enum class RefusalCode : std::uint8_t {
  not_raw,             // a plain substream
  raw_not_encrypted,   // the RAW feature without an encryption key in the payload
  package_not_raw,     // a package header that does not say `raw`
  unreadable_payload,  // the nvlist cannot be read
  unexpected_toguid,
  unexpected_fromguid,
  unexpected_name,
  several_datasets,
  carries_properties,
  too_large,
};

struct Refusal {
  RefusalCode code{};
  std::uint64_t found = 0;     // guid or bytes
  std::uint64_t expected = 0;  // guid or bytes
  std::string name;            // the substream's or property's name: foreign text
};

class Policy {
 public:
  explicit Policy(PolicyOptions options) : options_(std::move(options)) {}

  using Verdict = std::optional<Refusal>;

  // A package's header: `nvlist` is its whole payload, possibly empty (`zfs send -I`).
  [[nodiscard]] Verdict judge_package(const BeginRecord& begin, ByteSpan nvlist);
  // A substream's BEGIN with its whole payload.
  [[nodiscard]] Verdict judge_substream(const BeginRecord& begin, ByteSpan nvlist);
  // A package's closing END: what only the whole could tell.
  [[nodiscard]] Verdict judge_package_end() const;
  // Before bytes up to `stream_bytes` may leave.
  [[nodiscard]] Verdict judge_size(std::uint64_t stream_bytes) const;

  // A new stream begins (several streams in one input).
  void start_stream();

 private:
  [[nodiscard]] Verdict judge_name(std::string_view toname) const;
  [[nodiscard]] Verdict judge_rawness(const BeginRecord& begin, ByteSpan nvlist) const;
  [[nodiscard]] Verdict judge_dataset(std::string_view toname);

  PolicyOptions options_;
  bool in_package_ = false;
  bool brought_toguid_ = false;  // a substream of this stream was the expected snapshot
  std::uint64_t substreams_ = 0;
  std::string dataset_;  // of the first substream
};

}  // namespace zsluice::drr
