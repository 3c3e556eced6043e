// SPDX-License-Identifier: BSD-2-Clause
// The checksum that a block carries on disk, computed from its payload (FORMAT.md §C.6).
//
// Which records carry a block exactly as on disk, and what a MAC leaves of the checksum of an
// encrypted one, is the DRR layer's business. Here are the algorithms and their numbers.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/wire_int.hpp"
#include "zsluice/checksum/fletcher4.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace zsluice::checksum {

// The checksumtype of a record (FORMAT.md §A.5). On the wire it is one byte, so any value from 0 to
// 255 may occur.
enum class ChecksumId : std::uint8_t {
  inherit = 0,
  on = 1,
  off = 2,
  label = 3,
  gang = 4,
  zilog = 5,
  fletcher2 = 6,
  fletcher4 = 7,
  sha256 = 8,
  zilog2 = 9,
  noparity = 10,
  sha512 = 11,  // SHA-512/256
  skein = 12,
  edonr = 13,
  blake3 = 14,
};

// The name by which `zfs get checksum` knows it, or "unknown".
[[nodiscard]] std::string_view checksum_name(ChecksumId id);

// Keyed with a salt of the pool, which no stream carries: nobody can compute it from a stream.
[[nodiscard]] bool is_salted(ChecksumId id);

// What can be computed from the payload alone.
enum class BlockAlgorithm : std::uint8_t { fletcher2, fletcher4, sha256, sha512_256 };

// The algorithm of an id. None for salted ones, for those that are no checksum of a data block
// (inherit, off, label…) and for unknown ids.
[[nodiscard]] std::optional<BlockAlgorithm> block_algorithm(ChecksumId id);

// As in a block pointer and a record's key: four words, whatever the algorithm.
using BlockWords = std::array<std::uint64_t, 4>;

// One block after another: init, update for each piece, finish. Memory for SHA-2 is taken once, by
// the first block that needs it.
class BlockChecksum {
 public:
  BlockChecksum();
  BlockChecksum(BlockChecksum&&) noexcept;
  BlockChecksum& operator=(BlockChecksum&&) noexcept;
  ~BlockChecksum();

  // Begins a block, whatever became of the last one. `order` is that of the host that wrote it.
  void init(BlockAlgorithm algorithm, ByteOrder order);
  void update(ByteSpan piece);
  // The words as that host saw them. None if libcrypto does not offer the digest (a FIPS policy can
  // forbid one) or had no memory. To be called once per init().
  [[nodiscard]] std::optional<BlockWords> finish();

 private:
  // a0 += w0; a1 += w1; b0 += a0; b1 += a1 over pairs of 64-bit words, modulo 2^64. Bytes at the
  // end that fill no pair are ignored.
  struct Fletcher2 {
    static constexpr std::size_t kPairBytes = 16;

    BlockWords words{};  // a0, a1, b0, b1
    std::size_t carried = 0;
    std::array<std::byte, kPairBytes> carry{};

    void add_pairs(ByteSpan pairs, ByteOrder order);
    void update(ByteSpan piece, ByteOrder order);
  };
  class Sha2;  // libcrypto's part

  BlockAlgorithm algorithm_ = BlockAlgorithm::fletcher4;
  ByteOrder order_ = kHostOrder;
  Fletcher2 fletcher2_;
  Fletcher4Range fletcher4_;
  std::unique_ptr<Sha2> sha2_;
};

}  // namespace zsluice::checksum
