// SPDX-License-Identifier: BSD-2-Clause
// BlockCheck: compares the payload of a WRITE with the checksum that its block carries on disk
// (FORMAT.md §C.6), end to end from the sender's pool, without key or pool.
//
// A mismatch is a warning and no damage of the stream: the record's own sums were right, and some
// senders leave a stale checksum behind (zstream recompress, zfs_send_corrupt_data).
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/checksum/block_checksum.hpp"
#include "zsluice/drr/record.hpp"

#include <cstdint>
#include <optional>

namespace zsluice::drr {

struct BlockCounts {
  std::uint64_t matched = 0;
  std::uint64_t mismatched = 0;
  std::uint64_t salted = 0;       // skein, edonr, blake3: the pool's secret salt is needed
  std::uint64_t no_checksum = 0;  // the block has none, or of an unknown kind
  std::uint64_t not_as_stored =
      0;  // the payload is not what lies on disk (decompressed, decrypted)
};

class BlockCheck {
 public:
  // At a WRITE record: `features` from its BEGIN, `order` the stream's.
  void start(const RecordView& record, std::uint64_t features);
  // Each piece of its payload.
  void update(ByteSpan piece);
  // After the last piece: false when the checksum is wrong; true also when it could not be checked.
  [[nodiscard]] bool finish();

  [[nodiscard]] const BlockCounts& counts() const { return counts_; }

 private:
  [[nodiscard]] bool matches(const checksum::BlockWords& computed) const;

  checksum::BlockChecksum sum_;
  checksum::BlockChecksum opposite_sum_;  // with the words in the other byte order
  bool is_order_open_ = false;
  bool checking_ = false;
  bool truncated_by_mac_ = false;
  bool may_be_turned_ = false;  // plain metadata: the sender may have turned its byte order
  WriteRecord write_;
  BlockCounts counts_;
};

}  // namespace zsluice::drr
