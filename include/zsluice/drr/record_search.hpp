// SPDX-License-Identifier: BSD-2-Clause
// RecordSearch: finds where a stream goes on behind a damage that destroyed its framing (bytes lost
// or inserted, a header overwritten). Every record but BEGIN carries the 64-bit guid of its
// snapshot at a place given by its type, so that a chance hit is as good as impossible; what
// follows is summed from the found record's own checksum on, which tells at the next record.
//
// For `verify --keep-going` only: what is found here proves nothing about the bytes before it.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/drr/record.hpp"

#include <array>
#include <cstdint>

namespace zsluice::drr {

class RecordSearch {
 public:
  // `toguid` as the records before the damage had it (0: find none by it). BEGINs are found where
  // one may follow: streams are stored as files, so a BEGIN may also lie in somebody's payload.
  RecordSearch(std::uint64_t toguid, ByteOrder order, bool finds_begins)
      : toguid_(toguid), order_(order), finds_begins_(finds_begins) {}

  // Consumes a prefix of `input`; true when it ends with a record, which is then in record(), and
  // skipped() bytes lay before it. False: more input is needed.
  [[nodiscard]] bool next(ByteSpan& input);

  // What was found cannot be a record after all: it counts as skipped.
  void reject() { skipped_ += kRecordBytes; }

  // kRecordBytes bytes, until the next call.
  [[nodiscard]] ByteSpan record() const { return found_; }
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }

 private:
  [[nodiscard]] bool is_record(const std::byte* bytes) const;
  [[nodiscard]] bool search_seam(ByteSpan& input);
  [[nodiscard]] bool search_piece(ByteSpan& input);
  void found(const std::byte* bytes);

  std::uint64_t toguid_;
  ByteOrder order_;
  bool finds_begins_;
  std::uint64_t skipped_ = 0;
  // The end of the last piece, too short to be judged, with the beginning of this one behind it.
  std::array<std::byte, 2 * kRecordBytes> seam_{};
  std::size_t seam_bytes_ = 0;
  std::array<std::byte, kRecordBytes> found_{};
};

}  // namespace zsluice::drr
