// SPDX-License-Identifier: BSD-2-Clause
// What the Fletcher-4 dispatcher asks of a SIMD kernel: sums from the zero state only. Continuing a
// state and joining neighbours is one formula for all of them and lives in fletcher4.cpp.
//
// The kernels' files are compiled for instruction sets the CPU may lack. They include nothing but
// this header and the intrinsics: an inline function of any other header, compiled there, could be
// the copy the linker keeps for the whole program.
#pragma once

#include <cstddef>
#include <cstdint>

namespace zsluice::checksum {

// a, b, c, d of FORMAT.md §C.1.
struct LaneSum {
  std::uint64_t a, b, c, d;
};

// The sum of `words` 32-bit words at `bytes` (any alignment); words >= kKernelWordsMin.
using Fletcher4Sum = void(LaneSum& sum,
                          const unsigned char* bytes,
                          std::size_t words,
                          bool swapped);

// The sum of the kRecordWords words of a record before its checksum field. A function of its own,
// since half of a parser's time goes there.
using Fletcher4SumRecord = void(LaneSum& sum, const unsigned char* bytes, bool swapped);

// The sums of several ranges that follow each other, each of `words` words, a multiple of
// kNeighbourWordsUnit. Summed side by side they keep more loads in flight than one range can.
using Fletcher4SumNeighbours = void(LaneSum* sums,
                                    const unsigned char* bytes,
                                    std::size_t words,
                                    bool swapped);

// The shortest range a kernel takes. Scalar code is as fast there, and kernels may load a whole
// vector from the front of the range.
inline constexpr std::size_t kKernelWordsMin = 16;
inline constexpr std::size_t kRecordWords = 70;
inline constexpr std::size_t kNeighbourWordsUnit = 16;

#if defined(__x86_64__)
inline constexpr std::size_t kAvx2Neighbours = 2;  // four would not fit sixteen registers
Fletcher4Sum fletcher4_sum_avx2;
Fletcher4SumRecord fletcher4_sum_record_avx2;
Fletcher4SumNeighbours fletcher4_sum_neighbours_avx2;

inline constexpr std::size_t kAvx512Neighbours = 4;
Fletcher4Sum fletcher4_sum_avx512;  // F, BW, DQ and VL
Fletcher4SumRecord fletcher4_sum_record_avx512;
Fletcher4SumNeighbours fletcher4_sum_neighbours_avx512;
#elif defined(__AARCH64EL__)
inline constexpr std::size_t kNeonNeighbours = 2;  // sixteen of thirty-two registers hold lanes
Fletcher4Sum fletcher4_sum_neon;
Fletcher4SumRecord fletcher4_sum_record_neon;
Fletcher4SumNeighbours fletcher4_sum_neighbours_neon;
#endif

// W lanes: lane j sums the words j, j+W, j+2W… by itself; the lanes fold into one sum with these
// integer coefficients (FORMAT.md §C.5):
//   a = Σ A_j                       c = Σ W²C_j + c_b B_j + c_a A_j
//   b = Σ W B_j + b_a A_j           d = Σ W³D_j + d_c C_j + d_b B_j + d_a A_j
struct FoldCoefficients {
  std::int64_t b_a, c_b, c_a, d_c, d_b, d_a;
};

// consteval: no copy of it can be left in an object file.
consteval FoldCoefficients fold_coefficients(std::int64_t lanes, std::int64_t lane) {
  const std::int64_t w = lanes;
  const std::int64_t j = lane;
  return {.b_a = -j,
          .c_b = -w * (2 * j + w - 1) / 2,
          .c_a = j * (j - 1) / 2,
          .d_c = -w * w * (j + w - 1),
          .d_b = w * (3 * j * j + 3 * (w - 2) * j + (w - 1) * (w - 2)) / 6,
          .d_a = -j * (j - 1) * (j - 2) / 6};
}

}  // namespace zsluice::checksum
