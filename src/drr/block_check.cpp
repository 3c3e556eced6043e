// SPDX-License-Identifier: BSD-2-Clause
#include "zsluice/drr/block_check.hpp"

#include "zsluice/drr/format.hpp"

#include <algorithm>
#include <array>

namespace zsluice::drr {
namespace {

using checksum::BlockWords;
using checksum::ChecksumId;

// key.prop (FORMAT.md §A.1): logical sectors - 1, compression, and whether the block is encrypted
// or authenticated.
constexpr std::uint64_t kSectorBytes = 512;

std::uint64_t stored_logical_bytes(const WriteRecord& write) {
  return ((write.key_properties & 0xFFFF) + 1) * kSectorBytes;
}
std::uint64_t stored_compression(const WriteRecord& write) {
  return (write.key_properties >> 32) & 0x7F;
}
bool is_stored_protected(const WriteRecord& write) {
  return ((write.key_properties >> 39) & 1) != 0;
}

bool is_payload_as_stored(const WriteRecord& write, bool is_raw) {
  if (is_raw) return true;
  if (is_stored_protected(write)) return false;  // sent decrypted
  if (write.compression != kCompressionInherit) return true;
  return stored_compression(write) == kCompressionOff &&
         stored_logical_bytes(write) == write.logical_bytes;
}

// The others are sums of bytes: the same on every host.
bool sums_words(checksum::BlockAlgorithm algorithm) {
  return algorithm == checksum::BlockAlgorithm::fletcher2 ||
         algorithm == checksum::BlockAlgorithm::fletcher4;
}

// ZAPs, directories, dnodes…: what a sender of the other byte order turns round when it sends them
// plain (FORMAT.md §A.3, §A.5).
bool is_metadata(std::uint32_t type) {
  constexpr std::uint32_t kNewType = 0x80;
  constexpr std::uint32_t kNewMetadata = 0x40;
  if ((type & kNewType) != 0) return (type & kNewMetadata) != 0;
  constexpr std::array<std::uint32_t, 5> kData = {19, 23, 25, 26, 49};
  return std::find(kData.begin(), kData.end(), type) == kData.end();
}

// Algorithms without the dedup flag fold the words that the MAC displaces into those that stay.
bool folds_before_truncation(ChecksumId id) {
  return id == ChecksumId::fletcher2 || id == ChecksumId::fletcher4 || id == ChecksumId::edonr;
}

}  // namespace

void BlockCheck::start(const RecordView& record, std::uint64_t features) {
  write_ = decode_write(record);
  checking_ = false;
  const bool is_raw = (features & feature::kRaw) != 0;
  const auto id = static_cast<ChecksumId>(write_.checksum);
  const auto algorithm = checksum::block_algorithm(id);
  if (!is_payload_as_stored(write_, is_raw)) {
    ++counts_.not_as_stored;
  } else if (checksum::is_salted(id)) {
    ++counts_.salted;
  } else if (!algorithm || write_.key.is_zero()) {
    ++counts_.no_checksum;
  } else {
    const bool swapped = is_raw && (write_.flags & kFlagRawByteswap) != 0;
    sum_.init(*algorithm, swapped ? opposite(record.order()) : record.order());
    // A plain stream of uncompressed blocks does not say which host wrote them.
    is_order_open_ = !is_raw && write_.compression == kCompressionInherit && sums_words(*algorithm);
    if (is_order_open_) opposite_sum_.init(*algorithm, opposite(record.order()));
    truncated_by_mac_ = is_raw && is_stored_protected(write_);
    may_be_turned_ =
        !is_raw && write_.compression == kCompressionInherit && is_metadata(write_.type);
    checking_ = true;
  }
}

void BlockCheck::update(ByteSpan piece) {
  if (!checking_) return;
  sum_.update(piece);
  if (is_order_open_) opposite_sum_.update(piece);
}

bool BlockCheck::finish() {
  if (!checking_) return true;
  checking_ = false;
  const std::optional<BlockWords> computed = sum_.finish();
  if (!computed) {
    ++counts_.no_checksum;
    return true;
  }
  bool good = matches(*computed);
  if (is_order_open_ && !good) {
    const std::optional<BlockWords> other = opposite_sum_.finish();
    good = other && matches(*other);
  }
  if (!good && may_be_turned_) {
    ++counts_.not_as_stored;
    return true;
  }
  ++(good ? counts_.matched : counts_.mismatched);
  return good;
}

bool BlockCheck::matches(const BlockWords& computed) const {
  if (!truncated_by_mac_) {
    return computed[0] == write_.key.a && computed[1] == write_.key.b &&
           computed[2] == write_.key.c && computed[3] == write_.key.d;
  }
  BlockWords kept = computed;
  if (folds_before_truncation(static_cast<ChecksumId>(write_.checksum))) {
    kept[0] ^= kept[2];
    kept[1] ^= kept[3];
  }
  return kept[0] == write_.key.a && kept[1] == write_.key.b;
}

}  // namespace zsluice::drr
