// SPDX-License-Identifier: BSD-2-Clause
// PieceWalker: finds the payloads in a stream by its headers alone, ahead of the parser, so that
// their sums can be computed in parallel. It proves nothing: where it cannot follow it stops, and
// whoever finds a piece missing sums it himself.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/wire_int.hpp"
#include "zsluice/checksum/fletcher4.hpp"
#include "zsluice/drr/format.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace zsluice::drr {

// A stretch of one payload inside one window, with the order of its words and room for its sum.
struct PayloadPiece {
  ByteSpan bytes;
  ByteOrder order = kHostOrder;
  checksum::Fletcher4 sum{};  // from zero; filled in by whoever sums it
};

class PieceWalker {
 public:
  // Appends the payload pieces of the next stretch of the stream, in order: the same ones that
  // Parser reports when it is fed the same stretch. They alias `window`.
  void walk(ByteSpan window, std::vector<PayloadPiece>& pieces);

 private:
  [[nodiscard]] bool read_header(const std::byte* bytes);

  bool lost_ = false;
  ByteOrder order_ = kHostOrder;
  std::uint64_t payload_left_ = 0;
  std::size_t header_filled_ = 0;
  std::array<std::byte, kRecordBytes> header_{};
};

}  // namespace zsluice::drr
