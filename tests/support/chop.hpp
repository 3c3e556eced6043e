// SPDX-License-Identifier: BSD-2-Clause
// Drives a parser over a stream in pieces of any size and writes down everything it said, so that
// two ways of cutting can be compared. Each piece lives in memory of its own, freed as soon as the
// parser has consumed it: a parser that kept a view would be caught by AddressSanitizer.
#pragma once

#include "support/stream_image.hpp"
#include "zsluice/drr/parser.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace zsluice::test {

// The length of the next piece, given how many bytes are left (> 0).
using Chopper = std::function<std::size_t(std::size_t left)>;

[[nodiscard]] Chopper in_one_piece();
[[nodiscard]] Chopper in_pieces_of(std::size_t bytes);
[[nodiscard]] Chopper cut_once_at(std::size_t offset);
// Mostly short pieces, now and then a long one.
[[nodiscard]] Chopper at_random(std::uint64_t seed);

struct SeenRecord {
  drr::Role role{};
  std::uint32_t type = 0;
  std::uint64_t number = 0;
  std::uint64_t offset = 0;
  std::uint64_t payload_bytes = 0;  // announced
  std::uint64_t payload_seen = 0;
  std::uint64_t payload_hash = 0;
  std::uint64_t watermark = 0;  // when the record was reported
  bool proven = false;
  friend bool operator==(const SeenRecord&, const SeenRecord&) = default;
};

struct Trace {
  std::vector<SeenRecord> records;
  std::uint64_t streams = 0;  // that ended whole
  std::optional<drr::Fault> fault;
  std::uint64_t consumed = 0;
  std::uint64_t watermark = 0;
  std::uint64_t records_unproven = 0;
  // The watermark never went back, and never past what was consumed.
  bool watermark_lawful = true;

  [[nodiscard]] bool whole() const { return !fault.has_value(); }
};

// To the end of the stream or its first fault. With sum_payloads == false the payload sums are
// computed here and handed in.
[[nodiscard]] Trace parse(ByteSpan stream,
                          const Chopper& chopper = in_one_piece(),
                          const drr::ParserOptions& options = {});

// Every field, for comparing and for messages.
[[nodiscard]] std::string described(const drr::RecordNote& note);
[[nodiscard]] std::string described(const drr::Fault& fault);
[[nodiscard]] std::string described(const Trace& trace);

}  // namespace zsluice::test
