// SPDX-License-Identifier: BSD-2-Clause
// Fletcher-4 in eight 64-bit lanes. Compiled for AVX-512 F, BW, DQ, VL: see fletcher4_kernels.hpp.

// g++ 12 warns about the deliberately undefined operands in its own intrinsics (GCC bug 105593).
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include "checksum/fletcher4_kernels.hpp"

#include <immintrin.h>

// Arrays are plain ones: the members of std::array are inline functions.
// NOLINTBEGIN(modernize-avoid-c-arrays)
namespace zsluice::checksum {
namespace {

constexpr std::size_t kLanes = 8;
constexpr std::size_t kRowBytes = kLanes * 4;
constexpr std::size_t kPrefetchBytes = 2048;  // nearer and further ones gain less

// Both halves of the register hold the same eight words, since a byte shuffle stays within 128
// bits; the shuffle then widens (0x80 is a zero byte) and swaps in one instruction, so both byte
// orders cost the same. The words come to lie in this order of lanes.
constexpr int kWordOfLane[kLanes] = {0, 1, 4, 5, 2, 3, 6, 7};

struct alignas(64) Shuffle {
  unsigned char at[64];
};
consteval Shuffle widening_shuffle(bool swapped) {
  Shuffle shuffle{};
  for (unsigned i = 0; i < 64; ++i) {
    const unsigned byte = i % 8;
    const unsigned word = (i / 32) * 2 + (i / 8) % 2;  // within 128 bits
    const unsigned from = word * 4 + (swapped ? 3 - byte : byte);
    shuffle.at[i] = static_cast<unsigned char>(byte < 4 ? from : 0x80U);
  }
  return shuffle;
}
constexpr Shuffle kShuffle[2] = {widening_shuffle(false), widening_shuffle(true)};

// One load at kSlide + r moves the first r words of a vector to its end.
constexpr std::uint32_t kSlide[2 * kLanes] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7};

struct alignas(64) Factors {
  std::int64_t b_a[kLanes], c_b[kLanes], c_a[kLanes], d_c[kLanes], d_b[kLanes], d_a[kLanes];
};
consteval Factors factors_of_lanes() {
  Factors factors{};
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const FoldCoefficients one = fold_coefficients(kLanes, kWordOfLane[lane]);
    factors.b_a[lane] = one.b_a;
    factors.c_b[lane] = one.c_b;
    factors.c_a[lane] = one.c_a;
    factors.d_c[lane] = one.d_c;
    factors.d_b[lane] = one.d_b;
    factors.d_a[lane] = one.d_a;
  }
  return factors;
}
constexpr Factors kFactors = factors_of_lanes();

struct Lanes {
  __m512i a, b, c, d;
};

inline Lanes zero_lanes() {
  const __m512i zero = _mm512_setzero_si512();
  return {zero, zero, zero, zero};
}

inline __m256i load_words(const unsigned char* bytes) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(bytes));
}

inline __m512i widened(__m256i words, __m512i shuffle) {
  return _mm512_shuffle_epi8(_mm512_broadcast_i64x4(words), shuffle);
}

inline void add_row(Lanes& lanes, const unsigned char* bytes, __m512i shuffle) {
  lanes.a = _mm512_add_epi64(lanes.a, widened(load_words(bytes), shuffle));
  lanes.b = _mm512_add_epi64(lanes.b, lanes.a);
  lanes.c = _mm512_add_epi64(lanes.c, lanes.b);
  lanes.d = _mm512_add_epi64(lanes.d, lanes.c);
}

// The sums over all lanes of the four vectors.
inline void store_totals(LaneSum& sum, const Lanes& of) {
  const __m512i ab =
      _mm512_add_epi64(_mm512_unpacklo_epi64(of.a, of.b), _mm512_unpackhi_epi64(of.a, of.b));
  const __m512i cd =
      _mm512_add_epi64(_mm512_unpacklo_epi64(of.c, of.d), _mm512_unpackhi_epi64(of.c, of.d));
  const __m256i ab_half =
      _mm256_add_epi64(_mm512_castsi512_si256(ab), _mm512_extracti64x4_epi64(ab, 1));
  const __m256i cd_half =
      _mm256_add_epi64(_mm512_castsi512_si256(cd), _mm512_extracti64x4_epi64(cd, 1));
  const __m256i total = _mm256_add_epi64(_mm256_permute2x128_si256(ab_half, cd_half, 0x20),
                                         _mm256_permute2x128_si256(ab_half, cd_half, 0x31));
  _mm256_storeu_si256(reinterpret_cast<__m256i_u*>(&sum), total);
}

inline __m512i times(__m512i lanes, const std::int64_t* factors) {
  return _mm512_mullo_epi64(lanes, _mm512_load_si512(factors));
}

inline void fold(LaneSum& sum, const Lanes& lanes) {
  Lanes of = lanes;
  of.b = _mm512_add_epi64(_mm512_slli_epi64(lanes.b, 3), times(lanes.a, kFactors.b_a));
  of.c = _mm512_add_epi64(
      _mm512_slli_epi64(lanes.c, 6),
      _mm512_add_epi64(times(lanes.b, kFactors.c_b), times(lanes.a, kFactors.c_a)));
  of.d = _mm512_add_epi64(
      _mm512_add_epi64(_mm512_slli_epi64(lanes.d, 9), times(lanes.c, kFactors.d_c)),
      _mm512_add_epi64(times(lanes.b, kFactors.d_b), times(lanes.a, kFactors.d_a)));
  store_totals(sum, of);
}

// The first words that do not fill a row, as a row that begins with zero words: from the zero state
// they change nothing, and every later row is full.
inline Lanes first_row(const unsigned char* bytes, std::size_t words, __m512i shuffle) {
  const __m256i slide = _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(kSlide + words));
  const auto kept = static_cast<__mmask8>(0xFF00U >> words);
  const __m256i slid = _mm256_maskz_permutexvar_epi32(kept, slide, load_words(bytes));
  const __m512i row = widened(slid, shuffle);
  return {row, row, row, row};
}

// How often word i of a record is in b, c and d: n, n(n+1)/2 and n(n+1)(n+2)/6 times with n = 70 -
// i, once in a. All fit 32 bits, so that one multiplication a word and sum replaces the fold, which
// takes longer than the rows of so short a range. Words behind the checked ones count 0 times.
constexpr std::size_t kRecordRows = (kRecordWords + kLanes - 1) / kLanes;
struct alignas(64) Weights {
  std::uint64_t a[kLanes], b[kLanes], c[kLanes], d[kLanes];
};
struct RecordWeights {
  Weights of_row[kRecordRows];
};
consteval RecordWeights record_weights() {
  RecordWeights weights{};
  for (std::size_t word = 0; word < kRecordWords; ++word) {
    const std::uint64_t n = kRecordWords - word;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      if (static_cast<std::size_t>(kWordOfLane[lane]) != word % kLanes) continue;
      Weights& row = weights.of_row[word / kLanes];
      row.a[lane] = 1;
      row.b[lane] = n;
      row.c[lane] = n * (n + 1) / 2;
      row.d[lane] = n * (n + 1) * (n + 2) / 6;
    }
  }
  return weights;
}
constexpr RecordWeights kRecordWeights = record_weights();

inline __m512i weighted(__m512i words, const std::uint64_t* weights) {
  return _mm512_mul_epu32(words, _mm512_load_si512(weights));
}

}  // namespace

void fletcher4_sum_record_avx512(LaneSum& sum, const unsigned char* bytes, bool swapped) {
  const __m512i shuffle = _mm512_load_si512(kShuffle[swapped ? 1 : 0].at);
  Lanes sums = zero_lanes();
#pragma GCC unroll 9
  for (std::size_t row = 0; row < kRecordRows; ++row) {
    const Weights& weights = kRecordWeights.of_row[row];
    const __m512i words = widened(load_words(bytes + row * kRowBytes), shuffle);
    sums.a = _mm512_add_epi64(sums.a, row + 1 < kRecordRows ? words : weighted(words, weights.a));
    sums.b = _mm512_add_epi64(sums.b, weighted(words, weights.b));
    sums.c = _mm512_add_epi64(sums.c, weighted(words, weights.c));
    sums.d = _mm512_add_epi64(sums.d, weighted(words, weights.d));
  }
  store_totals(sum, sums);
}

void fletcher4_sum_avx512(LaneSum& sum,
                          const unsigned char* bytes,
                          std::size_t words,
                          bool swapped) {
  const __m512i shuffle = _mm512_load_si512(kShuffle[swapped ? 1 : 0].at);
  const std::size_t head = words % kLanes;
  Lanes lanes = head == 0 ? zero_lanes() : first_row(bytes, head, shuffle);
  bytes += head * 4;
  for (std::size_t rows = words / kLanes; rows > 0; --rows, bytes += kRowBytes) {
    // A CPU does not prefetch across pages by itself, so that each payload of a page or so begins
    // with a wait for memory. What lies this far ahead is the next one as a rule. Every second row:
    // a cache line is two rows. Addresses that are not mapped do no harm.
    if (rows % 2 == 0) _mm_prefetch(bytes + kPrefetchBytes, _MM_HINT_T0);
    add_row(lanes, bytes, shuffle);
  }
  fold(sum, lanes);
}

void fletcher4_sum_neighbours_avx512(LaneSum* sums,
                                     const unsigned char* bytes,
                                     std::size_t words,
                                     bool swapped) {
  const __m512i shuffle = _mm512_load_si512(kShuffle[swapped ? 1 : 0].at);
  const std::size_t stride = words * 4;
  Lanes lanes0 = zero_lanes();
  Lanes lanes1 = lanes0;
  Lanes lanes2 = lanes0;
  Lanes lanes3 = lanes0;
  for (const unsigned char* end = bytes + stride; bytes != end; bytes += kRowBytes) {
    add_row(lanes0, bytes, shuffle);
    add_row(lanes1, bytes + stride, shuffle);
    add_row(lanes2, bytes + 2 * stride, shuffle);
    add_row(lanes3, bytes + 3 * stride, shuffle);
  }
  fold(sums[0], lanes0);
  fold(sums[1], lanes1);
  fold(sums[2], lanes2);
  fold(sums[3], lanes3);
}

static_assert(kKernelWordsMin >= kLanes && kNeighbourWordsUnit % kLanes == 0);

}  // namespace zsluice::checksum
// NOLINTEND(modernize-avoid-c-arrays)
