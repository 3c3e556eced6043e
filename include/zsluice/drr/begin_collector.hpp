// SPDX-License-Identifier: BSD-2-Clause
// A BEGIN with its whole payload, kept until it can be judged: its nvlist may arrive in pieces, and
// nothing of it is proven before the next record. Holds one BEGIN at a time; its memory is bounded
// by Limits::begin_payload_bytes.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/drr/parser.hpp"

#include <array>
#include <vector>

namespace zsluice::drr {

class BeginCollector {
 public:
  // At Step::record of a BEGIN.
  void start(const Parser& parser);
  // At each Step::payload that follows it.
  void add(ByteSpan piece);
  // Lets go of the payload's memory.
  void clear();

  // Valid until the next start() or clear().
  [[nodiscard]] RecordView record() const { return {record_.data(), order_}; }
  [[nodiscard]] BeginRecord begin() const { return decode_begin(record()); }
  [[nodiscard]] ByteSpan payload() const { return payload_; }
  [[nodiscard]] std::size_t memory_bytes() const { return payload_.capacity(); }

 private:
  ByteOrder order_ = kHostOrder;
  std::array<std::byte, kRecordBytes> record_{};
  std::vector<std::byte> payload_;
};

}  // namespace zsluice::drr
