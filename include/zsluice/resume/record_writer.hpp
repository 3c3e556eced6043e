// SPDX-License-Identifier: BSD-2-Clause
// RecordWriter: puts records into a substream that is being made, each with the checksums it has
// there (FORMAT.md §C.2). A record moved from one stream to another changes in nothing else.
//
// A record whose own checksum was all zero where it comes from (senders before 2014) is given a
// real one: receivers take it, and whatever reads the new stream can prove it.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/wire_int.hpp"
#include "zsluice/checksum/fletcher4.hpp"
#include "zsluice/drr/format.hpp"

#include <array>

namespace zsluice::resume {

// A record to be written: its header, then its payload. Who hands one out says how long it lives.
struct Piece {
  ByteSpan header;
  ByteSpan payload;
};

class RecordWriter {
 public:
  // `state`: the running sum of what the substream holds already; zero before its BEGIN. Words are
  // summed and written in `order`, which is that of the substream and of every header given here.
  explicit RecordWriter(ByteOrder order = kHostOrder, const checksum::Fletcher4& state = {})
      : order_(order), state_(state) {}

  // The header, kRecordBytes long, as it has to be in this substream; valid until the next call of
  // put(). A BEGIN starts a new sum, and has no checksum; END is given both of its own.
  [[nodiscard]] ByteSpan put(ByteSpan header);
  // A header that stays as it is.
  void keep(ByteSpan header);
  // The whole payload of the record before.
  void absorb(ByteSpan payload);

  [[nodiscard]] const checksum::Fletcher4& state() const { return state_; }

 private:
  ByteOrder order_;
  checksum::Fletcher4 state_;
  std::array<std::byte, drr::kRecordBytes> header_{};
};

}  // namespace zsluice::resume
