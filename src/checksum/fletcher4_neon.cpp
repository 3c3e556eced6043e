// SPDX-License-Identifier: BSD-2-Clause
// Fletcher-4 in four 64-bit lanes, two registers of two. Little-endian aarch64, where NEON is part
// of the base set; see fletcher4_kernels.hpp.
#include "checksum/fletcher4_kernels.hpp"

#include <arm_neon.h>

// Arrays are plain ones: the members of std::array are inline functions.
// NOLINTBEGIN(modernize-avoid-c-arrays)
namespace zsluice::checksum {
namespace {

constexpr std::size_t kLanes = 4;
constexpr std::size_t kRowBytes = kLanes * 4;
static_assert(kNeighbourWordsUnit % kLanes == 0);

struct Lanes {
  uint64x2_t a[2], b[2], c[2], d[2];
};

inline Lanes zero_lanes() {
  const uint64x2_t zero = vdupq_n_u64(0);
  return {{zero, zero}, {zero, zero}, {zero, zero}, {zero, zero}};
}

inline void add_words(Lanes& lanes, uint32x4_t words) {
  lanes.a[0] = vaddw_u32(lanes.a[0], vget_low_u32(words));
  lanes.a[1] = vaddw_u32(lanes.a[1], vget_high_u32(words));
  for (int half = 0; half < 2; ++half) {
    lanes.b[half] = vaddq_u64(lanes.b[half], lanes.a[half]);
    lanes.c[half] = vaddq_u64(lanes.c[half], lanes.b[half]);
    lanes.d[half] = vaddq_u64(lanes.d[half], lanes.c[half]);
  }
}

template <bool swapped>
inline void add_row(Lanes& lanes, const unsigned char* bytes) {
  const uint8x16_t loaded = vld1q_u8(bytes);
  add_words(lanes, vreinterpretq_u32_u8(swapped ? vrev32q_u8(loaded) : loaded));
}

inline void fold(LaneSum& sum, const Lanes& lanes) {
  constexpr FoldCoefficients kOf[kLanes] = {
      fold_coefficients(kLanes, 0), fold_coefficients(kLanes, 1), fold_coefficients(kLanes, 2),
      fold_coefficients(kLanes, 3)};
  std::uint64_t a[kLanes];
  std::uint64_t b[kLanes];
  std::uint64_t c[kLanes];
  std::uint64_t d[kLanes];
  for (int half = 0; half < 2; ++half) {
    vst1q_u64(a + 2 * half, lanes.a[half]);
    vst1q_u64(b + 2 * half, lanes.b[half]);
    vst1q_u64(c + 2 * half, lanes.c[half]);
    vst1q_u64(d + 2 * half, lanes.d[half]);
  }
  const auto times = [](std::int64_t factor, std::uint64_t value) {
    return static_cast<std::uint64_t>(factor) * value;  // modulo 2^64
  };
  sum = {0, 0, 0, 0};
  for (std::size_t j = 0; j < kLanes; ++j) {
    sum.a += a[j];
    sum.b += 4 * b[j] + times(kOf[j].b_a, a[j]);
    sum.c += 16 * c[j] + times(kOf[j].c_b, b[j]) + times(kOf[j].c_a, a[j]);
    sum.d +=
        64 * d[j] + times(kOf[j].d_c, c[j]) + times(kOf[j].d_b, b[j]) + times(kOf[j].d_a, a[j]);
  }
}

// Words that do not fill a row, as a row that begins with zero words: from the zero state they
// change nothing, and every later row is full.
template <bool swapped>
inline void add_first_row(Lanes& lanes, const unsigned char* bytes, std::size_t words) {
  unsigned char row[kRowBytes] = {};
  __builtin_memcpy(row + (kLanes - words) * 4, bytes, words * 4);
  add_row<swapped>(lanes, row);
}

template <bool swapped>
void sum_one(LaneSum& sum, const unsigned char* bytes, std::size_t words) {
  Lanes lanes = zero_lanes();
  const std::size_t head = words % kLanes;
  if (head != 0) add_first_row<swapped>(lanes, bytes, head);
  bytes += head * 4;
  for (std::size_t rows = words / kLanes; rows > 0; --rows, bytes += kRowBytes) {
    add_row<swapped>(lanes, bytes);
  }
  fold(sum, lanes);
}

template <bool swapped>
void sum_two(LaneSum* sums, const unsigned char* bytes, std::size_t words) {
  const std::size_t stride = words * 4;
  Lanes lanes0 = zero_lanes();
  Lanes lanes1 = lanes0;
  for (const unsigned char* end = bytes + stride; bytes != end; bytes += kRowBytes) {
    add_row<swapped>(lanes0, bytes);
    add_row<swapped>(lanes1, bytes + stride);
  }
  fold(sums[0], lanes0);
  fold(sums[1], lanes1);
}

}  // namespace

void fletcher4_sum_neon(LaneSum& sum, const unsigned char* bytes, std::size_t words, bool swapped) {
  swapped ? sum_one<true>(sum, bytes, words) : sum_one<false>(sum, bytes, words);
}

void fletcher4_sum_neighbours_neon(LaneSum* sums,
                                   const unsigned char* bytes,
                                   std::size_t words,
                                   bool swapped) {
  swapped ? sum_two<true>(sums, bytes, words) : sum_two<false>(sums, bytes, words);
}

void fletcher4_sum_record_neon(LaneSum& sum, const unsigned char* bytes, bool swapped) {
  swapped ? sum_one<true>(sum, bytes, kRecordWords) : sum_one<false>(sum, bytes, kRecordWords);
}

}  // namespace zsluice::checksum
// NOLINTEND(modernize-avoid-c-arrays)
