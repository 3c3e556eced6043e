// SPDX-License-Identifier: BSD-2-Clause
// Fletcher-4, the running checksum of a send stream (FORMAT.md §C.1, §C.5).
//
// Over 32-bit words w: a += w; b += a; c += b; d += c, all modulo 2^64. The state is a monoid: the
// sums of two neighbouring ranges combine when the length of the second is known, which is what
// SIMD lanes, parallel payload sums and resumption build on. It detects accidents, not attackers.
#pragma once

#include "zsluice/base/bytes.hpp"
#include "zsluice/base/wire_int.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace zsluice::checksum {

struct Fletcher4 {
  std::uint64_t a{};
  std::uint64_t b{};
  std::uint64_t c{};
  std::uint64_t d{};

  [[nodiscard]] bool is_zero() const { return (a | b | c | d) == 0; }
  friend bool operator==(const Fletcher4&, const Fletcher4&) = default;
};

// `state` continued over one range. Words are read in `order` (the stream's); 1–3 bytes that do not
// fill a word at the end of the range are ignored, as OpenZFS does. A range that arrives in pieces
// goes through Fletcher4Range instead.
[[nodiscard]] Fletcher4 fletcher4(Fletcher4 state, ByteSpan range, ByteOrder order);

// The two ranges of a record, which has its checksum in its last 32 bytes (FORMAT.md §C.2).
inline constexpr std::size_t kFletcher4RecordBytes = 312;
inline constexpr std::size_t kFletcher4RecordSummedBytes = 280;
using Fletcher4Record = std::span<const std::byte, kFletcher4RecordBytes>;

// Continues `state` over a whole record and returns it as it was before the checksum field. The
// same as two calls of fletcher4(), in about three quarters of the time: records of no payload are
// where a parser spends it.
[[nodiscard]] Fletcher4 fletcher4_record(Fletcher4& state, Fletcher4Record record, ByteOrder order);

// The state after two neighbouring ranges: `first` is the state after the one, `second` the sum of
// the other from zero, `second_bytes` its length (exact for any 64-bit length).
[[nodiscard]] Fletcher4 combine(Fletcher4 first, Fletcher4 second, std::uint64_t second_bytes);

// One range in pieces of any size: carries the bytes of a word that is cut in two.
class Fletcher4Range {
 public:
  Fletcher4Range() = default;
  Fletcher4Range(Fletcher4 state, ByteOrder order) : state_(state), order_(order) {}

  void update(ByteSpan piece);
  // The state after all whole words so far. An unfinished word at the end of the range is dropped.
  [[nodiscard]] const Fletcher4& state() const { return state_; }

 private:
  Fletcher4 state_;
  ByteOrder order_ = kHostOrder;
  std::uint8_t carried_ = 0;  // bytes of an unfinished word
  std::array<std::byte, 4> carry_{};
};

// One way to compute the sum. Tests, fuzzers and benches iterate over all of them; scalar is the
// specification.
struct Fletcher4Implementation {
  std::string_view name;  // "scalar", "avx2", "avx512", "neon"
  bool (*supported)();    // whether this CPU can run it
  Fletcher4 (*update)(Fletcher4 state, ByteSpan range, ByteOrder order);
  Fletcher4 (*record)(Fletcher4& state, Fletcher4Record record, ByteOrder order);
};

// Best first, scalar last; those this build holds, whether or not this CPU can run them.
[[nodiscard]] std::span<const Fletcher4Implementation> fletcher4_implementations();

// The one in use: the best supported, or what the environment variable ZSLUICE_FLETCHER4 names
// (read once; an unknown or unsupported name is ignored).
[[nodiscard]] const Fletcher4Implementation& fletcher4_selected();

}  // namespace zsluice::checksum
